"""Storages that cannot be used, and studies that a run must not go on with: refused by name, and how to go on."""

import os
import socket
import time

import number_search
import optuna
import pytest
from number_search import run, search, studies

from mmer.tuning.results import trials_table
from mmer.tuning.search import Search
from mmer.tuning.storage import file_system, open_storage
from mmer.tuning.study import open_study
from mmer.types.errors import InputError


def test_a_server_that_is_not_there_is_refused_within_seconds_and_without_its_password(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))  # bound, and nobody listens
        start = time.monotonic()
        with pytest.raises(InputError, match=r"lab:\*\*\*@127.0.0.1.*cannot be used.*Is the server up") as caught:
            open_storage(f"postgresql://lab:sesame@127.0.0.1:{free.getsockname()[1]}/trials", tmp_path, "x")
    assert time.monotonic() - start < 30
    assert "sesame" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("sqlit", "not a URL; write sqlite, journal, or postgresql"),
        ("", "not a URL"),
        ("journal", None),
        ("nosuch://lab:sesame@db/x", "'nosuch' is no database"),
        ("mysql+pymysql://lab:sesame@db/x", "driver 'pymysql' is not installed"),
        ("sqlite://", "no later run finds it"),
        ("sqlite:///:memory:", "no later run finds it"),
    ],
)
def test_urls_that_name_no_storage_are_refused(url, message, tmp_path):
    if message is None:
        assert open_storage(url, tmp_path, "x").shown == f"journal:///{tmp_path}/x.log"
        return
    with pytest.raises(InputError, match=message) as caught:
        open_storage(url, tmp_path, "x")
    assert "sesame" not in str(caught.value)


@pytest.mark.parametrize(("url", "name"), [("sqlite", "x.db"), ("journal", "x.log")])
def test_a_file_that_is_something_else_is_refused_and_left_alone(url, name, tmp_path):
    (tmp_path / name).write_text("a diary, not a journal\n")
    with pytest.raises(InputError, match="move it away"):
        open_storage(url, tmp_path, "x")
    assert (tmp_path / name).read_text() == "a diary, not a journal\n"


def test_a_journal_whose_last_line_was_torn_goes_on_without_it(tmp_path, caplog):
    what = search(trials=2)
    run(what, studies(what, "journal", tmp_path))
    file = tmp_path / "numbers.log"
    whole = file.read_bytes()
    file.write_bytes(whole + b'{"op_code":4,"wor')
    more = search(trials=3)
    opened = studies(more, "journal", tmp_path)
    assert "torn" in caplog.text
    run(more, opened)
    assert file.read_bytes().startswith(whole)
    assert len(trials_table(studies(more, "journal", tmp_path))) == 6


def test_the_file_system_of_a_folder(tmp_path):
    (tmp_path / "with space").mkdir()
    assert file_system(tmp_path / "with space") == file_system(tmp_path)
    if os.path.ismount("/proc"):
        assert file_system(number_search.Path("/proc/self")) == "proc"


def test_sqlite_on_a_file_system_of_several_machines_is_warned_of(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr("mmer.tuning.storage.file_system", lambda folder: "nfs4")
    open_storage("sqlite", tmp_path, "x")
    assert "SQLite on nfs4" in caplog.text
    assert "journal or to a PostgreSQL database" in caplog.text
    assert not (tmp_path / "x.db-wal").exists()


def test_a_study_that_was_made_with_something_else_is_refused_and_says_what(tmp_path):
    what = search(trials=2)
    run(what, studies(what, "journal", tmp_path))
    storage = open_storage("journal", tmp_path, "numbers")
    wider = number_search.SPACE | {"model.lr": number_search.SPACE["model.lr"] | {"high": 0.2}}
    other = search(space=wider, metric="uar")
    for changed, identity, said in (
        (other, number_search.IDENTITY, ["metric uf1, now uar", "search space: model.lr: high 0.1, now 0.2"]),
        (what, number_search.IDENTITY | {"code": "99" * 32}, ["code abababab, now 99999999"]),
        (what, number_search.IDENTITY | {"torch": "2.15.0"}, ["torch (none), now 2.15.0"]),
    ):
        with pytest.raises(InputError) as caught:
            open_study(changed, storage, "numbers/sub01", identity)
        for words in (*said, "numbers/sub01", "mmer tune numbers --fresh"):
            assert words in str(caught.value)
        listed = str(caught.value).partition("with new ones: ")[2].partition(". Go back")[0]
        assert sorted(listed.split("; ")) == sorted(said)
    # What was made with the same is opened again, with more trials if need be.
    assert len(open_study(search(trials=9), storage, "numbers/sub01", number_search.IDENTITY).trials) == 2


def test_fresh_keeps_the_old_trials_under_another_name(tmp_path):
    what = search(trials=2)
    run(what, studies(what, "sqlite", tmp_path))
    storage = open_storage("sqlite", tmp_path, "numbers")
    new = search(trials=2, metric="uar")
    for _ in range(2):
        assert open_study(new, storage, "numbers/sub01", {}, fresh=True).trials == []
    names = optuna.get_all_study_names(storage.optuna)
    aside = [name for name in names if name.startswith("numbers/sub01 until ")]
    assert len(aside) == 2
    assert sorted(len(optuna.load_study(study_name=name, storage=storage.optuna).trials) for name in aside) == [0, 2]
    assert open_study(search(trials=2, metric="uar"), storage, "numbers/sub01", {}).trials == []


def test_fresh_waits_for_a_worker_of_this_machine(tmp_path):
    what, storage = search(trials=2), open_storage("journal", tmp_path, "numbers")

    def meanwhile(requests, place):
        with pytest.raises(InputError, match=f"process {os.getpid()} trains its trial 0"):
            open_study(what, storage, "numbers/sub01", number_search.IDENTITY, fresh=True)
        yield from number_search.train(requests, place)

    run(what, studies(what, "journal", tmp_path), meanwhile)


def test_a_study_of_somebody_else_is_left_alone(tmp_path):
    storage = open_storage("journal", tmp_path, "numbers")
    theirs = optuna.create_study(storage=storage.optuna, study_name="numbers/sub01")
    theirs.ask()
    with pytest.raises(InputError, match="was not made by `mmer tune`"):
        open_study(search(), storage, "numbers/sub01", {})


def test_a_storage_that_goes_away_while_trials_are_trained_ends_the_run_in_words(tmp_path):
    what = search(trials=2)

    def meanwhile(requests, place):
        for file in tmp_path.glob("numbers.db*"):
            file.write_bytes(b"gone" * 4096)
        yield from number_search.train(requests, place)

    opened = studies(what, "sqlite", tmp_path)
    with pytest.raises(InputError, match=r"storage of the search: cannot be used.*run the command again"):
        run(what, opened, meanwhile)


def test_a_search_is_opened_by_its_defaults(tmp_path):
    plain = Search.of("plain", {"space": number_search.SPACE}, "x.yaml")
    study = open_study(plain, open_storage(plain.storage.url, tmp_path, "plain", plain.storage), "plain/a", {})
    assert study.user_attrs["made with"]["identity"] == {"optuna": optuna.__version__}
