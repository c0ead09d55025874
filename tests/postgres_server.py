"""A real PostgreSQL for tests: a cluster of its own in a folder, on a free port of this machine."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

PASSWORD = "pass@w:rd/ %?#"  # with every character that a URL needs to quote
USER = "tester"
START_WITHIN = 120.0


def find_programs() -> Path | None:
    """Find the folder of PostgreSQL's own programs: on the path, or where Debian keeps them."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return folders[-1].parent if folders else None


MISSING = "PostgreSQL is not installed (Debian: apt install postgresql)"


class PostgresServer:
    """A cluster that runs; its superuser is `USER`."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder, self._programs = folder, programs
        self._as: dict[str, Any] = {}
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            self._as = {"user": "postgres", "group": "postgres", "extra_groups": []}
            shutil.chown(folder, "postgres")
        password = folder / "password"
        password.write_text(PASSWORD, encoding="ascii")
        password.chmod(0o644)
        options = ["-U", USER, "--auth=scram-sha-256", f"--pwfile={password}", "--no-sync", "--locale=C", "-E", "UTF8"]
        made = subprocess.run(
            [programs / "initdb", "-D", folder / "data", *options],
            cwd=folder,
            capture_output=True,
            text=True,
            **self._as,
        )
        assert made.returncode == 0, made.stderr
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            self.port: int = taken.getsockname()[1]
        self.start()

    def start(self) -> None:
        settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off", "max_connections=200"]
        flags = [part for setting in settings for part in ("-c", setting)]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self.folder / "data", "-p", str(self.port), *flags],
                cwd=self.folder,
                stdout=log,
                stderr=log,
                **self._as,
            )
        self._wait_until_ready()

    def stop(self) -> None:
        """End it as an administrator does: transactions are broken off, all that was committed is kept."""
        self._end(signal.SIGINT)

    def crash(self) -> None:
        """End it as a power cut does: it has to recover at its next start, and empties its unlogged tables."""
        self._end(signal.SIGQUIT)

    def url(self, database: str = "postgres", user: str = USER) -> str:
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def _end(self, how: int) -> None:
        if self._process.poll() is None:
            self._process.send_signal(how)
            self._process.wait(START_WITHIN)

    def _wait_until_ready(self) -> None:
        end = time.monotonic() + START_WITHIN
        while subprocess.run(
            [self._programs / "pg_isready", "-q", "-U", USER, "-h", "127.0.0.1", "-p", str(self.port)], cwd=self.folder
        ).returncode:
            assert self._process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < end, "PostgreSQL did not start"
            time.sleep(0.05)


@contextmanager
def run_postgres() -> Iterator[PostgresServer]:
    """Run a cluster in a folder of its own: those of pytest are closed to the user who must run it."""
    programs = find_programs()
    assert programs is not None, MISSING
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with TemporaryDirectory(prefix="postgres-", dir=memory) as folder:
        server = PostgresServer(Path(folder), programs)
        try:
            yield server
        finally:
            server.stop()
