"""Files beside the page: tables, figures, methods and plots for papers and for DVC."""

import io
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest
import yaml
from dvc_render.vega_templates import TEMPLATES
from latex_check import read
from records_for_tests import dataset_records, experiment_record, unit_record

from fakes import clips_table
from mmer.report import latex
from mmer.report.export_context import context_tables
from mmer.report.exports import FOLDERS, exports
from mmer.report.methods import methods, text_of
from mmer.report.results import measure

SECTIONS = {name: {"faces": {"name": "shipped"}, "motion": {"name": "optical_flow"}} for name in ("casme2", "samm")}
HOSTILE = "a_b & 50% #1 {x} ~^\\ $y$ <i> [0] “é” 中"


def made(records, datasets=()):
    return exports(measure(records), datasets, SECTIONS)


@pytest.fixture(scope="module")
def records():
    clips = clips_table(subjects=5)
    config = {
        "datasets": ["casme2", "samm"],
        "model": {"name": "gcn", "layers": 2, "hidden": 8, "epochs": 3, "lr": 0.1},
    }
    config |= {"protocol": {"name": "loso"}, "labels": {"name": "megc3"}}
    first = experiment_record("first", clips, skill=0.2, seeds=(0, 1), config=config)
    second = experiment_record("second", clips, skill=0.97, seeds=(0, 1), config=config)
    return [first, second, unit_record("units", clips, config=config)], dataset_records(clips)


@pytest.fixture(scope="module")
def files(records):
    return made(*records).files


def table(files, name):
    return pd.read_csv(io.BytesIO(files[f"tables/{name}.csv"]))


def test_csv_has_every_digit_and_tex_the_same_numbers(records, files):
    one = measure(records[0]).experiments[0].summary
    row = table(files, "experiments").set_index("experiment").loc["first"]
    assert row.uf1 == one.scores["uf1"].mean
    assert (row.uf1_low, row.uf1_high) == one.scores["uf1"].interval
    rows = read(files["tables/experiments.tex"].decode())
    cells = dict(zip(rows[0], rows[1], strict=True))
    low, high = one.scores["uf1"].interval
    assert cells["UF1"].startswith(f"{one.scores['uf1'].mean:.3f} $\\pm$ {one.scores['uf1'].std:.3f}")
    assert f"[{low:.3f}, {high:.3f}]" in cells["UF1"]


def test_the_best_is_bold_and_the_worse_one_marked(files):
    rows = {row[0]: row for row in read(files["tables/experiments.tex"].decode())}
    at = rows["Experiment"].index("UF1")
    assert rows["second"][at].startswith(r"\textbf{")
    assert rows["first"][at].endswith(r"\textsuperscript{\textdagger{}}")


def test_every_latex_file_is_sound_and_every_csv_reads(files):
    tables = {name.rpartition(".")[0] for name in files if name.startswith("tables/") and name.endswith(".csv")}
    assert {"tables/experiments", "tables/experiments_units", "tables/baselines", "tables/classes"} <= tables
    assert {"tables/subjects", "tables/comparisons", "tables/datasets", "tables/excluded", "tables/units"} <= tables
    for name, content in files.items():
        if name.endswith(".tex"):
            read(content.decode())
    for name in tables:
        numbers = pd.read_csv(io.BytesIO(files[f"{name}.csv"]))
        rows = read(files[f"{name}.tex"].decode())
        heads = 2 if r"\endfirsthead" in files[f"{name}.tex"].decode() else 1
        assert len(rows) == len(numbers) + heads
    assert {f"tables/{name}" for name in re.findall(r"\\input\{(\w+)\}", files["tables/all.tex"].decode())} == tables


def test_hostile_names_are_escaped():
    rows = read(latex.table("x", HOSTILE, ("A_1", "B"), [(HOSTILE, "[0.1, 0.2]"), ("[x]", f"**{HOSTILE}**")], "ll"))
    assert rows[1][0] == latex.escaped(HOSTILE)
    assert r"a\_b \& 50\% \#1 \{x\}" in rows[1][0]
    assert "é" in rows[1][0]
    assert rows[1][0].endswith("U+4E2D")
    clips = clips_table(subjects=3)
    excluded = pd.DataFrame({"clip_id": ["casme2/sub01/=1+1"], "reason": [f"={HOSTILE}"]})
    results = measure([experiment_record("first", clips, excluded=excluded, config={"datasets": []}, baselines={})])
    found = next(one for one in context_tables(results, [], [], None) if one and one.name == "excluded")
    read(found.tex())
    assert found.csv().splitlines()[1].startswith(f"first,'={HOSTILE}")  # no formula to a spreadsheet


