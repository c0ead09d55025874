"""Answers that shift: one that comes twice, early or after an interim one is never taken for another request's."""

from __future__ import annotations

import ssl
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from helpers import connected
from raw_server import Pieces, RawServer, write_answer

import nexmo_nb as nx
from nexmo_nb.sandbox.tls import Tls, make_tls
from nexmo_nb.session import transport

TO = [f"3519{12_340_001 + n:08d}" for n in range(12)]
HOOKS = {"answer_url": "https://e.org/a", "event_url": "https://e.org/e"}


def say_hints_first(answer: bytes) -> Pieces:
    return [b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", None, None, answer]


def say_to_go_on_first(answer: bytes) -> Pieces:
    return [b"HTTP/1.1 100 Continue\r\n\r\n", None, answer]


def say_twice(answer: bytes) -> Pieces:
    return [answer, None, answer]


def say_twice_at_once(answer: bytes) -> Pieces:
    return [answer + answer]


def say_all(answer: bytes) -> Pieces:
    return [b"HTTP/1.1 102 Processing\r\n\r\n", None, answer, None, answer]


MANNERS = {
    "after 103": say_hints_first,
    "after 100": say_to_go_on_first,
    "twice": say_twice,
    "twice at once": say_twice_at_once,
    "after 102 and twice": say_all,
}
# Which of the requests are acted on, and what the others are told; a request that is sent again counts anew.
MIXTURES: dict[str, Callable[[int], str]] = {
    "all accepted": lambda _: "0",
    "some throttled": lambda n: "1" if n % 3 == 1 else "0",
    "some rejected": lambda n: "6" if n % 3 == 1 else "0",
    "some refused with 429": lambda n: "429" if n % 3 == 1 else "0",
    "some refused with 401": lambda n: "401" if n % 3 == 1 else "0",
    "all of them": lambda n: ["0", "1", "0", "6", "0", "429", "0", "401"][n % 8],
}


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine a second answer may be late; no server here is silent without hanging up, where not said."""
    monkeypatch.setattr(transport, "LAST_WAIT", 30)


@pytest.fixture(params=MANNERS)
def manner(request: pytest.FixtureRequest) -> Callable[[bytes], Pieces]:
    return MANNERS[request.param]


# The last has what each of the others has.
QUICK = ("all accepted", "all of them")


@pytest.fixture(params=[pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in MIXTURES])
def server(request: pytest.FixtureRequest, manner: Callable[[bytes], Pieces]) -> Iterator[RawServer]:
    with RawServer(manner, verdicts=MIXTURES[request.param]) as server:
        yield server


def connect_to(server: RawServer) -> nx.Session:
    keys = {"api_key": "abcd1234", "api_secret": "S3cretS3cret"}
    return connected(server, sleep=lambda _: None, cache=False, timeout=30, **keys)  # type: ignore[arg-type]


def attempt(call: Callable[[], Any]) -> Any:
    """Give what a call returns, or its error."""
    try:
        return call()
    except nx.NexmoError as problem:
        return problem


def check_ledger(server: RawServer) -> None:
    """What the ledger says of each message is what the server did with it, or that nobody knows."""
    assert max(server.done.values()) == 1
    for row in nx.sent().to_dict("records"):
        if row["state"] == "accepted":
            assert row["message_ids"] == server.ids[row["client_ref"]]
        elif row["state"] in ("rejected", "planned"):
            assert server.done[row["client_ref"]] == 0
        else:
            assert row["state"] == "unknown"


def test_a_message_is_sent_once_and_has_its_own_id(server: RawServer) -> None:
    with connect_to(server):
        for n in range(6):
            found = attempt(lambda n=n: nx.send_sms(TO[0], f"Text {n}", sender="Demo", key=f"k{n}"))
            asked = len(server.asked)
            if isinstance(found, nx.UnknownOutcomeError):
                with pytest.raises(nx.UnknownOutcomeError):
                    nx.send_sms(TO[0], f"Text {n}", sender="Demo", key=f"k{n}")
                assert len(server.asked) == asked
        check_ledger(server)


def test_a_batch_sends_each_message_once_however_often_it_is_run(server: RawServer) -> None:
    with connect_to(server):
        plan = nx.plan_sms(TO, "Hello", sender="Demo")
        for _ in range(3):
            attempt(lambda: nx.send_many(plan, batch="b", progress=False, workers=4))
        check_ledger(server)
        assert max(server.done[name] for name in server.done) == 1
        people = [asked.fields["to"] for asked in server.asked if server.done[asked.fields["client-ref"]]]
        assert set(people) <= set(TO)


def test_an_application_is_created_once_and_has_its_own_id_and_key(server: RawServer) -> None:
    with connect_to(server):
        for n in range(4):
            found = attempt(lambda n=n: nx.create_application(f"App {n}", **HOOKS))
            if not isinstance(found, nx.NexmoError):
                assert found.id.tolist() == [server.ids[f"App {n}"]]
                with open(found.private_key_path[0]) as file:
                    assert file.read() == f"KEY App {n}"
            elif not isinstance(found, nx.UnknownOutcomeError):
                assert server.done[f"App {n}"] == 0
        assert max(server.done.values(), default=0) <= 1


def test_a_number_is_bought_once_and_said_to_be_bought_only_if_it_is(server: RawServer) -> None:
    with connect_to(server):
        for n in range(4):
            number = f"44770090000{n}"
            found = attempt(lambda number=number: nx.buy_number("GB", number))
            if not isinstance(found, nx.UnknownOutcomeError):
                assert server.done[number] == (not isinstance(found, nx.NexmoError))
        assert max(server.done.values(), default=0) <= 1


@pytest.mark.parametrize("name", ["at once", *MANNERS])
def test_an_answer_that_names_the_message_counts_whatever_else_came(name: str, tls: ssl.SSLContext | None) -> None:
    with RawServer(MANNERS.get(name, lambda answer: [answer]), tls=tls) as server, connect_to(server):
        assert nx.send_sms(TO[0], "Hello", sender="Demo").message_id.tolist() == list(server.ids.values())
        assert nx.create_application("A", **HOOKS).id.tolist() == [server.ids["A"]]


@pytest.mark.parametrize("name", MANNERS)
def test_an_answer_that_names_nothing_counts_only_if_nothing_else_came(name: str, tls: ssl.SSLContext | None) -> None:
    with RawServer(MANNERS[name], tls=tls) as server, connect_to(server):
        with pytest.raises(nx.UnknownOutcomeError, match="more than one answer|interim"):
            nx.buy_number("GB", "447700900000")
        server.manner = lambda answer: [answer]
        assert nx.buy_number("GB", "447700900000").status.tolist() == ["200"]


@pytest.mark.parametrize("name", MANNERS)
@pytest.mark.parametrize("verdict", ["429", "401"])
def test_a_refusal_of_a_write_counts_only_if_nothing_else_came(name: str, verdict: str) -> None:
    with RawServer(MANNERS[name], verdicts=lambda _: verdict) as server, connect_to(server):
        with pytest.raises(nx.UnknownOutcomeError, match=f"{verdict}.*(more than one answer|interim)"):
            nx.send_sms(TO[0], "Hello", sender="Demo", key="k")
        assert len(server.asked) == 1
        server.manner = lambda answer: [answer]
        with pytest.raises((nx.RateLimitedError, nx.AuthenticationError)):
            nx.send_sms(TO[0], "Hello", sender="Demo", key="other")
        assert len(server.asked) == (4 if verdict == "429" else 2)


OTHER = {"message-count": "1", "messages": [{"status": "0", "to": TO[0], "client-ref": "other", "message-id": "m"}]}
EARLY = {
    "another's success": write_answer(OTHER),
    "another's throttle": write_answer({"messages": [{"status": "1", "error-text": "no"}]}),
    "429": write_answer({}, 429),
    "an interim answer": b"HTTP/1.1 103 Early Hints\r\n\r\n",
    "a byte": b"x",
}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    return make_tls(tmp_path_factory.mktemp("tls"))


@pytest.fixture(params=["http", "https"])
def tls(request: pytest.FixtureRequest, certificate: Tls, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext | None:
    """What a server speaks; the clients trust it."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate[1]))
    return certificate[0] if request.param == "https" else None


@pytest.mark.parametrize("name", EARLY)
def test_a_server_that_speaks_first_is_sent_nothing(
    name: str, tls: ssl.SSLContext | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = transport.Attempt.take_connection

    def wait_for_the_greeting(attempt: transport.Attempt, connected: Any) -> None:
        assert server.greeted.acquire(timeout=60)
        real(attempt, connected)

    with RawServer(greeting=lambda: EARLY[name], tls=tls) as server, connect_to(server):
        monkeypatch.setattr(transport.Attempt, "take_connection", wait_for_the_greeting)
        for _ in range(2):
            with pytest.raises(nx.UnreachableError, match="before it was asked. Nothing was sent"):
                nx.send_sms(TO[0], "Hello", sender="Demo", key="k")
        with pytest.raises(nx.UnreachableError, match="before it was asked"):
            nx.balance()
        assert server.asked == []
        assert nx.sent().empty
        server.greeting = lambda: b""
        assert nx.send_sms(TO[0], "Hello", sender="Demo", key="k").status.tolist() == ["0"]


@pytest.mark.parametrize("early", ["another's success", "another's throttle", "429"])
@pytest.mark.parametrize("verdict", ["0", "1", "6"])
def test_an_answer_that_was_on_its_way_before_the_request_is_not_taken_for_its_own(early: str, verdict: str) -> None:
    say_early = RawServer(lambda answer: [EARLY[early], None, answer], verdicts=lambda _: verdict)
    with say_early as server, connect_to(server):
        with pytest.raises(nx.UnknownOutcomeError):
            nx.send_sms(TO[0], "Hello", sender="Demo", key="k")
        with pytest.raises(nx.UnknownOutcomeError, match="was used before"):
            nx.send_sms(TO[0], "Hello", sender="Demo", key="k")
        with pytest.raises(nx.UnknownOutcomeError):
            nx.create_application("A", **HOOKS)
        with pytest.raises(nx.UnknownOutcomeError):
            nx.buy_number("GB", "447700900000")
        assert len(server.asked) == 3


def test_a_server_that_does_not_hang_up_after_its_answer_is_not_waited_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(transport, "LAST_WAIT", 0.01)
    with RawServer(keeps_open=True) as server, connect_to(server):
        assert nx.send_sms(TO[0], "Hello", sender="Demo").status.tolist() == ["0"]
        assert nx.buy_number("GB", "447700900000").status.tolist() == ["200"]
        server.verdicts = lambda _: "429"
        with pytest.raises(nx.RateLimitedError):
            nx.buy_number("GB", "447700900000")


def test_reads_are_never_answered_with_what_was_said_to_another_one() -> None:
    with RawServer(say_twice) as server, connect_to(server) as session:
        for n in range(20):
            server.answer = lambda asked, n=n: write_answer({"value": n})  # type: ignore[method-assign]
            assert attempt(lambda: nx.balance(session=session)) == n


@pytest.mark.parametrize(
    "other",
    [
        {"client-ref": "other"},
        {"to": TO[1]},
        {"to": [TO[0]]},
        {"to": True},
        {"client-ref": "other", "status": "1"},
        {"client-ref": "other", "status": "6"},
        {"to": TO[1], "status": "9"},
    ],
)
def test_an_answer_that_names_another_message_is_unknown_and_the_key_stays_taken(other: dict[str, Any]) -> None:
    class Mistaken(RawServer):
        def _act(self, asked: Any, verdict: str) -> Any:
            body, status = super()._act(asked, verdict)
            body["messages"] = [{**part, **other} for part in body["messages"]]
            return body, status

    with Mistaken() as server, connect_to(server):
        for match in ("names something else", "was used before"):
            with pytest.raises(nx.UnknownOutcomeError, match=match):
                nx.send_sms(TO[0], "Hello", sender="Demo", key="k")
        plan = nx.plan_sms(TO[2:5], "Hello", sender="Demo")
        for _ in range(2):
            assert set(nx.send_many(plan, batch="b", progress=False).state) == {"unknown"}
        assert len(server.asked) == 4


def test_an_application_that_was_not_asked_for_is_neither_shown_nor_written_over_the_one_that_was() -> None:
    mine, other = "093fa337-6f72-440e-b575-4f37077de85a", "5d6f0b6e-0a4e-4c0e-9f5f-0a1b2c3d4e5f"
    with RawServer() as server, connect_to(server):
        server.answer = lambda _: write_answer({"id": other, "name": "B", "capabilities": {}})  # type: ignore[method-assign]
        for call in (lambda: nx.application(mine), lambda: nx.update_application(mine, name="A")):
            with pytest.raises(nx.UnreachableError, match="names something else. Nothing was changed"):
                call()


@pytest.mark.parametrize(
    ("call", "body"),
    [
        (lambda: nx.create_application("A", **HOOKS), {"id": "093fa337-6f72-440e-b575-4f37077de85a", "name": "B"}),
        (lambda: nx.buy_number("GB", "447700900000"), {"error-code": "200", "msisdn": "447700900001"}),
        (lambda: nx.buy_number("GB", "447700900000"), {"error-code": "200", "country": "US"}),
        (lambda: nx.cancel_number("GB", "447700900000"), {"error-code": "200", "msisdn": "447700900001"}),
        (lambda: nx.send_voice(TO[0], "Hello", api="tts"), {"status": "0", "call_id": "c", "to": TO[1]}),
        (lambda: nx.records(start="2025-03-01", end="2025-03-02", mode="async"), {"request_id": "a", "product": "X"}),
    ],
)
def test_an_answer_that_names_something_else_is_unknown(call: Callable[[], Any], body: Any) -> None:
    with RawServer() as server, connect_to(server), warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        server.answer = lambda _: write_answer(body)  # type: ignore[method-assign]
        with pytest.raises(nx.UnknownOutcomeError, match="names something else"):
            call()


@pytest.mark.parametrize("status", ["1", "6"])
def test_a_refusal_after_which_another_answer_comes_frees_nothing_although_it_names_the_message(status: str) -> None:
    """As from a gateway that tries again by itself, and passes both answers on."""

    def say_both(answer: bytes) -> Pieces:
        return [answer.replace(b'"status": "0"', f'"status": "{status}"'.encode()), answer]

    with RawServer(say_both) as server, connect_to(server):
        for match in ("more than one answer", "was used before"):
            with pytest.raises(nx.UnknownOutcomeError, match=match):
                nx.send_sms(TO[0], "Hello", sender="Demo", key="k")
        plan = nx.plan_sms(TO[2:5], "Hello", sender="Demo")
        for _ in range(2):
            assert set(nx.send_many(plan, batch="b", progress=False).state) == {"unknown"}
        assert max(server.done.values()) == 1
        assert len(server.asked) == 4
