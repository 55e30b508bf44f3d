"""py-feat's weight files: probed without a network, fetched once, and never silently another file."""

import json
import socket
import time

import pytest

from faces_weights import REVISION, place
from mmer.faces import weights
from mmer.faces.pyfeat import PyFeat
from mmer.types.errors import InputError

PFLD = weights.LANDMARKS["pfld"]
XGB = weights.ACTION_UNITS["xgb"]


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("the network was touched")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture
def fake_hub():
    """A stand-in for hf_hub_download that writes what a hub would, and remembers what was asked."""

    class Hub:
        def __init__(self):
            self.content = {"pfld_model_best.pth.tar": b"pfld", "xgb_au_classifier.skops": b"old xgb"}
            self.asked = []

        def __call__(self, repo_id, filename, revision, cache_dir):
            from huggingface_hub.errors import EntryNotFoundError

            self.asked.append((repo_id, filename, revision))
            if filename not in self.content:
                raise EntryNotFoundError(f"404: {filename}")
            path = place(cache_dir, repo_id.removeprefix("py-feat/"), filename)
            path.write_bytes(self.content[filename])
            return str(path)

    return Hub()


def test_missing_files_are_named_with_folder_and_command(tmp_path, no_network):
    started = time.perf_counter()
    (message,) = PyFeat(weights=str(tmp_path / "w")).missing()
    assert time.perf_counter() - started < 20  # seconds, on a machine however busy: nothing waits for a network
    for word in (
        "py-feat/retinaface_r34:model.safetensors",
        "py-feat/mobilefacenet:mobilefacenet_model_best.pth.tar",
        "py-feat/xgb_au:xgb_au_classifier_v2.skops",
        "py-feat/pose_mlp_v2:pose_mlp_v2.safetensors",  # absent, py-feat would ask the hub for it in every batch
        "py-feat/pose_mlp_v2:pose_mlp_v2.json",
        str(tmp_path / "w"),
        "`mmer weights fetch pyfeat`",
        "faces=openface_csv",
    ):
        assert word in message


def test_only_what_is_used_is_asked_for(tmp_path):
    lean = PyFeat(weights=str(tmp_path), landmark_model="pfld", au_model="none", box="cascade", pose=False)
    assert [str(file) for file in lean.files] == ["py-feat/pfld:pfld_model_best.pth.tar"]
    assert "retinaface" not in lean.missing()[0]
    place(tmp_path, "pfld", "pfld_model_best.pth.tar").write_bytes(b"x")
    assert lean.missing() == []


def test_a_ref_without_its_file_counts_as_missing(tmp_path):
    place(tmp_path, "pfld", "pfld_model_best.pth.tar")
    assert weights.missing(tmp_path, PFLD)


def test_the_older_file_will_do(tmp_path):
    place(tmp_path, "xgb_au", "xgb_au_classifier.skops").write_bytes(b"old")
    assert weights.missing(tmp_path, XGB) == []
    assert weights.locate(tmp_path, XGB[0]).name == "xgb_au_classifier.skops"


def test_missing_weights_stop_extraction_before_any_process_starts(tmp_path, table, monkeypatch):
    monkeypatch.setattr("subprocess.Popen", None)
    clips = table({"clip_id": "lab/s1/c1", "frames": "frames", "onset": 1, "offset": 2})
    with pytest.raises(InputError, match="mmer weights fetch pyfeat"):
        next(PyFeat(weights=str(tmp_path)).extract(clips))


