"""What a session makes of each accident and of each answer: one attempt, one entry of the cache, one wait at a time."""

from __future__ import annotations

import importlib
import json
import os
import threading
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
import urllib3
from helpers import connected

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox
from nexmo_nb.session import LateError, Request
from nexmo_nb.session.session import CONNECT_TIMEOUT
from nexmo_nb.session.transport import SLOWEST_FILE, Attempt

READ = Request("list", "GET", "/v2/applications", host="api", family="applications")
WRITE = Request("change it", "POST", "/x", host="api", family="x", invalidates=("applications", "owned"))
SESSION = importlib.import_module("nexmo_nb.session.session")
BODY = json.dumps({"rows": [1]}).encode()


# --- accidents -------------------------------------------------------------------------------------------------------


def answer_by(session: nx.Session, monkeypatch: pytest.MonkeyPatch, left: bool, problem: BaseException) -> list[str]:
    """Let each attempt end in an accident, before or after its request left; give the families that are dropped."""

    def answer(request: Request, refresh: bool, slot: str, attempt: Attempt) -> Any:
        attempt.left = left
        raise problem

    dropped: list[str] = []
    monkeypatch.setattr(session, "_answer", answer)
    monkeypatch.setattr(session, "drop_cached", dropped.append)
    return dropped


@pytest.mark.parametrize("left", [False, True])
@pytest.mark.parametrize("ask", [READ, WRITE])
@pytest.mark.parametrize(
    "problem",
    [
        OSError("broken"),
        requests.ConnectionError("broken"),
        requests.exceptions.InvalidURL("broken"),
        urllib3.exceptions.HTTPError("broken"),
    ],
)
def test_a_broken_wire_is_unknown_only_for_a_write_that_left(
    session: nx.Session, monkeypatch: pytest.MonkeyPatch, problem: Exception, ask: Request, left: bool
) -> None:
    dropped = answer_by(session, monkeypatch, left, problem)
    with pytest.raises(nx.NexmoError) as caught:
        session.call_with_slot(ask, "slot", session.make_attempt())
    is_unknown = left and ask is WRITE
    assert type(caught.value) is (nx.UnknownOutcomeError if is_unknown else nx.UnreachableError)
    if not is_unknown:
        assert ("Nothing was changed" if left else "Nothing was sent") in str(caught.value)
    assert dropped == (["applications", "owned"] if is_unknown else [])


@pytest.mark.parametrize("left", [False, True])
@pytest.mark.parametrize("ask", [READ, WRITE])
def test_a_fault_of_ones_own_goes_on_as_it_is_unless_the_request_left(
    session: nx.Session, monkeypatch: pytest.MonkeyPatch, ask: Request, left: bool
) -> None:
    answer_by(session, monkeypatch, left, ValueError("ours"))
    expected = {READ: nx.UnreachableError, WRITE: nx.UnknownOutcomeError}[ask] if left else ValueError
    with pytest.raises(expected) as caught:
        session.call_with_slot(ask, "slot", session.make_attempt())
    if left:
        assert "its answer could not be read (ValueError)" in str(caught.value)
    else:
        assert caught.value.left is False


@pytest.mark.parametrize("left", [False, True])
@pytest.mark.parametrize("ask", [READ, WRITE])
@pytest.mark.parametrize(
    "problem", [KeyboardInterrupt(), SystemExit(), nx.UnreachableError("no"), nx.RejectedError("no")]
)
def test_an_interrupt_and_an_error_that_is_typed_tell_whether_the_request_left(
    session: nx.Session, monkeypatch: pytest.MonkeyPatch, problem: BaseException, ask: Request, left: bool
) -> None:
    answer_by(session, monkeypatch, left, problem)
    with pytest.raises(type(problem)) as caught:
        session.call_with_slot(ask, "slot", session.make_attempt())
    assert caught.value is problem
    assert caught.value.left is left  # type: ignore[attr-defined]


