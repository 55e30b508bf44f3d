"""The captions of the contents are headings, which must say their level to a screen reader; the theme leaves it out."""

from sphinx.application import Sphinx

TREE = "furo_navigation_tree"


def levels(app: Sphinx, page: str, template: str, context: dict, doctree: object) -> None:
    """Give each caption its level."""
    if TREE in context:
        context[TREE] = context[TREE].replace('role="heading">', 'role="heading" aria-level="2">')


def setup(app: Sphinx) -> dict[str, bool]:
    """Listen after the theme, which makes the contents."""
    app.connect("html-page-context", levels, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
