"""A page per component: every yaml of conf/ with the docstring of its class, made when the site is built.

``conf/<group>/NAME.yaml`` becomes ``components/<group>/NAME``, and the group a table of its files. What stands there is
what stands in the repository, so a new yaml is a new page before anybody writes one.
"""

import ast
import re
from pathlib import Path

import yaml
from docstrings import as_markup
from generated import clean, title, write
from sphinx.application import Sphinx

# Group -> how it is chosen, and what a choice is.
GROUPS = {
    "dataset": ("datasets.NAME.dataset", "Corpora: an annotation file and a folder become the Clips table."),
    "labels": ("labels", "Label schemes: which classes are asked for, and which word becomes which class."),
    "protocol": ("protocol", "Protocols: which clips are trained on and which are tested."),
    "faces": ("datasets.NAME.faces", "Face backends: frames become landmarks and action units."),
    "motion": ("datasets.NAME.motion", "Motion: what moved between onset and apex, on the aligned face."),
    "magnify": ("datasets.NAME.magnify", "Magnification of motion before it is measured."),
    "nodes": ("nodes", "Nodes of the graph: where they lie and what is known of each."),
    "edges": ("edges", "Edges of the graph, and how they are weighted."),
    "recordings": ("datasets.NAME.recordings", "Clocks: how the time of a clip becomes the time of its recording."),
    "signal": ("signals", "Signals: what is made of a recording around a clip."),
    "model": ("model", "Models, each with the recipe of its paper."),
    "fusion": ("fusion", "Fusion: how the features of several streams are put together."),
    "loss": ("loss", "Losses; what they count, they count on the training clips of the fold."),
    "sampling": ("sampling", "Sampling: which training clips an epoch shows."),
    "augment": ("augment", "Augmentation: how training clips are changed."),
    "motion_scaling": ("motion_scaling", "Scaling of motion, clip by clip."),
    "experiment": ("experiment", "Recipes: choices and values that go together."),
    "search": ("mmer tune", "Searches, started by `mmer tune NAME`."),
    "table": ("mmer table", "Tables of experiments, started by `mmer table NAME`."),
    "executor": ("executor", "Where folds, trials and clips are worked on. It changes no number."),
}
# What says more about a group than its table.
PAGES = {
    "dataset": "/corpora/index",
    "edges": "/graphs",
    "executor": "/cluster",
    "fusion": "/multimodal",
    "magnify": "/graphs",
    "model": "/models",
    "nodes": "/graphs",
    "recordings": "/multimodal",
    "sampling": "/training",
    "augment": "/training",
    "search": "/tuning",
    "signal": "/multimodal",
    "table": "/tables",
}


def comment(text: str) -> str:
    """Return the first sentence of a yaml's leading comment."""
    lines = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.removeprefix("#").strip())
    return first_sentence(" ".join(line for line in lines if not line.startswith("@package")))


def first_sentence(text: str) -> str:
    """Return the first sentence of a text in one line."""
    return re.split(r"(?<=[^.\s]{3}[.:])\s+(?=[A-Z`])", " ".join(text.split()), maxsplit=1)[0].rstrip(":")


def module_docstring(root: Path, target: str) -> str:
    """Return what the file of a class says of itself: as a rule which paper it is from."""
    return ast.get_docstring(ast.parse(source(root, target).read_text())) or ""


def source(root: Path, target: str) -> Path:
    """Return the file of a class."""
    return root.joinpath(*target.split(".")[:-1]).with_suffix(".py")


def docstring(root: Path, target: str) -> str:
    """Return the first line of a class's docstring, read without importing it."""
    name, tree = target.rpartition(".")[2], ast.parse(source(root, target).read_text())
    found = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name)
    return (ast.get_docstring(found) or "").split("\n\n")[0]


def plain(text: str) -> str:
    """Return text in which nothing is markup of reStructuredText, but backquoted words stay code."""
    parts = re.split(r"(`+[^`]+`+)", text)
    return "".join(
        f"``{part.strip('`')}``" if part.startswith("`") else re.sub(r"([*_|\\])", r"\\\1", part) for part in parts
    )


