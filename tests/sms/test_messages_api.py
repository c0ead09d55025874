"""SMS by the Messages API: the same checks, ledger, keys and batches; its own request, refusals, and prices later."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from campaign_helpers import count_received, make_plan, people, send_batch
from helpers import connected, join_workers

import nexmo_nb as nx
from nexmo_nb.campaigns.decisions import Action, choose_action
from nexmo_nb.messages.request import build_request
from nexmo_nb.sandbox import Sandbox
from nexmo_nb.session.response import parse_response

TO = "+44 7700 900123"
DIGITS = "447700900123"
LANDLINE, DROPPED, REFUSED = "443069990208", "443069990204", "443069990015"


def send(to: str = TO, text: str = "Hello", **options: Any) -> pd.DataFrame:
    return nx.send_sms(to, text, **{"sender": "Demo", "api": "messages", **options})


def test_every_option_is_written_as_that_api_has_it(session: nx.Session, sandbox: Sandbox) -> None:
    options = {"ttl": 60_000, "client_ref": "row-17", "callback": "http://127.0.0.1:9/s", "trusted_number": True}
    parts = send(text="Привет " * 20, entity_id="1", content_id="2", **options)
    (request,) = sandbox.requests
    assert (request["method"], request["path"], request["auth"], request["status"]) == (
        "POST", "/v1/messages", "basic", 202,
    )  # fmt: skip
    assert request["json"] == {
        "channel": "sms",
        "message_type": "text",
        "to": DIGITS,
        "from": "Demo",
        "text": "Привет " * 20,
        "client_ref": "row-17",
        "ttl": 60,
        "webhook_url": "http://127.0.0.1:9/s",
        "trusted_recipient": True,
        "sms": {"encoding_type": "unicode", "entity_id": "1", "content_id": "2"},
    }
    assert parts.dtypes.equals(send(api="sms").dtypes)
    row = parts.iloc[0]
    assert (row.part, row.parts, row.to, row.status, row.meaning) == (1, 3, DIGITS, "0", "accepted")
    assert row[["price", "balance", "network"]].isna().all()


@pytest.mark.parametrize(
    ("options", "parameter"),
    [
        ({"status_report_req": True}, "status_report_req"),
        ({"message_class": 1}, "message_class"),
        ({"protocol_id": 0}, "protocol_id"),
        ({"account_ref": "a"}, "account_ref"),
        ({"ttl": 60_500}, "ttl"),
        ({"text": None, "type": "vcard", "vcard": "BEGIN:"}, "type"),
        ({"text": "é" * 3201}, "text"),
        ({"api": "post"}, "api"),
    ],
)
def test_what_that_api_does_not_have_is_refused_before_anything_leaves(
    session: nx.Session, sandbox: Sandbox, options: dict[str, Any], parameter: str
) -> None:
    with pytest.raises(nx.InvalidRequestError, match=f"^{parameter}: got") as caught:
        send(**options)
    assert caught.value.parameter == parameter
    if parameter not in ("text", "type", "api"):
        with pytest.raises(nx.InvalidRequestError, match=f"^{parameter}: got"):
            send_batch(make_plan(1), api="messages", **options)
    assert [each for each in sandbox.requests if each["method"] == "POST"] == []
    assert nx.sent(planned=True).empty


@pytest.mark.parametrize(
    ("to", "error", "code", "meaning"),
    [
        (REFUSED, nx.RejectedError, "1120", "Invalid sender"),
        ("443069990003", nx.RejectedError, "1150", "Invalid params"),
        ("443069990009", nx.RejectedError, "low-balance", "Low balance"),
        ("443069990004", nx.AuthenticationError, "unprovisioned", "Unauthorized"),
        ("443069990200", nx.RateLimitedError, "throttled", "Rate Limit Hit"),
    ],
)
def test_a_refusal_says_its_code_and_what_it_means(
    session: nx.Session, to: str, error: type[nx.NexmoError], code: str, meaning: str
) -> None:
    with pytest.raises(error) as caught:
        send(to, key="k")
    assert caught.value.code == code
    assert str(caught.value.meaning).startswith(meaning)
    found = nx.sent()
    assert found.state.tolist() == ([] if error is nx.RateLimitedError else ["rejected"])
    assert found.code.tolist() == ([] if error is nx.RateLimitedError else [code])


def test_a_key_counts_over_both_apis(session: nx.Session, sandbox: Sandbox) -> None:
    first = send(key="k")
    again = nx.send_sms(TO, "Hello", sender="Demo", key="k", api="sms")
    pd.testing.assert_frame_equal(first, again)
    assert len(sandbox.messages) == 1


def test_a_message_without_an_answer_is_found_in_the_records_of_its_own_product(
    session: nx.Session, sandbox: Sandbox
) -> None:
    nx.budget(day=1.0)
    with pytest.raises(nx.UnknownOutcomeError):
        send(DROPPED, "Hello " * 40, key="k")
    with pytest.raises(nx.UnknownOutcomeError, match="settle"):
        send(DROPPED, "Hello " * 40, key="k", api="sms")
    reserved = nx.budget().spent.iloc[0]
    settled = nx.settle().iloc[0]
    ordered = next(each["json"] for each in sandbox.requests if each["path"] == "/v2/reports")
    assert (ordered["product"], ordered["to"], ordered["provider"]) == ("MESSAGES", DROPPED, "sms")
    (message,) = sandbox.messages
    assert (settled.state, settled.kind, settled.parts) == ("accepted", "messages", 2)
    assert settled.message_ids == message["parts"][0]["message_id"]
    assert settled.price == pytest.approx(float(message["price"]))
    assert nx.budget().spent.iloc[0] == pytest.approx(settled.price)
    assert reserved >= settled.price


def test_the_estimate_counts_until_the_records_tell_the_price(session: nx.Session, sandbox: Sandbox) -> None:
    numbers = [*people(12), LANDLINE, "443069990033"]
    plan = nx.plan_sms(numbers, "Hello", sender="Demo")
    sent = send_batch(plan, api="messages", max_cost=plan.price_high.sum() + 0.001, doubtful="send")
    assert sent.state.tolist() == ["accepted"] * 14
    assert sent.price.isna().all()
    assert session.ledger.budgets.read_batch("b")[0] == pytest.approx(plan.price_high.sum())
    more = nx.plan_sms([*numbers, *people(1, 20)], "Hello", sender="Demo")
    with pytest.raises(nx.InvalidRequestError, match="max_cost"):
        send_batch(more, api="messages", max_cost=plan.price_high.sum() + 0.001, doubtful="send")
    found = nx.delivery("b").set_index("to")
    assert found.loc[LANDLINE, ["delivery", "delivery_code"]].tolist() == ["undeliverable", "1260"]
    assert found.loc["443069990033", ["delivery", "delivery_code", "final_price"]].tolist() == ["rejected", "1190", 0.0]
    assert found.loc["443069990033", "delivery_meaning"] == "absent for good: the number is no longer in use"
    assert (found.delivery_meaning[found.delivery == "delivered"] == "delivered").all()
    spent = 25.0 - sandbox.balance
    assert nx.sent("b").price.sum() == pytest.approx(spent)
    assert session.ledger.budgets.read_batch("b")[0] == pytest.approx(spent)
    assert nx.sent("b").network.notna().all()
    send_batch(more, api="messages", max_cost=plan.price_high.sum() + 0.001, doubtful="send")
    assert set(count_received(sandbox).values()) == {1}


def test_what_is_not_final_yet_has_no_price(session: nx.Session, sandbox: Sandbox) -> None:
    sandbox.clock.freeze()
    parts = send("443069990205")
    found = nx.delivery(parts).iloc[0]
    assert found.delivery == "submitted"
    assert pd.isna(nx.sent().price[0])
    early = {"message_id": found.message_id, "delivery": "submitted", "delivery_code": None, "finalized": None}
    session.ledger.record_deliveries([{**early, "final_price": 0.0, "currency": "EUR"}])
    assert pd.isna(nx.sent().price[0])  # whatever a record says of its price before it is final
    sandbox.clock.move("73h")
    assert nx.delivery(parts).delivery[0] == "undeliverable"
    assert nx.sent().price[0] > 0


def test_a_batch_is_continued_by_the_other_api_and_nobody_gets_it_twice(session: nx.Session, sandbox: Sandbox) -> None:
    sandbox.fail_next("no-credit", path="/sms")
    plan = make_plan(6)
    with pytest.raises(nx.RejectedError):
        send_batch(plan, workers=1)
    send_batch(make_plan(2), batch="other", api="sms")
    sandbox.fail_next("drop-after", path="/v1/messages")
    done = send_batch(plan, api="messages")
    assert sorted(done.state) == ["accepted"] * 5 + ["unknown"]
    assert set(nx.sent("b").kind) == {"messages"}
    assert nx.settle("b").state.tolist() == ["accepted"]
    send_batch(plan, api="sms")
    assert {to: count for to, count in count_received(sandbox).items() if to not in people(2)} == dict.fromkeys(
        people(4, 2), 1
    )
    join_workers()


def test_a_refused_row_says_so_and_the_batch_goes_on(session: nx.Session, sandbox: Sandbox) -> None:
    plan = nx.plan_sms([REFUSED, *people(3)], "Hello", sender="Demo")
    done = send_batch(plan, api="messages", doubtful="send")
    assert done.state.tolist() == ["rejected", "accepted", "accepted", "accepted"]
    assert done.loc[0, ["code", "meaning"]].tolist() == ["1120", "illegal sender"]
    sandbox.fail_next("no-credit", path="/v1/messages")
    with pytest.raises(nx.RejectedError, match="Low balance"):
        send_batch(nx.plan_sms(people(3, 5), "Hello", sender="Demo"), batch="c", api="messages", workers=1)
    assert len(sandbox.messages) == 3


def test_no_credit_stops_a_batch_however_the_refusal_is_named() -> None:
    assert choose_action(nx.RejectedError("no", status=402, code="x")) is Action.STOP
    assert choose_action(nx.RejectedError("no", status=422, code="1120")) is Action.SKIP


def test_one_line_makes_it_the_api_of_a_connection(sandbox: Sandbox) -> None:
    with connected(sandbox, sms_api="messages") as session:
        assert nx.show_connection().set_index("setting").value["sms_api"] == "messages"
        parts = nx.send_sms(TO, "Hello", sender="Demo")
        send_batch(make_plan(2))
        assert set(nx.sent().kind) == {"messages"}
        with pytest.raises(nx.InvalidRequestError, match="message_class"):
            nx.send_sms(TO, "Hello", sender="Demo", message_class=1)
        assert nx.send_sms(TO, "Hello", sender="Demo", message_class=1, api="sms").price[0] > 0
        # Of what another machine sent, too, the records of that product are asked for.
        session.ledger.forget(session.ledger.clock() + 1)
        assert nx.delivery(parts.message_id.tolist()).delivery.tolist() == ["delivered"]
    with pytest.raises(nx.InvalidRequestError, match="sms_api"):
        connected(sandbox, sms_api="both")


@pytest.mark.parametrize("body", [b"{}", b'{"message_uuid": 7}', b'{"message_uuid": " "}', b"[]", b"<html>"])
def test_an_answer_that_names_no_message_leaves_it_unknown(body: bytes) -> None:
    found = parse_response(build_request("send", {}, family="sms"), 202, {}, body)
    assert isinstance(found, nx.UnknownOutcomeError)
