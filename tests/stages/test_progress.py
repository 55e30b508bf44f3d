"""Progress: a bar on a terminal, plain lines elsewhere."""

import fcntl
import logging
import os
import pty
import struct
import subprocess
import sys
import termios

from mmer.stages import progress as module
from mmer.stages.progress import progress

SCRIPT = "from mmer.stages.progress import progress\nlist(progress(range(50), 50, 'motion casme2'))"


def test_items_pass_through_unchanged():
    assert list(progress(iter("abc"), 3, "x")) == ["a", "b", "c"]


def test_plain_lines_with_the_time_left(caplog, monkeypatch):
    now = iter(range(0, 1000, 10))
    monkeypatch.setattr(module.time, "monotonic", lambda: float(next(now)))
    with caplog.at_level(logging.INFO, "mmer"):
        list(progress(range(4), 4, "motion casme2"))
    assert caplog.messages[0] == "motion casme2: 2/4 clips, 20 s left"
    assert caplog.messages[-1] == "motion casme2: 4 clips in 50.0 s (12500 ms per clip)"
    assert not any("\r" in line for line in caplog.messages)


def test_elsewhere_there_is_no_bar():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, check=True)
    assert b"\r" not in done.stderr


def test_on_a_terminal_there_is_a_bar():
    here, there = pty.openpty()
    fcntl.ioctl(there, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))  # rows, columns
    subprocess.run([sys.executable, "-c", SCRIPT], stderr=there, check=True)
    os.close(there)
    said = os.read(here, 4096)
    assert b"motion casme2: 100%" in said
    assert b"<00:00" in said  # the time left
    os.close(here)
