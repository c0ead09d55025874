"""Where an account's window and ledger are: in files of this machine, or in a PostgreSQL that machines share."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from nexmo_nb.state import sqlite
from nexmo_nb.state.database import Database, Schema


class Store(Protocol):
    """Where one part of an account's state is; `str` names it for a person."""

    @property
    def url(self) -> str:
        """The URL of a database without its password; empty for files."""

    def open(self, schema: Schema) -> Database:
        """Open it; it raises a `StateError` if it cannot be used."""


class FileStore:
    """A file of SQLite."""

    url = ""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __str__(self) -> str:
        return str(self._path)

    def open(self, schema: Schema) -> sqlite.Database:
        first, *later = schema.sqlite
        return sqlite.Database(self._path, first, migrations=later, durable=schema.is_durable, is_large=schema.is_large)
