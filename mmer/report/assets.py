"""Style, scripts and policy of a page that needs no other file."""

from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import jinja2
from markupsafe import Markup

HERE = Path(__file__).parent
STYLES = ("report.css", "clips.css", "compare.css")
EARLY = "theme.js"  # runs before anything is drawn, so that no page flashes in the wrong colours
FIRST = "report.js"  # the others may use what it makes


def environment() -> jinja2.Environment:
    """Return the environment of all templates; a page ends with ``frame.html.jinja``, which needs ``frame()``."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE),
        autoescape=True,  # everything a person gave is escaped; only our own style sheet and scripts are not
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def frame() -> dict[str, object]:
    """Return what ``frame.html.jinja`` puts around a page.

    Returns
    -------
    dict
        ``style`` and ``early`` (for the head), ``scripts`` (for the end of the body), and ``policy``: what a browser
        may do with the page, which is to run exactly these scripts and to ask nothing of any network.
    """
    early = _text(HERE / EARLY)
    others = sorted({*HERE.glob("*.js")} - {HERE / EARLY}, key=lambda path: (path.name != FIRST, path.name))
    scripts = [_text(path) for path in others]
    digests = " ".join(f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" for text in (early, *scripts))
    rules = (
        "default-src 'none'",
        "img-src data:",
        "style-src 'unsafe-inline'",
        f"script-src {digests}",
        "base-uri 'none'",
        "form-action 'none'",
    )
    return {
        "style": Markup("".join(_text(HERE / name) for name in STYLES)),
        "early": Markup(early),
        "scripts": [Markup(text) for text in scripts],
        "policy": Markup("; ".join(rules)),
    }


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")
