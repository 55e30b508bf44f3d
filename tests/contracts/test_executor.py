"""What every yaml of conf/executor/ keeps, as far as no cluster is needed."""

import pytest
from tornado.httpserver import HTTPServer

from mmer.stages.build import build, read_option
from mmer.stages.executor import executor, executor_of
from mmer.types.errors import InputError


def add(shared, item):
    if item is None:
        raise KeyError("no such clip")
    return shared + item


@pytest.fixture
def made(executor_name):
    return build(read_option("executor", executor_name))


def test_no_items_need_no_workers(made):
    assert list(made.map(add, 1, [])) == []
    assert isinstance(made.remote, bool)


def test_every_key_is_in_the_yaml_or_for_tls(made, executor_name):
    hidden = set(vars(made)) - set(read_option("executor", executor_name))
    assert hidden <= {"ca", "cert", "key", "folder"}  # of dask_local, which needs none of them


@pytest.mark.parametrize("name", ["serial", "processes"])
def test_results_come_in_order_until_an_item_fails(name):
    found = executor_of(name, "here")
    assert list(found.map(add, 1, range(3))) == [1, 2, 3]
    results = found.map(add, 1, [1, 2, None, 4])
    assert [next(results), next(results)] == [2, 3]
    with pytest.raises(KeyError, match="no such clip"):
        next(results)


def test_dask_on_this_machine_gives_the_same(monkeypatch):
    listening = []
    listen = HTTPServer.listen
    monkeypatch.setattr(HTTPServer, "listen", lambda *args, **keys: (listening.append(keys), listen(*args, **keys))[1])
    found = executor_of({"name": "dask_local", "processes": 1}, "here")
    try:
        assert found.remote
        assert found.workers == 1
        assert found.client().scheduler.address.startswith("tls://127.0.0.1:")
        assert list(found.map(abs_of, None, [-1, 2])) == [1, 2]
        assert {keys["address"] for keys in listening} == {"127.0.0.1"}
        assert {keys["port"] for keys in listening} == {0}  # two commands at once
    finally:
        found.close()


def abs_of(shared, item):
    return abs(item)


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("slrum", r"here: conf/executor has no 'slrum'; did you mean 'slurm'"),
        ({"name": "slurm", "job": 3}, r"here: slurm has no key 'job'; did you mean 'jobs'"),
        ({"name": "slurm", "jobs": "many"}, r"here: Slurm: .*jobs"),
        ({"jobs": 3}, "here must be a name"),
        (["slurm"], "here must be a name"),
        ({"name": "processes", "workers": 0}, "here: executor processes: workers must be at least 1"),
        ({"name": "serial", "_target_": "os.system"}, "serial has no key '_target_'"),
    ],
)
def test_a_wrong_choice_is_said(section, message):
    with pytest.raises(InputError, match=message):
        executor_of(section, "here")


def test_the_environment_goes_before_params(tmp_path, monkeypatch):
    assert executor().workers is None  # `executor: processes` of params.yaml
    monkeypatch.setenv("MMER_EXECUTOR", "{name: processes, workers: 3}")
    assert executor().workers == 3
    monkeypatch.setenv("MMER_EXECUTOR", "serial")
    assert executor().workers == 1
    monkeypatch.setenv("MMER_EXECUTOR", "{name: ")
    with pytest.raises(InputError, match="variable MMER_EXECUTOR: not valid yaml"):
        executor()
    monkeypatch.delenv("MMER_EXECUTOR")
    monkeypatch.chdir(tmp_path)
    assert executor().workers is None  # neither params.yaml nor conf/