def test_a_request_that_was_late_is_told_by_an_error_that_shows_nothing_of_the_wire(
    session: nx.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_by(session, monkeypatch, False, LateError("of the wire"))
    with pytest.raises(LateError, match="its turn under the limit is over") as caught:
        session.call_with_slot(WRITE, "slot", session.make_attempt())
    assert "of the wire" not in str(caught.value)


# --- answers and the cache -------------------------------------------------------------------------------------------


class Wire:
    """Stands in for the wire: gives answers in turn, and does something while each is under way."""

    def __init__(self, session: nx.Session, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[str] = []
        self.status, self.content, self.meanwhile = 200, BODY, (lambda: None)
        monkeypatch.setattr(session, "_transmit_in_turn", self.transmit)

    def transmit(self, request: Request, *_: Any) -> tuple[int, dict[str, str], bytes, str]:
        self.asked.append(request.path)
        self.meanwhile()
        return self.status, {}, self.content, ""


@pytest.fixture
def wire(session: nx.Session, monkeypatch: pytest.MonkeyPatch) -> Wire:
    return Wire(session, monkeypatch)


@pytest.mark.parametrize(
    ("status", "content", "is_kept"),
    [
        (200, BODY, True),
        (201, BODY, False),
        (202, BODY, False),
        (203, BODY, False),
        (206, BODY, False),
        (200, b"nonsense", False),
        (200, b"5", False),
        (400, BODY, False),
        (404, BODY, False),
        (500, BODY, False),
    ],
)
def test_only_a_sound_answer_of_the_usual_status_is_kept(
    session: nx.Session, wire: Wire, status: int, content: bytes, is_kept: bool
) -> None:
    wire.status, wire.content = status, content
    for _ in range(2):
        try:
            found = session.read_with_source(READ)
        except nx.NexmoError:
            found = None
    assert session.cache is not None
    assert len(session.cache.responses) == is_kept
    first = wire.asked.copy()
    wire.status, wire.content = 200, BODY
    assert session.read_with_source(READ).cached == is_kept
    assert len(wire.asked) == len(first) + (not is_kept)
    if is_kept:
        assert found is not None
        assert found.cached
        assert first == ["/v2/applications"]


@pytest.mark.parametrize(
    ("ask", "is_kept"),
    [
        (READ, True),
        (Request("x", "POST", "/v2/applications", host="api", family="applications"), False),
        (Request("x", "GET", "/account/get-balance", family="balance"), False),
    ],
)
def test_only_reads_of_what_changes_seldom_are_kept(
    session: nx.Session, wire: Wire, ask: Request, is_kept: bool
) -> None:
    assert [session.read_with_source(ask).cached for _ in range(2)] == [False, is_kept]
    assert session.cache is not None
    assert len(session.cache.responses) == is_kept  # nothing else is written to the disk
    assert [session.read_with_source(ask, refresh=True).cached for _ in range(2)] == [False, False]


def test_what_was_kept_is_shown_to_the_same_question_alone(session: nx.Session, wire: Wire) -> None:
    asks = [
        READ,
        Request("x", "GET", READ.path, host="api", family="applications", params={"page": "1"}),
        Request("x", "GET", READ.path, host="api", family="applications", params={"page": "2"}),
        Request("x", "GET", READ.path + "/1", host="api", family="applications"),
    ]
    assert [session.read_with_source(ask).cached for ask in asks] == [False] * 4
    assert [session.read_with_source(ask).cached for ask in asks] == [True] * 4


def test_what_changed_while_it_was_read_is_asked_again(session: nx.Session, wire: Wire) -> None:
    wire.meanwhile = lambda: session.drop_cached("owned")  # of another family
    session.call(READ)
    assert session.read_with_source(READ).cached
    wire.meanwhile = lambda: session.drop_cached("applications")
    session.call(READ, refresh=True)
    wire.meanwhile = lambda: None
    assert not session.read_with_source(READ).cached
    assert session.read_with_source(READ).cached


@pytest.mark.parametrize(("status", "is_kept"), [(404, False), (410, False), (400, True), (401, True), (500, True)])
def test_what_is_not_found_any_more_voids_what_shows_it(
    session: nx.Session, wire: Wire, status: int, is_kept: bool
) -> None:
    session.call(READ)
    wire.status = status
    one = Request("look", "GET", READ.path + "/1", host="api", family="applications")
    with pytest.raises(nx.NexmoError):
        session.call(one)
    wire.status = 200
    assert session.read_with_source(READ).cached == is_kept


def test_what_is_in_the_cache_and_cannot_be_read_is_asked_again(session: nx.Session, wire: Wire) -> None:
    session.call(READ)
    assert session.cache is not None
    (key,) = session.cache.responses
    session.cache.save_body(key, b"nonsense", 60)
    assert not session.read_with_source(READ).cached
    assert session.read_with_source(READ).cached


def test_a_slot_is_taken_for_the_family_and_confirmed_whatever_happens(
    session: nx.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[tuple[Any, ...]] = []
    monkeypatch.setattr(session.throttle, "acquire", lambda *given, sender: taken.append((*given, sender)))
    monkeypatch.setattr(session.throttle, "confirm", lambda slot: taken.append((slot, "done")))

    def transmit(request: Request, auth: Any, attempt: Attempt, slot: str) -> Any:
        taken.append((slot, "left"))
        raise KeyboardInterrupt

    monkeypatch.setattr(session, "_transmit", transmit)
    with pytest.raises(KeyboardInterrupt):
        session.call(READ)
    slot = taken[0][0]
    assert taken == [(slot, "applications", ""), (slot, "left"), (slot, "done")]


def test_a_doubt_is_looked_for_after_writes_alone(session: nx.Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Attempt, "find_doubt", lambda _: "two came")
    assert session.call(READ)
    with pytest.raises(nx.UnknownOutcomeError, match="two came"):
        session.call(Request("make it", "POST", "/v2/applications", host="api", json={"name": "x"}))


@pytest.mark.parametrize("status", [200, 206, 299])
def test_a_file_is_asked_for_in_any_kind_and_may_take_long(
    session: nx.Session, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, status: int
) -> None:
    kinds: list[Any] = []
    times: list[float] = []

    def send(prepared: Any, **_: Any) -> Any:
        kinds.append(prepared.headers["Accept"])
        return SimpleNamespace(status_code=status, headers={})

    monkeypatch.setattr(session, "send", send)
    monkeypatch.setattr(SESSION, "download_body", lambda _, path: path.write_bytes(b"x"))
    monkeypatch.setattr(Attempt, "allow", lambda _, seconds: times.append(seconds))
    ask = Request("download it", "GET", "/v3/media/1", host="api", download_to=tmp_path / "report.zip")
    assert session.call(ask) == tmp_path / "report.zip"
    assert (kinds, times) == (["*/*"], [SLOWEST_FILE])


# --- waits -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("wait", "said"), [(0.5, []), (1.0, []), (1.5, ["2 s"]), (7.0, ["7 s"])])
def test_a_wait_that_the_server_asks_for_is_told_from_a_second_on(
    session: nx.Session, waits: list[float], wait: float, said: list[str]
) -> None:
    told: list[str] = []
    session.throttle.notify = told.append
    session._wait_for_retry(READ, wait)
    assert waits == [wait]
    assert told == [f"Waiting {each} to list again: the server asks for it." for each in said]


def test_an_interrupt_of_a_wait_says_that_nothing_is_under_way(session: nx.Session) -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    session.pause = interrupt
    with pytest.raises(KeyboardInterrupt) as caught:
        session._wait_for_retry(WRITE, 0.5)
    assert caught.value.left is False  # type: ignore[attr-defined]


# --- what is sent, and what is not taken -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("timeout", "expected"), [(2.0, (2.0, 2.0)), (CONNECT_TIMEOUT, (5.0, 5.0)), (20.0, (5.0, 20.0))]
)
def test_a_connection_is_waited_for_no_longer_than_an_answer(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, timeout: float, expected: tuple[float, float]
) -> None:
    with connected(sandbox, timeout=timeout) as session:
        real, seen = session.send, []

        def send(prepared: Any, **options: Any) -> Any:
            seen.append(options)
            return real(prepared, **options)

        monkeypatch.setattr(session, "send", send)
        nx.applications()
    assert seen == [{"stream": True, "allow_redirects": False, "timeout": expected}]


def test_each_request_says_who_asks_for_what_and_that_the_connection_ends(session: nx.Session) -> None:
    headers = session.prepare_request(requests.Request("GET", session.account.api_host)).headers
    assert headers["Accept"] == "application/json"
    assert headers["Connection"] == "close"
    assert headers["User-Agent"].startswith("nexmo-nb/")


def test_no_cookie_is_kept(session: nx.Session) -> None:
    cookie = requests.cookies.create_cookie("name", "value", domain="127.0.0.1")
    ask = requests.Request("GET", session.account.api_host).prepare()
    policy = session.cookies.get_policy()
    assert not policy.set_ok(cookie, requests.cookies.MockRequest(ask))


@pytest.mark.parametrize("value", [False, None, 0, ""])
def test_the_check_of_certificates_cannot_be_turned_off(session: nx.Session, value: Any) -> None:
    with pytest.raises(nx.InvalidRequestError, match=r"^session.verify: got"):
        session.verify = value
    assert session.verify in (True, os.environ.get("REQUESTS_CA_BUNDLE"), os.environ.get("CURL_CA_BUNDLE"))
    session.verify = "/etc"
    assert session.verify == "/etc"


def test_the_environment_is_read_once(session: nx.Session) -> None:
    with pytest.raises(nx.InvalidRequestError, match=r"^session.trust_env: got True; allowed: False"):
        session.trust_env = True
    assert session.trust_env is False
    session.trust_env = False


def test_a_closed_session_closes_all_that_it_opened(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    session = connected(sandbox)
    parts = ("cache", "throttle", "ledger", "price_history", "report_requests")
    done: list[str] = []
    with monkeypatch.context() as patch:
        for part in parts:
            for name in ("rest", "close"):
                patch.setattr(getattr(session, part), name, partial(done.append, f"{name} {part}"))
        session.rest()
        assert sorted(done) == sorted(f"rest {part}" for part in parts)
        done.clear()
        session.close()
        assert sorted(done) == sorted(f"close {part}" for part in parts)
    session.close()


def test_one_ledger_is_opened_by_all_threads(session: nx.Session) -> None:
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(session.ledger)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(each) for each in found}) == 1
