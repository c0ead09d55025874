"""The sandbox's year of traffic: the same every time, and the frames agree with it to the cent."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox
from nexmo_nb.sandbox.segments import split_gsm, split_ucs2
from nexmo_nb.sandbox.traffic import FIELDS, find, rows, totals

BEGIN, END = (pd.Timestamp(at, tz="UTC").timestamp() for at in ("2025-01-01", "2026-01-01"))
MARCH = tuple(pd.Timestamp(at, tz="UTC").timestamp() for at in ("2025-03-01", "2025-04-01"))


def month(sandbox: Sandbox, product: str = "SMS", direction: str | None = None) -> list[dict[str, str]]:
    key = f"{product} {direction}" if direction == "inbound" else product
    return [dict(zip(FIELDS[key], row, strict=True)) for row in rows(sandbox.world, product, direction, *MARCH)]


@pytest.mark.slow
def test_the_frames_of_a_year_agree_to_the_cent_by_country_network_and_status(
    session: nx.Session, sandbox: Sandbox
) -> None:
    records = nx.records(start="2025-01-01", end="2026-01-01", max_records=None, progress=False)
    truth = totals(sandbox.world, BEGIN, END)
    assert len(records) == sum(count for count, _ in truth.values()) >= 200_000
    assert records.message_id.is_unique
    found = nx.spend(records, by=["country", "network", "status"])
    seen = {(r.country, r.network, r.status): (r.messages, r.spend) for r in found.itertuples()}
    assert seen.keys() == truth.keys()
    for key, (count, cost) in truth.items():
        assert seen[key][0] == count
        assert Decimal(str(seen[key][1])) == cost
    assert set(found.currency) == {"EUR"}
    in_all = nx.spend(records).spend[0]
    assert abs(Decimal(str(in_all)) - sum(cost for _, cost in truth.values())) < Decimal("0.0001")
    assert nx.spend(records, freq="M").spend.sum() == pytest.approx(in_all, abs=1e-6)
    delivered = nx.cost_per_delivered(records)
    assert int(delivered.delivered[0]) == sum(
        count for (*_, status), (count, _) in truth.items() if status == "delivered"
    )


def test_the_same_seed_gives_the_same_month_and_another_gives_another() -> None:
    made: list[Any] = []
    for seed in (1, 1, 2):
        with Sandbox(seed=seed) as sandbox:
            made.append(month(sandbox)[:50])
    assert made[0] == made[1]
    assert made[0] != made[2]


def test_messages_have_as_many_records_as_their_text_has_parts(sandbox: Sandbox) -> None:
    records = pd.DataFrame(month(sandbox))
    counts = records.groupby("client_ref").agg(
        n=("message_id", "size"),
        text=("message_body", "first"),
        dcs=("dcs", "first"),
        several=("concatenated", "first"),
    )
    for row in counts.drop_duplicates("text").itertuples():
        assert row.n == len(split_gsm(row.text) if row.dcs == "0" else split_ucs2(row.text))
        assert row.several == ("TRUE" if row.n > 1 else "FALSE")
    assert set(counts.n) == {1, 2}


def test_ids_are_found_again_in_their_month(sandbox: Sandbox) -> None:
    wanted = [record["message_id"] for record in month(sandbox)[::5000]]
    assert [row[1] for row in find(sandbox.world, "SMS", wanted)] == wanted
    assert find(sandbox.world, "SMS", ["xx", "", "99999999-0000"]) == []


def test_some_numbers_rest_and_some_were_never_used(sandbox: Sandbox) -> None:
    owned = list(sandbox.world.numbers_at_start)
    used = {record["from"] for record in month(sandbox)} | {r["to"] for r in month(sandbox, "SMS", "inbound")}
    late = [pd.Timestamp(at, tz="UTC").timestamp() for at in ("2025-12-01", "2026-01-01")]
    later = {row[FIELDS["SMS inbound"].index("to")] for row in rows(sandbox.world, "SMS", "inbound", *late)}
    assert not used & set(owned[-2:])
    assert set(owned[-4:-2]) & used
    assert not later & set(owned[-4:])


@pytest.mark.parametrize(
    ("product", "direction", "count"),
    [("SMS", "outbound", 18_000), ("SMS", "inbound", 1_500), ("VOICE-CALL", None, 1_200), ("VOICE-FAILED", None, 80)],
)
def test_every_kind_of_traffic_is_there_in_order_of_time(
    sandbox: Sandbox, product: str, direction: str | None, count: int
) -> None:
    found = month(sandbox, product, direction)
    times = [record.get("date_received") or record["date_start"] for record in found]
    assert len(found) >= count
    assert times == sorted(times)
    assert times[0] >= "2025-03-01"
    assert times[-1] < "2025-04-01"


def test_a_new_price_counts_for_the_list_and_for_sends_until_the_sandbox_is_reset(
    session: nx.Session, sandbox: Sandbox
) -> None:
    before = nx.send_sms("+351 912 345 678", "Hello", sender="Demo").price[0]
    listed = nx.prices("PT").price
    sandbox.reprice("PT", 1.5)
    assert nx.send_sms("+351 912 345 678", "Hello", sender="Demo").price[0] == pytest.approx(1.5 * before)
    assert nx.prices("PT", refresh=True).price.tolist() == pytest.approx((1.5 * listed).tolist())
    sandbox.reset()
    assert nx.prices("PT", refresh=True).price.tolist() == listed.tolist()
