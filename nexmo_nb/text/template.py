"""Texts with names in braces, filled with the values of a row. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from string import Formatter
from typing import Any, NamedTuple

from nexmo_nb.text.cells import TextProblem, check_cell
from nexmo_nb.text.writers import check_digits
from nexmo_nb.validation import invalid_argument

_CONVERSIONS: Mapping[str, Callable[[Any], str]] = {"s": str, "r": repr, "a": ascii}
# A width in a format could ask for more characters than the memory has. Python reads the digits of every script.
_TOO_WIDE = re.compile(r"\d{4}|[{}]")

_ADVICE = (
    "The column {0.name!r} holds text, and {0.spec!r} is no format of text: make it numbers or dates before, with "
    "pd.to_numeric or pd.to_datetime."
)


class Field(NamedTuple):
    """A name in braces, with its format and conversion; both empty for a plain name."""

    name: str
    spec: str
    conversion: str


class Template(NamedTuple):
    """A text with names in braces, taken apart.

    Attributes
    ----------
    pieces : tuple
        Its literal texts and its fields, in order.
    names : tuple of str
        The columns that it needs, each once, in order of appearance.
    """

    pieces: tuple[str | Field, ...]
    names: tuple[str, ...]

    def fill(self, values: Mapping[str, Any], writers: Mapping[str, Callable[[Any], str]]) -> str:
        """Fill it with the values of a row.

        A plain name is written by the writer of its column, or by `str`; one with a format or conversion by that.

        Raises
        ------
        TextProblem
            If a value is missing, or cannot be written.
        """
        return "".join(
            [piece if isinstance(piece, str) else write_field(piece, values, writers) for piece in self.pieces]
        )


def compile_template(text: Any) -> Template:
    """Take a template apart; refuse what is no plain name in braces.

    >>> template = compile_template("{name}, {days:d} days left, {name}")
    >>> template.names
    ('name', 'days')
    >>> template.fill({"name": "Ana", "days": 3}, {})
    'Ana, 3 days left, Ana'
    """
    if not isinstance(text, str):
        raise invalid_argument("text", text, "text")
    try:
        parsed = list(Formatter().parse(text))
    except ValueError as problem:
        raise invalid_argument(
            "text", text, "text, with names of columns in braces", f"{problem}; write {{{{ for a brace."
        ) from None
    fields = [Field(name, spec or "", conversion or "") for _, name, spec, conversion in parsed if name is not None]
    for field in fields:
        if (odd := _find_odd(field)) is not None:
            raise invalid_argument(
                "text", text, "names of columns in braces", f"{{{odd}}} is none; write {{{{ for a brace."
            )
    pieces: list[str | Field] = []
    left = iter(fields)
    for literal, name, _, _ in parsed:
        pieces += [literal] if literal else []
        pieces += [next(left)] if name is not None else []
    return Template(tuple(pieces), tuple(dict.fromkeys(field.name for field in fields)))


def _find_odd(field: Field) -> str | None:
    """Find what is odd about a field, as it stands in the braces; None where it is a plain name with a plain format."""
    name, spec, conversion = field
    is_plain = name and not set(name) & set(".[]") and not _TOO_WIDE.search(spec)
    if is_plain and conversion in ("", *_CONVERSIONS):
        return None
    return f"{name}{'!' * bool(conversion)}{conversion}{':' * bool(spec)}{spec}"


def write_field(field: Field, values: Mapping[str, Any], writers: Mapping[str, Callable[[Any], str]]) -> str:
    """Write a field with the values of a row.

    Raises
    ------
    TextProblem
        If the value is missing, or cannot be written.
    """
    name, spec, conversion = field
    if name not in values:
        raise TextProblem("text_missing", f"There is no column {name!r}.")
    value = values[name]
    check_cell(name, value)
    try:
        if spec or conversion:
            return _format_value(value, spec, conversion)
        written = writers.get(name, str)(value)
    except Exception as problem:  # a value of a foreign class may raise anything
        if spec and not conversion and isinstance(value, str):
            raise TextProblem("text_format", _ADVICE.format(field)) from None
        raise _cannot_write(name, problem) from None
    if not isinstance(value, (str, int)):
        check_cell(name, written)
    return written


def _format_value(value: Any, spec: str, conversion: str) -> str:
    if isinstance(value, Decimal):
        check_digits(value)
    return format(_CONVERSIONS[conversion](value) if conversion else value, spec)


def _cannot_write(name: str, problem: Exception) -> TextProblem:
    # The message of a foreign error could hold anything, or not be there at all.
    is_known = type(problem) in (ValueError, TypeError) and problem.args and isinstance(problem.args[0], str)
    said = " ".join(problem.args[0].split())[:200] if is_known else type(problem).__name__
    return TextProblem("text_format", f"It cannot be filled with the column {name!r} ({said}).")
