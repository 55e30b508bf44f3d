"""The clip browser in a real browser (``scripts/test --all``): filters, keys, pictures, values."""

import re

import pytest
from chromium_program import find_chromium
from page_for_tests import render
from playwright.sync_api import sync_playwright
from records_for_tests import dataset_records, experiment_record, unit_record

from fakes import clips_table

pytestmark = pytest.mark.all


@pytest.fixture(scope="module")
def clips():
    return clips_table(subjects=6)


@pytest.fixture(scope="module")
def records(clips):
    return [experiment_record("first", clips, seeds=(0, 1), skill=0.5), unit_record("units", clips)]


@pytest.fixture(scope="module")
def path(clips, records, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "index.html"
    path.write_text(render(records, dataset_records(clips)), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def chromium():
    program = find_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def page(chromium, path):
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, offline=True)
    page = context.new_page()
    page.set_default_timeout(60_000)
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type in ("error", "warning") else None)
    page.goto(path.as_uri())
    yield page
    context.close()
    assert not problems


def opened(page, number):
    box = page.locator(f"#experiment-{number} .clip-browser")
    box.scroll_into_view_if_needed()
    box.locator("[role=option]").first.wait_for()
    return box


def choose(box, label, value):
    box.locator(f"label:has(span:text-is('{label}')) select").select_option(value)


def test_wrong_clips_are_filtered_opened_and_gone_through_by_keys(page, records):
    box = opened(page, 1)
    table = records[0].predictions
    columns = [name for name in table if name.startswith("p_")]
    means = table.groupby("clip_id")[columns].mean()
    said, truth = means.idxmax(axis=1).str.removeprefix("p_"), table.groupby("clip_id").truth.first()
    wrong = set(means.index[said != truth])
    assert box.locator("[role=status]").first.inner_text() == f"{len(means)} of {len(means)} clips"
    choose(box, "result", "wrong")
    assert box.locator("[role=status]").first.inner_text() == f"{len(wrong)} of {len(means)} clips"
    assert set(box.locator("[role=option] code").all_inner_texts()) == wrong
    sure = means.max(axis=1)[sorted(wrong)]
    clips = box.locator("[role=option] code").all_inner_texts()
    assert [round(1000 * sure[clip]) for clip in clips] == sorted((round(1000 * p) for p in sure), reverse=True)

    shown = []
    box.locator(".clip-list").focus()
    for clip in clips[:3]:
        card = box.locator("article")
        assert card.locator("h4 code").inner_text() == clip
        assert card.locator(".said b").all_inner_texts() == [truth[clip], said[clip]]
        values = [
            float(text.replace("\u202f", " ").split()[0]) for text in card.locator(".bars .number").all_inner_texts()
        ]
        assert values == pytest.approx(list(100 * means.loc[clip]), abs=0.051)
        runs = table[table.clip_id == clip]
        low, high = 100 * runs[columns[0]].min(), 100 * runs[columns[0]].max()
        said_runs = re.findall(r"[\d.]+", card.locator(".bars .runs").first.inner_text())
        assert [float(text) for text in said_runs] == pytest.approx([low, high], abs=0.051)
        assert f"right in {(runs.truth == runs.predicted).sum()} of 2" in card.locator(".clip-facts").inner_text()
        assert runs.fold.iloc[0] in card.locator(".clip-facts").inner_text()
        shown.append(card.locator(".tiles svg").count())
        assert box.locator(".clip-list").get_attribute("aria-activedescendant") == box.locator(
            "[aria-selected=true]"
        ).get_attribute("id")
        page.keyboard.press("ArrowDown")
    assert min(shown) >= 5  # onset, apex, flow, strain, graph
    page.keyboard.press("Home")
    assert box.locator("article h4 code").inner_text() == clips[0]
    box.get_by_role("button", name="Next").click()
    page.keyboard.press("ArrowRight")
    assert box.locator("article h4 code").inner_text() == clips[2]
    page.keyboard.press("ArrowLeft")
    assert box.locator("article h4 code").inner_text() == clips[1]


def test_pictures_are_made_when_a_clip_is_opened_and_are_drawn(page):
    box = page.locator("#experiment-2 .clip-browser")
    assert box.locator("image, use").count() == 0
    box = opened(page, 2)
    for number in range(box.locator("[role=option]").count()):
        box.locator("[role=option]").nth(number).click()
        assert box.locator("article .tiles").first.locator("image, use").count() == 5  # the graph lies on the onset
        if box.locator("article image").count():
            break
    sizes = box.locator("article image").evaluate_all(
        """images => Promise.all(images.map(async (image) => {
            const shown = new Image();
            shown.src = image.getAttribute("href");
            await shown.decode();
            return [shown.naturalWidth, shown.naturalHeight];
        }))"""
    )
    assert set(map(tuple, sizes)) == {(48, 48)}


def test_filters_of_units_and_subjects_work_together(page, records):
    box = opened(page, 2)
    table = records[1].predictions
    subject = table.subject.iloc[0]
    shown = table[(table.target == "AU04") & (table.truth == "present") & (table.subject == subject)]
    choose(box, "unit shown", "AU04")
    choose(box, "subject", subject)
    choose(box, "order", "by name")
    assert box.locator("[role=option] code").all_inner_texts() == sorted(shown.clip_id)
    choose(box, "result", "right")
    right = table.assign(right=table.truth == table.predicted).groupby("clip_id").right.all()
    assert box.locator("[role=option]").count() == right[list(shown.clip_id)].sum()


def test_nothing_fits_says_so(page):
    box = opened(page, 1)
    choose(box, "result", "right")
    choose(box, "truth", "disgust")
    choose(box, "predicted", "surprise")
    assert box.locator("[role=status]").first.inner_text().startswith("0 of ")
    assert not box.locator("article").is_visible()


def test_cards_are_folded_with_the_browser_and_shown_without_scripts_and_on_paper(chromium, path, page):
    opened(page, 1)
    assert not page.locator("#experiment-1 .card").last.is_visible()
    page.locator("#experiment-1 .chosen > summary").click()
    assert page.locator("#experiment-1 .chosen .card").first.is_visible()
    page.emulate_media(media="print")
    assert not page.locator("#experiment-1 .clip-browser").is_visible()
    context = chromium.new_context(java_script_enabled=False)
    plain = context.new_page()
    plain.goto(path.as_uri())
    assert plain.locator("#experiment-1 .chosen .card").first.is_visible()
    assert not plain.locator("#experiment-1 .clip-browser").is_visible()
    context.close()


def test_a_phone_needs_no_scrolling_sideways(chromium, path):
    context = chromium.new_context(viewport={"width": 390, "height": 844}, offline=True)
    page = context.new_page()
    page.goto(path.as_uri())
    opened(page, 1)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()
