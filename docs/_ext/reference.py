"""Makes the reference while the site is built: a page for each public name, in the groups of ``nexmo_nb.__doc__``.

The pages are written into docs/reference, which git ignores, and only where they changed. What a docstring says of its
frame's columns becomes a table.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import columns
from sphinx.application import Sphinx

import nexmo_nb

ERRORS = "Errors and warnings"
OBJECTS = "Objects"


def read_groups(text: str) -> dict[str, list[str]]:
    """Read which names stand in which group, from lines such as ``Send            send_sms, send_voice``."""
    table = text.partition("with an example:\n\n")[2].partition("\n\n")[0]
    groups: dict[str, list[str]] = {}
    for line in table.splitlines():
        title, words = line[:16].strip(), line[16:]
        if title:
            group = groups.setdefault(title, [])
        group += [word for word in re.findall(r"\w+", words) if word in nexmo_nb.__all__ and word not in group]
    named = {name for names in groups.values() for name in names}
    left = [name for name in nexmo_nb.__all__ if name not in named]
    groups[ERRORS] = [name for name in left if name.endswith(("Error", "Warning"))]
    groups[OBJECTS] = [name for name in left if not name.endswith(("Error", "Warning"))]
    return groups


def first_line(name: str) -> str:
    return (getattr(nexmo_nb, name).__doc__ or "").strip().partition("\n\n")[0].replace("\n", " ")


def write_directive(name: str) -> str:
    if isinstance(getattr(nexmo_nb, name), type):
        return f".. autoclass:: nexmo_nb.{name}\n   :members:\n"
    return f".. autofunction:: nexmo_nb.{name}\n"


def list_pages(names: list[str]) -> dict[str, list[str]]:
    """List which names stand on which page: a class beside the function of its name, for some disks know no case."""
    pages: dict[str, list[str]] = {}
    for name in sorted(names, key=str.islower, reverse=True):
        same = next((page for page in pages if page.casefold() == name.casefold()), name)
        pages.setdefault(same, []).append(name)
    return pages


def write_page(title: str, names: list[str]) -> str:
    return "\n".join([f"# {title}", "", "```{eval-rst}", *map(write_directive, names), "```", ""])


def write_index(groups: dict[str, list[str]], page_of: dict[str, str]) -> str:
    """Write the page that lists all names, each with what its docstring begins with."""
    lines = [
        "# Reference",
        "",
        "Every public function, made from its docstring: `help(nx.send_sms)` says the same in a notebook.",
        "",
    ]
    for title, names in groups.items():
        lines += [f"## {title}", "", "| name | what it does |", "|---|---|"]
        lines += [f"| [`{name}`]({page_of[name]}.md) | {first_line(name)} |" for name in names] + [""]
    for title, names in groups.items():
        lines += [
            "```{toctree}",
            ":hidden:",
            f":caption: {title}",
            "",
            *(name for name in names if name in page_of.values()),
            "```",
            "",
        ]
    return "\n".join(lines)


def write_pages(app: Sphinx) -> None:
    folder = Path(app.srcdir) / "reference"
    folder.mkdir(exist_ok=True)
    groups = read_groups(nexmo_nb.__doc__ or "")
    pages_of = list_pages(nexmo_nb.__all__)
    pages = {f"{title}.md": write_page(title, names) for title, names in pages_of.items()}
    pages["index.md"] = write_index(groups, {name: title for title, names in pages_of.items() for name in names})
    for old in {path.name for path in folder.glob("*.md")} - set(pages):
        (folder / old).unlink()
    for name, text in pages.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def link_names(line: str) -> str:
    """Make a link of a public name in single backticks, and plain code of any other."""

    def replace(match: re.Match[str]) -> str:
        name = match[1].removeprefix("nexmo_nb.")
        return f":py:obj:`~nexmo_nb.{name}`" if name.partition(".")[0] in nexmo_nb.__all__ else f"``{match[1]}``"

    return re.sub(r"(?<![`:\w])`([^`]+)`(?![`_])", replace, line)


def change_docstring(app: Sphinx, what: str, name: str, thing: object, options: Any, lines: list[str]) -> None:
    """Add the table of columns, and links, before napoleon reads the sections."""
    lines[:] = [link_names(line) for line in columns.add_table(lines, thing)]


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("builder-inited", write_pages)
    app.connect("autodoc-process-docstring", change_docstring, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
