"""Drawings of the documentation stand inside the page, so that they follow its light and dark colours.

A page names a drawing as any picture, ``![text](pipeline.svg)``, which a code host shows too. Only files that say
``data-inline`` are put in: figures of plotting libraries bring styles of their own that would leak into the page.
"""

from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform


class InlineSvg(SphinxPostTransform):
    """Replace pictures by the text of their svg file; the alternative text stays what a screen reader says."""

    default_priority = 200
    formats = ("html",)

    def run(self, **kwargs: object) -> None:
        """Replace the pictures of one page."""
        for image in list(self.document.findall(nodes.image)):
            path = Path(self.env.srcdir, image["uri"])
            if path.suffix == ".svg" and path.is_file() and "data-inline" in (text := path.read_text()):
                drawing = nodes.raw("", f'<div class="drawing">{text[text.index("<svg") :]}</div>', format="html")
                image.replace_self(drawing)


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the transform."""
    app.add_post_transform(InlineSvg)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
