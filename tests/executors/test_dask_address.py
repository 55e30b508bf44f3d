"""Workers of a scheduler in processes of their own: order, errors, a killed worker, and who is refused."""

import shutil
import time

import pytest

import dask_tasks
from mmer.executors.dask_address import DaskAddress
from mmer.executors.versions import ROOT
from mmer.types.errors import InputError


@pytest.fixture(scope="module")
def executor(cluster):
    made = DaskAddress(address=cluster.address, wait=60)
    made.client().wait_for_workers(2, timeout=120)
    yield made
    made.close()


def test_results_come_in_order_and_nothing_gives_nothing(executor):
    assert executor.workers == 2
    assert list(executor.map(dask_tasks.add, 10, range(5))) == [10, 11, 12, 13, 14]
    assert list(executor.map(dask_tasks.add, 10, [])) == []


def test_workers_have_one_thread_and_work_in_the_folder_of_the_command(executor, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert list(executor.map(dask_tasks.pinned, None, range(2))) == [("1", str(tmp_path))] * 2


def test_the_error_of_an_item_is_raised_here(executor):
    found = executor.map(dask_tasks.squared, 2, range(5))
    assert [next(found), next(found)] == [0, 1]
    with pytest.raises(KeyError, match="no such clip"):
        next(found)


def test_a_killed_worker_costs_nothing_but_time(executor, tmp_path):
    flag = tmp_path / "flag"
    assert list(executor.map(dask_tasks.killed_once, str(flag), range(8))) == list(range(8))
    assert flag.exists()


def test_who_stops_asking_leaves_no_work_behind(executor, tmp_path):
    found = executor.map(dask_tasks.wait_in_line, str(tmp_path), range(40))
    assert next(found) == 0
    found.close()  # what an error or Ctrl-C does
    assert list(executor.map(dask_tasks.add, 1, [1])) == [2]  # the workers are free again
    assert len(list(tmp_path.iterdir())) < 10


def test_a_worker_with_other_code_is_refused_by_name(executor, cluster, tmp_path):
    shutil.copytree(ROOT, tmp_path / "mmer", ignore=shutil.ignore_patterns("__pycache__"))
    with (tmp_path / "mmer" / "types" / "errors.py").open("a") as file:
        file.write("# an edit\n")
    refused(executor, cluster, r"workers of tcp://127.* are refused.*\n.*its code of mmer", path=str(tmp_path))


def test_a_worker_with_several_threads_is_refused(executor, cluster):
    refused(executor, cluster, "workers with several threads.*--nthreads 1", threads=2)


def refused(executor, cluster, message, **how):
    client = executor.client()
    odd = cluster.start_worker(**how)
    client.wait_for_workers(3, timeout=120)
    try:
        with pytest.raises(InputError, match=message):
            list(executor.map(dask_tasks.add, 1, [1]))
    finally:
        cluster.end(odd)
    for _ in range(600):
        if len(client.nthreads()) == 2:
            return
        time.sleep(0.05)
    raise AssertionError("the scheduler did not see that the worker is gone")


def test_no_scheduler_is_said_with_its_address():
    with pytest.raises(InputError, match=r"no scheduler answers at tcp://127\.0\.0\.1:9 within"):
        DaskAddress(address="tcp://127.0.0.1:9", wait=0.3).client()


def test_an_edited_checkout_is_refused():
    from mmer.executors.versions import describe, difference, own_version

    told = describe()
    assert difference(told, own_version()) == ""
    assert "restart it" in difference(told | {"edited": True}, own_version())
    older = {**told, "version": own_version() | {"torch": "1.0"}}
    assert difference(older, own_version()).startswith("torch 1.0, here ")
