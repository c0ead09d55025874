"""Odd answers: whatever the server says becomes the documented frame or one typed error, and a write stays honest."""

from __future__ import annotations

import copy
import io
import math
import re
import warnings
import zipfile
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import pytest
from depth import count_examples
from helpers import connected, owned, rented, tried
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import nexmo_nb as nx
from nexmo_nb import sms, voice
from nexmo_nb.applications.response import COLUMNS as APPLICATION
from nexmo_nb.applications.response import CREATED_COLUMNS as CREATED
from nexmo_nb.frames import Column
from nexmo_nb.numbers import response as numbers
from nexmo_nb.pricing.response import COLUMNS as PRICE
from nexmo_nb.reports.columns import get_columns
from nexmo_nb.sandbox import Sandbox
from nexmo_nb.sandbox.exchange import Answer, Request

MOST_REQUESTS = 300
LONGEST_WORDS = 2000
SAID = "Nexmo|The server announced"
SMS = tuple(get_columns("SMS", "outbound").values())
DAY = {"start": "2025-03-01", "end": "2025-03-02"}
ID = "0d3e6a52-6f0c-4b55-9f5c-3f0a6d1e9b10"


class Odd(Sandbox):
    """A sandbox that says, where it is told so, something else than it would; what it says is not acted on."""

    def __init__(self) -> None:
        self.good: dict[tuple[str, str], Any] = {}
        self.words: Callable[[Request], Answer | None] = lambda _: None
        self.asked: list[Request] = []
        super().__init__(limits=False)

    def say(self, method: str, path: str, words: Callable[[Request], Answer]) -> None:
        self.asked = []
        self.words = lambda r: words(r) if r.method == method and re.fullmatch(path, r.path) else None

    def answer(self, request: Request) -> tuple[Answer, Any]:
        odd = None if request.path.startswith("/_sandbox/") else self.words(request)
        if odd is None and self.asked and request.method != "GET":
            self.asked.append(request)
            odd = Answer(200, self.good[request.method, request.path])
        if odd is None:
            answer, failure = super().answer(request)
            self.good[request.method, request.path] = answer.body
            return answer, failure
        self.asked.append(request)
        return (odd if len(self.asked) <= MOST_REQUESTS else Answer(410, {"title": "it never ends"})), {}


def outcome(call: Callable[[], Any]) -> Any:
    return tried(call, SAID)


class Case(NamedTuple):
    """A call, the request whose answer is twisted, what the frame must be, and what each outcome of a write needs."""

    call: Callable[[Odd], Any]
    method: str
    path: str
    columns: Sequence[Column] = ()
    done: Callable[[Any], bool] | None = None
    refused: Callable[[Any], bool] | None = None
    examples: int = 20


def field(body: Any, name: str) -> Any:
    found = body if isinstance(body, dict) else {}
    return found.get(name, found.get(name.replace("-", "_"), found.get(name.replace("_", "-"))))


