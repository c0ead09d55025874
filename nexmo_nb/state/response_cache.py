"""Cached answers, kept so that the cache can never cost a call: any trouble with its file switches it off.

Only the body of an answer is stored, under its family and address. No request, header or credential reaches the file.
"""

from __future__ import annotations

import time
import warnings
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from requests import PreparedRequest
from requests_cache.backends.base import BaseCache
from requests_cache.models.request import CachedRequest
from requests_cache.models.response import CachedResponse

from nexmo_nb.state.sqlite import Connection, Database, StateError, advice_for

__all__ = ["LIFETIMES", "ResponseCache", "key"]

T = TypeVar("T")

# How long an answer may be shown again, in seconds, by path. What is not here is never kept; the balance above all.
LIFETIMES = {
    "/number/search": 600,
    "/account/numbers": 300,
    "/v2/applications": 300,
    "/account/get-pricing": 86_400,
    "/account/get-full-pricing": 86_400,
    "/account/get-prefix-pricing": 86_400,
}

_SCHEMA = (
    """CREATE TABLE IF NOT EXISTS answers (
        id TEXT PRIMARY KEY, family TEXT NOT NULL, body BLOB NOT NULL, saved REAL NOT NULL, expires REAL NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS answers_expires ON answers (expires)",
)
# A damaged disk page may still look like a row: the sum of what was stored tells.
_CHANGES = (("ALTER TABLE answers ADD COLUMN sum INTEGER",),)
_BUSY = 0.9


def key(request: PreparedRequest, *, family: str = "", **_: Any) -> str:
    """Name the cached answer of a request."""
    return f"{family} {request.url}"


class ResponseCache(BaseCache):
    """A cache for `requests_cache.CacheMixin` in one SQLite file of one account.

    Parameters
    ----------
    path : Path
        The file.
    clock : callable
        Unix time; for tests.
    """

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time) -> None:
        super().__init__(cache_name=str(path))
        self._path, self._clock = path, clock
        self._database: Database | None = None
        self._off = False
        self.changes: dict[str, int] = {}
        self._guard(self._open, None)

    def holds(self, key: str) -> bool:
        """Tell whether there is an answer, which may prove to be damaged or too old."""
        none: list[tuple[Any, ...]] = []
        statement = "SELECT 1 FROM answers WHERE id = ?"
        return bool(self._guard(lambda: self._open().read(lambda c: c.execute(statement, (key,)).fetchall()), none))

    def get_response(self, key: str, default: Any = None) -> Any:
        """Give the stored answer, or `default`."""
        statement = "SELECT CAST(body AS BLOB), saved, expires, sum FROM answers WHERE id = ?"
        none: list[tuple[Any, ...]] = []
        rows = self._guard(
            lambda: self._open().read(lambda connection: connection.execute(statement, (key,)).fetchall()), none
        )
        if not rows or rows[0][3] not in (None, _sum(key, *rows[0][:3])):
            return default
        body, saved, expires, _ = rows[0]
        # An answer from the future was saved before somebody set the clock back.
        if saved > self._clock() + 1:
            return default
        response = CachedResponse(
            status_code=200,
            url=key.split(" ", 1)[1],
            content=body,
            created_at=_utc(saved),
            expires=_utc(expires),
            request=CachedRequest(method="GET", url=key.split(" ", 1)[1]),
        )
        response.headers["Content-Type"] = "application/json"
        return response

    def save_response(self, *_: Any, **__: Any) -> None:
        """Keep nothing yet: an answer is worth keeping when it was read and found sound, see `keep`."""

    def keep(self, key: str, body: bytes, seconds: float) -> None:
        """Keep the body of an answer for so long."""
        now = self._clock()
        end = now + seconds
        row = (key, key.split(" ", 1)[0], body, now, end, _sum(key, body, now, end))

        def work(connection: Connection) -> None:
            connection.execute("DELETE FROM answers WHERE expires < ?", (now,))
            connection.execute(
                "REPLACE INTO answers (id, family, body, saved, expires, sum) VALUES (?, ?, ?, ?, ?, ?)", row
            )

        self._guard(lambda: self._open().transact(work), None)

    def forget(self, family: str) -> None:
        """Drop the answers of a family, because something in it changed."""
        self.changes[family] = self.changes.get(family, 0) + 1
        self._change("DELETE FROM answers WHERE family = ?", [(family,)])

    def delete(self, *keys: str, **_: Any) -> None:
        """Drop answers by key."""
        self._change("DELETE FROM answers WHERE id = ?", [(key,) for key in keys])

    def clear(self) -> None:
        """Drop every answer."""
        self._change("DELETE FROM answers", [()])

    def close(self) -> None:
        """Close the file."""
        if self._database is not None:
            self._database.close()
        self._off = True

    def _change(self, statement: str, rows: list[tuple[Any, ...]]) -> None:
        def work(connection: Connection) -> None:
            connection.executemany(statement, rows)

        self._guard(lambda: self._open().transact(work), None)

    def _open(self) -> Database:
        if self._database is None:
            self._database = Database(self._path, _SCHEMA, migrations=_CHANGES, busy=_BUSY)
        return self._database

    def _guard(self, work: Callable[[], T], otherwise: T) -> T:
        """Do `work`; trouble with the file costs one warning, and the cache for the rest of this session."""
        if self._off:
            return otherwise
        try:
            return work()
        except StateError as problem:
            self._off = True
            trouble = problem
        warnings.warn(
            f"The cache {self._path} cannot be used ({trouble}); answers are fetched anew from now on. "
            f"{advice_for(trouble)}".rstrip(),
            stacklevel=2,
        )
        return otherwise


def _sum(key: str, body: bytes, saved: float, expires: float) -> int:
    """Give the checksum of a row."""
    return zlib.crc32(body, zlib.crc32(repr((key, saved, expires)).encode()))


def _utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)
