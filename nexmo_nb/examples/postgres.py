"""A PostgreSQL to try the work of a team with: on this machine, in a folder of its own that ends with it."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import weakref
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from nexmo_nb.errors import InvalidRequestError

_USER = "analyst"


class Postgres:
    """A server that `start_postgres` has started; `url` is for ``connect(state=…)`` and holds its password.

    Leave a ``with`` block, call `close` or end the process, and the server ends and its folder is deleted.
    """

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        self._folder = Path(mkdtemp(prefix="postgres-"))
        self._as = _find_user(self._folder)
        self._password = secrets.token_urlsafe(24)
        self._port = _find_free_port()
        self._end = weakref.finalize(self, _end_server, self._stop_command, self._folder, self._as, os.getpid())
        self._make_cluster()
        self.start()

    @property
    def url(self) -> str:
        return f"postgresql://{_USER}:{self._password}@127.0.0.1:{self._port}/postgres"

    def __repr__(self) -> str:
        return f"<a PostgreSQL on 127.0.0.1:{self._port}, to try things with>"

    def __enter__(self) -> Postgres:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start the server, again after `stop`; what was written is there."""
        options = f"-p {self._port} -c listen_addresses=127.0.0.1 -c unix_socket_directories="
        _run([self._programs / "pg_ctl", *self._data, "-o", options, "-l", self._folder / "log", "start"], self._as)

    def stop(self) -> None:
        """Stop the server as an administrator does: whatever is under way is broken off, the rest is kept."""
        _run(self._stop_command, self._as)

    def close(self) -> None:
        """Stop the server and delete its folder."""
        self._end()

    @property
    def _data(self) -> list[str | Path]:
        return ["-D", self._folder / "data"]

    @property
    def _stop_command(self) -> list[str | Path]:
        return [self._programs / "pg_ctl", *self._data, "-m", "fast", "stop"]

    def _make_cluster(self) -> None:
        word = self._folder / "password"
        word.touch(mode=0o600)
        word.write_text(self._password, encoding="ascii")
        if self._as:
            shutil.chown(word, self._as["user"])
        options = ["-U", _USER, "--auth=scram-sha-256", f"--pwfile={word}", "--locale=C", "-E", "UTF8"]
        _run([self._programs / "initdb", *self._data, *options], self._as)
        word.unlink()


def start_postgres() -> Postgres:
    """Start a PostgreSQL of this machine's programs, to try ``connect(state=…)`` with.

    Returns
    -------
    Postgres
        Its `url` is for `nexmo_nb.connect`; `stop`, `start` and `close` do what they say. It listens on 127.0.0.1 only,
        has a random password, and ends with this process.

    Raises
    ------
    InvalidRequestError
        If PostgreSQL is not installed; the message says how to install it.
    OSError
        If it does not start.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> from nexmo_nb.examples import start_postgres
    >>> with start_postgres() as database, nx.connect("sandbox", state=database.url):  # doctest: +SKIP
    ...     parts = nx.send_sms("+44 7700 900000", "Hello", sender="Demo")
    """
    return Postgres(_find_programs())


def _find_programs() -> Path:
    """Find the folder of PostgreSQL's own programs: on the path, or where Debian keeps them."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not folders:
        raise InvalidRequestError(
            "PostgreSQL: got none; allowed: one that is installed on this machine. Install it (Debian and Ubuntu: "
            "apt install postgresql; macOS: brew install postgresql; conda install postgresql), or name a database "
            "that you have."
        )
    return folders[-1].parent


def _find_user(folder: Path) -> dict[str, Any]:
    """Choose who runs the server: PostgreSQL refuses to run as root, and has a user of its own for that."""
    if os.name != "posix" or os.geteuid() != 0:
        return {}
    shutil.chown(folder, "postgres", "postgres")
    return {"user": "postgres", "group": "postgres", "extra_groups": []}


def _find_free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _run(command: list[str | Path], who: dict[str, Any]) -> None:
    """Run a program of PostgreSQL, in a session of its own: an interrupt of the notebook is not one of the server."""
    ran = subprocess.run(  # noqa: S603 - PostgreSQL's own programs, with our own words
        command,
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        start_new_session=True,
        check=False,
        **who,
    )
    if ran.returncode:
        raise OSError(f"{Path(command[0]).name} failed: {(ran.stderr or ran.stdout).strip()}")


def _end_server(command: list[str | Path], folder: Path, who: dict[str, Any], pid: int) -> None:
    """End the server and delete its folder; but not in a forked process, which has neither to itself."""
    if os.getpid() != pid:
        return
    with suppress(OSError):  # it is stopped, or was never started
        _run(command, who)
    shutil.rmtree(folder, ignore_errors=True)
