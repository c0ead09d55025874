"""Texts of many rows, written by columns: each value that occurs is written once, by what writes those of one row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import NoneType
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from nexmo_nb.contacts.columns import make_reader
from nexmo_nb.sms.request import LONGEST_TEXT
from nexmo_nb.text.cells import TextProblem
from nexmo_nb.text.template import Field, Template, write_field

_MOST_TEMPLATES = 100
"""Different templates in a column that are filled by columns; with more, few rows have the same."""
_MOST_BYTES = 20_000
"""Bytes of a text that is made by columns: more than can be sent, and few enough for an array of Arrow."""


class Columns:
    """Columns that texts are made of, and the functions that write their values."""

    def __init__(self, columns: Mapping[str, Any], writers: Mapping[str, Callable[[Any], str]]) -> None:
        self._columns = {
            name: column if isinstance(column, pd.Series) else pd.Series(column, dtype=object)
            for name, column in columns.items()
        }
        self._readers = {name: make_reader(column) for name, column in columns.items()}
        self._writers = writers

    def fill(self, template: Template, places: Any) -> pa.Array:
        """Fill a template with the values of rows; missing is the text of a row that is to be looked at by itself."""
        literal = "".join(piece for piece in template.pieces if isinstance(piece, str))
        if not _is_fit(literal):
            return pa.nulls(len(places), pa.string())
        if not template.names:
            return pa.repeat(literal, len(places))
        pieces = [
            piece if isinstance(piece, str) else self.write(piece.name, places, self._make_field_writer(piece))
            for piece in template.pieces
        ]
        longest = sum(len(each.encode()) if isinstance(each, str) else _measure_longest(each) for each in pieces)
        if longest > _MOST_BYTES:
            return pa.nulls(len(places), pa.string())
        return pc.binary_join_element_wise(*pieces, "", null_handling="emit_null")

    def fill_chosen(self, name: str, choose: Callable[[Any], Template], places: Any) -> pa.Array:
        """Fill the template of each row, which is chosen by the row's value of a column."""
        groups, values = self._read_distinct(name, places)
        if len(values) > _MOST_TEMPLATES:
            return pa.nulls(len(places), pa.string())
        parts, texts = [], []
        for n, value in enumerate(values):
            part = np.flatnonzero(groups == n)
            template = _try(choose, value)
            texts.append(pa.nulls(len(part), pa.string()) if template is None else self.fill(template, places[part]))
            parts.append(part)
        order = np.argsort(np.concatenate([np.array([], dtype="int64"), *parts]))
        return pa.concat_arrays([pa.nulls(0, pa.string()), *texts]).take(pa.array(order))

    def write(self, name: str, places: Any, write: Callable[[Any], str]) -> pa.Array:
        """Write the cells of a column; missing is what cannot be written."""
        if name not in self._columns:
            return pa.nulls(len(places), pa.string())
        groups, values = self._read_distinct(name, places)
        return pa.array([_try(write, value) for value in values], pa.string()).take(pa.array(groups))

    def _make_field_writer(self, field: Field) -> Callable[[Any], str]:
        return lambda value: write_field(field, {field.name: value}, self._writers)

    def _read_distinct(self, name: str, places: Any) -> tuple[Any, list[Any]]:
        """Read the different values of a column, and which of them stands at each place."""
        groups, count = _group_same(self._columns[name].iloc[places])
        firsts = np.empty(count, dtype="int64")
        firsts[groups[::-1]] = places[::-1]
        return groups, list(self._readers[name](firsts))


def _group_same(cells: pd.Series[Any]) -> tuple[Any, int]:
    """Give each cell a number, the same for what is written the same, and say how many numbers there are."""
    dtype: Any = cells.dtype
    keys: Any = None
    if isinstance(dtype, np.dtype) and dtype.kind == "f":
        # Zero with a sign equals zero without one, and is written otherwise.
        keys = cells.to_numpy().view(f"i{dtype.itemsize}")
    elif pd.api.types.is_object_dtype(dtype):
        # What is equal need not be written alike if it is no text: 1, 1.0 and True, or decimals.
        keys = cells if set(map(type, cells)) <= {str, NoneType} else None
    elif isinstance(dtype, pd.StringDtype) or (isinstance(dtype, np.dtype) and dtype.kind in "iubM"):
        keys = cells
    if keys is None:
        return np.arange(len(cells)), len(cells)
    groups, values = pd.factorize(keys, use_na_sentinel=False)
    return groups, len(values)


def _try(work: Callable[[Any], Any], value: Any) -> Any:
    """Give what a function makes of a value; None where there is a problem, or text that cannot be sent."""
    try:
        found = work(value)
    except TextProblem:
        return None
    return found if not isinstance(found, str) or _is_fit(found) else None


def _is_fit(text: str) -> bool:
    """Tell whether a text can be part of a message: not too long, and without half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return len(text) <= LONGEST_TEXT


def _measure_longest(texts: pa.Array) -> int:
    return pc.max(pc.binary_length(texts)).as_py() or 0