def code_of(value: Any) -> str:
    """Read a status as a person would: a whole number, written as such or as text; else nothing."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return ""
    text = str(int(value)) if isinstance(value, float) and value.is_integer() and abs(value) < 1e6 else str(value)
    return text if re.fullmatch("0|[1-9][0-9]{0,3}", text) else ""


def statuses(body: Any) -> list[str]:
    found = field(body, "messages")
    found = found if isinstance(found, list) else []
    return [code_of(field(each, "status")) for each in found]


def is_named(body: Any) -> bool:
    """Tell whether an answer holds an application: by an id, or a private key that comes once."""
    code, key = field(body, "id"), field(field(body, "keys"), "private_key")
    has_id = bool(code.strip()) if isinstance(code, str) else isinstance(code, int) and not isinstance(code, bool)
    return has_id or bool(key)


def changed(body: Any) -> bool:
    return code_of(field(body, "error-code")) == "200"


def declined(body: Any) -> bool:
    return code_of(field(body, "error-code")) not in ("", "200") and not changed(body)


def never(_: Any) -> bool:
    return False


APP = "/v2/applications/[^/]+"
HOOKS = {"answer_url": "https://e.org/a", "event_url": "https://e.org/e"}
REPORT = "/v2/reports/(?!records)[^/]+"
CASES = {
    "search": Case(lambda _: nx.search_numbers("NA"), "GET", "/number/search", numbers.COLUMNS),
    "owned": Case(lambda _: nx.owned_numbers(), "GET", "/account/numbers", numbers.OWNED_COLUMNS),
    "buy": Case(lambda o: nx.buy_number(*rented(o)), "POST", "/number/buy", numbers.RESULT_COLUMNS, changed, declined),
    "cancel": Case(
        lambda o: nx.cancel_number(*owned(o)), "POST", "/number/cancel", numbers.RESULT_COLUMNS, changed, declined
    ),
    "update": Case(
        lambda o: nx.update_number(*owned(o), mo_http_url=""),
        "POST",
        "/number/update",
        numbers.RESULT_COLUMNS,
        changed,
        declined,
    ),
    "settings": Case(
        lambda o: nx.update_number(*owned(o), mo_http_url=""), "GET", "/account/numbers", numbers.RESULT_COLUMNS
    ),
    "applications": Case(lambda _: nx.applications(), "GET", "/v2/applications", APPLICATION),
    "application": Case(lambda o: nx.application(o.application_id), "GET", APP, APPLICATION),
    "create": Case(
        lambda _: nx.create_application("A", **HOOKS),
        "POST",
        "/v2/applications",
        CREATED,
        is_named,
        never,
    ),
    "change": Case(
        lambda o: nx.update_application(o.application_id, name="B"),
        "PUT",
        APP,
        APPLICATION,
        is_named,
        never,
    ),
    "before the change": Case(
        lambda o: nx.update_application(o.application_id, answer_url="https://e.org/b"),
        "GET",
        APP,
        APPLICATION,
    ),
    "sms": Case(
        lambda _: nx.send_sms("+44 7700 900000", "Hello " * 40, sender="Demo"),
        "POST",
        "/sms/json",
        sms.COLUMNS,
        lambda body: "0" in statuses(body) and "" not in statuses(body),
        lambda body: bool(statuses(body)) and not {"", "0"} & set(statuses(body)),
    ),
    "tts": Case(
        lambda _: nx.send_voice("+44 7700 900000", "Hello", api="tts"),
        "POST",
        "/tts/json",
        voice.COLUMNS,
        lambda body: code_of(field(body, "status")) == "0",
        lambda body: code_of(field(body, "status")) not in ("", "0"),
    ),
    "calls": Case(
        lambda _: nx.send_voice("+44 7700 900000", "Hello", api="calls"),
        "POST",
        "/v1/calls",
        voice.COLUMNS,
        lambda body: isinstance(field(body, "uuid"), str) and bool(field(body, "uuid")),
        never,
        8,
    ),
    "balance": Case(lambda _: nx.balance(), "GET", "/account/get-balance"),
    "price": Case(lambda _: nx.prices("NA", refresh=True), "GET", "/account/get-pricing/.*", PRICE),
    "prices": Case(lambda _: nx.prices(refresh=True), "GET", "/account/get-full-pricing/.*", PRICE),
    "records": Case(lambda _: nx.records(**DAY, refresh=True), "GET", "/v2/reports/records", SMS),
    "by id": Case(lambda _: nx.records(ids=[ID]), "GET", "/v2/reports/records", SMS),
    "order": Case(
        lambda _: nx.records(**DAY, mode="async", refresh=True),
        "POST",
        "/v2/reports",
        SMS,
        lambda body: isinstance(field(body, "request_id"), str),
        # What is found wrong after the order was understood is no word on the order.
        lambda body: isinstance(field(body, "request_id"), str),
        8,
    ),
    "look": Case(lambda _: nx.records(**DAY, mode="async", refresh=True), "GET", REPORT, SMS, examples=8),
}


@pytest.fixture(scope="module")
def server() -> Iterator[Odd]:
    with Odd() as odd:
        yield odd


@pytest.fixture
def odd(server: Odd, waits: list[float]) -> Iterator[Odd]:
    """The server, and a session on it that never sleeps."""
    server.words, server.asked = (lambda _: None), []
    with connected(server, sleep=waits.append, cache=False):
        yield server


def good(odd: Odd, case: Case) -> Any:
    """Give what the sandbox says where nothing is twisted."""
    nx.send_sms("+264 81 1234567", "Hello", sender="Demo")
    odd.good = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        case.call(odd)
    said = odd.good.items()
    return short(next(body for (verb, path), body in said if verb == case.method and re.fullmatch(case.path, path)))


def short(body: Any) -> Any:
    """Keep three of each list, as if there were no more."""
    if isinstance(body, list):
        return [short(inner) for inner in body[:3]]
    if not isinstance(body, dict):
        return body
    return {name: 3 if name in ("count", "total_items") and inner > 3 else short(inner) for name, inner in body.items()}


VALUES: list[Any] = [
    *(None, True, False, 0, -1, 7, 200, 420, 1.5, 200.0, 10**12, -(10**12), 10**400, float("inf"), float("nan"), 1e308),
    *(
        "",
        "0",
        "1",
        "00",
        "9",
        "200",
        "x",
        "NaN",
        "1e999",
        "Infinity",
        "-1",
        "1_0",
        "\u0661\u0662",
        "2026-02-30T00:00:00Z",
    ),
    *(
        "9999-12-31T23:59:59Z",
        "0001-01-01T00:00:00Z",
        "=HYPERLINK(1)",
        "<script>alert(1)</script>",
        "a\x00b\r\nc\u202ed",
    ),
    *("\ud800", "\u00e9" * 5000, "x" * 5000, [], {}, [1], ["0"], {"a": 1}, [[]], [{}], {"0": {"0": {"0": 0}}}),
]
STEPS = st.tuples(
    st.sampled_from(["drop", "replace", "replace", "retype", "wrap", "unwrap", "rename", "extra", "repeat", "whole"]),
    st.integers(0, 10**6),
    st.one_of(st.sampled_from(VALUES), st.text(max_size=9), st.integers(), st.floats()),
)
TWISTS = st.lists(STEPS, min_size=1, max_size=3)


def places(value: Any) -> list[tuple[Any, Any]]:
    """List every place of a nested value: what holds it, and its name or number there."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for name, inner in pairs for place in ((value, name), *places(inner))]