def test_a_long_table_breaks_over_pages():
    rows = [(str(i), "1") for i in range(latex.LONG + 1)]
    assert r"\begin{longtable}{lr}" in latex.table("x", "y", ("a", "b"), rows, "lr")
    with pytest.raises(ValueError, match="cells"):
        latex.table("x", "y", ("a", "b"), [("1",)], "lr")


def test_the_same_input_gives_the_same_bytes(records, files):
    again = made([records[0][0]]).files
    for name in ("figures/confusion_first.svg", "figures/learning_first.pdf", "methods/first.tex"):
        assert again[name] == files[name]
    for name, content in files.items():
        assert name.split("/")[0] in FOLDERS
        assert b"CreationDate" not in content
        assert b"dc:date" not in content


def test_figures_are_one_column_wide_with_text_that_stays_text(files):
    drawn = {name for name in files if name.startswith("figures/")}
    for stem in ("scores", "scores_units", "confusion_first", "learning_units", "subjects_second_first"):
        assert {f"figures/{stem}.svg", f"figures/{stem}.pdf"} <= drawn
    root = ElementTree.fromstring(files["figures/scores.svg"])
    assert root.get("width") == "252pt"  # 3.5 inches
    words = {part.text for part in root.iter() if part.tag.endswith("text")}
    assert {"first", "second"} <= words
    pdf = files["figures/scores.pdf"]
    assert b"/FontFile2" in pdf  # embedded
    assert b"/Type3" not in pdf


def test_nothing_to_export_is_no_error():
    assert made([]).files["plots/scores.csv"] == b"experiment,score,low,high\n"
    alone = experiment_record(
        "alone",
        clips_table(("samm",), subjects=1, clips=6),
        curves=pd.DataFrame(columns=["seed", "fold", "epoch", "loss", "accuracy"]),
        config={"datasets": []},
    )
    assert "figures/learning_alone.svg" not in made([alone]).files


def test_plots_hold_the_numbers_that_dvc_draws(records, files):
    rows = pd.read_csv(io.BytesIO(files["plots/confusion/first.csv"]))
    assert len(rows) == len(records[0][0].predictions)
    assert list(rows) == ["predicted", "truth"]
    scores = pd.read_csv(io.BytesIO(files["plots/scores.csv"])).set_index("experiment")
    assert scores.score["second"] == table(files, "experiments").set_index("experiment").uf1["second"]
    assert (scores.low <= scores.score).all()
    curve = pd.read_csv(io.BytesIO(files["plots/learning/first.csv"]))
    assert curve.loss.tolist() == [1, 1 / 2, 1 / 3, 1 / 4, 1 / 5]


def test_methods_name_what_was_run(records, files):
    text = files["methods/first.txt"].decode()
    record = records[0][0]
    for words in (
        "leave one subject out",
        "2 layers of width 8",
        "learning rate 0.1",
        "3 epochs",
        "Adam,",
        "Seeds 0 and 1",
    ):
        assert words in text
    assert f"{record.fingerprint.clips} clips of {record.fingerprint.subjects} subjects take part" in text
    assert "Left out of these corpora: 1 clip" in text
    assert f"splits sha256 {'5' * 12}" in text
    assert "synthetic" not in text
    one = measure([record]).experiments[0]
    assert "synthetic" in text_of("first", methods(one, SECTIONS, synthetic=True))
    read(files["methods/first.tex"].decode())
    assert json.dumps(text)


def test_the_plots_of_the_pipeline_are_files_that_the_report_writes(files):
    """`dvc plots` itself takes minutes of start-up in a test; what it is told is checked instead."""
    root = Path(__file__).parents[2]
    names = {template.DEFAULT_NAME for template in TEMPLATES} | {one.stem for one in (root / ".dvc/plots").iterdir()}
    declared = {
        path: about
        for entry in yaml.safe_load((root / "dvc.yaml").read_text())["plots"]
        for path, about in entry.items()
    }
    assert len(declared) == 4
    for path, about in declared.items():
        place = path.removeprefix("artifacts/report/")
        found = [name for name in files if name == place or name.startswith(f"{place}/")]
        assert found
        assert about["template"] in names
        for name in found:
            assert {about["x"], about["y"]} <= set(pd.read_csv(io.BytesIO(files[name])).columns)