def choice(group: str, name: str) -> str:
    """Return how a person chooses a component."""
    how = GROUPS[group][0]
    if how.startswith("mmer "):
        return f"{how} {name}"
    if how.startswith("datasets."):
        return f"datasets: {{NAME: {{{how.rpartition('.')[2]}: {name}}}}}"
    return f"{how}=[{name}]" if group == "signal" else f"{how}={name}"


def page(root: Path, group: str, path: Path) -> tuple[str, str]:
    """Return one component's page, and what the table of its group says of it."""
    text, name = path.read_text(), path.stem
    node = yaml.safe_load(text)
    target = node.get("_target_", "")
    words = docstring(root, target) if target.startswith("mmer.") else ""
    shared = group in ("labels", "augment", "motion_scaling") or not words
    summary = first_sentence((comment(text) or words) if shared else words) or name
    where = "params.yaml" if ": {" in choice(group, name) or group == "executor" else "``mmer run``"
    how = f"``{choice(group, name)}``" + ("" if group in ("search", "table") else f" ({where})")
    parts = [":orphan:\n\n", title(name), f":doc:`{group} <index>`: {plain(summary)}\n\n"]
    parts += [":Chosen by: ", how, "\n", f":File: ``conf/{group}/{name}.yaml``\n"]
    if target:
        module = target.rpartition(".")[0]
        parts += [f":Class: :py:class:`{target}` (:doc:`module </api/modules/{module}>`)\n"]
        parts += [f":Source: `{module.replace('.', '/')}.py <../../_modules/{module.replace('.', '/')}.html>`__\n"]
    chosen = [
        (item[0].removeprefix("override /"), item[1])
        for entry in node.get("defaults", [])
        if isinstance(entry, dict)
        for item in entry.items()
    ]
    for other, value in chosen:
        if other in GROUPS:
            parts.append(f":{other.capitalize()}: :doc:`/components/{other}/{value}`\n")
    parts += ["\n", title("Values", "-"), f".. literalinclude:: /../conf/{group}/{name}.yaml\n   :language: yaml\n\n"]
    if target.startswith("mmer."):
        parts += [title("Class", "-"), as_markup(module_docstring(root, target)), "\n\n"]
        parts += [f".. autoclass:: {target}\n   :no-index:\n\n"]
    return "".join(parts), summary


def group_page(group: str, rows: list[tuple[str, str]]) -> str:
    """Return the table of a group."""
    _, words = GROUPS[group]
    parts = [title(group), f"{plain(words)} Files: ``conf/{group}/``."]
    if group in PAGES:
        parts.append(f" More: :doc:`{PAGES[group]}`.")
    parts += ["\n\n", ".. list-table::\n   :header-rows: 1\n   :widths: 30 70\n\n   * - name\n     - what it is\n"]
    parts += [f"   * - :doc:`{name} <{name}>`\n     - {plain(summary)}\n" for name, summary in rows]
    return "".join(parts)


def generate(app: Sphinx) -> None:
    """Write the pages of all groups."""
    source, kept = Path(app.srcdir), set()
    root, folder = source.parent, source / "components"
    groups = sorted(path.name for path in (root / "conf").iterdir() if path.is_dir() and path.name != "tuned")
    if unknown := set(groups) ^ set(GROUPS):
        raise ValueError(f"docs/_ext/component_pages.py: groups of conf/ and of GROUPS differ: {sorted(unknown)}")
    for group in GROUPS:
        rows = []
        for path in sorted((root / "conf" / group).glob("*.yaml")):
            text, summary = page(root, group, path)
            kept.add(write(folder / group / f"{path.stem}.rst", text))
            rows.append((path.stem, summary))
        kept.add(write(folder / group / "index.rst", group_page(group, rows)))
    clean(folder, kept)


def setup(app: Sphinx) -> dict[str, bool]:
    """Write the pages before Sphinx looks for them."""
    app.connect("builder-inited", generate)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