def twisted(body: Any, steps: list[tuple[str, int, Any]]) -> Any:
    """Change a good answer, step by step, at places that the numbers choose."""
    holder = [copy.deepcopy(body)]
    for action, number, value in steps:
        there = places(holder)
        if there:
            _twist(*there[0 if action == "whole" else number % len(there)], action, copy.deepcopy(value))
    return holder[0] if holder else None


def _twist(holder: Any, name: Any, action: str, value: Any) -> None:
    old = holder[name]
    if action == "drop":
        del holder[name]
    elif action == "rename" and isinstance(holder, dict):
        holder[name.translate(str.maketrans("-_", "_-"))] = holder.pop(name)
    elif action == "extra":
        holder.update({str(value)[:9]: value}) if isinstance(holder, dict) else holder.append(value)
    elif action == "repeat" and isinstance(holder, list):
        holder.append(old)
    else:
        numeric = isinstance(old, str) and old.isascii() and old.isdigit()
        retyped = int(old) if numeric else str(old) if isinstance(old, (int, float)) else [old]
        inner = (
            next(iter(old.values() if isinstance(old, dict) else old), None) if isinstance(old, (dict, list)) else [old]
        )
        holder[name] = {"retype": retyped, "wrap": [old], "unwrap": inner}.get(action, value)


