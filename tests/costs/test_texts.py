"""Shorter texts: a campaign is one row, the savings are exact, and a frame without texts says how to get them."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import nexmo_nb as nx
from nexmo_nb.costs.templates import find_templates

TABLE = "Olá {}! A sua mesa está pronta às {}h. Se não puder vir, responda C até às {}h de hoje."
BOOKING = "Caro {}, a sua reserva de {} está confirmada. Até já! Para cancelar, ligue-nos até às 18h."


def fill(text: str, *values: Any) -> str:
    for value in values:
        text = text.replace("{}", str(value), 1)
    return text


TABLES = [fill(TABLE, name, hour, hour - 2) for name, hour in (("Ana", 20), ("Rui", 21), ("Ana Maria Sá", 19))]
BOOKINGS = [fill(BOOKING, name, day) for name, day in (("Zé", "domingo"), ("João Pedro", "2 de maio"))]
CASES: list[tuple[list[str], list[str]]] = [
    ([], []),
    (["Good night"], ["Good night"]),
    (["Good night", "Good night"], ["Good night", "Good night"]),
    (TABLES, [TABLE] * 3),
    ([*TABLES, *BOOKINGS], [TABLE] * 3 + [BOOKING] * 2),
    ([TABLES[0], BOOKINGS[0], TABLES[1], BOOKINGS[1]], [TABLE, BOOKING, TABLE, BOOKING]),
    (["One two three four five six", "Seven two three four five six"], ["{} two three four five six"] * 2),
    (["One two three four five six", "One two three four five nine"], ["One two three four five {}"] * 2),
    (["One two three", "One two four five"], ["One two three", "One two four five"]),
    (["a b c d e f g h", "h g f e d c b a"], ["a b c d e f g h", "h g f e d c b a"]),
    (["Hi a b c d\n\ne.", "Hi a b c x\n\ne."], ["Hi a b c {}\n\ne."] * 2),
]


@pytest.mark.parametrize(("texts", "templates"), CASES)
def test_texts_with_most_words_in_common_are_one_template(texts: list[str], templates: list[str]) -> None:
    shown = [fill(template, *["{}"] * 3) for template in templates]
    assert find_templates(texts) == shown


def build_rows(*texts: str, **columns: Any) -> pd.DataFrame:
    table = pd.DataFrame({"text": pd.array(texts, dtype="string"), "price": 0.04, "currency": "EUR"})
    return table.assign(**columns)


def test_a_campaign_is_one_row_whose_savings_are_those_of_its_texts() -> None:
    texts = [text for text in (*TABLES, *BOOKINGS) for _ in range(2)]  # each in two parts
    one_by_one = sum(nx.shorter_texts(build_rows(text, text)).saved[0] for text in (*TABLES, *BOOKINGS))
    found = nx.shorter_texts(build_rows(*texts, to="x", client_ref=[str(n // 2) for n in range(10)], message_id="m"))
    assert found.text.tolist() == [TABLE, BOOKING]
    assert found[["texts", "messages", "parts", "parts_after"]].values.tolist() == [[3, 3, 6, 3], [2, 2, 4, 2]]
    assert found.saved.sum() == pytest.approx(one_by_one) == pytest.approx(0.04 * 5)
    assert [nx.segments(text).encoding for text in found.suggestion] == ["gsm7", "gsm7"]


def test_currencies_are_never_added() -> None:
    found = nx.shorter_texts(build_rows(*TABLES[:2], *TABLES[:2], currency=["EUR", "EUR", "USD", "USD"]))
    assert sorted(found.currency) == ["EUR", "USD"]
    assert found.text.tolist() == [found.text[0]] * 2


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame({"price": [0.04], "currency": ["EUR"]}),
        build_rows("a", text=pd.array([pd.NA], dtype="string")),
    ],
)
def test_a_frame_without_texts_says_how_to_get_them(table: pd.DataFrame) -> None:
    with pytest.raises(nx.InvalidRequestError, match=r"records\(…, include_message=True\)"):
        nx.shorter_texts(table)


def test_texts_are_asked_for_where_records_have_none(session: nx.Session) -> None:
    nx.send_sms("+44 7700 900000", TABLES[0], sender="Demo")
    with pytest.raises(nx.InvalidRequestError, match="include_message=True"):
        nx.shorter_texts(nx.records())
    with pytest.warns(UserWarning, match="without texts before"):
        records = nx.records(include_message=True)
    read, kept = nx.shorter_texts(records), nx.shorter_texts(nx.sent())
    pd.testing.assert_frame_equal(read, kept)
    assert read[["messages", "parts", "parts_after"]].values.tolist() == [[1, 2, 1]]


def test_texts_without_any_template_are_not_compared_for_ever() -> None:
    letters = str.maketrans("0123456789", "abcdefghij")
    texts = [" ".join(f"{n:04d}{place:02d}".translate(letters) for place in range(20)) for n in range(2_000)]
    assert find_templates(texts) == texts
