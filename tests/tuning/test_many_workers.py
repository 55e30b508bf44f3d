"""Four worker processes on one search, one of them killed while it trains."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import number_search
import pytest
import sqlalchemy as sa

from mmer.tuning.results import trials_table
from mmer.tuning.storage import open_storage
from mmer.types.errors import InputError


def four_workers(url, folder):
    """Run them, kill one, and check what they leave."""
    (folder / "stop").touch()
    command = [sys.executable, number_search.__file__, url, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as group:
        while not (folder / "stopped").exists():
            assert group.poll() is None, group.stderr.read()
            time.sleep(0.02)
        os.kill(int((folder / "stopped").read_text()), signal.SIGKILL)
        said, complaint = group.communicate(timeout=120)
    assert said.strip() == "[-9, 0, 0, 0]", complaint
    storage = open_storage(url, folder, "numbers")
    table = trials_table(number_search.opened(number_search.search(), storage))
    storage.close()
    complete = table[table.state == "COMPLETE"]
    assert complete.groupby("study").size().to_dict() == {"sub01": 12, "sub02": 12}
    assert set(table.state) == {"COMPLETE", "FAIL"}  # nothing is left running
    assert complete.worker.nunique() >= 2  # the killed one had told at least one trial
    for row in complete.itertuples():
        assert row.value == pytest.approx(number_search.formula(row.overrides.split(" ")))
    # Of the killed worker's generation two trials of the first study ran or waited, maybe two of the second; one had
    # been told. All were trained again with the same settings.
    lost = table[table.state == "FAIL"]
    assert 1 <= len(lost) <= 3
    assert lost.error.str.contains("died").all()
    for row in lost.itertuples():
        again = complete[(complete.study == row.study) & (complete.overrides == row.overrides)]
        assert len(again) == 1
    assert not complete.duplicated(["study", "overrides"]).any()


@pytest.mark.parametrize("url", [pytest.param("sqlite", marks=pytest.mark.all), "journal"])  # seconds of locks
def test_a_killed_worker_of_four_loses_nothing(url, tmp_path):
    four_workers(url, tmp_path)


@pytest.fixture(scope="module")
def postgresql():
    """Start a server of its own on a free port of the loopback; PostgreSQL refuses to run as root."""
    found = shutil.which("initdb") or next(map(str, Path("/usr/lib/postgresql").glob("*/bin/initdb")), None)
    assert found, "scripts/test --all needs PostgreSQL (Debian: apt-get install postgresql)"
    programs = Path(found).resolve().parent
    who = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        if who:
            shutil.chown(folder, "postgres", "postgres")
        password = Path(folder) / "password"
        password.write_text("open sesame")
        password.chmod(0o644)

        def run(program, *arguments):
            done = subprocess.run(
                [programs / program, *arguments],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=120,
                **who,
            )
            assert done.returncode == 0, done.stdout

        cluster = f"{folder}/cluster"
        run(
            "initdb",
            "-D",
            cluster,
            "-U",
            "lab",
            "-A",
            "scram-sha-256",
            "--pwfile",
            password,
            "-E",
            "UTF8",
            "--locale=C",
        )
        options = f"-h 127.0.0.1 -p {port} -k {folder} -c fsync=off"
        run("pg_ctl", "-D", cluster, "-o", options, "-l", f"{folder}/log", "-w", "start")
        try:
            yield f"postgresql://lab:open%20sesame@127.0.0.1:{port}"
        finally:
            run("pg_ctl", "-D", cluster, "-m", "immediate", "-w", "stop")


@contextlib.contextmanager
def database(server, name, options=""):
    engine = sa.create_engine(server.replace("postgresql:", "postgresql+psycopg:") + "/postgres")
    with engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(sa.text(f"CREATE DATABASE {name} {options}"))
    engine.dispose()
    yield f"{server}/{name}"


@pytest.mark.all
def test_four_workers_on_postgresql(postgresql, tmp_path):
    with database(postgresql, "trials") as url:
        four_workers(url, tmp_path)


@pytest.mark.all
def test_what_postgresql_refuses_is_said_without_the_password(postgresql, tmp_path):
    with (
        database(postgresql, "words", "ENCODING 'SQL_ASCII' TEMPLATE template0") as url,
        pytest.raises(InputError, match=r"encoding of the database is SQL_ASCII.*createdb --encoding=UTF8"),
    ):
        open_storage(url, tmp_path, "x")
    for wrong in (postgresql.replace("sesame", "barley") + "/postgres", postgresql + "/nowhere"):
        with pytest.raises(InputError, match=r"lab:\*\*\*@127.0.0.1.*cannot be used") as caught:
            open_storage(wrong, tmp_path, "x")
        assert "open" not in str(caught.value)
        assert caught.value.__cause__ is None
