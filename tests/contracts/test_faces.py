"""What every face backend promises, for every yaml in conf/faces."""

import json
import socket
import time

import pandas as pd
import pytest

from fakes import clips_table
from mmer.stages.build import build, read_option
from mmer.types.clips import validate_clips, visible


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("missing() and about() must not touch the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)


@pytest.fixture
def extractor(faces_name, tmp_path, monkeypatch):
    node = read_option("faces", faces_name)
    monkeypatch.chdir(tmp_path)  # no weights here, whatever the machine has
    return build(node)


def test_file_yaml_and_module_share_one_name(faces_name):
    node = read_option("faces", faces_name)
    assert node["name"] == faces_name
    assert node["_target_"].split(".")[:3] == ["mmer", "faces", faces_name]


def test_missing_looks_on_disk_only_and_is_quick(extractor, no_network):
    started = time.perf_counter()
    missing = extractor.missing()
    assert time.perf_counter() - started < 20  # seconds, on a machine however busy: nothing waits for a network
    assert isinstance(missing, list)
    assert all(isinstance(line, str) and line for line in missing)


def test_about_is_stable_text(extractor, no_network):
    about = extractor.about()
    assert about == extractor.about()
    assert json.loads(json.dumps(about)) == about
    assert about["backend"]
    assert all(isinstance(value, str) for value in about.values())


def test_it_names_the_annotations_it_reads_and_no_label_is_among_them(extractor):
    assert set(extractor.reads) <= {"onset", "apex", "offset"}
    assert set(visible(clips_table(), extractor.reads)) & {"onset", "apex", "offset"} == set(extractor.reads)


def test_no_clips_give_nothing_at_once(extractor):
    clips = validate_clips(
        pd.DataFrame({name: pd.Series([], dtype="string") for name in ("clip_id", "dataset", "subject", "emotion")})
    )
    started = time.perf_counter()
    assert list(extractor.extract(clips)) == []
    assert time.perf_counter() - started < 20  # seconds, on a machine however busy: nothing waits for a network
