"""Texts and tables -> LaTeX that compiles with pdflatex and booktabs, whatever stands in a name."""

import unicodedata
from collections.abc import Sequence

LONG = 45  # rows that fit on a page of a paper; more become a longtable, which breaks over pages
SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"$<$",
    ">": r"$>$",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "`": r"\textasciigrave{}",
    "−": r"$-$",
    "–": "--",
    "—": "---",
    "±": r"$\pm$",
    "×": r"$\times$",
    "·": r"$\cdot$",
    "→": r"$\rightarrow$",
    "≤": r"$\le$",
    "≥": r"$\ge$",
    "…": r"\ldots{}",
    "“": "``",
    "”": "''",
    "‘": "`",
    "’": "'",
    "†": r"\textdagger{}",
    "α": r"$\alpha$",
    "β": r"$\beta$",
    "γ": r"$\gamma$",
    "ε": r"$\varepsilon$",
    "κ": r"$\kappa$",
    "τ": r"$\tau$",
    "\u00a0": "~",
    "\u202f": r"\,",
}
FIT = r"\resizebox{\ifdim\width>\textwidth\textwidth\else\width\fi}{!}{%"  # smaller where it would be too wide
DOCUMENT = r"""% Every table of the report, to look at; a paper takes the files one by one: \input{tables/NAME.tex}
\documentclass[10pt]{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{textcomp}
\usepackage[margin=1.5cm,landscape]{geometry}
\usepackage{booktabs}
\usepackage{graphicx}
\usepackage{longtable}
\begin{document}
TABLES\end{document}
"""


def escaped(text: str) -> str:
    """Write any text for LaTeX in T1 encoding.

    Accented Latin letters stay; what such a font cannot set becomes its base letter, or the number of the character.
    """
    return "".join(_character(one) for one in " ".join(text.split()))


def table(
    name: str, caption: str, head: Sequence[str], rows: Sequence[Sequence[str]], align: str, note: str = ""
) -> str:
    r"""Write a table with the rules of booktabs.

    Parameters
    ----------
    name : str
        For ``\label{tab:mmer-NAME}``.
    caption : str
    head : sequence of str
        One text per column.
    rows : sequence of sequence of str
        Texts, not yet escaped; ``**text**`` is set in bold, ``^mark^`` at the end raised.
    align : str
        ``l``, ``r`` or ``c`` per column.
    note : str
        Below the table.
    """
    if any(len(row) != len(head) for row in rows) or len(align) != len(head):
        raise ValueError(f"{name}: a row has not as many cells as there are columns")
    title = rf"\caption{{{escaped(caption)}}}\label{{tab:mmer-{name.replace('_', '-')}}}"
    top = [r"\toprule", " & ".join(map(escaped, head)) + r" \\", r"\midrule"]
    body = [" & ".join(map(_cell, row)) + r" \\" for row in rows]
    said = [r"\par\smallskip\begin{minipage}{\linewidth}\footnotesize", escaped(note), r"\end{minipage}"]
    said = said if note else []
    comment = rf"% \usepackage{{booktabs}} and \usepackage{{{'longtable' if len(rows) > LONG else 'graphicx'}}}"
    if len(rows) > LONG:
        lines = [comment, r"\begingroup\footnotesize", rf"\begin{{longtable}}{{{align}}}", title + r" \\", *top]
        lines += [r"\endfirsthead", *top, r"\endhead", *body, r"\bottomrule", r"\end{longtable}", *said, r"\endgroup"]
    else:
        lines = [comment, r"\begin{table*}[tb]", r"\centering\footnotesize", title]
        lines += [FIT, rf"\begin{{tabular}}{{{align}}}", *top, *body, r"\bottomrule", r"\end{tabular}}"]
        lines += [*said, r"\end{table*}"]
    return "\n".join(lines) + "\n"


def document(names: Sequence[str]) -> str:
    """Write a document that shows the tables of some files, to be compiled beside them."""
    return DOCUMENT.replace("TABLES", "".join(rf"\input{{{name}}}" + "\n\\clearpage\n" for name in names))


def _cell(text: str) -> str:
    """Escape a cell; write what is marked as bold or raised so."""
    mark = ""
    if text.endswith("^") and text.count("^") >= 2:
        text, mark, _ = text.rsplit("^", 2)
        mark = rf"\textsuperscript{{{escaped(mark)}}}"
    guard = "{}" if text.startswith("[") else ""  # behind \\\\ a bracket would be read as its argument
    bold = len(text) > 4 and text.startswith("**") and text.endswith("**")
    return guard + (rf"\textbf{{{escaped(text[2:-2])}}}" if bold else escaped(text)) + mark


def _character(one: str) -> str:
    if one in SPECIAL:
        return SPECIAL[one]
    if one.isascii() or (unicodedata.category(one)[0] == "L" and ord(one) < 0x180):
        return one
    plain = "".join(part for part in unicodedata.normalize("NFKD", one) if part.isascii() and part.isprintable())
    return "".join(SPECIAL.get(part, part) for part in plain) or f"U+{ord(one):04X}"