def check_frame(found: Any, columns: Sequence[Column]) -> None:
    # Fields of records that are not documented follow as text.
    more = [Column(name) for name in found.columns[len(columns) :]] if columns == SMS else []
    assert list(found.columns) == [column.name for column in (*columns, *more)]
    for name, kind in (*columns, *more):
        assert str(found[name].dtype) == kind
        assert kind != "float64" or not found[name].map(math.isinf).any()
    found.to_string(), found.to_html()


def check_words(problem: nx.NexmoError) -> None:
    assert str(problem).isprintable()
    assert len(str(problem)) <= LONGEST_WORDS
    assert (problem.code or "").isprintable()
    assert len(problem.code or "") <= 100


def check_truth(case: Case, found: Any, body: Any) -> None:
    """A write is done or refused only where the answer says so; a read never may have happened."""
    unknown = isinstance(found, nx.UnknownOutcomeError)
    if case.done is None or case.refused is None:
        assert not unknown
    elif not isinstance(found, nx.NexmoError):
        assert case.done(body)
    elif not unknown:
        assert case.refused(body)


def check(odd: Odd, case: Case, body: Any) -> Any:
    odd.say(case.method, case.path, lambda _: Answer(200, body))
    found = outcome(lambda: case.call(odd))
    # What was kept of an earlier answer would hide this one.
    assert 0 < len(odd.asked) <= MOST_REQUESTS
    if isinstance(found, nx.NexmoError):
        check_words(found)
    elif isinstance(found, float):
        assert math.isfinite(found)
    else:
        check_frame(found, case.columns)
    check_truth(case, found, body)
    return found


def each(examples: int, strategy: Any, test: Callable[[Any], Any]) -> None:
    """Try a test on so many examples, or on fewer in a quick run; the same ones every time."""
    chosen = settings(
        max_examples=count_examples(examples),
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )

    def tried(example: Any) -> None:
        test(example)

    chosen(given(strategy)(tried))()


@pytest.mark.parametrize("name", sorted(set(CASES) - {"calls"}))
def test_a_twisted_answer_gives_the_documented_frame_or_one_typed_error(odd: Odd, name: str) -> None:
    case = CASES[name]
    body = good(odd, case)
    each(6 * case.examples, TWISTS, lambda steps: check(odd, case, twisted(body, steps)))


def test_a_twisted_answer_to_a_call_is_a_call_or_one_typed_error(odd: Odd) -> None:
    case = CASES["calls"]
    keys = {"application_id": odd.application_id, "private_key": odd.private_key}
    with connected(odd, cache=False, api_key=odd.api_key, api_secret=odd.api_secret, **keys):
        body = good(odd, case)
        each(6 * case.examples, TWISTS, lambda steps: check(odd, case, twisted(body, steps)))


DIALECTS: list[dict[str, Any]] = [
    {"error-code": "420", "error-code-label": "method failed"},
    {"type": "BAD_REQUEST", "error_title": "Bad Request", "invalid_parameters": {"country": "Is required."}},
    {"type": 400, "title": "Bad Request", "invalid_parameters": [{"name": "to", "reason": "too long"}]},
    {"type": "https://e.org/api-errors#throttled", "title": "Too fast", "detail": "Wait", "instance": "a91b"},
    {"currency": "EUR", "code": "401", "error-code-label": "authentication failed"},
]
CODES = (300, 400, 401, 402, 404, 409, 415, 420, 422, 429, 499, 500, 503)


