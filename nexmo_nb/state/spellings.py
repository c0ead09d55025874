"""Keys and names of batches as versions before wrote them, found by the name that they are compared as."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from nexmo_nb.validation import plain_name

Column = Literal["key", "batch"]


class Spellings:
    """The names in a ledger that are written in another way than they are compared.

    `read` reads the candidates of a column. Each column is read once: this version writes no such name.
    """

    def __init__(self, read: Callable[[Column], list[str]]) -> None:
        self._read = read
        self._odd: dict[Column, dict[str, list[str]]] = {}

    def list_same(self, column: Column, name: str | None) -> list[str]:
        """List a name and those in the ledger that are the same; nothing for None."""
        if name is None:
            return []
        if column not in self._odd:
            self._odd[column] = group_odd_names(self._read(column))
        return [name, *self._odd[column].get(name, [])]


def group_odd_names(names: list[str]) -> dict[str, list[str]]:
    """Group names that are not written as they are compared, by how they are."""
    groups: dict[str, list[str]] = {}
    for name in names:
        plain = plain_name(name)
        if plain != name:
            groups.setdefault(plain, []).append(name)
    return groups
