"""Records that were paid for are kept: the same span costs once, whatever happens between, and forget reaches them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import nexmo_nb as nx
from nexmo_nb.reports import kept
from nexmo_nb.reports.kept import _PEOPLE, Kept, Piece, find_settled, split_at, split_by_kept
from nexmo_nb.reports.request import DAY, RecordsQuery
from nexmo_nb.sandbox import Sandbox
from nexmo_nb.state.files import lock_file

SPAN: dict[str, Any] = {"start": "2025-03-01", "end": "2025-03-03"}
MARCH = (1740787200.0, 1741392000.0)
DAYS: dict[str, Any] = {"start": "2025-03-01", "end": "2025-03-08"}


def count_paid(sandbox: Sandbox) -> int:
    """Count the records that the sandbox charged for."""
    return sum(int(each["items_written"]) for each in sandbox.world.usage)


def folder_of(session: nx.Session) -> Path:
    return session.throttle.path.with_name("records")


def files_of(session: nx.Session) -> list[Path]:
    return sorted(folder_of(session).glob("*.parquet"))


@pytest.fixture
def notes(session: nx.Session) -> list[str]:
    """What is said to a person."""
    said: list[str] = []
    session.throttle.notify = said.append
    return said


# --- once -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["sync", "async"])
@pytest.mark.parametrize("product", ["SMS", "MESSAGES", "VOICE-CALL", "VOICE-TTS", "VERIFY-V2", "NUMBER-INSIGHT"])
def test_the_same_span_costs_once_and_is_the_same_frame(
    session: nx.Session, sandbox: Sandbox, mode: Any, product: Any
) -> None:
    first = nx.records(product, **DAYS, mode=mode)
    paid = count_paid(sandbox)
    assert paid == len(first) > 0
    before = len(sandbox.requests)
    pd.testing.assert_frame_equal(nx.records(product, **DAYS), first)
    assert len(sandbox.requests) == before
    assert count_paid(sandbox) == paid


@pytest.mark.slow
def test_a_year_costs_once(session: nx.Session, sandbox: Sandbox) -> None:
    year: dict[str, Any] = {"start": "2025-01-01", "end": "2026-01-01", "max_records": None, "progress": False}
    first = nx.records(**year)
    pd.testing.assert_frame_equal(nx.records(**year), first)
    assert count_paid(sandbox) == len(first) == 277_190


def test_only_what_is_missing_is_bought(session: nx.Session, sandbox: Sandbox) -> None:
    middle = nx.records(start="2025-03-03", end="2025-03-05")
    whole = nx.records(start="2025-03-01", end="2025-03-08", mode="async")
    assert count_paid(sandbox) == len(whole)
    assert whole.message_id.is_unique
    assert whole.received.is_monotonic_increasing
    assert set(middle.message_id) < set(whole.message_id)


def test_a_part_of_what_is_kept_is_cut_out_at_its_start_and_before_its_end(
    session: nx.Session, sandbox: Sandbox
) -> None:
    whole = nx.records(**DAYS)
    paid = count_paid(sandbox)
    first, second = whole.received.iloc[100], whole.received.iloc[200]
    part = nx.records(start=first.isoformat(), end=second.isoformat())
    expected = whole[(whole.received >= first) & (whole.received < second)].reset_index(drop=True)
    pd.testing.assert_frame_equal(part, expected)
    assert count_paid(sandbox) == paid


def test_other_filters_directions_and_accounts_are_bought_for_themselves(session: nx.Session, sandbox: Sandbox) -> None:
    nx.records(**SPAN)
    for more in ({"country": "NA"}, {"direction": "inbound"}, {"include_subaccounts": True}):
        paid = count_paid(sandbox)
        assert len(nx.records(**SPAN, **more)) == count_paid(sandbox) - paid > 0  # type: ignore[arg-type]


def test_what_has_texts_serves_those_who_want_none_and_not_the_other_way(session: nx.Session, sandbox: Sandbox) -> None:
    with_texts = nx.records(**SPAN, include_message=True)
    paid = count_paid(sandbox)
    without = nx.records(**SPAN)
    assert without.text.isna().all()
    pd.testing.assert_frame_equal(without.drop(columns="text"), with_texts.drop(columns="text"))
    assert count_paid(sandbox) == paid
    nx.records(start="2025-03-03", end="2025-03-05")
    with pytest.warns(UserWarning, match="paid again: they were read without texts"):
        nx.records(start="2025-03-03", end="2025-03-05", include_message=True)
    assert {path.name.split("_")[3] for path in files_of(session)} == {"t"}


def test_refresh_buys_anew_and_what_is_fresh_counts_from_then_on(session: nx.Session, sandbox: Sandbox) -> None:
    nx.records(**DAYS)
    paid = count_paid(sandbox)
    (path,) = files_of(session)
    os.utime(path, ns=(1, 1))
    fresh = nx.records(**SPAN, refresh=True, include_message=True)
    assert count_paid(sandbox) == paid + len(fresh)
    pieces = split_by_kept(
        kind := RecordsQuery(sandbox.api_key, "SMS", "outbound", *MARCH, {"direction": "outbound"}),
        kept.list_kept(session, kind),
    )
    assert [piece.kept.path == path for piece in pieces if piece.kept] == [False, True]


def test_records_that_may_still_change_are_not_kept(session: nx.Session, sandbox: Sandbox) -> None:
    clock = pd.Timestamp("2025-03-10T12:00:00Z").timestamp()
    session.ledger.clock = lambda: clock
    assert find_settled(clock) == pd.Timestamp("2025-03-06", tz="UTC").timestamp()
    for _ in range(2):
        whole = nx.records(**DAYS)
    old = whole.received < pd.Timestamp("2025-03-06", tz="UTC")
    assert count_paid(sandbox) == len(whole) + int((~old).sum())


def test_months_that_are_kept_are_written_into_a_folder_and_not_paid_again(
    session: nx.Session, sandbox: Sandbox, tmp_path: Path
) -> None:
    span = {"start": "2025-02-26", "end": "2025-03-03", "progress": False}
    memory = nx.records(**span, mode="async")
    paid = count_paid(sandbox)
    files = nx.records(**span, to=tmp_path)
    assert count_paid(sandbox) == paid
    stored = pd.concat([pd.read_parquet(path) for path in files.path], ignore_index=True)
    pd.testing.assert_frame_equal(stored, memory)
    nx.records(**span, to=tmp_path, refresh=True)
    assert count_paid(sandbox) == 2 * paid
    bought = pd.concat([pd.read_parquet(path) for path in files.path], ignore_index=True)
    pd.testing.assert_frame_equal(bought, stored)


def test_a_month_that_is_kept_in_part_is_bought_for_a_folder(
    session: nx.Session, sandbox: Sandbox, tmp_path: Path
) -> None:
    first = nx.records(**SPAN)
    (rows,) = nx.records(**DAYS, to=tmp_path).rows
    assert count_paid(sandbox) == len(first) + rows
    assert rows == len(nx.records(**DAYS))


# --- accidents --------------------------------------------------------------------------------------------------------


def test_files_and_folder_are_their_owners_alone(session: nx.Session) -> None:
    nx.records(**SPAN)
    assert folder_of(session).stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder_of(session).iterdir()} == {0o600}


def test_a_full_disk_costs_a_warning_and_not_the_records(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("nexmo_nb.reports.parquet.flush_to_disk", fail)
        with pytest.warns(UserWarning, match="could not be kept.*No space left.*costs again"):
            found = nx.records(**DAYS, mode="async")
    assert len(found) > 500
    assert files_of(session) == []
    assert list(folder_of(session).glob("*.part")) == []
    nx.records(**DAYS)
    assert len(files_of(session)) == 1


def test_a_file_that_cannot_be_read_is_bought_again_and_said(session: nx.Session, sandbox: Sandbox) -> None:
    first = nx.records(**SPAN)
    (path,) = files_of(session)
    path.write_bytes(b"PAR1 no parquet")
    with pytest.warns(UserWarning, match="cannot be read"):
        pd.testing.assert_frame_equal(nx.records(**SPAN), first)
    pd.testing.assert_frame_equal(nx.records(**SPAN), first)
    assert count_paid(sandbox) == 2 * len(first)


KILLED = """
import os, signal, sys
from helpers import connected
import nexmo_nb as nx
from nexmo_nb.reports import readers

