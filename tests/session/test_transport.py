"""A bad network: every accident on every endpoint gives one typed error; reads are tried again, writes are not."""

from __future__ import annotations

import socket
import threading
import tracemalloc
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
import urllib3
from helpers import connected, owned, rented

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox
from nexmo_nb.sandbox.accidents import KINDS
from nexmo_nb.session import transport

APP = "093fa337-6f72-440e-b575-4f37077de85a"


class Endpoint(NamedTuple):
    call: Callable[[Sandbox], Any]
    method: str
    path: str


ENDPOINTS = {
    "search": Endpoint(lambda _: nx.search_numbers("NA"), "GET", "/number/search"),
    "owned": Endpoint(lambda _: nx.owned_numbers(), "GET", "/account/numbers"),
    "buy": Endpoint(lambda s: nx.buy_number(*rented(s)), "POST", "/number/buy"),
    "cancel": Endpoint(lambda s: nx.cancel_number(*owned(s)), "POST", "/number/cancel"),
    "update": Endpoint(lambda s: nx.update_number(*owned(s), mo_http_url=""), "POST", "/number/update"),
    "applications": Endpoint(lambda _: nx.applications(), "GET", "/v2/applications"),
    "application": Endpoint(lambda s: nx.application(s.application_id), "GET", "/v2/applications/"),
    "create": Endpoint(
        lambda _: nx.create_application("A", answer_url="https://e.org/a", event_url="https://e.org/e"),
        "POST",
        "/v2/applications",
    ),
    "change": Endpoint(lambda s: nx.update_application(s.application_id, name="B"), "PUT", "/v2/applications/"),
    "delete": Endpoint(lambda s: nx.delete_application(s.application_id), "DELETE", "/v2/applications/"),
    "sms": Endpoint(lambda _: nx.send_sms("+44 7700 900000", "Hello", sender="Demo"), "POST", "/sms/json"),
    "tts": Endpoint(lambda _: nx.send_voice("+44 7700 900000", "Hello", api="tts"), "POST", "/tts/json"),
    "calls": Endpoint(lambda _: nx.send_voice("+44 7700 900000", "Hello", api="calls"), "POST", "/v1/calls"),
    "balance": Endpoint(lambda _: nx.balance(), "GET", "/account/get-balance"),
    "price": Endpoint(lambda _: nx.prices("NA"), "GET", "/account/get-pricing"),
    "prices": Endpoint(lambda _: nx.prices(), "GET", "/account/get-full-pricing"),
    "records": Endpoint(lambda _: nx.records(start="2025-03-01", end="2025-03-02"), "GET", "/v2/reports/records"),
    "order": Endpoint(lambda _: nx.records(start="2025-03-01", end="2025-03-02", mode="async"), "POST", "/v2/reports"),
}
# What a read and a write say of it, and whether the server surely did nothing, so that another try is safe.
FATES: dict[str, tuple[type[nx.NexmoError], type[nx.NexmoError], bool]] = {
    "429": (nx.RateLimitedError, nx.RateLimitedError, True),
    "throttled": (nx.RateLimitedError, nx.RateLimitedError, True),
    "500": (nx.UnreachableError, nx.UnknownOutcomeError, False),
    "503": (nx.UnreachableError, nx.UnknownOutcomeError, False),
    "redirect": (nx.UnreachableError, nx.UnknownOutcomeError, False),
    "drop-before": (nx.UnreachableError, nx.UnknownOutcomeError, False),
    "drop-after": (nx.UnreachableError, nx.UnknownOutcomeError, False),
    "reset": (nx.UnreachableError, nx.UnknownOutcomeError, False),
    "garbage": (nx.UnreachableError, nx.UnknownOutcomeError, False),
    "truncated": (nx.UnreachableError, nx.UnknownOutcomeError, False),
    "short-length": (nx.UnreachableError, nx.UnknownOutcomeError, False),
    "bomb": (nx.UnreachableError, nx.UnknownOutcomeError, False),
    "drip": (nx.UnreachableError, nx.UnknownOutcomeError, False),
    "slow": (nx.UnreachableError, nx.UnknownOutcomeError, False),
}
ELSEWHERE = {"http", "partial", "no-credit", "status"}


@pytest.fixture
def live(sandbox: Sandbox, waits: list[float], monkeypatch: pytest.MonkeyPatch) -> Iterator[nx.Session]:
    """A session that takes at most a million bytes, and waits longer than an answer takes on the busiest machine."""
    monkeypatch.setattr(transport, "LARGEST", 1_000_000)
    keys = {"application_id": sandbox.application_id, "private_key": sandbox.private_key}
    secrets = {"api_key": sandbox.api_key, "api_secret": sandbox.api_secret}
    with connected(sandbox, sleep=waits.append, timeout=600, cache=False, **keys, **secrets) as session:
        yield session


@pytest.fixture
def hasty(sandbox: Sandbox, waits: list[float]) -> Iterator[nx.Session]:
    """A session that waits half a second for an answer."""
    with connected(sandbox, sleep=waits.append, timeout=0.5, cache=False) as session:
        yield session