def test_fetch_records_digests_and_takes_the_fallback(tmp_path, fake_hub):
    paths = weights.fetch(tmp_path / "w", PFLD + XGB, fake_hub)
    assert [path.name for path in paths] == ["pfld_model_best.pth.tar", "xgb_au_classifier.skops"]
    assert [name for _, name, _ in fake_hub.asked] == [
        "pfld_model_best.pth.tar",
        "xgb_au_classifier_v2.skops",
        "xgb_au_classifier.skops",
    ]
    record = json.loads((tmp_path / "w" / "digests.json").read_text())
    assert set(record) == {"py-feat/pfld:pfld_model_best.pth.tar", "py-feat/xgb_au:xgb_au_classifier.skops"}
    known = "3e9a0bb6859aac69a03a16929d50bed777cdf99861b2ffc25378f2c8a2e144e3"  # printf pfld | sha256sum
    assert record["py-feat/pfld:pfld_model_best.pth.tar"] == known
    assert weights.missing(tmp_path / "w", PFLD + XGB) == []


def test_a_file_that_changed_since_is_refused_with_both_digests(tmp_path, fake_hub):
    (path,) = weights.fetch(tmp_path, PFLD, fake_hub)
    (was,) = weights.digests(tmp_path, PFLD).values()
    path.write_bytes(b"something else")
    with pytest.raises(InputError, match="changed or damaged") as error:
        weights.digests(tmp_path, PFLD)
    assert was in str(error.value)
    assert "digests.json" in str(error.value)
    with pytest.raises(InputError, match="changed or damaged"):  # and so it reaches no cache key and no worker
        PyFeat(weights=str(tmp_path), landmark_model="pfld", au_model="none", box="cascade", pose=False).about()
    fake_hub.content["pfld_model_best.pth.tar"] = b"a third thing"
    with pytest.raises(InputError, match="changed or damaged"):
        weights.fetch(tmp_path, PFLD, fake_hub)


def test_a_pin_outranks_what_was_recorded(tmp_path, fake_hub, monkeypatch):
    weights.fetch(tmp_path, PFLD, fake_hub)
    pin = {"revision": REVISION, "sha256": {"pfld_model_best.pth.tar": "0" * 64}}
    monkeypatch.setitem(weights.PINS, "py-feat/pfld", pin)
    with pytest.raises(InputError, match=r"weights.json says 0{64}"):
        weights.digests(tmp_path, PFLD)
    with pytest.raises(InputError, match=r"weights\.json"):
        weights.fetch(tmp_path, PFLD, fake_hub)
    assert fake_hub.asked[-1] == ("py-feat/pfld", "pfld_model_best.pth.tar", REVISION)


def test_every_file_has_a_place_for_its_pin():
    groups = [weights.BOXES, weights.LANDMARKS, weights.ACTION_UNITS, {"pose": weights.POSE, "gaze": weights.GAZE}]
    for file in [file for group in groups for files in group.values() for file in files]:
        assert set(file.names) <= set(weights.PINS[file.repo]["sha256"])


@pytest.mark.parametrize("kind", ["offline", "refused", "timeout"])
def test_without_a_network_fetch_says_what_to_do(tmp_path, kind):
    from huggingface_hub.errors import HTTPError, LocalEntryNotFoundError

    errors = {
        "offline": LocalEntryNotFoundError("no network"),
        "refused": ConnectionError("refused"),
        "timeout": HTTPError("timed out"),
    }
    asked = []

    def download(repo_id, filename, revision, cache_dir):
        asked.append(filename)
        raise errors[kind]

    with pytest.raises(InputError, match=r"could not fetch py-feat/xgb_au:xgb_au_classifier_v2\.skops") as error:
        weights.fetch(tmp_path, XGB, download)
    assert "mmer weights fetch pyfeat" in str(error.value)
    assert asked == ["xgb_au_classifier_v2.skops"]  # an unreachable hub is not taken for a missing file


def test_a_hub_without_the_file_is_named(tmp_path, fake_hub):
    fake_hub.content = {}
    with pytest.raises(InputError, match="py-feat/pfld on the hub has none of"):
        weights.fetch(tmp_path, PFLD, fake_hub)


def test_a_spoilt_record_is_named(tmp_path, fake_hub):
    weights.fetch(tmp_path, PFLD, fake_hub)
    (tmp_path / "digests.json").write_text("[")
    with pytest.raises(InputError, match=r"digests.json"):
        weights.digests(tmp_path, PFLD)
