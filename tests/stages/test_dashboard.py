"""``mmer dashboard``: who may look, at what, and what a browser shows."""

import json
import re
import socket
import subprocess
import threading
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from chromium_program import find_chromium

from mmer.__main__ import main
from mmer.stages import paths
from mmer.stages.dashboard import make_server
from mmer.tuning.artifacts import keep_files, open_artifacts, trial_files
from mmer.tuning.search import Search
from mmer.tuning.storage import open_storage
from mmer.tuning.study import open_study
from mmer.types.errors import InputError

SPACE = {"model.lr": {"type": "float", "low": 1e-4, "high": 1e-1, "log": True}}
SEARCH = {"mode": "nested", "trials": 4, "space": SPACE, "storage": {"url": "journal"}}
VALUES = (0.25, 0.8125, 0.5, 0.375)


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    """A folder with the search ``small``, tried four times in one study."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MMER_OPTUNA_STORAGE", raising=False)
    monkeypatch.setattr("mmer.stages.build.CONF", tmp_path / "conf")
    monkeypatch.setattr("mmer.stages.dashboard.CONF", tmp_path / "conf")
    folder = tmp_path / "conf" / "search"
    folder.mkdir(parents=True)
    for name in ("small", "untried"):
        (folder / f"{name}.yaml").write_text(yaml.safe_dump({"base": {"model": "gcn"}, **SEARCH}))
    return tmp_path


@pytest.fixture
def tried(workspace):
    search = Search.of("small", SEARCH, "small.yaml")
    storage = open_storage("journal", paths.OPTUNA, "small")
    study, store = open_study(search, storage, "small/casme2/sub01", {}), open_artifacts(paths.optuna_files("small"))
    curve = pd.DataFrame({"epoch": [1, 2], "loss": [1.0, 0.5], "accuracy": [0.5, 0.75]})
    truth, sure = np.array([0, 1, 1]), np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
    for value in VALUES:
        trial = study.ask()
        overrides = search.space.suggest(trial)
        about = (f"trial {trial.number}", overrides, "mmer run small_trial model=gcn", ("search small",))
        keep_files(store, study, trial, trial_files(*about, ("happy", "sad"), truth, sure, [curve] * 4))
        study.tell(trial, value)
    return workspace


@pytest.fixture
def served(tried):
    """The address of a running dashboard."""
    with make_server("small", "127.0.0.1", 0, False) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def ask(url, method="GET", data=None, **headers):
    request = urllib.request.Request(url, data=data, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_it_shows_trials_and_their_files(served):
    studies = json.loads(ask(f"{served}/api/studies")[1])["study_summaries"]
    assert [study["study_name"] for study in studies] == ["small/casme2/sub01"]
    number = studies[0]["study_id"]
    trials = json.loads(ask(f"{served}/api/studies/{number}?after=0")[1])["trials"]
    assert [trial["values"][0] for trial in trials] == list(VALUES)
    files = {file["filename"]: file for file in trials[1]["artifacts"]}
    assert set(files) == {"confusion.svg", "curves.svg", "overrides.txt"}
    assert files["confusion.svg"]["mimetype"] == "image/svg+xml"
    trial = trials[1]["trial_id"]
    text = ask(f"{served}/artifacts/{number}/{trial}/{files['overrides.txt']['artifact_id']}")[1].decode()
    assert re.search(r"^mmer run small_trial model=gcn model\.lr=\S+$", text, re.MULTILINE)
    picture = ask(f"{served}/artifacts/{number}/{trial}/{files['confusion.svg']['artifact_id']}")[1].decode()
    assert re.findall(r">(\d+)</text>", picture) == ["1", "0", "1", "1"]  # one sad clip was said to be happy


def test_it_only_shows(served):
    for method, path in (("DELETE", "/api/studies/0"), ("POST", "/api/trials/0/tell"), ("PUT", "/api/studies/0/note")):
        status, said = ask(served + path, method, b"{}", **{"Content-Type": "application/json"})
        assert status == 405
        assert b"nothing was changed" in said
    assert len(json.loads(ask(f"{served}/api/studies")[1])["study_summaries"]) == 1


def test_a_name_of_another_site_that_points_here_is_refused(served):
    assert ask(f"{served}/api/studies", Host="evil.example")[0] == 403
    assert ask(f"{served}/api/studies", Host="localhost:8080")[0] == 200


def test_an_address_that_others_reach_needs_insecure(tried):
    with pytest.raises(InputError, match=r"no password.*ssh -L 0:127.0.0.1:0.*--insecure"):
        make_server("small", "0.0.0.0", 0, False)
    with make_server("small", "0.0.0.0", 0, True) as server:
        assert "1 study in journal:///.mmer/optuna/small.log" in server.about
        assert "/dashboard/studies/0  (Ctrl-C" in server.about


def test_what_cannot_be_shown_is_refused_and_leaves_nothing(workspace, capsys):
    assert main(["dashboard", "smal"]) == 2
    assert "did you mean 'small'" in capsys.readouterr().err
    assert main(["dashboard", "untried"]) == 2
    assert "no trials yet on this machine; `mmer tune untried` makes them" in capsys.readouterr().err
    assert not (workspace / paths.OPTUNA).exists()
    open_storage("journal", paths.OPTUNA, "untried")
    assert main(["dashboard", "untried"]) == 2
    assert "no trials yet in journal:///" in capsys.readouterr().err
    assert main(["dashboard", "small", "--host", "no such host"]) == 2
    assert "no address of this machine" in capsys.readouterr().err


def test_a_port_in_use_is_named(tried, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["dashboard", "small", "--port", str(port)]) == 2
    assert f"port {port}: Address already in use; --port 0" in capsys.readouterr().err
    assert main(["dashboard", "small", "--port", "70000"]) == 2


@pytest.mark.all
def test_chromium_shows_the_values(served, tmp_path):
    chromium = find_chromium()
    run = [chromium, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}/c", "--lang=en"]
    number = json.loads(ask(f"{served}/api/studies")[1])["study_summaries"][0]["study_id"]

    def dom(page):
        arguments = [*run, "--virtual-time-budget=20000", "--dump-dom", f"{served}/dashboard/studies/{number}{page}"]
        text = subprocess.run(arguments, capture_output=True, text=True, check=True, timeout=120).stdout
        return " ".join(re.sub(r"<[^>]+>", " ", re.sub(r"<(style|script).*?</\1>", " ", text, flags=re.S)).split())

    first = dom("")
    assert "small/casme2/sub01" in first
    assert "0.8125" in first  # the best
    assert "number=1" in first
    second = dom("/trials?numbers=1")
    for words in ("Trial 1", "0.8125", "confusion.svg", "curves.svg", "overrides.txt", "model.lr"):
        assert words in second
    assert Path(paths.optuna_files("small")).is_dir()