def test_every_kind_of_accident_is_tried_here_or_elsewhere() -> None:
    assert set(KINDS) == set(FATES) | ELSEWHERE


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        (name, kind)
        for name in ENDPOINTS
        for kind in sorted(set(FATES) - {"slow", "drip"})
        # The answer to a deletion has no body that could be cut.
        if name != "delete" or kind not in ("truncated", "short-length")
    ],
)
def test_an_accident_gives_one_typed_error_and_a_write_is_sent_once(
    live: nx.Session, sandbox: Sandbox, name: str, kind: str
) -> None:
    endpoint = ENDPOINTS[name]
    reading, writing, safe = FATES[kind]
    detail = {"size": 2_000_000} if kind == "bomb" else {}
    sandbox.fail_next(kind, times=9, path=endpoint.path, method=endpoint.method, **detail)
    write = endpoint.method != "GET"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        with pytest.raises(writing if write else reading) as caught:
            endpoint.call(sandbox)
    asked = [r for r in sandbox.requests if r["path"].startswith(endpoint.path) and r["method"] == endpoint.method]
    assert len(asked) == (3 if safe or not write else 1)
    assert type(caught.value) in (reading, writing)
    assert sandbox.api_secret not in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("kind", ["slow", "drip"])
@pytest.mark.parametrize("name", ["balance", "sms", "records"])
def test_no_answer_is_waited_for_longer_than_the_timeout(
    hasty: nx.Session, sandbox: Sandbox, name: str, kind: str
) -> None:
    endpoint = ENDPOINTS[name]
    sandbox.fail_next(kind, times=9, path=endpoint.path, seconds=30 if kind == "slow" else 0.2)
    with pytest.raises(FATES[kind][endpoint.method != "GET"]):
        endpoint.call(sandbox)


@pytest.mark.parametrize("code", [301, 302, 307, 308, 400, 401, 402, 403, 404, 409, 410, 415, 418, 420, 451, 501, 504])
@pytest.mark.parametrize("name", ["balance", "sms", "create", "buy"])
def test_every_status_is_one_typed_error(live: nx.Session, sandbox: Sandbox, name: str, code: int) -> None:
    endpoint = ENDPOINTS[name]
    sandbox.fail_next("redirect" if code < 400 else "http", times=9, path=endpoint.path, code=code)
    with pytest.raises(nx.NexmoError) as caught:
        endpoint.call(sandbox)
    write = endpoint.method != "GET"
    unclear = code < 400 or code >= 500
    assert isinstance(caught.value, nx.UnknownOutcomeError) == (write and unclear)
    assert caught.value.status == code
    if write:
        assert len([r for r in sandbox.requests if r["path"] == endpoint.path]) == 1


@pytest.mark.slow
def test_an_answer_that_unpacks_to_too_much_is_refused_before_it_fills_the_memory(
    live: nx.Session, sandbox: Sandbox
) -> None:
    sandbox.fail_next("bomb", times=9, path="/account/get-balance", size=60_000_000)
    tracemalloc.start()
    with pytest.raises(nx.UnreachableError, match="larger than 1 MB"):
        nx.balance()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 20_000_000


def test_a_packed_answer_of_a_usual_size_is_read(live: nx.Session, sandbox: Sandbox) -> None:
    sandbox.fail_next("bomb", times=9, path="/account/get-balance", size=0)
    with pytest.raises(nx.UnreachableError, match="not JSON"):
        nx.balance()


def test_a_name_that_leads_nowhere_sends_nothing() -> None:
    def nowhere(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(urllib3.util.connection.socket, "getaddrinfo", nowhere)
        with nx.connect("https://nexmo.invalid", api_key="abcd1234", api_secret="S3cretS3cret") as session:
            session.pause = lambda _: None
            with pytest.raises(nx.UnreachableError, match="Nothing was sent"):
                nx.send_sms("+44 7700 900000", "Hello", sender="Demo")
            assert nx.sent().empty


def test_a_host_that_can_be_reached_by_ipv6_alone_which_this_machine_lacks_sends_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def sixth(host: str, port: int, *_: Any) -> Any:
        return [(socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("2001:db8::1", port, 0, 0))]

    def refuse(*_: Any) -> None:
        raise OSError(101, "Network is unreachable")

    monkeypatch.setattr(socket, "getaddrinfo", sixth)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    with nx.connect("https://nexmo.invalid", api_key="abcd1234", api_secret="S3cretS3cret") as session:
        session.pause = lambda _: None
        with pytest.raises(nx.UnreachableError, match="Nothing was sent"):
            nx.send_sms("+44 7700 900000", "Hello", sender="Demo")
        assert nx.sent().empty


def test_a_port_where_nobody_listens_sends_nothing() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with nx.connect(url, api_key="abcd1234", api_secret="S3cretS3cret") as session:
            session.pause = lambda _: None
            with pytest.raises(nx.UnreachableError, match="Nothing was sent"):
                nx.send_sms("+44 7700 900000", "Hello", sender="Demo")
            assert nx.sent().empty


@pytest.mark.parametrize("stage", ["at once", "in the headers", "in the body"])
def test_a_connection_that_is_reset_at_any_stage_leaves_a_write_unknown(stage: str) -> None:
    said = {"at once": b"", "in the headers": b"HTTP/1.1 200 OK\r\nContent-Le", "in the body": b""}[stage]
    if stage == "in the body":
        said = b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"message-count": "1",'
    asked: list[bytes] = []

    def serve(listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                asked.append(connection.recv(65536))
                connection.sendall(said)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with nx.connect(url, api_key="abcd1234", api_secret="S3cretS3cret") as session:
            session.pause = lambda _: None
            with pytest.raises(nx.UnknownOutcomeError):
                nx.send_sms("+44 7700 900000", "Hello", sender="Demo")
            assert nx.sent().state.tolist() == ["unknown"]
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(60)
    assert len(asked) == 1
