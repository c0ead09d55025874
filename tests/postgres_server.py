"""A real PostgreSQL for tests: a cluster of its own in a folder, on a free port of this machine; and what stands before
one: PgBouncer, or a network that falls silent.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg

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
    """A cluster that runs; its superuser is `USER`. It listens in `folder` as well, and for everyone with `listen`.

    With `is_safe` a commit is on the disk when it returns, as that of a person's cluster.
    """

    def __init__(self, folder: Path, programs: Path, *, listen: str = "127.0.0.1", is_safe: bool = False) -> None:
        self.folder, self._programs = folder, programs
        self._settings = [f"listen_addresses={listen}", f"fsync={'on' if is_safe else 'off'}"]
        self._as = find_user()
        if self._as:
            shutil.chown(folder, "postgres")
        password = folder / "password"
        password.write_text(PASSWORD, encoding="ascii")
        password.chmod(0o644)
        options = ["-U", USER, "--auth=scram-sha-256", f"--pwfile={password}", "--no-sync", "--locale=C", "-E", "UTF8"]
        self._run("initdb", "-D", folder / "data", *options)
        if listen != "127.0.0.1":
            with (folder / "data" / "pg_hba.conf").open("a") as rules:
                rules.write("host all all samenet scram-sha-256\n")
        self.port = find_free_port()
        self.start()

    def start(self) -> None:
        settings = [*self._settings, f"unix_socket_directories={self.folder}", "max_connections=200"]
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

    def execute(self, *statements: str, database: str = "postgres") -> list[Any]:
        """Execute statements as the superuser; give the rows of the last one."""
        with psycopg.connect(self.url(database), password=PASSWORD, autocommit=True) as connection:
            cursors = [connection.execute(statement) for statement in statements]
            return cursors[-1].fetchall() if cursors[-1].description else []

    @contextmanager
    def configured(self, **settings: str) -> Iterator[None]:
        """Run it with other settings, which need no start."""
        reload = "SELECT pg_reload_conf()"
        try:
            self._wait_for_settings([*(f"ALTER SYSTEM SET {n} = '{v}'" for n, v in settings.items()), reload], settings)
            yield
        finally:
            defaults = {name: self._read_default(name) for name in settings}
            self._wait_for_settings([*(f"ALTER SYSTEM RESET {name}" for name in settings), reload], defaults)

    def _read_default(self, name: str) -> str:
        return str(self.execute(f"SELECT boot_val FROM pg_settings WHERE name = '{name}'")[0][0])

    def _wait_for_settings(self, statements: Sequence[str], wanted: dict[str, str]) -> None:
        self.execute(*statements)
        while any(self.execute(f"SHOW {name}")[0][0] != value for name, value in wanted.items()):
            time.sleep(0.01)

    @contextmanager
    def standby(self) -> Iterator[int]:
        """Run a standby of it, and give its port."""
        folder, port = self.folder / "standby", find_free_port()
        source = f"host={self.folder} port={self.port} user={USER} password='{PASSWORD}'"
        options = ["-R", "--checkpoint=fast", "--no-sync", "--wal-method=stream"]
        self._run("pg_basebackup", "-D", folder, "-d", source, *options)
        flags = ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "max_connections=200"]
        command = [self._programs / "postgres", "-D", folder, "-p", str(port), *flags]
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log, **self._as)
        try:
            self._wait_until_ready(port, process)
            yield port
        finally:
            process.send_signal(signal.SIGQUIT)
            process.wait(START_WITHIN)
            shutil.rmtree(folder)

    def _run(self, program: str, *arguments: Any) -> None:
        command = [self._programs / program, *arguments]
        made = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, **self._as)
        assert made.returncode == 0, made.stderr

    def _end(self, how: int) -> None:
        if self._process.poll() is None:
            self._process.send_signal(how)
            self._process.wait(START_WITHIN)

    def _wait_until_ready(self, port: int = 0, process: subprocess.Popen[bytes] | None = None) -> None:
        end, process = time.monotonic() + START_WITHIN, process or self._process
        command = [self._programs / "pg_isready", "-q", "-U", USER, "-h", "127.0.0.1", "-p", str(port or self.port)]
        while subprocess.run(command, cwd=self.folder).returncode:
            assert process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < end, "PostgreSQL did not start"
            time.sleep(0.05)


def find_user() -> dict[str, Any]:
    """Find as whom to run programs that refuse to run as root."""
    return {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}


def find_free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextmanager
def run_postgres(parent: Path | None = None, **options: Any) -> Iterator[PostgresServer]:
    """Run a cluster in a folder of its own: those of pytest are closed to the user who must run it.

    `parent` is where the folder is made; else it is in memory, if it can be.
    """
    programs = find_programs()
    assert programs is not None, MISSING
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with TemporaryDirectory(prefix="postgres-", dir=parent or memory) as folder:
        server = PostgresServer(Path(folder), programs, **options)
        try:
            yield server
        finally:
            server.stop()


BOUNCER = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
BOUNCER_MISSING = "PgBouncer is not installed (Debian: apt install pgbouncer)"


@contextmanager
def run_bouncer(server: PostgresServer, mode: str) -> Iterator[int]:
    """Run PgBouncer before a cluster, with a pool mode, and give its port."""
    assert BOUNCER is not None, BOUNCER_MISSING
    port = find_free_port()
    users, config = server.folder / "users", server.folder / f"{mode}.ini"
    users.write_text(f'"{USER}" "{PASSWORD}"\n', encoding="ascii")
    config.write_text(
        f"[databases]\n* = host={server.folder} port={server.port}\n[pgbouncer]\nlisten_addr=127.0.0.1\n"
        f"listen_port={port}\nunix_socket_dir=\nauth_type=plain\nauth_file={users}\npool_mode={mode}\n"
    )
    for path in (users, config):
        path.chmod(0o644)
    with (server.folder / "log").open("ab") as log:
        process = subprocess.Popen([BOUNCER, config], cwd=server.folder, stdout=log, stderr=log, **find_user())
    try:
        server._wait_until_ready(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(START_WITHIN)


class Silence:
    """A network between clients and a port of this machine, which passes everything on until it `falls` silent."""

    def __init__(self, port: int) -> None:
        self._to, self._is_silent = port, threading.Event()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self._sockets: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def fall(self) -> None:
        self._is_silent.set()

    def close(self) -> None:
        for each in [self._server, *self._sockets]:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                ours, _ = self._server.accept()
                theirs = socket.create_connection(("127.0.0.1", self._to))
                self._sockets += [ours, theirs]
                for pair in ((ours, theirs), (theirs, ours)):
                    threading.Thread(target=self._pass_on, args=pair, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if not self._is_silent.is_set():
                    target.sendall(data)
            target.shutdown(socket.SHUT_RDWR)