@pytest.mark.parametrize("name", ["balance", "buy", "sms"])
def test_a_twisted_error_is_one_typed_error_in_plain_words(odd: Odd, name: str) -> None:
    case = CASES[name]

    def tried(example: tuple[int, dict[str, Any], Any, str]) -> None:
        code, dialect, steps, after = example
        answer = Answer(code, twisted(dialect, steps), {"Retry-After": after})
        odd.say(case.method, case.path, lambda _: answer)
        found = outcome(lambda: case.call(odd))
        assert isinstance(found, nx.NexmoError)
        check_words(found)
        assert isinstance(found, nx.UnknownOutcomeError) == (case.done is not None and not 400 <= code < 500)

    after = st.sampled_from(["", "0", "1", "-1", "9" * 400, "soon", "\u00b2", "1e999"])
    each(120, st.tuples(st.sampled_from(CODES), st.sampled_from(DIALECTS), TWISTS, after), tried)


def page(first: int, count: Any = None, size: int = 100) -> dict[str, Any]:
    rows = [{"country": "NA", "msisdn": str(n)} for n in range(first, first + size)]
    return {"numbers": rows, **({} if count is None else {"count": count})}


@pytest.mark.parametrize(
    ("pages", "rows"),
    [
        ([page(0, -1), page(100, -1), page(200, -1, 7)], 207),
        ([page(0, 1), page(100, 1), page(200, 1, 7)], 207),
        ([page(0, 300), page(100, 120), page(200, 300)], 300),
        ([page(0, 150), page(100, 207), page(200, 207, 7)], 207),
        ([page(0, 0), page(100, 0, 7)], 107),
        ([page(0), page(100), {}], 200),
        ([page(0, 107, 7), page(7, 107)], 107),
    ],
)
def test_whatever_total_is_announced_no_row_of_any_page_is_lost(odd: Odd, pages: list[Any], rows: int) -> None:
    odd.say("GET", "/number/search", lambda request: Answer(200, pages[int(request.query["index"]) - 1]))
    assert nx.search_numbers("NA").msisdn.tolist() == [str(n) for n in range(rows)]


@pytest.mark.parametrize("total", [10**12, "999999999999"])
def test_a_total_that_is_never_reached_is_said(odd: Odd, total: Any) -> None:
    odd.say("GET", "/number/search", lambda r: Answer(200, page(0, total) if r.query["index"] == "1" else {}))
    with pytest.warns(UserWarning, match="announced 999999999999|announced 1000000000000"):
        assert len(nx.search_numbers("NA")) == 100


@pytest.mark.parametrize("total", [10**400, 1.5, True, [], "", "1e3", "\u0663", float("inf"), float("nan")])
def test_a_total_that_is_no_number_is_an_error(odd: Odd, total: Any) -> None:
    odd.say("GET", "/number/search", lambda _: Answer(200, page(0, total)))
    with pytest.raises(nx.UnreachableError, match="not a list of rows"):
        nx.search_numbers("NA")


@pytest.mark.parametrize("length", [1, 2, 3])
@pytest.mark.parametrize("total", [None, 10**12])
def test_pages_that_come_round_again_are_an_error_and_not_a_loop(odd: Odd, length: int, total: Any) -> None:
    odd.say("GET", "/number/search", lambda r: Answer(200, page(100 * (int(r.query["index"]) % length), total)))
    with pytest.raises(nx.UnreachableError, match="repeats an earlier page"):
        nx.search_numbers("NA")
    # Where a total announces further pages, some of them are asked for before the first is looked at, but not all.
    assert len(odd.asked) == length + 1 if total is None else len(odd.asked) < 1000


@pytest.mark.parametrize("rows", [[], [{"message_id": "a"}]])
def test_records_that_repeat_under_a_new_cursor_are_an_error_and_not_a_loop(odd: Odd, rows: list[Any]) -> None:
    odd.say(
        "GET",
        "/v2/reports/records",
        lambda _: Answer(200, {"records": rows, "cursor": f"c{len(odd.asked)}", "iv": "v"}),
    )
    with pytest.raises(nx.UnreachableError, match="repeats a page"):
        nx.records(**DAY)


