"""The session: cached outside, throttled inside, one answer or one error, and no accident costs a call twice."""

from __future__ import annotations

import copy
import importlib
import os
import pickle
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from helpers import connected, hold_answers
from raw_server import OneAnswerServer

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox
from nexmo_nb.sandbox.exchange import Answer
from nexmo_nb.session import Listing, Request
from nexmo_nb.session.auth import Auth

LIST = Request("list things", "GET", "/things")
LISTING = Listing(page="index", size="size", rows=("numbers",), total="count")
KINDS = ["429", "500", "503", "drop-before", "drop-after", "garbage", "truncated"]

SESSION = importlib.import_module("nexmo_nb.session.session")


# --- cache -----------------------------------------------------------------------------------------------------------


def test_a_second_read_comes_from_the_cache_and_takes_no_slot(session: nx.Session, sandbox: Sandbox) -> None:
    first = nx.search_numbers("GB")
    used, requests = session.throttle.status().used, len(sandbox.requests)
    assert nx.search_numbers("GB").equals(first)
    assert (session.throttle.status().used, len(sandbox.requests)) == (used, requests)


def test_refresh_asks_anew_and_renews_the_cache(session: nx.Session, sandbox: Sandbox) -> None:
    nx.applications()
    nx.applications(refresh=True)
    nx.applications()
    assert len(sandbox.requests) == 2
    assert "cache-control" not in sandbox.requests[0]["headers"]


def test_the_cache_outlives_the_session(sandbox: Sandbox) -> None:
    with connected(sandbox):
        nx.applications()
    with connected(sandbox):
        nx.applications()
    assert len(sandbox.requests) == 1


def test_without_a_cache_every_read_is_asked(sandbox: Sandbox, tmp_path: Path) -> None:
    with connected(sandbox, cache=False):
        nx.applications()
        nx.applications()
    assert len(sandbox.requests) == 2
    assert not list(tmp_path.rglob("cache*"))


def test_accounts_never_see_each_others_answers(sandbox: Sandbox) -> None:
    with connected(sandbox):
        nx.applications()
    with connected(sandbox, api_key="other123", api_secret="Wrong0ne"), pytest.raises(nx.AuthenticationError):
        nx.applications()


@pytest.mark.parametrize(
    ("change", "read"),
    [
        (lambda: nx.buy_number("PT", nx.search_numbers("PT", limit=1).msisdn[0]), nx.owned_numbers),
        (lambda: nx.delete_application(nx.applications().id[0]), nx.applications),
        (lambda: nx.update_application(nx.applications().id[0], name="New"), nx.applications),
    ],
)
def test_a_change_clears_the_family_that_it_touches_and_no_other(
    session: nx.Session, sandbox: Sandbox, change: Callable[[], Any], read: Callable[[], Any]
) -> None:
    before = read()
    nx.search_numbers("GB", limit=1)
    change()
    asked = len(sandbox.requests)
    assert not read().equals(before)
    assert len(sandbox.requests) == asked + 1
    if read is nx.applications:
        nx.search_numbers("GB", limit=1)
        assert len(sandbox.requests) == asked + 1


def test_a_change_of_unknown_outcome_clears_the_family_too(session: nx.Session, sandbox: Sandbox) -> None:
    first = nx.applications()
    sandbox.fail_next("drop-after")
    with pytest.raises(nx.UnknownOutcomeError):
        nx.delete_application(first.id[0])
    assert first.id[0] not in nx.applications().id.tolist()


def test_errors_and_refusals_are_not_cached(session: nx.Session, sandbox: Sandbox) -> None:
    sandbox.fail_next("garbage", times=3)
    with pytest.raises(nx.UnreachableError):
        nx.applications()
    assert len(nx.applications()) > 0


def test_pages_of_different_times_are_not_mixed(session: nx.Session, sandbox: Sandbox) -> None:
    nx.search_numbers("US", limit=100)
    assert len(sandbox.requests) == 1
    found = nx.search_numbers("US", limit=200)
    assert [request["query"]["index"] for request in sandbox.requests] == ["1", "2", "1", "2"]
    assert found.msisdn.is_unique


def reads_after(sandbox: Sandbox) -> list[int]:
    with connected(sandbox):
        return [len(nx.search_numbers(country, limit=1)) for country in ("GB", "US", "PT")]


