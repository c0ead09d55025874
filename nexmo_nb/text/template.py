"""Texts with names in braces, filled with the values of a row. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from string import Formatter
from typing import Any

from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.validation import invalid_argument, is_missing


def find_names(template: Any) -> list[str]:
    """Find the names in braces, each once, in order of appearance; refuse what is no plain name.

    >>> find_names("{name}, {days:d} days left, {name}")
    ['name', 'days']
    """
    if not isinstance(template, str):
        raise invalid_argument("text", template, "text")
    try:
        pieces = list(Formatter().parse(template))
    except ValueError as problem:
        raise invalid_argument(
            "text", template, "text, with names of columns in braces", f"{problem}; write {{{{ for a brace."
        ) from None
    names = list(dict.fromkeys(name for _, name, _, _ in pieces if name is not None))
    odd = [name for name in names if not name or set(name) & set(".[]")]
    # A width in a format could ask for more characters than the memory has.
    odd += [spec for _, _, spec, _ in pieces if spec and re.search("[0-9]{4}|[{]", spec)]
    if odd:
        raise invalid_argument(
            "text", template, "names of columns in braces", f"{{{odd[0]}}} is none; write {{{{ for a brace."
        )
    return names


def fill_template(template: str, values: Mapping[str, Any]) -> str:
    """Fill a template with a value for each of its names; refuse values that are blank or do not go with their format.

    >>> fill_template("Hello {name}", {"name": "Ana"})
    'Hello Ana'
    """
    for name, value in values.items():
        if _is_blank(value):
            raise InvalidRequestError(f"text: the column {name!r} is empty")
    try:
        return template.format(**values)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as problem:
        raise InvalidRequestError(f"text: cannot be filled ({problem})") from None


def write_value(value: Any) -> str:
    """Write the value of a cell as the text of a message; refuse one that is blank or cannot be written."""
    try:
        written = "" if is_missing(value) else str(value)
    except ValueError as problem:  # a number of thousands of digits
        raise InvalidRequestError(f"text: cannot be written ({problem})") from None
    if not written.strip():
        raise InvalidRequestError("text: it is empty")
    return written


def _is_blank(value: Any) -> bool:
    try:
        write_value(value)
    except InvalidRequestError:
        return True
    return False
