"""A fingerprint is the same on every machine, and says what was run."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from fakes import clips_table
from mmer.types.errors import InputError
from mmer.types.fingerprint import Fingerprint, split_hash
from mmer.types.split import Split


def loso(clips):
    return [
        Split.of(name, clips[clips.subject != name], clips[clips.subject == name])
        for name in sorted(set(clips.subject))
    ]


@pytest.fixture
def fingerprint():
    return Fingerprint(
        experiment="mine",
        protocol={"_target_": "mmer.protocols.kfold.KFold", "name": "kfold", "k": 10, "seed": 0},
        labels={"name": "megc3", "sha256": "ab" * 32},
        classes={"negative": 90, "positive": 32},
        corpora={"casme2": {"files": {"coding.xlsx": "12" * 32}, "clips": 122, "subjects": 24}},
        clips=122,
        subjects=24,
        folds=10,
        repeats=1,
        excluded=3,
        seeds=[0, 1],
        device="cpu",
        precision="float32",
        splits="cd" * 32,
        config="ef" * 32,
        code="01" * 32,
        versions={"mmer": "0.1.0", "torch": "2.15.0"},
    )


def test_the_hash_depends_on_the_folds_and_on_no_order():
    clips = clips_table()
    splits = loso(clips)
    assert split_hash(splits) == split_hash(loso(clips.sample(frac=1, random_state=1))[::-1])
    turned = [replace(split, train=split.train[::-1], test=split.test[::-1]) for split in splits]
    assert split_hash(turned) == split_hash(splits)
    assert split_hash(splits[1:]) != split_hash(splits)
    assert split_hash([replace(splits[0], fold="x"), *splits[1:]]) != split_hash(splits)
    assert split_hash([replace(splits[0], repeat=1), *splits[1:]]) != split_hash(splits)
    assert split_hash([replace(splits[0], train=splits[0].train[1:]), *splits[1:]]) != split_hash(splits)
    assert split_hash([replace(splits[0], test=splits[0].test[1:]), *splits[1:]]) != split_hash(splits)


def test_another_process_gets_the_same_hash():
    code = (
        "from test_fingerprint import loso; from fakes import clips_table;"
        "from mmer.types.fingerprint import split_hash;"
        "print(split_hash(loso(clips_table())))"
    )
    paths = [str(path) for path in sys.path if path]
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {paths!r}; {code}"],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONHASHSEED": "77", "PATH": ""},
    )
    assert done.stdout.strip() == split_hash(loso(clips_table()))


def test_the_line_says_what_a_paper_must(fingerprint):
    line = fingerprint.line()
    for words in (
        "protocol kfold (k 10, seed 0), 10 folds",
        "labels megc3 (negative 90, positive 32)",
        "casme2 [coding.xlsx sha256:121212121212]",
        "122 clips of 24 subjects",
        "seeds 0 1",
        "float32 on cpu",
        "splits sha256:cdcdcdcdcdcd",
    ):
        assert words in line
    assert "\n" not in line
    assert "3 repeats" in replace(fingerprint, repeats=3).line()


def test_saved_and_loaded(fingerprint, tmp_path):
    fingerprint.save(tmp_path / "f.json")
    assert Fingerprint.load(tmp_path / "f.json") == fingerprint
    assert list(Fingerprint.load(tmp_path / "f.json").classes) == ["negative", "positive"]


@pytest.mark.parametrize("text", ["", "[]", "{}", json.dumps({"experiment": "mine"})])
def test_a_damaged_file_is_named(text, tmp_path):
    (tmp_path / "f.json").write_text(text)
    with pytest.raises(InputError, match=r"f\.json.*dvc repro"):
        Fingerprint.load(tmp_path / "f.json")
