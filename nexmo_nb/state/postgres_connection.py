"""A connection to PostgreSQL: where it goes, and statements, values and errors as those of SQLite."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from nexmo_nb.credentials import Secret
from nexmo_nb.errors import InvalidRequestError, without_traceback_of
from nexmo_nb.hosts import is_loopback
from nexmo_nb.state.database import Parameters, StateError
from nexmo_nb.validation import join_lines

try:
    import psycopg
    from psycopg.conninfo import conninfo_to_dict
except ImportError:
    raise InvalidRequestError(
        "state: a postgresql:// URL needs psycopg, which is not installed. Install it: pip install 'nexmo_nb[postgres]'"
    ) from None

LONG_SILENCE = 300.0
"""Seconds without a word from the server after which a statement is given up that may take long, of many rows."""
SHORT_SILENCE = 60.0
"""The same where each takes a moment, but for the wait for another process."""
_SETTINGS = {
    "application_name": "nexmo_nb",
    "client_encoding": "utf8",
    "connect_timeout": "5",
    # Of several hosts, the one that can be written to.
    "target_session_attrs": "read-write",
    # A server that is gone is noticed: after 10 s without a word, three questions 5 s apart.
    "keepalives": "1",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "25000",
}
_SECRETS = ("password", "sslpassword", "oauth_client_secret")
_SHOWN = ("service", "sslmode", "sslrootcert", "options")  # of the other settings
_ADVICE = {
    # A connection that fails has no code of its own.
    "08": "See that the database runs and can be reached, and what the URL says of user, password and name of the "
    "database; the password may also be in PGPASSWORD, ~/.pgpass or a service file. A standby is refused: name the "
    "primary one, or all of them, 'postgresql://user@host1,host2/database'. Then call again.",
    "42501": "The role of the URL needs the rights of the owner of its schema; see docs/team.md.",
    "25006": "The database is read-only, as a standby is: name the primary one in the URL.",
    "25P0": "A transaction of this process was broken off: call again.",
    "3F000": "The role of the URL may not use its schema; see docs/team.md.",
    "53100": "Make room on the disk of the database, and call again.",
    "53": "The database has too many connections or too little memory: see its settings, and call again.",
    "55P03": "Another process holds it: wait until that is done, or end it, and call again.",
    "57014": "The database took too long: see what else it does, and call again.",
    "57P": "The database is ending or starting: call again when it is ready.",
    "XX": "It is damaged: restore it from a backup.",
}


class Access(NamedTuple):
    """How a connection was let in, and whether others can read it on its way."""

    password_source: str  # empty: the server asked for none
    is_encrypted: bool
    advice: str


class Address:
    """Where a PostgreSQL is, and who asks. Passwords are hidden; `str` shows the rest, as a URL.

    `access` tells of the connection that was made last.
    """

    access: Access | None = None

    def __init__(self, url: str) -> None:
        try:
            found = without_traceback_of(lambda: conninfo_to_dict(url))
        except (psycopg.Error, AttributeError, TypeError, ValueError):
            found = None
        if not isinstance(found, dict) or not url.startswith(("postgresql://", "postgres://")):
            # The message of the library would hold the password.
            raise InvalidRequestError(
                "state: got a URL that cannot be read; allowed: 'postgresql://user@host:5432/database', with special "
                "characters in %XX form, and settings of PostgreSQL's own clients behind a '?'"
            ) from None
        self._secrets = {name: Secret(str(found.pop(name))) for name in _SECRETS if found.get(name) is not None}
        self._given = {name: str(value) for name, value in found.items()}

    def __str__(self) -> str:
        given = self._given
        user = f"{quote(given['user'], safe='')}@" if "user" in given else ""
        hosts, ports = given.get("host", "").split(","), given.get("port", "").split(",")
        rest = {name: given[name] for name in _SHOWN if name in given}
        if any(host.startswith(("/", "@")) for host in hosts):  # a socket, which stands behind the "?"
            rest, hosts = {"host": given["host"], **rest}, [""]
        places = [
            f"{f'[{host}]' if ':' in host else host}{f':{port}' if port else ''}"
            for host, port in zip(hosts, ports * len(hosts) if len(ports) == 1 else ports, strict=False)
        ]
        name = quote(given.get("dbname", ""), safe="")
        return f"postgresql://{user}{','.join(places)}/{name}{f'?{urlencode(rest, quote_via=quote)}' if rest else ''}"

    __repr__ = __str__

    def to_url(self) -> str:
        """Write it as a URL without its secrets, for whoever has a password of their own."""
        return f"postgresql://?{urlencode(self._given)}"

    def connect(self, silence: float) -> _Wire:
        secrets = {name: secret.reveal() for name, secret in self._secrets.items()}
        wire = _Wire.connect(**{**_SETTINGS, **self._given, **secrets}, autocommit=True)  # type: ignore[arg-type]
        wire.silence = silence
        is_encrypted = bool(wire.pgconn.ssl_in_use)
        used = wire.pgconn.password if wire.pgconn.used_password else None
        self.access = Access(
            "" if used is None else self._find_password_source(used.decode("utf-8", "replace")),
            is_encrypted,
            "" if is_encrypted else _advise_encryption({**wire.info.get_parameters(), **self._given}, wire.info.host),
        )
        return wire

    def _find_password_source(self, password: str) -> str:
        """Find where PostgreSQL's own library took the password from, by its order."""
        if "password" in self._secrets:
            return "URL"
        has_service = "service" in self._given or bool(os.environ.get("PGSERVICE"))
        if password == os.environ.get("PGPASSWORD"):
            return "PGPASSWORD"
        return "service file or .pgpass" if has_service else ".pgpass"


