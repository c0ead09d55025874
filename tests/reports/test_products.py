"""Records of every product, against the sandbox's own books."""

from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import pytest

import nexmo_nb as nx
from nexmo_nb.reports.columns import get_columns
from nexmo_nb.sandbox import Sandbox
from nexmo_nb.sandbox.books import Entry, add_up_books
from nexmo_nb.sandbox.subaccount_traffic import list_subaccounts

SPAN = {"start": "2025-03-01", "end": "2025-03-11"}
TIMES = [datetime(2025, 3, day, tzinfo=timezone.utc) for day in (1, 11)]
PRODUCTS = ["MESSAGES", "VOICE-CALL", "VOICE-FAILED", "VOICE-TTS", "VERIFY-API", "VERIFY-V2", "NUMBER-INSIGHT"]


def list_entries(sandbox: Sandbox, product: str, direction: str = "outbound") -> list[Entry]:
    entries = add_up_books(sandbox.world, *TIMES)
    return [each for each in entries if each.product == product and each.direction in ("", direction)]


@pytest.mark.parametrize("product", ["SMS", *PRODUCTS, "REPORTS-USAGE"])
def test_what_records_cost_is_what_the_books_say_by_account_and_country(
    session: nx.Session, sandbox: Sandbox, product: Any
) -> None:
    entries = list_entries(sandbox, product)
    found = nx.records(product, **SPAN, include_subaccounts=True)
    assert [*found.columns] == [column.name for column in get_columns(product, "outbound").values()]
    groups = [name for name in ("account_id", "country") if name in found]
    assert len(found) == sum(each.records for each in entries) > 5
    if "price" not in found:
        return
    counted = found.fillna({"country": ""} if "country" in found else {}).groupby(groups)["price"].sum()
    booked: dict[Any, Decimal] = {}
    for each in entries:
        key = (each.account, each.country) if "country" in found else each.account
        booked[key] = booked.get(key, Decimal(0)) + each.amount
    assert counted.round(8).to_dict() == pytest.approx({key: float(amount) for key, amount in booked.items()}, abs=1e-8)


@pytest.mark.parametrize("product", [*PRODUCTS, "REPORTS-USAGE"])
def test_both_ways_give_the_same_frame_of_every_product(session: nx.Session, product: Any) -> None:
    at_once, ordered = (nx.records(product, **SPAN, mode=mode, refresh=True) for mode in ("sync", "async"))
    assert len(at_once) > 5
    assert at_once.dtypes.to_dict() == ordered.dtypes.to_dict()
    texts = [name for name in at_once if name != "request_params"]
    assert at_once[texts].astype("string").equals(ordered[texts].astype("string"))


def test_a_subaccount_is_read_alone(session: nx.Session, sandbox: Sandbox) -> None:
    one = list_subaccounts(sandbox.world.seed)[0].api_key
    found = nx.records(**SPAN, account_id=one)
    assert set(found.account_id) == {one}
    with pytest.raises(nx.InvalidRequestError, match="include_subaccounts"):
        nx.records(**SPAN, include_subaccounts=True, mode="sync")
    with pytest.raises(nx.NexmoError):
        nx.records(**SPAN, account_id="abcd1234")


def test_a_field_that_nobody_knows_comes_as_text(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = sandbox.answer

    def answer(request: Any) -> Any:
        found, accident = real(request)
        if request.path.startswith("/v2/reports/records"):
            rows = [{**row, "mood": 7} for row in found.body["records"]]
            found = found._replace(body={**found.body, "records": rows})
        return found, accident

    monkeypatch.setattr(sandbox, "answer", answer)
    found = nx.records("ASR", **SPAN, mode="sync")
    assert found.empty
    assert set(nx.records("MESSAGES", **SPAN, mode="sync").mood) == {"7"}
