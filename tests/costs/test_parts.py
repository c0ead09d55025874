"""Parts and messages: each message counts once, whatever the frame has rows of."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

import nexmo_nb as nx
from nexmo_nb.costs.parts import count_parts, drop_unsent, number_rows

LONG = "Hello! " * 30  # two parts


def build_records(*rows: str, **columns: list[str | None]) -> pd.DataFrame:
    """Build records of SMS; a row is account, sender, recipient, reference, second and direction."""
    names = ("account_id", "sender", "to", "client_ref", "second", "direction")
    cells = [dict(zip(names, [None if cell == "-" else cell for cell in row.split()], strict=True)) for row in rows]
    table = pd.DataFrame({name: pd.array([row[name] for row in cells], dtype="string") for name in names})
    table["received"] = pd.to_datetime("2025-03-01T12:00:" + table.pop("second") + "Z").dt.as_unit("ns")
    table["message_id"] = pd.array([f"m{n}" for n in range(len(rows))], dtype="string")
    return table.assign(price=0.05, currency="EUR", **columns)


ONE, OTHER = "a Demo 447700900000 r1 00 outbound", "a Demo 447700900000 r2 00 outbound"
NAMELESS = "a Demo 447700900000 - 00 outbound"
CASES = {
    "the same in all": (build_records(ONE, ONE, ONE), 1),
    "rows of other messages between them": (build_records(ONE, OTHER, ONE, OTHER), 2),
    "the next second": (build_records(ONE, ONE.replace("00 o", "01 o")), 1),
    "two seconds later": (build_records(ONE, ONE.replace("00 o", "02 o")), 2),
    "another recipient": (build_records(ONE, ONE.replace("900000", "900001")), 2),
    "another sender": (build_records(ONE, ONE.replace("Demo", "Shop")), 2),
    "another account": (build_records(ONE, "b" + ONE[1:]), 2),
    "no reference": (build_records(NAMELESS, NAMELESS), 1),
    "one with a reference and one without": (build_records(ONE, NAMELESS), 2),
    "short ones": (build_records(ONE, ONE, concatenated=["FALSE", "FALSE"]), 2),
    "long ones": (build_records(ONE, ONE, concatenated=["TRUE", "TRUE"]), 1),
    "parts of two messages by their headers": (
        build_records(ONE, ONE, ONE, ONE, udh=["050003AA0201", "050003AA0202", "050003AB0201", "050003AB0202"]),
        2,
    ),
    "parts of two messages whose headers tell another total": (
        build_records(ONE, ONE, udh=["050003AA0201", "050003AA0301"]),
        2,
    ),
    "what came in": (build_records(*2 * [ONE.replace("outbound", "inbound")]), 2),
    "of the Messages API": (build_records(ONE, ONE, provider=["sms", "sms"]), 2),
    "without a recipient": (build_records(ONE, ONE).assign(to=pd.NA), 2),
    "nothing but ids": (build_records(ONE, ONE)[["message_id", "price", "currency"]], 2),
    "no time": (build_records(ONE, ONE, OTHER).drop(columns="received"), 2),
    "neither time nor reference": (build_records(NAMELESS, NAMELESS).drop(columns="received"), 2),
    "no time known": (build_records(ONE, ONE).assign(received=pd.DatetimeIndex([pd.NaT, pd.NaT], tz="UTC")), 1),
}


@pytest.mark.parametrize("case", CASES)
def test_records_of_parts_are_joined_where_they_can_be_one_message(case: str) -> None:
    table, messages = CASES[case]
    found = nx.spend(table)
    assert found[["messages", "parts", "spend"]].values.tolist() == [
        [messages, len(table), round(0.05 * len(table), 8)]
    ]


@pytest.mark.parametrize(
    ("table", "counts"),
    [
        (pd.DataFrame({"message_ids": ["a b", "c", None], "parts": [2, 1, 0]}), ([0, 1, 2], [2, 1, 1])),
        (pd.DataFrame({"messages": [7, 2], "parts": [9, 2]}), ([0, 1], [9, 2])),
        (pd.DataFrame({"call_id": ["a", "b"], "to": ["x", "x"], "started": [1, 1]}), ([0, 1], [1, 1])),
        (pd.DataFrame({"part": [1, 2, 1, 2, 1], "to": ["x"] * 5, "client_ref": ["r"] * 5}), ([0, 0, 1, 1, 2], [1] * 5)),
        (pd.DataFrame({"message_id": [*"abcd"], "parts": [2, 2, 2, 2], "to": ["x"] * 4}), ([0, 0, 1, 1], [1] * 4)),
    ],
)
def test_the_columns_of_a_frame_tell_what_its_rows_are(
    table: pd.DataFrame, counts: tuple[list[int], list[int]]
) -> None:
    found = count_parts(table)
    messages, _ = pd.factorize(number_rows(found))
    assert (messages.tolist(), found.parts.tolist()) == counts


SOURCES: list[Callable[[pd.DataFrame], pd.DataFrame]] = [
    lambda parts: parts,
    lambda parts: nx.delivery(parts),
    lambda parts: nx.records(),
    lambda parts: nx.records(include_message=True),
    lambda parts: nx.sent(),
    lambda parts: nx.delivery(nx.sent()),
    lambda parts: nx.delivery(nx.records()),
]


@pytest.mark.parametrize("read", SOURCES)
def test_every_source_has_the_same_messages_parts_and_costs(
    session: nx.Session, read: Callable[[pd.DataFrame], pd.DataFrame]
) -> None:
    # Twice the same under one reference, a short one, and three parts.
    texts = [LONG, LONG, "Hello", LONG + LONG]
    sends = [nx.send_sms("+44 7700 900000", text, sender="Demo", client_ref=f"r{n}") for n, text in enumerate(texts)]
    parts = pd.concat(sends)  # the labels of all four begin with 0
    found = nx.spend(read(parts))
    assert found[["messages", "parts"]].values.tolist() == [[4, 8]]
    assert found.spend[0] == pytest.approx(8 * 0.042291)
    assert found.unpriced[0] == 0


@pytest.mark.parametrize("is_looked_up", [False, True])
def test_a_batch_has_the_same_messages_parts_and_costs_in_all_its_frames(
    session: nx.Session, is_looked_up: bool
) -> None:
    plan = nx.plan_sms(["+44 7700 900000", "+44 7700 900001"], LONG, sender="Demo")
    outcome = nx.send_many(plan, batch="two", progress=False)
    frames = [nx.delivery("two"), nx.delivery(outcome)] if is_looked_up else [outcome, nx.sent("two")]
    for frame in frames:
        found = nx.spend(frame)
        assert found[["messages", "parts", "spend"]].values.tolist() == [[2, 4, pytest.approx(4 * 0.042291)]]


def test_a_price_of_a_message_is_not_counted_with_each_of_its_parts(session: nx.Session) -> None:
    nx.send_sms("+44 7700 900000", LONG, sender="Demo")
    parts = nx.delivery(nx.sent())
    assert parts.price.sum() == pytest.approx(4 * 0.042291)  # each row has the price of the message
    compared = nx.estimate_vs_actual(parts)
    assert compared[["messages", "parts", "difference", "open"]].values.tolist() == [[1, 2, 0.0, 0]]
    unknown = nx.spend(parts.assign(final_price=float("nan")))
    assert unknown.spend[0] == pytest.approx(2 * 0.042291)


@pytest.mark.parametrize("state", ["planned", "rejected", "not_found", "skipped", "problem"])
def test_what_never_left_is_no_message(state: str) -> None:
    table = pd.DataFrame({"state": [state, "accepted", "unknown"], "message_ids": [None, "a b", None]})
    table = table.assign(parts=[0, 2, 0], price=[None, 0.1, None], currency="EUR")
    found = nx.spend(table)
    assert found[["messages", "parts", "spend", "unpriced"]].values.tolist() == [[2, 3, 0.1, 1]]


def test_a_message_without_a_price_lacks_those_of_all_its_parts() -> None:
    table = pd.DataFrame({"message_ids": ["a b", "c"], "parts": [2, 1], "price": [None, 0.1], "currency": "EUR"})
    assert nx.spend(table).unpriced.tolist() == [2]


def test_a_part_that_was_refused_is_left_out(session: nx.Session) -> None:
    parts = nx.send_sms("+44 7700 900000", LONG, sender="Demo")
    parts.loc[1, "status"] = "5"
    assert len(drop_unsent(parts)) == 1
    assert nx.spend(parts)[["messages", "parts"]].values.tolist() == [[1, 1]]


def test_rates_are_those_of_messages_and_those_of_parts() -> None:
    table = build_records(ONE, ONE, OTHER, OTHER).assign(status=["delivered", "failed", "delivered", "delivered"])
    found = nx.cost_per_delivered(table).iloc[0]
    assert (found.messages, found.parts, found.delivered_messages, found.delivered_parts) == (2, 4, 1, 3)
    assert (found.message_delivery_rate, found.part_delivery_rate) == (0.5, 0.75)
    assert (found.cost_per_delivered_message, found.cost_per_delivered_part) == (0.2, pytest.approx(0.2 / 3))


def test_a_message_whose_parts_ended_differently_counts_in_both_groups() -> None:
    table = build_records(ONE, ONE).assign(status=["delivered", "failed"])
    assert nx.spend(table, by="status").messages.tolist() == [1, 1]
    assert nx.cost_per_delivered(table, by="status").delivered_messages.tolist() == [0, 0]
