"""Records: every one once, typed, never paid for twice, and never a part as if it were all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from helpers import connected

import nexmo_nb as nx
from nexmo_nb.messages.response import CODES
from nexmo_nb.reports.delivery_status import MEANINGS
from nexmo_nb.sandbox import Sandbox
from nexmo_nb.sandbox.exchange import Answer

SPAN = {"start": "2025-03-01", "end": "2025-03-03"}
TEXT_DTYPES = {"message_id", "client_ref", "sender", "to", "country", "network", "status", "error_code", "currency"}


def orders(sandbox: Sandbox) -> int:
    return sum(r["method"] == "POST" and r["path"] == "/v2/reports" for r in sandbox.requests)


def changed(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, path: str, change: Callable[[Any], Any]) -> None:
    """Have the sandbox change its answers to a path."""
    real = sandbox.answer

    def answer(request: Any) -> tuple[Answer, Any]:
        found, accident = real(request)
        return (found._replace(body=change(found.body)) if request.path.startswith(path) else found), accident

    monkeypatch.setattr(sandbox, "answer", answer)


def test_both_ways_give_the_same_frame(session: nx.Session) -> None:
    at_once = nx.records(**SPAN, mode="sync")
    ordered = nx.records(**SPAN, mode="async")
    assert len(at_once) > 500
    by = ["received", "message_id"]
    pd.testing.assert_frame_equal(
        at_once.sort_values(by, ignore_index=True), ordered.sort_values(by, ignore_index=True)
    )


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_columns_and_dtypes_are_the_same_when_there_is_nothing(session: nx.Session, mode: str) -> None:
    full, empty = nx.records(**SPAN, mode=mode), nx.records(start="2020-01-01", end="2020-01-02", mode=mode)
    assert len(empty) == 0
    assert empty.dtypes.to_dict() == full.dtypes.to_dict()
    assert {name for name in TEXT_DTYPES if full.dtypes[name] != "string"} == set()
    assert str(full.dtypes["received"]) == str(full.dtypes["finalized"]) == "datetime64[ns, UTC]"
    assert (full.dtypes["price"], full.dtypes["latency"]) == ("float64", "float64")


def test_times_are_utc_latency_is_in_seconds_and_namibia_is_a_country(session: nx.Session) -> None:
    found = nx.records(start="2025-03-01", end="2025-03-08", country="NA", mode="async")
    assert set(found.country) == {"NA"}
    assert set(found.currency) == {"EUR"}
    done = found[found.finalized.notna()]
    seconds = (done.finalized - done.received).dt.total_seconds()
    assert ((seconds - done.latency).abs() < 1.0).all()
    assert 0.1 < done.latency.median() < 60


def test_a_span_ends_before_its_end_and_parts_of_it_add_up(session: nx.Session) -> None:
    whole = nx.records(start="2025-03-01", end="2025-03-05", mode="sync")
    halves = [nx.records(start="2025-03-01", end="2025-03-03"), nx.records(start="2025-03-03", end="2025-03-05")]
    ids = [code for half in halves for code in half.message_id]
    assert sorted(ids) == sorted(whole.message_id)
    assert len(set(ids)) == len(ids)
    assert halves[0].received.max() < pd.Timestamp("2025-03-03", tz="UTC") <= halves[1].received.min()


def test_by_id_asks_for_twenty_at_a_time_and_leaves_out_what_is_not_known(
    session: nx.Session, sandbox: Sandbox
) -> None:
    known = nx.records(**SPAN).message_id.head(45).tolist()
    before = len(sandbox.requests)
    found = nx.records(ids=[*known, "00000000-0000-4000-8000-000000000000"])
    assert sorted(found.message_id) == sorted(known)
    assert len(sandbox.requests) - before == 3


def test_filters_go_to_the_wire_by_its_names(session: nx.Session, sandbox: Sandbox) -> None:
    nx.records(**SPAN, sender="Demo", recipient="447700900000", status="failed", mode="sync")
    query = sandbox.requests[-1]["query"]
    assert (query["from"], query["to"], query["status"]) == ("Demo", "447700900000", "failed")
    assert query["direction"] == "outbound"
    assert "include_message" not in query


def test_texts_come_only_when_they_are_asked_for(session: nx.Session) -> None:
    assert nx.records(**SPAN, mode="sync").text.isna().all()
    with pytest.warns(UserWarning, match="paid again: they were read without texts"):
        assert nx.records(**SPAN, mode="sync", include_message=True).text.notna().all()
    assert nx.records(**SPAN, mode="sync").text.isna().all()


def test_a_server_that_repeats_a_page_is_found_out(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed(sandbox, monkeypatch, "/v2/reports/records", lambda body: {**body, "cursor": "again", "iv": "00"})
    monkeypatch.setattr("nexmo_nb.sandbox.reports.PAGE", 1000)
    with pytest.raises(nx.NexmoError, match="repeats a page|cursor"):
        nx.records(**SPAN, mode="sync")


def test_what_was_left_out_is_said(session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    changed(sandbox, monkeypatch, "/v2/reports/records", lambda body: {**body, "request_status": "TRUNCATED"})
    with pytest.warns(UserWarning, match="left records out"):
        nx.records(**SPAN, mode="sync")


def test_a_report_that_was_ordered_is_fetched_by_the_next_kernel_without_another_order(
    sandbox: Sandbox, waits: list[float], tmp_path: Path
) -> None:
    options: dict[str, Any] = {"state_dir": tmp_path / "mine", "sleep": waits.append}
    with connected(sandbox, **options):
        sandbox.fail_next("500", times=3, path="/v3/media")
        with pytest.raises(nx.UnreachableError):
            nx.records(**SPAN, mode="async")
    assert orders(sandbox) == 1
    with connected(sandbox, **options):
        assert len(nx.records(**SPAN, mode="async")) > 500
        assert orders(sandbox) == 1
        nx.records(**SPAN, mode="async")
        assert orders(sandbox) == 1
    assert list((tmp_path / "mine").rglob("report*.zip")) == []


def test_refresh_and_a_report_that_nexmo_no_longer_has_are_ordered_anew(session: nx.Session, sandbox: Sandbox) -> None:
    sandbox.fail_next("garbage", path="/v3/media")
    with pytest.raises(nx.UnreachableError, match="cannot be read"):
        nx.records(**SPAN, mode="async")
    assert orders(sandbox) == 1
    sandbox.world.reports.clear()
    assert len(nx.records(**SPAN, mode="async")) > 500
    assert orders(sandbox) == 2
    nx.records(**SPAN, mode="async", refresh=True)
    assert orders(sandbox) == 3


@pytest.mark.parametrize("refresh", [False, True])
def test_each_of_several_months_is_ordered_once(session: nx.Session, sandbox: Sandbox, refresh: bool) -> None:
    year = {"start": "2025-01-01", "end": "2025-04-01", "progress": False, "client_ref": "none has it"}
    nx.records(**year, refresh=refresh)
    assert orders(sandbox) == 3


def test_each_month_is_ordered_once_without_a_file_to_note_it_in(session: nx.Session, sandbox: Sandbox) -> None:
    session.price_history.path.write_bytes(b"no database at all" * 100)
    with pytest.warns(UserWarning, match="notes"):
        nx.records(start="2025-01-01", end="2025-03-01", progress=False, client_ref="none has it")
    assert orders(sandbox) == 2


def test_an_order_without_an_answer_is_not_repeated(session: nx.Session, sandbox: Sandbox) -> None:
    sandbox.fail_next("drop-after", path="/v2/reports", method="POST")
    with pytest.raises(nx.UnknownOutcomeError, match="may have cost money"):
        nx.records(**SPAN, mode="async")
    assert orders(sandbox) == 1


def test_a_report_that_nexmo_gives_up_is_an_error(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed(sandbox, monkeypatch, "/v2/reports/", lambda body: {**body, "request_status": "FAILED"})
    with pytest.raises(nx.RejectedError, match="gave it up"):
        nx.records(**SPAN, mode="async")


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_more_records_than_allowed_are_refused_with_their_cost(session: nx.Session, mode: str) -> None:
    with pytest.raises(nx.InvalidRequestError, match=r"max_records: got 100, .* EUR"):
        nx.records(**SPAN, mode=mode, max_records=100)


@pytest.mark.slow
def test_several_months_are_held_after_the_first_and_what_was_read_is_not_paid_twice(
    session: nx.Session, sandbox: Sandbox
) -> None:
    year = {"start": "2025-01-01", "end": "2025-07-01", "progress": False}
    with pytest.raises(nx.InvalidRequestError, match="max_records: got 30,000"):
        nx.records(**year, max_records=30_000)
    assert orders(sandbox) == 1
    found = nx.records(**year, max_records=200_000)
    assert orders(sandbox) == 6
    assert found.received.dt.month.nunique() == 6
    assert found.message_id.is_unique


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"product": "FAX"}, "product"),
        ({"direction": "sideways"}, "direction"),
        ({"start": "2025-02-02", "end": "2025-02-01"}, "end"),
        ({"start": "yesterday-ish"}, "start"),
        ({"country": "ZZ"}, "country"),
        ({"ids": ["a"], "status": "failed"}, "ids"),
        ({"client_ref": "x", "mode": "sync"}, "mode"),
        ({"mode": "fast"}, "mode"),
        ({"max_records": 0}, "max_records"),
        ({"sender": "a\nb"}, "from"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_asked(
    session: nx.Session, sandbox: Sandbox, wrong: dict[str, Any], says: str
) -> None:
    with pytest.raises(nx.InvalidRequestError, match=says):
        nx.records(**wrong)
    assert sandbox.requests == []


def test_calls_have_their_own_columns(session: nx.Session) -> None:
    calls = nx.records("VOICE-CALL", **SPAN)
    assert len(calls) > 10
    assert (str(calls.dtypes["started"]), calls.dtypes["duration"]) == ("datetime64[ns, UTC]", "float64")
    assert calls.price.notna().all()
    assert calls.rate.notna().all()
    assert nx.records("ASR", **SPAN).empty


@pytest.mark.slow
def test_a_folder_gets_a_file_a_month_that_can_be_read_on_where_it_stopped(
    session: nx.Session, sandbox: Sandbox, tmp_path: Path
) -> None:
    span = {"start": "2025-02-20", "end": "2025-04-03", "progress": False}
    sandbox.fail_next("500", times=3, path="/v3/media")
    with pytest.raises(nx.UnreachableError):
        nx.records(**span, to=tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []
    files = nx.records(**span, to=tmp_path / "out")
    assert files.columns.tolist() == ["path", "start", "end", "rows"]
    assert [Path(path).name[:32] for path in files.path] == [
        "SMS_outbound_2025-02-20_2025-03-",
        "SMS_outbound_2025-03-01_2025-04-",
        "SMS_outbound_2025-04-01_2025-04-",
    ]
    assert {Path(path).stat().st_mode & 0o777 for path in files.path} == {0o600}
    stored = pd.concat([pd.read_parquet(path) for path in files.path], ignore_index=True)
    memory = nx.records(**span)
    pd.testing.assert_frame_equal(stored.astype(memory.dtypes.to_dict()), memory)
    before = orders(sandbox)
    assert nx.records(**span, to=tmp_path / "out").rows.tolist() == files.rows.tolist()
    assert orders(sandbox) == before


def test_delivery_of_ids_keeps_their_order_and_says_what_is_not_there_yet(session: nx.Session) -> None:
    known = nx.records(**SPAN).head(30)
    ids = [*known.message_id[::-1], "not-yet"]
    found = nx.delivery(ids)
    assert found.message_id.tolist() == ids
    assert found.delivery.tolist()[:-1] == known.status.tolist()[::-1]
    assert found.delivery_meaning.tolist()[-1] == "no record yet"
    assert pd.isna(found.delivery.tolist()[-1])


def test_delivery_joins_a_frame_of_parts_and_the_ledger_remembers(session: nx.Session) -> None:
    parts = nx.send_sms("+44 7700 900000", "x" * 200, sender="Demo", key="long")
    assert pd.isna(nx.sent().delivery[0])
    found = nx.delivery(parts)
    assert found.part.tolist() == [1, 2]
    assert found.delivery.tolist() == ["delivered", "delivered"]
    entry = nx.sent().iloc[0]
    assert entry.delivery == "delivered"
    assert entry.final_price == pytest.approx(parts.price.sum())
    assert nx.delivery(found).columns.tolist() == found.columns.tolist()


def test_delivery_of_a_batch_and_of_sent_have_a_row_a_part(session: nx.Session) -> None:
    plan = nx.plan_sms(["+44 7700 900000", "+351 912 345 678"], "y" * 170, sender="Demo")
    nx.send_many(plan, batch="two", progress=False)
    by_batch, by_frame = nx.delivery("two"), nx.delivery(nx.sent("two"))
    assert by_batch.to.tolist() == ["447700900000"] * 2 + ["351912345678"] * 2
    assert by_frame.to.tolist() == by_batch.to.tolist()
    assert by_frame.message_id.tolist() == by_batch.message_id.tolist()
    assert nx.delivery("no such batch").empty


def test_delivery_refuses_what_it_cannot_look_up(session: nx.Session, sandbox: Sandbox) -> None:
    for wrong in (pd.Series([1]).to_frame("to"), 7, [""]):
        with pytest.raises(nx.InvalidRequestError, match="messages"):
            nx.delivery(wrong)  # type: ignore[arg-type]
    with pytest.raises(nx.InvalidRequestError, match="max_records"):
        nx.delivery(["a", "b"], max_records=1)
    assert sandbox.requests == []


def test_every_documented_code_has_a_meaning() -> None:
    assert {str(code) for code in [*range(17), *range(50, 55), 99]} == set(MEANINGS) - set(CODES)


def test_the_ledger_takes_no_delivery_of_messages_that_are_not_its_own(session: nx.Session) -> None:
    nx.delivery(nx.records(**SPAN).head(5))
    assert session.ledger._read(lambda c: c.execute("SELECT COUNT(*) FROM deliveries").fetchone()) == (0,)


def test_notes_that_cannot_be_written_cost_a_warning_and_not_the_read(
    sandbox: Sandbox, waits: list[float], tmp_path: Path
) -> None:
    with connected(sandbox, sleep=waits.append) as session:
        session.report_requests.path.write_bytes(b"no database at all" * 100)
        with pytest.warns(UserWarning, match="notes"):
            assert len(nx.records(**SPAN, mode="async")) > 500
        with pytest.warns(UserWarning, match="notes"):
            assert len(nx.prices("PT", refresh=True)) == 3
