"""Who said stop in Nexmo's records is left alone, and what people wrote back stands beside what was sent to them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pandas as pd
import pytest
from campaign_helpers import send_batch

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox

ANA, RUI, EVA = "447700900101", "447700900102", "447700900103"
COLUMNS = ["to", "kind", "suppressed", "changed"]


@pytest.fixture
def mine(sandbox: Sandbox) -> list[str]:
    """Numbers of the account."""
    return list(sandbox.world.owned)


def inbound(*rows: tuple[Any, ...]) -> pd.DataFrame:
    """Build inbound records: who wrote, to which number, what, and at which second."""
    table = pd.DataFrame([row[:3] for row in rows], columns=["sender", "to", "text"], dtype="string")
    times = [pd.Timestamp("2026-01-01", tz="UTC") + timedelta(seconds=row[3]) for row in rows]
    return table.assign(direction="inbound", received=times)


def read_inbound() -> pd.DataFrame:
    return nx.records(direction="inbound", include_message=True)


def test_stop_and_start_are_read_from_what_came_in_however_often(
    session: nx.Session, sandbox: Sandbox, mine: list[str]
) -> None:
    sandbox.receive(ANA, mine[0], "Stop!")
    sandbox.receive(RUI, mine[0], "See you there")
    sandbox.receive(EVA, mine[0], "Parar")
    assert nx.suppress_from(read_inbound())[COLUMNS].values.tolist() == [
        [ANA, "stop", True, True],
        [EVA, "stop", True, True],
    ]
    assert nx.suppress_from(read_inbound()).changed.tolist() == [False, False]
    assert nx.suppressed()[["to", "source", "number"]].values.tolist() == [
        [ANA, "stop", mine[0]],
        [EVA, "stop", mine[0]],
    ]
    with pytest.raises(nx.InvalidRequestError, match=f"by a message to {mine[0]}"):
        nx.send_sms(f"+{ANA}", "Hi", sender="Demo")
    sandbox.clock.move(60)
    sandbox.receive(EVA, mine[1], "START")
    sandbox.receive(ANA, mine[0], "start")
    sandbox.clock.move(5)  # records are asked for by whole seconds
    session.ledger.clock = lambda: sandbox.clock.now().timestamp()
    found = nx.suppress_from(nx.records(direction="inbound", include_message=True))
    assert dict(zip(found.to, found.suppressed, strict=True)) == {ANA: False, EVA: True}


def test_numbers_of_records_are_spelled_as_those_that_are_sent_to(session: nx.Session) -> None:
    nx.suppress_from(inbound((f"+{ANA}", "447700900001", "stop", 1), ("5215512345678", "447700900001", "stop", 1)))
    assert set(nx.suppressed().to) == {ANA, "525512345678"}


def test_a_receipt_with_code_9_counts_and_the_code_of_an_answer_does_not(session: nx.Session, sandbox: Sandbox) -> None:
    opted_out = "443069990109"
    nx.send_sms(f"+{opted_out}", "Hi", sender="Demo", key="k")
    nx.send_sms(f"+{ANA}", "Hi", sender="Demo")
    sandbox.clock.move(60)
    session.ledger.clock = lambda: sandbox.clock.now().timestamp()
    found = nx.suppress_from([nx.records(), nx.delivery(nx.sent())])
    assert set(map(tuple, found[["to", "kind", "suppressed"]].values.tolist())) == {(opted_out, "code 9", True)}
    assert nx.suppressed().to.unique().tolist() == [opted_out]
    nx.unsuppress(f"+{opted_out}")
    assert not nx.suppress_from(nx.delivery(nx.sent())).suppressed.any()
    with pytest.raises(nx.InvalidRequestError, match="^records: "):
        nx.suppress_from(nx.sent())  # whose code 9 says that there is no credit


def test_records_without_texts_are_refused_and_who_has_no_number_is_told_of(session: nx.Session) -> None:
    without = inbound((ANA, "447700900001", None, 1))
    for work in (nx.suppress_from, nx.opt_out_violations):
        with pytest.raises(nx.InvalidRequestError, match="include_message=True"):
            work(without)
        for wrong in ("b", [], pd.DataFrame({"a": [1]}), None, [without, 5]):
            with pytest.raises(nx.InvalidRequestError):
                work(wrong)  # type: ignore[arg-type]
    with pytest.warns(UserWarning, match="1 messages that say stop come from what is no phone number"):
        assert nx.suppress_from(inbound(("Acme", "447700900001", "stop", 1), (ANA, "447700900001", "ok", 2))).empty
    assert nx.suppressed().empty
    timeless = inbound((ANA, "447700900001", "stop", 1)).assign(
        received=pd.Series([pd.NaT], dtype="datetime64[ns, UTC]")
    )
    assert nx.suppress_from(timeless).suppressed.tolist() == [True]
    nx.unsuppress(f"+{ANA}")
    assert nx.suppress_from(timeless).suppressed.tolist() == [False]


def test_what_left_after_a_stop_and_before_a_start_is_a_violation() -> None:
    came = inbound(
        (ANA, "447700900001", "STOP", 10),
        (ANA, "447700900002", "start", 15),
        (ANA, "447700900001", "START", 30),
        (RUI, "447700900001", "no thanks", 10),
        (EVA, "447700900001", "stop", 40),
    )
    rows = [(ANA, 9), (ANA, 10), (ANA, 20), (ANA, 30), (ANA, 31), (RUI, 50), (EVA, 39), (EVA, 41)]
    left = pd.DataFrame({"to": [to for to, _ in rows], "sender": "Demo"}, dtype="string").assign(
        direction="outbound", received=[pd.Timestamp("2026-01-01", tz="UTC") + timedelta(seconds=s) for _, s in rows]
    )
    found = nx.opt_out_violations([came, left])
    assert [(row.to, row.received.second, row.stopped.second) for row in found.itertuples()] == [
        (ANA, 20, 10),
        (ANA, 30, 10),
        (EVA, 41, 40),
    ]
    assert set(found.stopped_number) == {"447700900001"}
    assert nx.opt_out_violations(left).empty


def test_an_answer_stands_beside_the_last_message_before_it_of_that_number_to_that_person(
    session: nx.Session, sandbox: Sandbox, mine: list[str]
) -> None:
    def ask(batch: str, sender: str, *people: str) -> None:
        plan = nx.plan_sms([f"+{to}" for to in people], f"{batch}?", sender=sender)
        assert set(send_batch(plan, batch).state) == {"accepted"}
        sandbox.clock.move(5)

    session.ledger.clock = lambda: sandbox.clock.now().timestamp()
    sandbox.receive(ANA, mine[0], "before")
    sandbox.clock.move(5)
    ask("party", mine[0], ANA, RUI)
    sandbox.receive(ANA, mine[0], "Yes")
    sandbox.receive(RUI, mine[1], "to another number")
    ask("dinner", mine[0], ANA)
    sandbox.receive(ANA, mine[0], "STOP")
    sandbox.receive(RUI, mine[0], "help")
    sandbox.clock.move(5)
    party = nx.replies("party")
    assert party[["sender", "to", "kind", "text", "sent_text"]].values.tolist() == [
        [ANA, mine[0], "text", "Yes", "party?"],
        [RUI, mine[0], "help", "help", "party?"],
    ]
    assert party.delay.between(4, 6).tolist() == [True, False]
    assert nx.replies("dinner")[["kind", "text"]].values.tolist() == [["stop", "STOP"]]
    everything = nx.replies(since="2026-01-01")
    assert everything.text.tolist() == ["before", "Yes", "to another number", "STOP", "help"]
    assert everything.batch.fillna("").tolist() == ["", "party", "", "dinner", "party"]
    assert nx.suppress_from(everything)[["to", "suppressed"]].values.tolist() == [[ANA, True]]
    for wrong, said in (({}, "^since: "), ({"batch": "none"}, "^batch: got 'none'")):
        with pytest.raises(nx.InvalidRequestError, match=said):
            nx.replies(**wrong)