@pytest.mark.parametrize("next_page", [{"cursor": "c"}, {"iv": "v"}, {"cursor": ["c"], "iv": "v"}])
def test_a_next_page_that_cannot_be_asked_for_is_never_left_out_silently(odd: Odd, next_page: Any) -> None:
    odd.say("GET", "/v2/reports/records", lambda _: Answer(200, {"records": [{"message_id": "a"}], **next_page}))
    with pytest.raises(nx.UnreachableError, match="next page"):
        nx.records(**DAY)


NO_NUMBERS = ["NaN", "Infinity", "-inf", "1e999", float("inf"), float("nan"), 10**400, True, [], {}, "", "free"]


@pytest.mark.parametrize("value", NO_NUMBERS)
def test_a_balance_that_is_no_finite_number_is_an_error(odd: Odd, value: Any) -> None:
    odd.say("GET", "/account/get-balance", lambda _: Answer(200, {"value": value}))
    with pytest.raises(nx.UnreachableError, match="the answer holds none"):
        nx.balance()


@pytest.mark.parametrize("value", NO_NUMBERS)
def test_a_price_that_is_no_finite_number_is_missing(odd: Odd, value: Any) -> None:
    part = {"status": "0", "message-id": "a", "message-price": value, "remaining-balance": value}
    odd.say("POST", "/sms/json", lambda _: Answer(200, {"messages": [part]}))
    parts = nx.send_sms("+44 7700 900000", "Hello", sender="Demo")
    odd.say("GET", "/account/get-pricing/.*", lambda _: Answer(200, {"networks": [{"price": value}]}))
    prices = nx.prices("NA")
    odd.say("GET", "/v2/reports/records", lambda _: Answer(200, {"records": [{"total_price": value}]}))
    records = nx.records(**DAY)
    found = [parts.price, parts.balance, nx.sent().price.tail(1), prices.price, records.price]
    assert [each.isna().tolist() for each in found] == [[True]] * 5
    assert prices.country.tolist() == ["NA"]


def said(odd: Odd, *messages: Any, count: Any = None) -> Any:
    """Send an SMS that is answered so."""
    body = {"messages": list(messages), **({} if count is None else {"message-count": count})}
    odd.say("POST", "/sms/json", lambda _: Answer(200, body))
    return outcome(lambda: nx.send_sms("+44 7700 900000", "Hello", sender="Demo"))


ACCEPTED = {"status": "0", "message-id": ID, "message-price": "0.03"}


@pytest.mark.parametrize(
    ("messages", "count"),
    [
        ([], "0"),
        ([], None),
        ([ACCEPTED], "2"),
        ([ACCEPTED], 2),
        ([{"status": "9"}], "3"),
        ([ACCEPTED, None], None),
        ([ACCEPTED, {"status": None}], "2"),
        ([ACCEPTED, {"status": "accepted"}], "2"),
        ([{"status": None}], None),
        ([{"status": "00"}], None),
        ([{"status": ["0"]}], None),
        ([{"status": False}], None),
        ([{}], None),
    ],
)
def test_a_message_whose_fate_is_not_told_is_unknown_and_so_in_the_ledger(odd: Odd, messages: Any, count: Any) -> None:
    assert isinstance(said(odd, *messages, count=count), nx.UnknownOutcomeError)
    assert nx.sent().state.tolist() == ["unknown"]
    assert len(odd.asked) == 1


def test_what_is_known_of_an_unknown_message_is_kept(odd: Odd) -> None:
    found = said(odd, ACCEPTED, {"status": "?"})
    assert found.parts.message_id.dropna().tolist() == [ID]
    assert nx.sent().message_ids.tolist() == [ID]


@pytest.mark.parametrize("count", [None, "1", "many", [], -1, "1e999"])
def test_a_count_that_is_wrong_or_low_does_not_lose_a_part(odd: Odd, count: Any) -> None:
    found = said(odd, ACCEPTED, {**ACCEPTED, "status": 0}, count=count)
    assert found.part.tolist() == [1, 2]
    assert found.meaning.tolist() == ["accepted", "accepted"]