def cache_file(session: nx.Session) -> Path:
    return session.throttle.path.with_name("cache.sqlite")


@pytest.mark.parametrize("damage", ["garbage", "pages", "truncated", "schema"])
def test_a_damaged_cache_costs_one_warning_and_no_call(sandbox: Sandbox, damage: str) -> None:
    with connected(sandbox) as session:
        for country in ("GB", "US", "PT", "DE", "FR"):
            nx.search_numbers(country, limit=1)
        path = cache_file(session)
    content = path.read_bytes()
    if damage == "garbage":
        path.write_bytes(b"not a database " * 1000)
    elif damage == "pages":
        path.write_bytes(content[:4096] + os.urandom(len(content) - 4096))
    elif damage == "truncated":
        path.write_bytes(content[: len(content) // 2])
    else:
        path.unlink()
        with sqlite3.connect(path) as old:
            old.execute("CREATE TABLE answers (something_else TEXT)")
        old.close()
    with pytest.warns(UserWarning, match="cache.sqlite cannot be used") as caught:
        found = reads_after(sandbox)
    assert found == [1, 1, 1]
    assert len(caught) == 1


def test_a_cache_that_another_process_holds_costs_a_warning_and_no_call(sandbox: Sandbox) -> None:
    with connected(sandbox) as session:
        path = cache_file(session)
        holder = sqlite3.connect(path)
        holder.execute("BEGIN EXCLUSIVE")
        with pytest.warns(UserWarning, match="cannot be used"):
            assert len(nx.applications()) > 0
        assert len(nx.applications()) > 0
        holder.close()


def test_an_interrupt_inside_a_cache_write_leaves_the_cache_usable(session: nx.Session, sandbox: Sandbox) -> None:
    database = session.cache.responses._database
    real = database._connection

    class Interrupting:
        """A connection whose next insert is interrupted, as by Ctrl-C."""

        in_transaction = property(lambda self: real.in_transaction)

        def execute(self, statement: str, *values: Any) -> Any:
            if statement.startswith("REPLACE"):
                raise KeyboardInterrupt
            return real.execute(statement, *values)

        rollback = real.rollback

    database._connection = Interrupting()
    with pytest.raises(KeyboardInterrupt):
        nx.applications()
    database._connection = real
    nx.applications()
    nx.applications()
    assert len(sandbox.requests) == 2


# --- pages -----------------------------------------------------------------------------------------------------------


class Answers:
    """Stands in for the wire below `read_pages`: gives prepared bodies in turn."""

    def __init__(self, session: nx.Session, bodies: list[Any]) -> None:
        self.bodies, self.asked = list(bodies), 0
        session.__dict__["read_with_source"] = self.read

    def read(self, request: Request, refresh: bool) -> Any:
        from nexmo_nb.session.response import Response

        self.asked += 1
        return Response(self.bodies.pop(0), cached=False)


def numbers(*names: int) -> list[dict[str, int]]:
    return [{"msisdn": name} for name in names]


@pytest.mark.parametrize(
    ("bodies", "rows", "total"),
    [
        ([{}], [], 0),
        ([{"count": 0, "numbers": []}], [], 0),
        ([{"count": "2", "numbers": numbers(1, 2)}], [1, 2], 2),
        ([{"numbers": numbers(1, 2)}], [1, 2], 2),
        ([{"numbers": numbers(*range(100))}, {"numbers": numbers(100)}], list(range(101)), 101),
        ([{"numbers": numbers(*range(100))}, {}], list(range(100)), 100),
        ([{"count": 3, "numbers": numbers(1, 2)}, {"count": 3, "numbers": numbers(3)}], [1, 2, 3], 3),
        (
            [
                {"count": 2, "numbers": numbers(1)},
                {"count": 3, "numbers": numbers(2)},
                {"count": 3, "numbers": numbers(3)},
            ],
            [1, 2, 3],
            3,
        ),
    ],
)
def test_pages_are_read_until_all_rows_are_there(
    session: nx.Session, bodies: list[Any], rows: list[int], total: int
) -> None:
    answers = Answers(session, bodies)
    found = session.read_pages(LIST, LISTING)
    assert ([row["msisdn"] for row in found.rows], found.total, answers.bodies) == (rows, total, [])


@pytest.mark.parametrize(
    ("body", "limit", "rows", "total"),
    [
        ({"count": 9, "numbers": numbers(1, 2, 3)}, 2, [1, 2], 9),
        ({"count": 9, "numbers": numbers(1, 2, 3)}, 3, [1, 2, 3], 9),
        ({"count": 1, "numbers": numbers(1, 2, 3)}, 2, [1, 2], 3),
        ({"numbers": numbers(1, 2, 3)}, 2, [1, 2], 3),
    ],
)
def test_no_more_rows_are_given_than_asked_for_and_the_total_is_told(
    session: nx.Session, body: Any, limit: int, rows: list[int], total: int
) -> None:
    Answers(session, [body])
    found = session.read_pages(LIST, LISTING, limit=limit)
    assert ([row["msisdn"] for row in found.rows], found.total) == (rows, total)


def test_a_call_under_a_slot_that_is_held_is_asked_and_never_looked_up(session: nx.Session, sandbox: Sandbox) -> None:
    ask = Request("list", "GET", "/v2/applications", host="api", family="applications")
    for slot in ("one", "two"):
        session.throttle.acquire(slot, "applications")
        assert session.call_with_slot(ask, slot, session.make_attempt())["_embedded"]
    assert len(sandbox.requests) == 2


def test_fewer_rows_than_announced_are_never_silent(session: nx.Session) -> None:
    Answers(session, [{"count": 5, "numbers": numbers(1, 2)}, {}])
    with pytest.warns(UserWarning, match="announced 5 rows and gave 2"):
        assert len(session.read_pages(LIST, LISTING).rows) == 2


def test_a_page_that_repeats_is_an_error_and_not_a_loop(session: nx.Session) -> None:
    Answers(session, [{"count": 9, "numbers": numbers(1, 2)}] * 3)
    with pytest.raises(nx.UnreachableError, match="page 2 repeats"):
        session.read_pages(LIST, LISTING)


@pytest.mark.parametrize("body", [[], {"numbers": 5}, {"count": "many", "numbers": []}, {"numbers": [1]}, None])
def test_a_body_that_is_no_page_is_an_error(session: nx.Session, body: Any) -> None:
    Answers(session, [body])
    with pytest.raises(nx.UnreachableError, match="not a list of rows"):
        session.read_pages(LIST, LISTING)


def test_an_answer_that_is_no_list_is_not_kept(session: nx.Session, sandbox: Sandbox) -> None:
    real, bad = sandbox.answer, [Answer(200, {"count": 1, "numbers": "oops"}), Answer(200, {"countries": 5})]
    sandbox.answer = lambda request: (bad.pop(0), {}) if bad else real(request)  # type: ignore[method-assign]
    with pytest.raises(nx.UnreachableError, match="not a list of rows"):
        nx.owned_numbers()
    with pytest.raises(nx.UnreachableError, match="no list of countries"):
        nx.prices()
    assert len(nx.owned_numbers()) > 0
    assert len(nx.prices()) > 0


@pytest.mark.parametrize("kind", ["500", "drop-before", "garbage"])
def test_a_page_that_fails_fails_the_whole(session: nx.Session, sandbox: Sandbox, kind: str) -> None:
    nx.search_numbers("US", limit=100)
    sandbox.fail_next(kind, times=100)
    with pytest.raises(nx.UnreachableError, match="search numbers in US"):
        nx.search_numbers("US")


# --- tries -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_read_is_tried_three_times_and_each_try_takes_a_slot(
    session: nx.Session, sandbox: Sandbox, waits: list[float], kind: str
) -> None:
    sandbox.fail_next(kind, times=2)
    assert len(nx.applications()) > 0
    assert len(sandbox.requests) == 3
    assert session.throttle.status().used == 3
    assert waits == [0.5, 1.0]


@pytest.mark.parametrize("kind", KINDS)
def test_a_read_that_keeps_failing_is_told(session: nx.Session, sandbox: Sandbox, kind: str) -> None:
    sandbox.fail_next(kind, times=9)
    with pytest.raises((nx.UnreachableError, nx.RateLimitedError)) as caught:
        nx.applications()
    assert caught.value.retryable
    assert len(sandbox.requests) == 3


def test_retry_after_is_waited_for(session: nx.Session, sandbox: Sandbox, waits: list[float]) -> None:
    sandbox.fail_next("429", retry_after=7)
    nx.applications()
    assert waits == [7.0]


def test_a_long_retry_after_is_the_callers_decision(session: nx.Session, sandbox: Sandbox, waits: list[float]) -> None:
    sandbox.fail_next("429", retry_after=600)
    with pytest.raises(nx.RateLimitedError) as caught:
        nx.applications()
    assert (caught.value.retry_after, waits) == (600.0, [])


@pytest.mark.parametrize("code", [400, 401, 404, 420])
def test_what_another_try_cannot_mend_is_asked_once(session: nx.Session, sandbox: Sandbox, code: int) -> None:
    calls = {
        400: lambda: session.call(Request("search", "GET", "/number/search")),
        401: lambda: session.call(Request("list", "GET", "/v2/applications", auth="form", host="api")),
        404: lambda: session.call(Request("look", "GET", "/no/such/path")),
        420: lambda: nx.buy_number("GB", "447000000001"),
    }
    with pytest.raises(nx.NexmoError) as caught:
        calls[code]()
    assert caught.value.status == code
    assert len(sandbox.requests) == 1


def test_a_redirect_is_not_followed(session: nx.Session, sandbox: Sandbox) -> None:
    with Sandbox() as other:
        sandbox.fail_next("redirect", times=3, location=f"{other.url}/v2/applications")
        with pytest.raises(nx.UnreachableError, match="redirect"):
            nx.applications()
        assert other.requests == []


@pytest.mark.slow
def test_an_interrupt_while_waiting_for_an_answer_is_an_interrupt(sandbox: Sandbox) -> None:
    code = (
        "import nexmo_nb as nx, sys\n"
        f"nx.connect({sandbox.url!r}, timeout=600)\n"
        "print('ready', flush=True)\n"
        "try: nx.send_sms('447700900123', 'Hello', sender='Demo')\n"
        "except KeyboardInterrupt: print('interrupted', flush=True)\n"
        "print(nx.applications().shape[1], nx.current().throttle.status().used)\n"
    )
    sandbox.fail_next("slow", seconds=600, path="/sms/json")
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    while not sandbox.requests:
        time.sleep(0.01)
    child.send_signal(2)
    out, _ = child.communicate(timeout=300)
    assert out.split("\n")[:2] == ["interrupted", "11 2"]
    assert [request["path"] for request in sandbox.requests] == ["/sms/json", "/v2/applications"]


def test_an_answer_that_came_is_not_lost_if_the_slot_cannot_be_stamped(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = session.throttle.acquire

    def acquire(*arguments: str, **options: str) -> None:
        real(*arguments, **options)
        session.throttle._database._connection.execute("PRAGMA query_only = ON")

    monkeypatch.setattr(session.throttle, "acquire", acquire)
    assert nx.send_sms("447700900123", "Hello", sender="Demo").status.tolist() == ["0"]


def test_what_cannot_be_counted_is_not_sent(session: nx.Session, sandbox: Sandbox) -> None:
    session.throttle._database._connection.execute("PRAGMA query_only = ON")
    with pytest.raises(nx.UnreachableError, match=r"throttle\.sqlite cannot be used.*readonly.*Nothing was sent"):
        nx.send_sms("447700900123", "Hello", sender="Demo")
    assert sandbox.requests == []


# --- the limit -------------------------------------------------------------------------------------------------------


def most_in_any_window(moments: list[float], period: float) -> int:
    return max(sum(1 for other in moments if moment <= other < moment + period) for moment in moments)


WORKER = """
import sys, time
import nexmo_nb as nx
session = nx.connect(sys.argv[1], calls=20, period=2.0, cache=False)
session.throttle.notify = lambda _: None
for _ in range(int(sys.argv[2])):
    nx.applications(limit=1)
"""


@pytest.mark.slow
def test_four_processes_together_keep_the_limit(sandbox: Sandbox) -> None:
    children = [subprocess.Popen([sys.executable, "-c", WORKER, sandbox.url, "15"]) for _ in range(4)]
    assert [child.wait(300) for child in children] == [0] * 4
    arrivals = [request["at"] for request in sandbox.requests]
    assert len(arrivals) == 60
    assert most_in_any_window(arrivals, 2.0) <= 20


def test_threads_of_one_session_keep_the_limit(sandbox: Sandbox) -> None:
    with connected(sandbox, calls=10, period=0.5, cache=False):
        threads = [threading.Thread(target=lambda: [nx.applications(limit=1) for _ in range(5)]) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    arrivals = [request["at"] for request in sandbox.requests]
    assert len(arrivals) == 30
    assert most_in_any_window(arrivals, 0.5) <= 10


@pytest.mark.slow
def test_the_published_limits_are_kept_against_a_server_that_enforces_them() -> None:
    with Sandbox() as strict:
        session = nx.connect(strict.url)
        session.throttle.notify = lambda _: None
        for country in ("GB", "PT", "US", "DE"):
            nx.search_numbers(country, limit=1)
        assert [request["status"] for request in strict.requests] == [200] * 4


# --- the object ------------------------------------------------------------------------------------------------------


def test_a_session_is_neither_pickled_nor_copied(session: nx.Session) -> None:
    with pytest.raises((TypeError, NotImplementedError)):
        pickle.dumps(session)
    with pytest.raises((TypeError, NotImplementedError)):
        copy.deepcopy(session)


def test_the_repr_tells_where_it_leads(session: nx.Session, sandbox: Sandbox) -> None:
    assert sandbox.url in repr(session)
    assert sandbox.api_key in repr(session)


def test_functions_take_a_session_of_their_own(sandbox: Sandbox) -> None:
    one = connected(sandbox)
    with Sandbox(limits=False, owned=3) as other:
        connected(other)
        assert len(nx.owned_numbers()) == 3
        assert len(nx.owned_numbers(session=one)) != 3
        one.close()


def test_proxies_are_read_once_when_connecting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    session = nx.connect("live", api_key="abcd1234", api_secret="s")
    monkeypatch.delenv("HTTPS_PROXY")
    session.pause = lambda _: None
    assert session.proxies["https"] == "http://127.0.0.1:9"
    with pytest.raises(nx.UnreachableError, match="proxy"):
        nx.applications()


def test_a_proxy_that_hangs_up_in_the_middle_gets_a_write_once() -> None:
    proxy = OneAnswerServer()
    session = nx.connect("live", api_key="abcd1234", api_secret="s")
    session.account = replace(session.account, rest_host="http://gateway.test")
    session.proxies = {"http": proxy.url}
    session.pause = lambda _: None
    with pytest.raises(nx.UnknownOutcomeError):
        nx.send_sms("447700900123", "Hello", sender="Demo")
    assert proxy.posts == 1
    proxy.listener.close()


def test_this_machines_own_addresses_are_not_asked_through_a_proxy(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    with connected(sandbox):
        assert len(nx.applications()) > 0


BODY = b'{"message-count":"1","messages":[{"to":"447700900123","status":"0","message-id":"m","message-price":""}]}'


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://[bad\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 7\r\n\r\n" + BODY,
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
        b"nonsense\r\n\r\n",
    ],
)
def test_an_odd_answer_to_a_write_is_unknown_and_the_write_is_sent_once(answer: bytes) -> None:
    server = OneAnswerServer(answer)
    session = nx.connect(server.url, api_key="abcd1234", api_secret="s")
    session.pause = lambda _: None
    with pytest.raises(nx.UnknownOutcomeError):
        nx.send_sms("447700900123", "Hello", sender="Demo")
    assert server.posts == 1
    assert nx.sent().state.tolist() == ["unknown"]
    server.listener.close()


@pytest.mark.parametrize("status", [b"302 Found", b"304 Not Modified", b"404 Not Found", b"500 Internal Server Error"])
def test_only_a_success_is_written_into_the_file_of_a_report(tmp_path: Path, status: bytes) -> None:
    server = OneAnswerServer(
        b"HTTP/1.1 " + status + b"\r\nLocation: /\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"
    )
    session = nx.connect(server.url, api_key="abcd1234", api_secret="s")
    session.pause = lambda _: None
    path = tmp_path / "report.zip"
    with pytest.raises(nx.NexmoError, match="download a report"):
        session.call(Request("download a report", "GET", "/v3/media/1", host="api", download_to=path))
    assert not path.exists()
    server.listener.close()


def test_a_success_is_written_into_the_file_of_a_report(tmp_path: Path) -> None:
    server = OneAnswerServer(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")
    session = nx.connect(server.url, api_key="abcd1234", api_secret="s")
    path = tmp_path / "report.zip"
    assert session.call(Request("download a report", "GET", "/v3/media/1", host="api", download_to=path)) == path
    assert (path.read_bytes(), oct(path.stat().st_mode & 0o777)) == (b"hello", "0o600")
    server.listener.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no file that is always full")
def test_a_full_disk_is_not_called_a_broken_connection() -> None:
    server = OneAnswerServer(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")
    session = nx.connect(server.url, api_key="abcd1234", api_secret="s")
    session.pause = lambda _: None
    ask = Request("download a report", "GET", "/v3/media/1", host="api", download_to=Path("/dev/full"))
    with pytest.raises(nx.UnreachableError, match="its file cannot be written .No space left on device"):
        session.call(ask)
    server.listener.close()


def test_a_price_that_is_no_number_does_not_lose_the_answer() -> None:
    server = OneAnswerServer(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(BODY) + BODY)
    nx.connect(server.url, api_key="abcd1234", api_secret="s")
    assert nx.send_sms("447700900123", "Hello", sender="Demo").price.isna().all()
    assert nx.sent().state.tolist() == ["accepted"]
    server.listener.close()


def test_a_request_is_signed_after_the_wait_for_its_slot(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = {"api_key": sandbox.api_key, "api_secret": "x", "signature_secret": sandbox.signature_secret}
    with connected(sandbox, **keys) as session:
        moment = [1_000_000.0]
        monkeypatch.setattr(SESSION, "Auth", partial(Auth, clock=lambda: moment[0]))
        real = session.throttle.acquire

        def acquire(*arguments: Any, **options: Any) -> None:
            moment[0] = time.time()
            real(*arguments, **options)

        monkeypatch.setattr(session.throttle, "acquire", acquire)
        assert nx.send_sms("447700900123", "Hello", sender="Demo").status.tolist() == ["0"]


def test_a_key_that_cannot_sign_leaves_no_trace(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> None:
        raise ValueError("cannot sign")

    monkeypatch.setattr(SESSION, "Auth", lambda *_: broken)
    with pytest.raises(ValueError, match="cannot sign"):
        nx.send_voice("447700900123", "Hello", key="v1")
    assert sandbox.requests == []
    assert len(nx.sent()) == 0


def test_a_slow_read_does_not_bring_back_what_a_change_took_away(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = nx.applications(refresh=True).id[0]
    released = hold_answers(sandbox, monkeypatch)
    sandbox.fail_next("slow", seconds=0.001)
    reader = threading.Thread(target=lambda: nx.applications(refresh=True))
    reader.start()
    while len(sandbox.requests) < 2:
        time.sleep(0.005)
    nx.delete_application(first)
    released.set()
    reader.join()
    assert first not in nx.applications().id.tolist()


def test_what_is_not_found_any_more_is_not_shown_from_the_cache(session: nx.Session, sandbox: Sandbox) -> None:
    first = nx.applications().id[0]
    nx.application(first)
    sandbox.world.applications.pop(first)
    for refresh in (True, False):
        with pytest.raises(nx.NotFoundError):
            nx.application(first, refresh=refresh)


def test_a_renewed_first_page_is_not_mixed_with_older_ones(session: nx.Session, sandbox: Sandbox) -> None:
    nx.search_numbers("US")
    nx.search_numbers("US", limit=5, refresh=True)
    asked = len(sandbox.requests)
    assert nx.search_numbers("US").msisdn.is_unique
    assert len(sandbox.requests) > asked


def test_certificates_that_are_not_there_are_said_when_connecting(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/no/such/bundle.pem")
    with pytest.raises(nx.InvalidRequestError, match="REQUESTS_CA_BUNDLE"):
        connected(sandbox)


def test_certificates_are_always_checked(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CURL_CA_BUNDLE", "")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "")
    monkeypatch.setenv("PYTHONHTTPSVERIFY", "0")
    with connected(sandbox) as session:
        assert session.verify is True
