"""A strict reader of the LaTeX that reports write: what pdflatex would refuse, or set as something else."""

import re

COMMANDS = {
    *("begin", "end", "centering", "footnotesize", "caption", "label", "toprule", "midrule", "bottomrule", "par"),
    *("smallskip", "textbf", "textsuperscript", "textdagger", "textbackslash", "textasciitilde", "textasciicircum"),
    *("textbar", "textquotedbl", "textasciigrave", "ldots", "pm", "times", "cdot", "rightarrow", "le", "ge"),
    *("alpha", "beta", "gamma", "varepsilon", "kappa", "tau", "linewidth", "textwidth", "width", "resizebox", "ifdim"),
    *("else", "fi", "endfirsthead", "endhead", "begingroup", "endgroup", "paragraph", "documentclass", "usepackage"),
    *("input", "clearpage"),
}


def read(text: str) -> list[list[str]]:
    """Check a file; return the cells of its table, the head first."""
    lines = [re.sub(r"(?<!\\)%.*", "", line) for line in text.splitlines()]
    body = "\n".join(lines)
    assert not [one for one in body if ord(one) > 0x17F], "a character that T1 cannot set"
    for command in re.findall(r"\\([A-Za-z]+)", body):
        assert command in COMMANDS, command
    bare = re.sub(r"\\\\", "  ", body)
    bare = re.sub(r"\\[{}$&#%_,]", "  ", bare)  # escaped
    depth = 0
    for one in bare:
        depth += (one == "{") - (one == "}")
        assert depth >= 0
    assert depth == 0, "braces do not close"
    assert bare.count("$") % 2 == 0
    plain = re.sub(r"\$[^$]*\$", "", bare).replace(r"\ifdim\width>\textwidth", "")
    plain = re.sub(r"\\(label|begin|end|usepackage|documentclass|input)(\[[^]]*\])?\{[^}]*\}", "", plain)
    assert not re.findall(r"[#_^<>|\"]", plain), re.findall(r".{20}[#_^<>|\"].{20}", plain)
    stack = []
    for kind, name in re.findall(r"\\(begin|end)\{([a-z*]+)\}", body):
        if kind == "begin":
            stack.append(name)
        else:
            assert stack.pop() == name
    assert not stack
    found = re.search(r"\\begin\{(?:tabular|longtable)\}\{([lrc]+)\}", body)
    rows = [
        re.split(r"(?<!\\)&", line.removesuffix(r" \\"))
        for line in lines
        if line.endswith(r" \\") and not line.startswith(r"\caption")
    ]
    if found:
        assert {len(row) for row in rows} == {len(found[1])}, "rows have not as many cells as there are columns"
        for row in rows:
            assert not row[0].lstrip().startswith("["), "would be read as an argument"
    return [[cell.strip() for cell in row] for row in rows]
