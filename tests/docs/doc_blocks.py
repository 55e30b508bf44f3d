"""The fenced blocks of README and docs, with the marks above them that say how a test runs them.

A mark is an HTML comment right above a block, which no reader sees:

    <!-- run: by FILE -->                           that file of the repository runs these commands
    <!-- run: with the page by FILE -->             that test takes the whole page, and does what these commands do
    <!-- run: fails "TEXT" -->                      each command fails, and says TEXT
    <!-- run: exits 1 "TEXT" -->                    the last command ends with this code, and says TEXT
    <!-- run: serves -->                            dask and the dashboard are servers: started, asked, stopped
    <!-- run instead of `COMMAND`: OTHER -->        OTHER is the same command on less; may stand several times
"""

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
MADE = ("_build", "api", "components", "gallery")  # by scripts/docs
FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>[^\n`]*)\n(?P<text>.*?)^(?P=indent)```[ ]*$", re.DOTALL | re.MULTILINE
)
MARK = re.compile(r"<!--\s*run(?P<text>.*?)-->", re.DOTALL)
INSTEAD = re.compile(r"\s*instead of `(?P<command>[^`]+)`:\s*(?P<other>.+?)\s*", re.DOTALL)
HOW = re.compile(
    r':\s*(?P<how>(?:with the page )?by (?P<by>[\w./]+)|fails|exits (?P<code>\d+)|serves)(?:\s+"(?P<says>[^"]+)")?\s*'
)


@dataclass
class Block:
    """One fenced block."""

    page: str  # relative to the repository
    line: int
    language: str
    text: str
    how: str = ""
    by: str = ""
    says: str = ""
    code: int = 0
    instead: dict[str, str] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """Where it stands, as an editor opens it."""
        return f"{self.page}:{self.line}"

    @property
    def commands(self) -> list[str]:
        """The commands of a bash block without comments; a line that ends in a backslash goes on."""
        lines = [without_comment(line) for line in self.text.replace("\\\n", " ").splitlines()]
        return [line for line in lines if line]


def without_comment(line: str) -> str:
    """Return a line of bash without the comment at its end; no `#` of ours stands within quotes."""
    return re.sub(r"(^|\s)#.*$", "", line).strip()


def pages() -> list[Path]:
    """README and every page that a person wrote."""
    found = (path for path in sorted((ROOT / "docs").rglob("*.md")) if path.relative_to(ROOT).parts[1] not in MADE)
    return [ROOT / "README.md", *found]


@cache
def blocks() -> tuple[Block, ...]:
    """Return the fenced blocks of all pages in order.

    Raises
    ------
    ValueError
        A mark that is none of the above, or that stands above no block.
    """
    return tuple(block for path in pages() for block in read(path))


def read(path: Path) -> list[Block]:
    """Return the blocks of one page."""
    text, page, found = path.read_text(encoding="utf-8"), path.relative_to(ROOT).as_posix(), []
    marks = {mark.end(): mark for mark in MARK.finditer(text)}
    for fence in FENCE.finditer(text):
        above = []
        end = len(text[: fence.start()].rstrip())
        while end in marks:
            above.insert(0, marks.pop(end))
            end = len(text[: above[0].start()].rstrip())
        block = Block(page, text.count("\n", 0, fence.start()) + 1, fence["language"].strip(), fence["text"])
        for mark in above:
            _take(block, mark["text"])
        found.append(block)
    if marks:
        raise ValueError(f"{page}: a mark above no block: {next(iter(marks.values()))[0]}")
    return found


def _take(block: Block, mark: str) -> None:
    if given := INSTEAD.fullmatch(mark):
        block.instead[given["command"]] = " ".join(given["other"].split())
    elif (given := HOW.fullmatch(mark)) and not block.how:
        block.how, block.by = given["how"].split()[0], given["by"] or ""
        block.says, block.code = given["says"] or "", int(given["code"] or 0)
    else:
        raise ValueError(f"{block.place}: no mark that a test understands: run{mark}")
