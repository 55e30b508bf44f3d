"""The report in a real browser (``scripts/test --all``)."""

import subprocess
from pathlib import Path

import cv2
import pytest
from axe_playwright_python.sync_playwright import Axe
from browser import opened
from chromium_program import find_chromium
from page_for_tests import render
from records_for_tests import audit_of, dataset_records, experiment_record, unit_record

from fakes import clips_table
from mmer.report.stage_cost import StageCost, StageRecord
from mmer.synthetic.release import write_release
from workspace import Workspace

pytestmark = pytest.mark.all
GRAVE = ("serious", "critical")


@pytest.fixture(scope="module")
def page_file(tmp_path_factory):
    clips = clips_table(subjects=6)
    names = {"middling": 0.5, "good": 0.95, "poor": 0.1}
    records = [
        experiment_record(name, clips, skill=skill, audit=audit_of(name), config=_config("gcn" if at else "mlp"))
        for at, (name, skill) in enumerate(names.items())
    ]
    cost = StageCost("clips", "casme2", 1.5, 310_000_000, 0, "d" * 64)
    stages = [StageRecord("clips", "casme2", cost), StageRecord("tracks", "casme2", None)]
    path = tmp_path_factory.mktemp("page") / "index.html"
    page = render([*records, unit_record("units", clips)], dataset_records(clips), {"mmer": "0.1.0"}, stages=stages)
    path.write_text(page, encoding="utf-8")
    return path


def _config(model):
    return {"model": {"name": model}, "protocol": {"name": "loso"}, "labels": {"name": "megc3"}}


def _names(page):
    return (
        page.locator("table.overview")
        .first.locator("tbody:visible")
        .evaluate_all("bodies => bodies.map((one) => one.dataset.experiment)")
    )


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_axe_finds_no_serious_fault(page_file, colours):
    with opened(page_file, colours=colours) as page:
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        found = Axe().run(page).response["violations"]
        serious = [(one["id"], [node["html"] for node in one["nodes"]][:3]) for one in found if one["impact"] in GRAVE]
        assert serious == []


def test_the_table_sorts_by_mouse_and_keys_and_baselines_stay_with_their_experiment(page_file):
    with opened(page_file) as page:
        head = page.locator("table.overview").first.locator("th", has_text="UF1").first
        button, written = head.locator("button"), _names(page)
        assert head.get_attribute("aria-sort") is None
        button.click()
        assert head.get_attribute("aria-sort") == "descending"
        assert _names(page) == ["good", "middling", "poor"]
        good = page.locator("tbody[data-experiment=good]")
        assert good.locator("tr.baseline").count() == 3
        page.keyboard.press("Enter")  # the button has the focus
        assert head.get_attribute("aria-sort") == "ascending"
        assert _names(page) == ["poor", "middling", "good"]
        page.keyboard.press("Space")
        assert head.get_attribute("aria-sort") is None
        assert _names(page) == written
        page.locator("table.overview").first.locator("th", has_text="Experiment").first.locator("button").click()
        assert _names(page) == ["good", "middling", "poor"]


def test_filters_narrow_the_table_and_the_contents(page_file):
    with opened(page_file) as page:
        status, box = page.locator(".filters [role=status]"), page.locator(".filters")
        assert status.inner_text() == "4 of 4 experiments"
        box.locator("input[type=search]").fill("GOOD mlp")
        assert status.inner_text() == "0 of 4 experiments"
        box.locator("input[type=search]").fill("gcn goo")
        assert _names(page) == ["good"]
        assert page.locator("nav.contents li.of:visible").all_inner_texts()[0].startswith("good")
        box.get_by_role("button", name="Clear").click()
        box.get_by_label("Model").select_option("mlp")
        assert _names(page) == ["middling"]
        box.get_by_label("Kind").select_option("action units")
        assert status.inner_text() == "0 of 4 experiments"
        box.get_by_label("Model").select_option("")
        assert page.locator("table.overview:visible").count() == 1
        box.get_by_role("button", name="Clear").click()
        box.get_by_label("Baselines").uncheck()
        assert page.locator("tr.baseline:visible").count() == 0
        assert page.locator("tr.model:visible").count() == 4


def test_a_chosen_theme_is_remembered(page_file):
    with opened(page_file) as page:
        colour = "getComputedStyle(document.body).backgroundColor"
        light, button = page.evaluate(colour), page.get_by_role("button", name="Dark colours")
        button.click()
        dark = page.evaluate(colour)
        assert (button.get_attribute("aria-pressed"), dark != light) == ("true", True)
        page.reload()
        assert page.evaluate(colour) == dark
        page.get_by_role("button", name="Dark colours").click()
        assert page.evaluate(colour) == light


def test_the_first_key_leads_past_the_contents_and_the_contents_follow(page_file):
    with opened(page_file) as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "content"
        page.locator("#experiment-2").evaluate("one => { one.scrollIntoView({ behavior: 'instant' }); }")
        page.locator("nav.contents a[href='#experiment-2'][aria-current]").wait_for()
        assert "Calibration" in page.locator("nav.contents .parts-of").inner_text()


def test_a_sentence_is_copied(page_file):
    with opened(page_file) as page:
        page.evaluate("navigator.clipboard.writeText = async (text) => { window.copied = text; }")
        page.get_by_role("button", name="Copy the sentence").first.click()
        sentence = page.locator("#experiment-1-sentence").inner_text()
        assert page.evaluate("window.copied") == sentence
        assert "UF1" in sentence


def test_without_scripts_all_is_there(page_file):
    with opened(page_file, scripts=False) as page:
        assert page.locator("tr.model:visible").count() == 4
        assert page.locator("tr.baseline:visible").count() == 12
        assert page.locator(".filters, button[data-copy], button.theme").locator("visible=true").count() == 0
        assert page.locator("nav.contents a:visible").count() >= 7


def test_a_phone_scrolls_one_way_only(page_file):
    with opened(page_file, width=390) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_on_paper_everything_is_open_and_nothing_is_to_press(page_file, tmp_path):
    with opened(page_file) as page:
        text = "not measured here"
        assert page.get_by_text(text).count() == 1
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = false; })")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        page.emulate_media(media="print")
        assert page.get_by_text(text).is_visible()
        assert page.locator("nav.contents, .filters, button:not(.sort)").locator("visible=true").count() == 0
        page.pdf(path=str(tmp_path / "page.pdf"), format="A4", print_background=True)
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert page.locator("details[open]").count() == 0
    assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF")


def test_chromium_shows_the_report(tmp_path, monkeypatch):
    chromium = find_chromium()
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