def _advise_encryption(settings: Mapping[str, str], host: str) -> str:
    """Say what to do about a connection in clear; empty where it stays on this machine, or the URL wants it so."""
    is_local = not host or host.startswith(("/", "@")) or is_loopback(f"//{f'[{host}]' if ':' in host else host}")
    if is_local or "sslmode" in settings:
        return ""
    return (
        f"The connection to {host} is not encrypted: numbers and texts can be read on their way. Let the server offer "
        "TLS, and put sslmode=require behind the '?' of the URL, or sslmode=verify-full with sslrootcert=…, which also "
        "makes sure that it is the right server; sslmode=disable says that it is meant so."
    )


class _Wire(psycopg.Connection[Any]):
    """A connection that ends when the server says nothing for `silence` seconds while a statement is under way."""

    silence = SHORT_SILENCE

    def wait(self, gen: Any, *args: Any, **kwargs: Any) -> Any:
        return super().wait(self._bound(gen), *args, **kwargs)

    def _bound(self, steps: Any) -> Generator[Any, Any, Any]:
        """Pass on what psycopg waits for; it tells several times a second that nothing has come."""
        heard = time.monotonic()
        try:
            wanted = next(steps)
            while True:
                ready = yield wanted
                if ready:
                    heard = time.monotonic()
                elif time.monotonic() - heard > self.silence:
                    self.pgconn.finish()
                    raise psycopg.OperationalError(f"the server said nothing for {self.silence:g} s")
                wanted = steps.send(ready)
        except StopIteration as end:
            return end.value


class PostgresConnection:
    """A connection that takes statements and values as SQLite's does; each is a transaction unless one was begun."""

    def __init__(self, address: Address, silence: float = SHORT_SILENCE) -> None:
        with translate_errors():
            self._connection = without_traceback_of(lambda: address.connect(silence))
        self.process = self._connection.info.backend_pid
        """The number of the server's process, by its greeting; a pool gives a number of its own."""
        encoding = self._connection.info.parameter_status("server_encoding")
        if encoding not in ("UTF8", None):
            self.close()
            raise StateError(
                f"the database is encoded in {encoding}, which cannot hold every text",
                "Make one with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0, and name it in the URL.",
            )

    @property
    def is_open(self) -> bool:
        return not self._connection.closed

    @property
    def in_transaction(self) -> bool:
        return self._connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE

    def execute(self, statement: str, values: Parameters = (), /) -> psycopg.Cursor[Any]:
        with translate_errors():
            return self._connection.execute(translate(statement), values)

    def executemany(self, statement: str, rows: Iterable[Parameters], /) -> None:
        with translate_errors(), self._connection.cursor() as cursor:
            cursor.executemany(translate(statement), rows)
            # After the pipeline of psycopg, PostgreSQL 15 does not see that a transaction is idle.
            cursor.execute("SELECT 1")

    def copy_rows(self, statement: str, rows: Iterable[Sequence[Any]], /) -> None:
        """Write many rows by a statement ``COPY … FROM STDIN``."""
        with translate_errors(), self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)

    def close(self) -> None:
        self._connection.close()


_PLACE = re.compile(r"\?|(?<![:\w]):([a-z_]+)")


@lru_cache(maxsize=512)
def translate(statement: str) -> str:
    """Write ``?`` and ``:name`` as psycopg wants them. No statement has these characters in a text of its own."""
    return _PLACE.sub(lambda found: f"%({found[1]})s" if found[1] else "%s", statement.replace("%", "%%"))


@contextmanager
def translate_errors() -> Iterator[None]:
    """Raise a `StateError` in place of an error of psycopg; a value that cannot be written is a `ValueError`."""
    try:
        yield
    except psycopg.DataError as problem:
        raise ValueError(_tell(problem)) from None
    except psycopg.Error as problem:
        code = problem.sqlstate or ("08" if isinstance(problem, psycopg.OperationalError) else "")
        raise StateError(_tell(problem), find_advice(code), is_damaged=code.startswith("XX")) from None


def find_advice(code: str) -> str:
    """Find what a person can do about an error, by its SQLSTATE: by all of it, else by its class."""
    return next((_ADVICE[code[:length]] for length in (5, 4, 3, 2) if code[:length] in _ADVICE), "")


def _tell(problem: psycopg.Error) -> str:
    return join_lines(str(problem)) or type(problem).__name__
