"""What every test stands on: no network but loopback, no state of the user's, a sandbox that is a real server."""

from __future__ import annotations

import socket
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox
from nexmo_nb.session import connecting


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Refuse every address but 127.0.0.1, and hide the developer's own settings."""
    real = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and address[0] != "127.0.0.1":
            raise AssertionError(f"a test tried to reach {address!r}")
        real(self, address)

    def lookup(host: Any, *arguments: Any, **options: Any) -> Any:
        if host not in ("127.0.0.1", "localhost", None):
            raise socket.gaierror(f"a test tried to look up {host!r}")
        return find(host, *arguments, **options)

    find = socket.getaddrinfo
    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    for name in list(__import__("os").environ):
        if name.startswith(("NEXMO_", "VONAGE_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("NEXMO_NB_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    yield
    if connecting._current is not None:
        connecting._current.close()
        connecting._current = None


@pytest.fixture(scope="session")
def shared() -> Iterator[Sandbox]:
    """One sandbox for all tests, without rate limits: they are tested where they matter."""
    with Sandbox(limits=False) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(shared: Sandbox) -> Sandbox:
    """The shared sandbox, as new."""
    shared.reset()
    return shared


@pytest.fixture
def waits() -> list[float]:
    """The waits that a session asked for instead of sleeping."""
    return []


@pytest.fixture
def session(sandbox: Sandbox, waits: list[float]) -> Iterator[nx.Session]:
    """A session on the sandbox that does not sleep between tries, and is not held up by Nexmo's limits."""
    with connected(sandbox, sleep=waits.append) as session:
        yield session


def connected(
    sandbox: Sandbox, sleep: Callable[[float], None] | None = None, where: str | None = None, **options: Any
) -> nx.Session:
    """Connect to a sandbox with so much room that nothing waits, unless told otherwise."""
    free = dict.fromkeys(("sms", "calls", "numbers", "owned", "pricing", "reports"), (1_000_000, 1.0))
    session = nx.connect(where or sandbox.url, **{"calls": 1_000_000, "limits": free, **options})
    session.throttle.notify = lambda _: None
    if sleep is not None:
        session.pause = sleep
    return session


def owned(sandbox: Sandbox) -> tuple[str, str]:
    """Name a number that the sandbox's account has."""
    number = next(iter(sandbox.world.owned.values()))
    return number["country"], number["msisdn"]


def rented(sandbox: Sandbox) -> tuple[str, str]:
    """Name a number for rent that the balance covers."""
    number = next(number for number in sandbox.world.rent.values() if number["country"] == "GB")
    return number["country"], number["msisdn"]


class Answered(Exception):  # noqa: N818 - no error: how a result leaves `pytest.raises`
    pass


def tried(call: Callable[[], Any], said: str) -> Any:
    """Give what a call returns, or the typed error that it raises; anything else fails. `said` may be warned."""
    with warnings.catch_warnings():
        # What the toolkit says itself; a library's warning stays an error.
        warnings.filterwarnings("ignore", category=UserWarning, message=said)
        warnings.filterwarnings("ignore", category=DeprecationWarning, message="The legacy text-to-speech")
        with pytest.raises((nx.NexmoError, Answered)) as caught:
            raise Answered(call())
    return caught.value.args[0] if isinstance(caught.value, Answered) else caught.value
