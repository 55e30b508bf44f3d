"""A page in Chromium, which must never ask for anything."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chromium_program import find_chromium
from playwright.sync_api import Page, sync_playwright


@contextmanager
def opened(file: Path, width: int = 1280, colours: str = "light", scripts: bool = True) -> Iterator[Page]:
    """Open a page; at the end nothing may have been requested beside it, and no script may have failed.

    Parameters
    ----------
    file : Path
    width : int
        Of the window, pixels.
    colours : str
        ``light`` or ``dark``: what the system prefers.
    scripts : bool
        Whether they run.
    """
    chromium = find_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=colours, java_script_enabled=scripts, offline=True
        )
        page, asked, failed = context.new_page(), [], []
        page.set_default_timeout(120_000)  # a machine may be busy
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: failed.append(str(error)))
        page.on("console", lambda message: failed.append(message.text) if message.type == "error" else None)
        page.goto(file.resolve().as_uri())
        yield page
        beside = {url.split("#")[0] for url in asked if not url.startswith(("data:", "blob:"))}
        assert beside == {file.resolve().as_uri()}
        assert failed == []
        browser.close()