class Place:
    url = sys.argv[1]

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

session = connected(Place, api_key=sys.argv[2], api_secret=sys.argv[3], state_dir=sys.argv[4])
if sys.argv[5] == "die":
    readers.keep = die
if sys.argv[5] == "write":
    from nexmo_nb.reports import parquet
    parquet.flush_to_disk = die
print(len(nx.records(start="2025-03-01", end="2025-03-08", mode="async")))
"""


def start_child(sandbox: Sandbox, folder: Path, how: str) -> subprocess.Popen[str]:
    here = str(Path(__file__).parent.parent)
    paths = os.pathsep.join([here, str(Path(here).parent)])
    words = [sys.executable, "-c", KILLED, sandbox.url, sandbox.api_key, sandbox.api_secret, str(folder), how]
    environment = {**os.environ, "PYTHONPATH": paths}
    return subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["die", "write"])
def test_a_process_that_is_killed_between_the_download_and_the_file_does_not_pay_twice(
    sandbox: Sandbox, tmp_path: Path, how: str
) -> None:
    child = start_child(sandbox, tmp_path, how)
    child.communicate(timeout=300)
    assert child.returncode == -signal.SIGKILL
    assert list(tmp_path.rglob("records/*.parquet")) == []
    paid = count_paid(sandbox)
    child = start_child(sandbox, tmp_path, "")
    told, error = child.communicate(timeout=300)
    assert told.strip() == str(paid), error
    assert count_paid(sandbox) == paid
    assert len(list(tmp_path.rglob("records/*.parquet"))) == 1
    assert list(tmp_path.rglob("*.part")) == []


@pytest.mark.slow
def test_two_processes_that_want_the_same_pay_once(sandbox: Sandbox, tmp_path: Path) -> None:
    children = [start_child(sandbox, tmp_path, "") for _ in range(2)]
    counts = [child.communicate(timeout=300) for child in children]
    assert [told.strip() for told, _ in counts] == [str(count_paid(sandbox))] * 2, counts


def test_a_second_buyer_waits_until_the_first_has_kept(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    nx.records(**SPAN)
    (lock,) = folder_of(session).glob("*.lock")
    paid = count_paid(sandbox)
    descriptor = lock_file(lock)
    waiting = threading.Event()

    def pause(_: float) -> None:
        waiting.set()
        os.close(descriptor)

    session.pause = pause
    assert len(nx.records(**SPAN)) == paid
    assert waiting.is_set()
    assert count_paid(sandbox) == paid


def test_who_waits_for_ever_is_told_that_nothing_was_paid(session: nx.Session, sandbox: Sandbox) -> None:
    nx.records(**SPAN)
    (lock,) = folder_of(session).glob("*.lock")
    descriptor = lock_file(lock)
    try:
        with pytest.raises(nx.UnreachableError, match="Nothing was paid"):
            nx.records(start="2025-04-01", end="2025-04-02")
    finally:
        os.close(descriptor)


# --- forgetting -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("product", ["SMS", "MESSAGES", "NUMBER-INSIGHT", "VERIFY-V2"])
def test_forget_reaches_numbers_and_texts_of_before_and_leaves_what_it_cost(
    session: nx.Session, sandbox: Sandbox, product: Any
) -> None:
    texts = {"include_message": True} if product in ("SMS", "MESSAGES") else {}
    before = nx.records(product, **DAYS, **texts)
    paid = count_paid(sandbox)
    nx.forget(before="2025-03-05")
    after = nx.records(product, **DAYS, **texts)
    assert count_paid(sandbox) == paid
    old = after.received < pd.Timestamp("2025-03-05", tz="UTC")
    people = [name for name in ("sender", "to", "text", "client_ref", "number") if name in after]
    assert after.loc[old, people].isna().all(axis=None)
    pd.testing.assert_frame_equal(after[~old], before[~old])
    money = [name for name in after if name not in _PEOPLE]
    pd.testing.assert_frame_equal(after[money], before[money])
    numbers = {value for name in people for value in before.loc[old, name].dropna() if len(value) > 9}
    left = b"".join(path.read_bytes() for path in folder_of(session).iterdir())
    kept_numbers = {value for name in people for value in before.loc[~old, name].dropna()}
    assert not [value for value in numbers - kept_numbers if value.encode() in left]


def test_forget_deletes_what_it_cannot_erase_in_part(session: nx.Session) -> None:
    nx.records(**DAYS)
    (path,) = files_of(session)
    path.write_bytes(b"no parquet")
    nx.forget(before="2025-03-01")
    assert path.exists()
    nx.forget(before="2025-03-02")
    assert not path.exists()


def test_what_forget_cannot_write_is_said_and_the_ledger_is_erased_all_the_same(
    session: nx.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    nx.records(**DAYS)
    nx.send_sms("+44 7700 900000", "Hello", sender="Demo")
    monkeypatch.setattr("nexmo_nb.reports.parquet.flush_to_disk", fail)
    with pytest.raises(nx.UnreachableError, match="could not be erased.*No space"):
        nx.forget(before="2100-01-01")
    assert nx.sent().to.isna().all()


def test_forget_removes_a_download_that_a_killed_process_left(session: nx.Session) -> None:
    left = session.throttle.path.parent / "report-abc" / "report.zip"
    left.parent.mkdir()
    left.write_bytes(b"x")
    os.utime(left, (1, 1))
    nx.forget(before="2025-03-05")
    assert not left.exists()


# --- decisions --------------------------------------------------------------------------------------------------------


def query(start: float, end: float, product: str = "SMS", **filters: Any) -> RecordsQuery:
    return RecordsQuery("abcd1234", product, "outbound", start, end, filters)


def file(start: float, end: float, changed: int = 0) -> Kept:
    return Kept(Path(f"{start}-{end}-{changed}"), start, end, has_texts=False, changed=changed)


@pytest.mark.parametrize(
    ("files", "pieces"),
    [
        ([], [(0, 100, False)]),
        ([(0, 100)], [(0, 100, True)]),
        ([(20, 40)], [(0, 20, False), (20, 40, True), (40, 100, False)]),
        ([(-50, 10), (90, 500)], [(0, 10, True), (10, 90, False), (90, 100, True)]),
        ([(0, 60), (50, 100)], [(0, 60, True), (60, 100, True)]),
    ],
)
def test_a_span_is_split_into_what_is_kept_and_what_is_missing(files: Any, pieces: Any) -> None:
    found = split_by_kept(query(0, 100), [file(*each) for each in files])
    assert [(piece.start, piece.end, piece.kept is not None) for piece in found] == pieces


def test_the_newest_file_counts_for_its_own_span() -> None:
    new, old = file(40, 60, changed=2), file(0, 100, changed=1)
    assert [piece.kept for piece in split_by_kept(query(0, 100), [new, old])] == [old, new, old]


def test_a_file_whose_time_is_not_documented_is_taken_whole_or_not() -> None:
    kind = {"product": "VOICE-TTS"}
    assert [p.kept for p in split_by_kept(query(0, 100, **kind), [file(0, 50)])] == [file(0, 50), None]
    assert [p.kept for p in split_by_kept(query(0, 100, **kind), [file(50, 150)])] == [None]
    assert [p.kept for p in split_by_kept(query(10, 100, **kind), [file(0, 100)])] == [None]
    assert [p[:2] for p in split_by_kept(query(0, 100, **kind), [file(40, 100, 1), file(0, 50)])] == [
        (0, 50),
        (50, 100),
    ]


def test_a_piece_is_cut_where_records_may_still_change() -> None:
    assert split_at(Piece(0, 10), 4) == [Piece(0, 4), Piece(4, 10)]
    for time in (-5, 0, 10, 99):
        assert split_at(Piece(0, 10), time) == [Piece(0, 10)]
    assert find_settled(10 * DAY + 5) == 6 * DAY
