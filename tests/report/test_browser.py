"""The report in a real browser (``scripts/test --all``)."""

import shutil
import subprocess
from pathlib import Path

import cv2
import pytest

from mmer.synthetic.release import write_release
from workspace import Workspace

pytestmark = pytest.mark.all


def test_chromium_shows_the_report(tmp_path, monkeypatch):
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert chromium, "scripts/test --all needs Chromium (Debian: apt-get install chromium)"
    monkeypatch.chdir(tmp_path)
    write_release("casme2", Path("data/casme2"), subjects=4, clips=4, seed=3, preset="easy", size=96)
    Workspace(tmp_path).run()
    page = Path("artifacts/report/index.html").resolve()
    run = [
        chromium,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        f"--user-data-dir={tmp_path}/c",
    ]
    # A name that does not resolve is how "offline" looks to a page: nothing may be asked for.
    offline = ["--host-resolver-rules=MAP * ~NOTFOUND"]
    dom = subprocess.run(
        [*run, *offline, "--dump-dom", page.as_uri()], capture_output=True, text=True, check=True, timeout=120
    )
    assert "points" in dom.stdout
    assert "Synthetic data" in dom.stdout
    shot = tmp_path / "shot.png"
    subprocess.run(
        [*run, *offline, f"--screenshot={shot}", "--window-size=1280,2400", page.as_uri()],
        check=True,
        capture_output=True,
        timeout=120,
    )
    picture = cv2.imread(str(shot))
    assert picture.shape == (2400, 1280, 3)
    # Faces, charts and text: no band of the page is blank, and there are many colours.
    assert all(band.std() > 1 for band in picture[:1800].reshape(6, 300, 1280, 3))
    assert len({tuple(pixel) for pixel in picture[::7, ::7].reshape(-1, 3)}) > 500