@pytest.mark.parametrize("code", ["18", "99", "999", "9999", 31])
def test_a_status_that_nobody_documented_is_a_refusal_that_says_so(odd: Odd, code: Any) -> None:
    found = said(odd, {"status": code, "error-text": "new\nreason\x00"})
    assert isinstance(found, nx.RejectedError)
    assert "not documented" in str(found)
    assert str(found).isprintable()


def test_ten_thousand_parts_are_one_frame_and_one_row_of_the_ledger(odd: Odd) -> None:
    parts = [{**ACCEPTED, "message-id": f"m{n}", "message-price": "0.5"} for n in range(10_000)]
    assert len(said(odd, *parts, count="10000")) == 10_000
    assert nx.sent()[["state", "parts", "price"]].values.tolist() == [["accepted", 10_000, 5000.0]]


@pytest.mark.parametrize("code", [500, "503", 5000])
def test_trouble_at_the_server_leaves_a_number_unknown_even_with_http_200(odd: Odd, code: Any) -> None:
    odd.say("POST", "/number/buy", lambda _: Answer(200, {"error-code": code, "error-code-label": "unknown error"}))
    with pytest.raises(nx.UnknownOutcomeError):
        nx.buy_number("GB", "447700900000")


def test_names_with_underscores_are_understood(odd: Odd) -> None:
    odd.say("POST", "/number/buy", lambda _: Answer(200, {"error_code": 200, "error_code_label": "success"}))
    assert nx.buy_number("GB", "447700900000")[["status", "meaning"]].values.tolist() == [["200", "success"]]


@pytest.mark.parametrize("body", [{"type": "UNAUTHORIZED", "error_title": "Unauthorized"}, [1]])
def test_a_deletion_that_is_answered_with_something_is_unknown(odd: Odd, body: Any) -> None:
    odd.say("DELETE", APP, lambda _: Answer(200, body))
    with pytest.raises(nx.UnknownOutcomeError):
        nx.delete_application(ID)


@pytest.mark.parametrize("key", [None, "", 5, ["x"], {}])
def test_an_application_without_its_private_key_is_said(odd: Odd, key: Any) -> None:
    odd.say("POST", "/v2/applications", lambda _: Answer(201, {"id": ID, "name": "A", "keys": {"private_key": key}}))
    with pytest.warns(UserWarning, match="no private key"):
        assert nx.create_application("A", **HOOKS).private_key_path.isna().all()


@pytest.mark.parametrize("features", ["sms, voice", ["sms", "VOICE"]])
def test_features_as_text_are_the_same_as_a_list(odd: Odd, features: Any) -> None:
    row = {"country": "NA", "msisdn": 264811234567, "features": features}
    odd.say("GET", "/number/search", lambda _: Answer(200, {"count": 1, "numbers": [row]}))
    found = nx.search_numbers("NA")
    assert found[["msisdn", "sms", "voice", "mms"]].values.tolist() == [["264811234567", True, True, False]]


def test_an_application_that_cannot_be_read_whole_is_not_overwritten(odd: Odd) -> None:
    app = {"id": ID, "name": "A", "capabilities": {"voice": {"webhooks": [{"endpoint_type": "answer_url"}]}}}
    odd.say("GET", APP, lambda _: Answer(200, app))
    with pytest.raises(nx.UnreachableError, match="Nothing was changed"):
        nx.update_application(ID, name="B")
    assert [request.method for request in odd.asked] == ["GET"]


def test_a_price_list_of_another_country_is_an_error(odd: Odd) -> None:
    odd.say("GET", "/account/get-pricing/.*", lambda _: Answer(200, {"countryCode": "GB", "defaultPrice": "0.03"}))
    with pytest.raises(nx.UnreachableError, match="not of this country"):
        nx.prices("NA")


