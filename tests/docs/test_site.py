"""The site is built without a warning, and pages of each kind can be read by everybody, in light and in dark."""

import os
import subprocess
import sys
from html.parser import HTMLParser

import pytest
from chromium_program import find_chromium
from doc_blocks import ROOT

pytestmark = pytest.mark.all
PAGES = ("index.html", "concepts.html", "howto/your_videos.html", "components/model/gcn.html", "api/losses.html")


@pytest.fixture(scope="module")
def site():
    """Build the site as a person does, with scripts/docs; what was built before is gone on with."""
    done = subprocess.run(
        ["scripts/docs"],
        cwd=ROOT,
        env=os.environ | {"PATH": f"{sys.prefix}/bin{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-5000:]
    folder = ROOT / "docs/_build/html"
    assert str(folder / "index.html") in done.stdout
    return folder


class Outside(HTMLParser):
    """Collects what a page would fetch from elsewhere."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        address = given.get("src") or (given.get("href") if tag == "link" else None) or ""
        if address.startswith(("http:", "https:", "//")):
            self.found.append(address)


def test_no_page_needs_the_network(site):
    for path in sorted(site.rglob("*.html")):
        outside = Outside()
        outside.feed(path.read_text())
        assert not outside.found, f"{path.relative_to(site)} fetches {outside.found}"


def test_every_component_has_a_page(site):
    for path in sorted((ROOT / "conf").glob("*/*.yaml")):
        if path.parent.name == "tuned":
            continue
        page = site / "components" / path.parent.name / f"{path.stem}.html"
        assert page.is_file(), f"{path.relative_to(ROOT)} has no page"
        assert path.name in page.read_text()


def test_a_component_shows_its_docstring_its_values_and_its_source(site):
    page = (site / "components/model/gcn.html").read_text()
    for words in ("readout", "flatten", "_modules/mmer/models/gcn.html", "model=gcn"):
        assert words in page, words
    assert "def forward" in "".join(Text.of((site / "_modules/mmer/models/gcn.html").read_text()))


class Text(HTMLParser):
    """Collects the text of a page without its markup."""

    def __init__(self):
        super().__init__()
        self.parts = []

    @classmethod
    def of(cls, page):
        text = cls()
        text.feed(page)
        return text.parts

    def handle_data(self, data):
        self.parts.append(data)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault(site, scheme):
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        page = browser.new_page(color_scheme=scheme, viewport={"width": 390, "height": 844})
        for name in PAGES:
            page.goto((site / name).as_uri())
            found = Axe().run(page).response["violations"]
            serious = {one["id"]: [node["html"] for node in one["nodes"]][:3] for one in found if one["impact"] in BAD}
            assert not serious, f"{name}, {scheme}: {serious}"
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, f"{name} scrolls sideways on a phone by {wide} pixels"
        browser.close()


BAD = ("serious", "critical")
