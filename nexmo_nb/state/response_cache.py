"""The cache of responses: a backend for requests-cache in one SQLite file of one account.

requests-cache's own SQLite backend waits for ever where another process holds the file, and stores whole requests.
This one stores the body alone, under the family and the URL of its request, so that no header and no credential reaches
the file. Any trouble with the file costs one warning and switches the cache off; it never costs a call.
"""

from __future__ import annotations

import time
import warnings
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from requests_cache.backends.base import BaseCache, BaseStorage
from requests_cache.models.request import CachedRequest
from requests_cache.models.response import CachedResponse

from nexmo_nb.state import response_cache_sql as sql
from nexmo_nb.state.database import StateError
from nexmo_nb.state.sqlite import Connection, Database

T = TypeVar("T")

BUSY = 0.9
"""Seconds to wait for another process's transaction."""


class ResponseCache(BaseCache):
    """The cached responses of one account; `clock` gives Unix time."""

    responses: ResponseStorage

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time) -> None:
        super().__init__(cache_name=str(path))
        self.responses = ResponseStorage(path, clock=clock)
        self._versions: dict[str, object] = {}

    def find_body(self, key: str) -> bytes | None:
        """Find the body of a response that has not expired; None where there is none."""
        response = self.get_response(key)
        return None if response is None or response.is_expired else bytes(response.content)

    def save_body(self, key: str, body: bytes, seconds: float) -> None:
        self.responses.save(key, body, seconds)

    def delete_family(self, family: str) -> None:
        """Delete the responses of a family, because something that they show has changed."""
        # A new object, not a count: two threads that delete a family at once could count themselves as one.
        self._versions[family] = object()
        self.responses.execute(sql.DELETE_FAMILY, family)

    def rest(self) -> None:
        self.responses.rest()

    def get_version(self, family: str) -> object:
        """Return what each deletion of a family replaces: a read that began under another version is out of date."""
        return self._versions.get(family)


class ResponseStorage(BaseStorage[str, CachedResponse]):
    """The file of a `ResponseCache`, as the mapping of keys to responses that requests-cache works with."""

    def __init__(self, path: Path, *, clock: Callable[[], float]) -> None:
        super().__init__()
        self._path, self._clock = path, clock
        self._database: Database | None = None
        self._is_off = False
        self._run(lambda database: database.path, path)  # opens the file, so that trouble with it shows at once

    def __getitem__(self, key: str) -> CachedResponse:
        rows = self._select(sql.SELECT, key)
        if not rows:
            raise KeyError(key)
        body, saved, expires, checksum = rows[0]
        # A response from the future was saved before the clock was set back: its age is not known.
        if checksum not in (None, _checksum(key, body, saved, expires)) or saved > self._clock() + 1:
            raise KeyError(key)
        url = key.split(" ", 1)[1]
        response = CachedResponse(
            status_code=200,
            url=url,
            content=body,
            created_at=datetime.fromtimestamp(saved, tz=UTC),
            expires=datetime.fromtimestamp(expires, tz=UTC),
            request=CachedRequest(method="GET", url=url),
        )
        response.headers["Content-Type"] = "application/json"
        return response

    def __setitem__(self, key: str, response: CachedResponse) -> None:
        seconds = 0.0 if response.expires is None else response.expires.timestamp() - self._clock()
        self.save(key, response.content, seconds)

    def __delitem__(self, key: str) -> None:
        if key not in self:
            raise KeyError(key)
        self.execute(sql.DELETE_KEY, key)

    def __iter__(self) -> Iterator[str]:
        return iter([row[0] for row in self._select(sql.SELECT_KEYS)])

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def save(self, key: str, body: bytes, seconds: float) -> None:
        """Save a body for some seconds, and delete what has expired."""
        now = self._clock()
        row = (key, key.split(" ", 1)[0], body, now, now + seconds, _checksum(key, body, now, now + seconds))

        def work(connection: Connection) -> None:
            connection.execute(sql.DELETE_EXPIRED, (now,))
            connection.execute(sql.INSERT, row)

        self._run(lambda database: database.transact(work), None)

    def clear(self) -> None:
        self.execute(sql.DELETE_ALL)

    def execute(self, statement: str, *values: str) -> None:
        """Execute a statement in a transaction of its own."""
        self._run(lambda database: database.transact(lambda c: c.execute(statement, values)), None)

    def rest(self) -> None:
        if self._database is not None:
            self._database.rest()

    def close(self) -> None:
        if self._database is not None:
            self._database.close()
        self._is_off = True

    def _select(self, statement: str, *values: str) -> list[tuple[Any, ...]]:
        return self._run(lambda database: database.read(lambda c: c.execute(statement, values).fetchall()), [])

    def _run(self, work: Callable[[Database], T], default: T) -> T:
        """Do `work` on the file; trouble with it costs one warning, and the cache for the rest of this session."""
        if self._is_off:
            return default
        try:
            if self._database is None:
                self._database = Database(self._path, sql.SCHEMA, migrations=sql.MIGRATIONS, busy=BUSY)
            return work(self._database)
        except StateError as problem:
            self._is_off = True
            warnings.warn(
                f"The cache {self._path} cannot be used ({problem}); answers are fetched anew from now on. "
                f"{problem.advice}".rstrip(),
                stacklevel=2,
            )
        return default


def _checksum(key: str, body: bytes, saved: float, expires: float) -> int:
    return zlib.crc32(body, zlib.crc32(repr((key, saved, expires)).encode()))
