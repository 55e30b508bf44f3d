"""The browser of the tests: one that is not there is a failure, never a skip."""

import shutil


def find_chromium() -> str:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert program, "scripts/test --all needs Chromium (Debian: apt-get install chromium)"
    return program
