"""Workers: results in order, and one message whatever ends them."""

import os
import signal
import subprocess
import sys
import time

import pytest

from mmer.types.errors import InputError
from mmer.types.workers import in_processes

INTERRUPTED = """
import signal, time
from mmer.types.workers import in_processes

def nap(word, item):
    print(word, flush=True)
    time.sleep(60)

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job of a shell would ignore it
    try:
        list(in_processes(nap, "working", range(8), 2))
    except KeyboardInterrupt:
        print("stopped")
"""


KILLED = """
import os, time
from mmer.types.workers import in_processes

def nap(word, item):
    print(os.getpid(), flush=True)
    time.sleep(60)

if __name__ == "__main__":
    list(in_processes(nap, "working", range(8), 2))
"""


def add(shared, item):
    return shared + item


def die(shared, item):
    os.kill(os.getpid(), signal.SIGKILL)


def test_results_are_in_order():
    assert list(in_processes(add, 10, range(5), 2)) == [10, 11, 12, 13, 14]


def test_a_killed_worker_is_said_in_one_message():
    with pytest.raises(InputError, match=r"worker processes was killed.*memory"):
        list(in_processes(die, None, range(3), 2))


def test_ctrl_c_ends_all_workers_at_once_and_without_a_traceback(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(INTERRUPTED)
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, script], stdout=pipe, stderr=pipe, text=True, start_new_session=True
    ) as running:
        assert running.stdout.readline() == "working\n"
        os.killpg(running.pid, signal.SIGINT)  # what a terminal does: every process of the group hears it
        said, complaints = running.communicate(timeout=120)
    assert said.splitlines()[-1] == "stopped"
    assert complaints == ""


def test_workers_end_with_a_process_that_is_killed(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(KILLED)
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True) as running:
        worker = int(running.stdout.readline())
        os.kill(worker, 0)  # it is there
        running.kill()
    for _ in range(200):
        try:
            os.kill(worker, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    os.kill(worker, signal.SIGKILL)
    raise AssertionError("the worker outlived the process that started it by 10 s")
