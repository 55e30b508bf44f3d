"""README and docs name nothing that is not there: links, headings, files, commands, options; every fence is tested."""

import ast
import re
import shlex
from functools import cache
from pathlib import Path

import pytest
from doc_blocks import ROOT, blocks, pages, without_comment

from mmer.__main__ import parser

LANGUAGES = {"bash", "python", "yaml", "text", "csv", "json", "{toctree}"}
PLACES = "mmer|conf|docs|tests|scripts|pipelines|.ci"
# Made by the commands that the same pages describe.
MADE = re.compile(r"conf/tuned|docs/_build/|pipelines/.*/dvc\.lock")
LINK = re.compile(r"!?\[(?:[^\]\[]|\[[^\]]*\])*\]\((?P<target>[^()\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")


def prose(path: Path) -> str:
    """Return a page without its fenced blocks and comments."""
    text = re.sub(r"^( *)```.*?^\1```", "", path.read_text(), flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)


@cache
def anchors(path: Path) -> frozenset[str]:
    """Return what a link may name of a page: headings as code hosts and Sphinx spell them."""
    found = re.findall(r"^#+ (.+?)\s*$", prose(path), flags=re.MULTILINE)
    return frozenset(re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found)


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(path):
    for link in LINK.finditer(prose(path)):
        target, _, anchor = link["target"].partition("#")
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        file = (path.parent / target).resolve() if target else path
        assert file.exists(), f"{link[0]}: there is no {file}"
        assert not anchor or anchor in anchors(file), f"{link[0]}: {file.name} has no heading {anchor}"


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_files_that_are_named_exist(path):
    for word in CODE.findall(prose(path)):
        if (
            re.fullmatch(rf"({PLACES})/[\w./*{{}}-]+", word)
            and not re.search(r"[A-Z]{3,}", word)
            and not MADE.match(word)
        ):
            found = list(ROOT.glob(word.rstrip("/"))) or list(ROOT.glob(f"{word}.py"))
            assert found, f"`{word}` does not exist"
        elif re.fullmatch(r"mmer(\.\w+){2,}", word):
            check_name(word)


def check_name(name: str) -> None:
    """Find a dotted name of mmer in the source, without importing it."""
    parts = name.split(".")
    for end in range(len(parts), 1, -1):
        stem = ROOT.joinpath(*parts[:end])
        file = next((file for file in (stem.with_suffix(".py"), stem / "__init__.py") if file.is_file()), None)
        if file is not None:
            rest = parts[end:]
            nodes = ast.walk(ast.parse(file.read_text()))
            defined = {node.name for node in nodes if isinstance(node, ast.ClassDef | ast.FunctionDef)}
            assert not rest or rest[0] in defined or rest[0] in file.read_text(), f"`{name}`: not in {file.name}"
            return
    raise AssertionError(f"`{name}`: no such module")


def calls(line: str) -> list[list[str]]:
    """Return the commands of a line of bash as words."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="&|;")
    lexer.whitespace_split = True
    found: list[list[str]] = [[]]
    for word in lexer:
        if set(word) <= set("&|;"):
            found.append([])
        elif found[-1] or not re.match(r"[A-Z_]+=", word):
            found[-1].append(word)
    return [words for words in found if words]


@cache
def spoken() -> tuple[tuple[str, str], ...]:
    """Return every command of the pages, and of the marks above their blocks, with its place."""
    fenced = [block for block in blocks() if block.language == "bash"]
    return tuple((block.place, line) for block in fenced for line in (*block.commands, *block.instead.values()))


def test_commands_are_those_of_the_parser(capsys):
    """Verbs, options and their values; not what a command then does."""
    mmer = parser()
    for place, line in spoken():
        for words in calls(line):
            if words[0] == "mmer":
                try:
                    mmer.parse_args(words[1:])
                except SystemExit as stop:
                    raise AssertionError(f"{place}: {line}: {capsys.readouterr().err}") from stop
            elif re.match(r"(\./)?scripts/", words[0]) or (words[0] == "python" and words[1][0] != "-"):
                file = words[0] if "scripts/" in words[0] else words[1]
                assert (ROOT / file).is_file(), f"{place}: there is no {file}"


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_commands_in_a_sentence_exist(path):
    verbs = next(action for action in parser()._actions if action.dest == "command").choices
    for word in CODE.findall(prose(path)):
        if not re.match(r"mmer [a-z]", word):
            continue
        _, verb, *rest = without_comment(word).split()
        for one in verb.split("|"):
            assert one in verbs, f"`{word}`: mmer has no command {one}"
        known = {option for action in verbs[verb.split("|")[0]]._actions for option in action.option_strings}
        for option in (one.strip("[]") for one in rest if one.strip("[]").startswith("--")):
            assert option in known, f"`{word}`: mmer {verb} has no option {option}"


def test_every_fence_is_of_a_kind_that_is_tested():
    for block in blocks():
        assert block.language in LANGUAGES, f"{block.place}: a block of {block.language or 'no language'}"
        if block.language == "text":
            for line in block.text.splitlines():
                assert not re.match(r"(mmer|dvc|python|scripts/\w+) (?!.*\[--)", line), f"{block.place}: {line}: bash"
        else:
            assert block.language == "bash" or not (block.how or block.instead), f"{block.place}: a mark for no command"


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_command_hides_in_indented_text(path):
    hidden = re.search(r"^(?: {4}|\t)(?:mmer|dvc|python|scripts/\w+) .*$", prose(path), flags=re.MULTILINE)
    assert not hidden, f"write it as a block of bash: {hidden[0]}"


def test_marks_are_of_use():
    """What runs instead is the same command, and stands for one that is there; a file that is named runs it."""
    for block in blocks():
        for command, other in block.instead.items():
            assert command in block.commands, f"{block.place}: a mark for `{command}`, which is not there"
            same = [line.split()[: 2 if line.startswith(("mmer", "dvc")) else 1] for line in (command, other)]
            assert same[0] == same[1], f"{block.place}: `{other}` is another command than `{command}`"
        if block.how in ("by", "with"):
            text = (ROOT / block.by).read_text()
            named = block.commands if block.how == "by" else [f'"{Path(block.page).stem}"']
            for words in named:
                assert words in text, f"{block.place}: {block.by} does not run {words}"
