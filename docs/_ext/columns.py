"""Makes a table of what a docstring says of its frame's columns.

A docstring names them as ``country, msisdn`` (text), ``monthly_cost`` (float, in ``currency``). The type is that of the
`Column` of this name, by which frames are built, and else what the docstring says.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import nexmo_nb
from nexmo_nb.frames import TIME, Column

WORDS = {"string": "text", "float64": "float", "int64": "int", "boolean": "bool", TIME: "time, UTC"}
NAMES = re.compile(r"``(\w+(?:, \w+)*)``")
TYPE = re.compile(r"(text|int|float|bool|times?)(?: in UTC)?(?![\w-])(?:: |; |, )?")
REST = re.compile(r"^[;,. ]*(all text\b)?[;,. ]*")
BETWEEN = re.compile(r"[,;]?( and| also)? ?")


class Group(NamedTuple):
    """Columns that a docstring names together: where, and what it says of them."""

    start: int
    end: int
    names: list[str]
    note: str


@cache
def read_types() -> dict[str, str]:
    """Read the type of each name that all frames give the same."""
    found: dict[str, set[str]] = {}
    for module in pkgutil.walk_packages(nexmo_nb.__path__, "nexmo_nb."):
        try:
            values = vars(importlib.import_module(module.name)).values()
        except (ImportError, nexmo_nb.NexmoError):  # it needs a library that only some people install
            continue
        for value in values:
            for column in value if isinstance(value, (tuple, list)) else ():
                if isinstance(column, Column):
                    found.setdefault(column.name, set()).add(column.dtype)
    return {"period": "time"} | {
        name: WORDS.get(dtype := dtypes.pop(), dtype) for name, dtypes in found.items() if len(dtypes) == 1
    }


def find_groups(text: str) -> list[Group]:
    """Find the columns that a text names outside of parentheses, each group with the note that follows it.

    What stands before a colon is no column, and what comes after ``.attrs`` is in no frame.
    """
    groups: list[Group] = []
    place, limit = 0, (text + "``.attrs").index("``.attrs")
    while place < limit:
        match = NAMES.match(text, place)
        if match is None:
            place = find_end(text, place) if text[place] == "(" else place + (2 if text.startswith("``", place) else 1)
            continue
        end, note = match.end(), ""
        if text.startswith(" (", end):
            end = find_end(text, end + 1)
            note = text[match.end() + 2 : end - 1]
        place = end
        if not text.startswith(":", end):
            groups.append(Group(match.start(), end, match[1].split(", "), note))
    return groups


def find_end(text: str, start: int) -> int:
    """Find where the parenthesis ends that begins here."""
    depth = 0
    for place in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[place], 0)
        if depth == 0:
            return place + 1
    return len(text)


def split_note(note: str) -> tuple[str, str]:
    """Split a note into the type that it begins with, if any, and what else it says."""
    match = TYPE.match(note)
    if match is None:
        return "", note
    return "time, UTC" if match[1].startswith("time") else match[1], note[match.end() :]


def write_rows(groups: list[Group], default: str) -> list[str]:
    """Write the rows of a list-table: names, type, meaning. A note may be about one name of its group, or about all."""
    rows, written = [], set()
    for group in groups:
        own, meaning = split_note(group.note)
        types = {name: read_types().get(name) or own or default for name in group.names if name not in written}
        written.update(types)
        parts = [[name for name in types if types[name] == each] for each in dict.fromkeys(types.values())]
        if not meaning:
            parts = [[name] for name in types]
        for names in parts:
            shown = meaning if group.names[-1] in names else ""
            rows += ["* - " + ", ".join(f"``{name}``" for name in names), f"  - {types[names[0]]}", f"  - {shown}"]
    return rows


def write_table(text: str) -> list[str]:
    """Write what a docstring returns: what a row is, the table, and what else it says; the text itself without one."""
    groups = find_groups(text)
    gaps = [text[one.end : other.start] for one, other in pairwise(groups)]
    rest = REST.sub("", text[groups[-1].end :]) if groups else ""
    is_list = all(BETWEEN.fullmatch(gap) for gap in gaps) and not rest[:1].islower()
    is_typed = "all text" in text or all(name in read_types() for group in groups for name in group.names)
    if not groups or not (any(split_note(group.note)[0] for group in groups) or (is_list and is_typed)):
        return [text]
    rows = write_rows(groups, "text" if "all text" in text else "")
    table = ["", ".. list-table::", "   :header-rows: 1", "   :class: columns", ""]
    table += ["   " + line for line in ["* - column", "  - type", "  - meaning", *rows]] + [""]
    if not is_list:
        return [text, *table]
    return [text[: groups[0].start].rstrip(" :,") + ":", *table, rest]


def add_table(lines: list[str], thing: object) -> list[str]:
    """Put a table into the section Returns of a docstring, if it is of a frame whose columns it names."""
    if not inspect.isfunction(thing) or "Returns" not in lines:
        return lines
    start = lines.index("Returns") + 2
    end = next((place for place in range(start, len(lines)) if not lines[place].strip()), len(lines))
    if lines[start] != "pandas.DataFrame":
        return lines
    text = " ".join(line.strip() for line in lines[start + 1 : end])
    return [*lines[: start + 1], *("    " + line if line else "" for line in write_table(text)), *lines[end:]]