def test_a_report_whose_state_is_not_understood_is_not_ordered_and_paid_for_again(odd: Odd) -> None:
    odd.say("GET", REPORT, lambda r: Answer(200, {"request_id": r.path[-36:], "request_status": "Nearly\n"}))
    for _ in range(2):
        with pytest.raises(nx.UnreachableError, match="cannot be understood"):
            nx.records(**DAY, mode="async")
    assert len({request.path for request in odd.asked}) == 1


def test_a_first_report_without_its_count_does_not_pass_the_bound(odd: Odd) -> None:
    link = {"_links": {"download_report": {"href": "/v3/media/a"}}}
    odd.say("GET", REPORT, lambda r: Answer(200, {"request_id": r.path[-36:], "request_status": "SUCCESS", **link}))
    with pytest.raises(nx.UnreachableError, match="how many"):
        nx.records(start="2025-01-15", end="2025-03-02", mode="async", progress=False)


def packed(*files: bytes, how: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Pack files as of a fixed time: workers that collect the tests one second apart must find the same names."""
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w") as archive:
        for n, content in enumerate(files):
            archive.writestr(zipfile.ZipInfo(f"{n}.csv"), content, how)
    return into.getvalue()


GOOD = b"message_id,total_price,date_received\na,0.5,2025-03-01T00:00:00Z\n"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        packed(),
        packed(b""),
        packed(GOOD, b"\xff\xfe"),
        packed(b"message_id,total_price\na,0.5,too many\n"),
        packed(b"message_id\na\nb,c\n"),
        packed(GOOD, how=zipfile.ZIP_BZIP2),
        packed(GOOD, how=zipfile.ZIP_LZMA),
        packed(GOOD)[:-30],
        packed(GOOD).replace(b"\x14\x00\x00\x00\x08", b"\x14\x00\x01\x00\x08"),
        packed(b"<html><body>gateway</body></html>"),
        packed(b'message_id\n"a\n'),
    ],
)
def test_a_file_of_a_report_that_cannot_be_read_is_an_error(odd: Odd, content: bytes) -> None:
    odd.say("GET", "/v3/media/.*", lambda _: Answer(200, content))
    with pytest.raises(nx.UnreachableError, match="cannot be read"):
        nx.records(**DAY, mode="async")


@pytest.mark.parametrize("when", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "soon", "1e999", "2025-13-01"])
def test_a_time_that_no_record_can_have_is_missing(odd: Odd, when: str) -> None:
    record = {"message_id": "a", "date_received": when, "date_finalized": "2025-03-01T00:00:00Z"}
    odd.say("GET", "/v2/reports/records", lambda _: Answer(200, {"records": [record]}))
    found = nx.records(**DAY)
    assert found[["received", "finalized"]].notna().values.tolist() == [[False, True]]


@pytest.mark.parametrize("depth", [60, 900, 100_000])
def test_an_answer_that_is_nested_without_end_is_an_error(odd: Odd, depth: int) -> None:
    body = b'{"value": ' + b"[" * depth + b"]" * depth + b"}"
    odd.say("GET", "/account/get-balance", lambda _: Answer(200, body))
    with pytest.raises(nx.UnreachableError, match="not JSON"):
        nx.balance()


@pytest.mark.parametrize("coding", ["utf-8", "utf-16", "utf-32-be"])
@pytest.mark.parametrize("raw", ["\\ud800", "\ud800"])
def test_half_of_a_surrogate_pair_is_replaced(odd: Odd, raw: str, coding: str) -> None:
    body = ('{"messages": [{"status": "0", "message-id": "' + raw + '"}]}').encode(coding, "surrogatepass")
    odd.say("POST", "/sms/json", lambda _: Answer(200, body))
    assert nx.send_sms("+44 7700 900000", "Hello", sender="Demo").message_id.str.len().ge(1).all()
    assert nx.sent().state.tolist() == ["accepted"]
