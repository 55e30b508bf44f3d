"""Renders records, and reads a page as a browser would."""

from collections.abc import Mapping, Sequence
from html.parser import HTMLParser

from mmer.report import page
from mmer.report.published import Result
from mmer.report.records import DatasetRecord, ExperimentRecord
from mmer.report.results import measure


def render(
    records: Sequence[ExperimentRecord],
    datasets: Sequence[DatasetRecord] = (),
    about: Mapping[str, str] | None = None,
    published: Sequence[Result] = (),
    **more,
) -> str:
    """Return the page of some records."""
    return page.render(measure(records), datasets, about or {}, published, **more)


VOID = {"meta", "img", "br", "link", "input", "hr"}


class Page(HTMLParser):
    """Checks that tags nest, and collects what tests ask for."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open, self.tags, self.loads, self.ids, self.row, self.cell = [], [], [], [], None, None
        self.scores: dict[tuple[str, str | None, str], str] = {}
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open, f"left open: {self.open}"

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append(tag)
        self.loads += [attrs[name] for name in ("src", "href", "srcset", "poster", "data", "action") if name in attrs]
        self.ids += [attrs["id"]] if "id" in attrs else []
        if "data-experiment" in attrs:
            self.row = (attrs["data-experiment"], attrs.get("data-baseline"))
        self.cell = (*self.row, attrs["data-score"]) if "data-score" in attrs else None
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] not in (["script"], ["style"]):
            self.words.append(data)
        if self.cell and data.strip():
            self.scores[self.cell] = data.strip()

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())
