"""A connection to PostgreSQL: where it goes, and statements, values and errors as those of SQLite."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from nexmo_nb.credentials import Secret
from nexmo_nb.errors import InvalidRequestError, without_traceback_of
from nexmo_nb.state.database import Parameters, StateError
from nexmo_nb.validation import join_lines

try:
    import psycopg
    from psycopg.conninfo import conninfo_to_dict
except ImportError:
    raise InvalidRequestError(
        "state: a postgresql:// URL needs psycopg, which is not installed. Install it: pip install 'nexmo_nb[postgres]'"
    ) from None

_SETTINGS = {
    "application_name": "nexmo_nb",
    "connect_timeout": "5",
    # A server that is gone is noticed: after 10 s without a word, three questions 5 s apart.
    "keepalives": "1",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "25000",
}
_SECRET = ("password", "sslpassword")
_ADVICE = {
    # A connection that fails has no code of its own.
    "08": "See that the database runs and can be reached, and what the URL says of user, password and name of the "
    "database; the password may also be in PGPASSWORD, ~/.pgpass or a service file. Then call again.",
    "42501": "The role of the URL needs the rights of the owner of its schema; see docs/team.md.",
    "25006": "The database is read-only, as a standby is: name the primary one in the URL.",
    "53100": "Make room on the disk of the database, and call again.",
    "53": "The database has too many connections or too little memory: see its settings, and call again.",
    "55P03": "Another process holds it: wait until that is done, or end it, and call again.",
    "57014": "The database took too long: see what else it does, and call again.",
    "57P": "The database is ending or starting: call again when it is ready.",
    "XX": "It is damaged: restore it from a backup.",
}


class Address:
    """Where a PostgreSQL is, and who asks. The password is hidden; `str` shows the rest."""

    def __init__(self, url: str) -> None:
        try:
            found = without_traceback_of(lambda: conninfo_to_dict(url))
        except psycopg.ProgrammingError:
            found = None
        if not isinstance(found, dict) or not url.startswith(("postgresql://", "postgres://")):
            # The message of the library would hold the password.
            raise InvalidRequestError(
                "state: got a URL that cannot be read; allowed: 'postgresql://user@host:5432/database', with special "
                "characters in %XX form"
            ) from None
        password = found.pop("password", None)
        self._password = None if password is None else Secret(str(password))
        self._settings = {**_SETTINGS, **{name: str(value) for name, value in found.items()}}

    def __str__(self) -> str:
        found = self._settings
        user, port = (f"{found['user']}@" if "user" in found else ""), (f":{found['port']}" if "port" in found else "")
        service = f"?service={found['service']}" if "service" in found else ""
        return f"postgresql://{user}{found.get('host', '')}{port}/{found.get('dbname', '')}{service}"

    __repr__ = __str__

    def to_url(self) -> str:
        """Write it as a URL without its secrets, for whoever has a password of their own."""
        return (
            f"postgresql://?{urlencode({name: each for name, each in self._settings.items() if name not in _SECRET})}"
        )

    def connect(self) -> psycopg.Connection[Any]:
        password = {} if self._password is None else {"password": self._password.reveal()}
        return psycopg.connect(**self._settings, **password, autocommit=True)  # type: ignore[arg-type]


class PostgresConnection:
    """A connection that takes statements and values as SQLite's does; each is a transaction unless one was begun."""

    def __init__(self, address: Address) -> None:
        with translate_errors():
            self._connection = without_traceback_of(address.connect)

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
    return next((_ADVICE[code[:length]] for length in (5, 3, 2) if code[:length] in _ADVICE), "")


def _tell(problem: psycopg.Error) -> str:
    return join_lines(str(problem)) or type(problem).__name__
