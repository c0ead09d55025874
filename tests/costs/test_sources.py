"""Costs of whatever holds the records are those of one frame, exactly, and records are never held whole."""

from __future__ import annotations

import gc
import importlib
import itertools
import weakref
from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import nexmo_nb as nx
from nexmo_nb.costs import sources
from nexmo_nb.costs.parts import COLUMNS, Shared, number_messages
from nexmo_nb.costs.sources import open_source

ROWS = 40
"""The most rows of a piece in these tests: many messages have parts in two pieces, and in two files."""
CUTS = (0, 35, 35, 91, 180)
"""Where the records are cut into files, one of them empty."""
LONG = "Olá! " * 30


def load(library: str) -> Any:
    """Import a library when its test runs: each worker would wait for all of them while it lists the tests."""
    return importlib.import_module(library)


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "ROWS", ROWS)


def build_records(rows: int = CUTS[-1], seed: int = 1) -> pd.DataFrame:
    """Build records of SMS, some in parts, with what is odd: two currencies, Namibia, gaps, ids that come again."""
    draw = np.random.default_rng(seed)

    def pick(*values: Any) -> Any:
        return pd.array([values[n] for n in draw.integers(0, len(values), rows)])

    seconds = np.sort(draw.integers(0, 12, rows)) + 7 * 86_400 * np.sort(draw.integers(0, 6, rows))
    times = pd.Timestamp("2025-03-03T23:59:54", tz="UTC") + pd.to_timedelta(seconds, unit="s")
    texts = {
        "account_id": pick("a", "a", "a", "b"),
        "message_id": [f"m{n}" for n in draw.integers(0, rows, rows)],
        "sender": pick("Demo", "Demo", "Demo", None),
        "to": pick("447700900000", "447700900000", "447700900001", None),
        "client_ref": pick("r1", "r1", None),
        "direction": pick("outbound", "outbound", "outbound", "inbound"),
        "country": pick("GB", "NA", None),
        "network": pick("64901", "23410", None),
        "status": pick("delivered", "delivered", "Delivered", "failed", None),
        "concatenated": pick("TRUE", "TRUE", "TRUE", "FALSE", None),
        "udh": pick("050003AA0201", "050003AA0202", "050003AA0202", None),
        "currency": pick("EUR", "EUR", "USD"),
        "text": pick(LONG + "Ana", LONG + "Rui", "Hello", None),
    }
    table = pd.DataFrame({name: pd.array(list(values), dtype="string") for name, values in texts.items()})
    return table.assign(
        received=pd.Series(times).dt.as_unit("us"),
        price=pd.Series(pick(0.0627, 0.0333, 0.1, 12345.6789, -0.05, None), dtype="float64"),
        final_price=pd.Series(pick(0.0441, 1 / 3, None), dtype="float64"),
    )


def cut(table: pd.DataFrame) -> list[pd.DataFrame]:
    return [table.iloc[start:end] for start, end in itertools.pairwise(CUTS)]


def write_folder(table: pd.DataFrame) -> Path:
    """Write a folder of Parquet files, with other files beside them."""
    folder = Path("records")
    (folder / "2026").mkdir(parents=True, exist_ok=True)
    for n, part in enumerate(cut(table)):
        part.to_parquet(folder / ("2026" if n == 3 else ".") / f"{n}.parquet", row_group_size=45, index=False)
    for name in ("README.txt", "0.parquet.part", "_metadata.parquet", "people.csv"):
        (folder / name).write_text("no records")
    return folder


def to_arrow(table: pd.DataFrame) -> pa.Table:
    return pa.Table.from_pandas(table, preserve_index=False)


KINDS: dict[str, Callable[[pd.DataFrame], Any]] = {
    "a frame": lambda table: table,
    "a folder": write_folder,
    "an iterator of frames": lambda table: iter(cut(table)),
    "a table of pyarrow": to_arrow,
    "a reader of pyarrow": lambda table: pa.RecordBatchReader.from_batches(
        to_arrow(table).schema, to_arrow(table).to_batches(max_chunksize=7)
    ),
    "a frame of polars": lambda table: load("polars").from_arrow(to_arrow(table)),
    "a relation of DuckDB": lambda table: load("duckdb").from_arrow(to_arrow(table)),
    "a frame of Dask": lambda table: load("dask.dataframe").from_pandas(table, npartitions=5, sort=False),
}
SPELLINGS: dict[str, Callable[[pd.DataFrame], Any]] = {
    "a folder by its name": lambda table: str(write_folder(table)),
    "a list of files": lambda table: sorted(write_folder(table).rglob("[0-9].parquet"), key=lambda path: path.name),
    "a list of folders and files": lambda table: (
        [write_folder(table) / f"{n}.parquet" for n in range(3)] + [str(write_folder(table) / "2026")]
    ),
    "a pattern": lambda table: f"{write_folder(table)}/**/[0-9].parquet",
    "a list of frames": cut,
    "an iterator of tables of pyarrow": lambda table: map(to_arrow, cut(table)),
}
FUNCTIONS: dict[str, Callable[[Any], pd.DataFrame]] = {
    "spend": nx.spend,
    "spend by country and network": lambda given: nx.spend(given, ["country", "network"]),
    "spend by recipient": lambda given: nx.spend(given, "to"),
    "spend by day": lambda given: nx.spend(given, "country", freq="D", tz="Europe/Lisbon"),
    "spend by month": lambda given: nx.spend(given, freq="MS", covers=("2025-03-01", "2025-04-01")),
    "cost_per_delivered": nx.cost_per_delivered,
    "cost_per_delivered by status": lambda given: nx.cost_per_delivered(given, ["status", "network"]),
    "estimate_vs_actual": lambda given: nx.estimate_vs_actual(given, "network"),
    "anomalies": lambda given: nx.anomalies(given, at_least=1, times=1),
    "anomalies by hour": lambda given: nx.anomalies(given, at_least=1, times=1, freq="h", tz="Europe/Berlin"),
    "shorter_texts": nx.shorter_texts,
}


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_costs_are_those_of_one_frame(kind: str, function: str, monkeypatch: pytest.MonkeyPatch) -> None:
    table = build_records()
    found = FUNCTIONS[function](KINDS[kind](table))
    monkeypatch.setattr(sources, "ROWS", len(table))
    wanted = FUNCTIONS[function](table)
    assert len(wanted)
    pd.testing.assert_frame_equal(found, wanted, check_exact=True)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_files_and_frames_are_taken_in_every_spelling(spelling: str) -> None:
    table = build_records()
    found = nx.cost_per_delivered(SPELLINGS[spelling](table), "network")
    pd.testing.assert_frame_equal(found, nx.cost_per_delivered(table, "network"), check_exact=True)


def count_by_hand(table: pd.DataFrame) -> list[list[Any]]:
    """Count what `spend` does without any of its code: by currency, messages, parts, and the exact sum."""
    keys = ["account_id", "sender", "to", "client_ref", "udh"]
    rows = [{name: None if pd.isna(cell) else cell for name, cell in row.items()} for row in table.to_dict("records")]
    groups: dict[Any, list[tuple[Any, int]]] = {}
    for place, row in enumerate(rows):
        joined = row["to"] and row["direction"] != "inbound" and row["concatenated"] != "FALSE"
        key = tuple((row[name] or "-")[: -2 if name == "udh" and row[name] else None] for name in keys)
        groups.setdefault(key if joined else place, []).append((row["received"], place))
    message = {}
    for parts in groups.values():
        first, before = -1, pd.Timestamp(0, tz="UTC")
        for at, place in sorted(parts):
            first = place if at - before > pd.Timedelta(seconds=1) else first
            message[place], before = first, at
    found = []
    for currency in ("EUR", "USD"):
        places = [place for place, row in enumerate(rows) if row["currency"] == currency]
        prices = [
            rows[place]["price"] if rows[place]["final_price"] is None else rows[place]["final_price"]
            for place in places
        ]
        spent = round(float(sum(Fraction(price) for price in prices if price is not None)), 8)
        found.append([currency, len({message[place] for place in places}), len(places), spent, prices.count(None)])
    return sorted(found, key=lambda row: -row[3])


def test_costs_are_those_counted_by_hand() -> None:
    table = build_records()
    found = nx.spend(write_folder(table))
    assert found[["currency", "messages", "parts", "spend", "unpriced"]].values.tolist() == count_by_hand(table)
    assert found.messages.sum() < found.parts.sum() - 10  # there are messages of several parts


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6), rows=st.integers(1, 80), size=st.integers(1, 30))
def test_it_does_not_matter_how_records_are_cut(
    seed: int, rows: int, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = build_records(rows, seed)
    by = ["status", "country"]
    monkeypatch.setattr(sources, "ROWS", rows)
    wanted = nx.cost_per_delivered(table, by)
    pieces = (table.iloc[start : start + size] for start in range(0, rows, size))
    pd.testing.assert_frame_equal(nx.cost_per_delivered(pieces, by), wanted, check_exact=True)
    assert nx.spend(table)[["currency", "messages", "parts", "spend", "unpriced"]].values.tolist() == [
        row for row in count_by_hand(table) if row[2]
    ]


def test_amounts_are_added_exactly() -> None:
    # In floats added one by one, the small ones are lost beside the large one.
    prices = [1e12, *[1e-8] * 999, 0.1, -1e12]
    table = pd.DataFrame({"price": prices, "currency": "EUR"})
    wanted = round(float(sum(map(Fraction, prices))), 8)
    assert nx.spend(table).spend.tolist() == nx.spend(table[::-1]).spend.tolist() == [wanted]


def test_what_is_infinite_stays_so() -> None:
    table = pd.DataFrame({"price": [0.1, float("inf"), float("-inf")], "currency": ["EUR", "USD", "GBP"]})
    assert nx.spend(table).spend.tolist() == [float("inf"), 0.1, float("-inf")]


@pytest.mark.parametrize("read", [lambda parts: parts, lambda parts: nx.delivery(nx.sent())])
def test_frames_whose_order_counts_may_be_cut_anywhere(
    session: nx.Session, read: Callable[[pd.DataFrame], pd.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "ROWS", 2)
    parts = [nx.send_sms("+44 7700 900000", text, sender="Demo", client_ref="r") for text in (LONG, "Hello", LONG)]
    table = read(pd.concat(parts))
    wanted = nx.spend(table)
    assert wanted[["messages", "parts"]].values.tolist() == [[3, 7]]
    pd.testing.assert_frame_equal(nx.spend(table.iloc[n : n + 1] for n in range(len(table))), wanted, check_exact=True)
    pd.testing.assert_frame_equal(nx.spend(to_arrow(table)), wanted, check_exact=True)


def test_a_bill_in_files_is_added_up() -> None:
    bill = pd.DataFrame({"product": ["SMS", "SMS", "ASR"], "messages": [2, 3, 4], "parts": [4, 3, 4]})
    bill = bill.assign(amount=[0.5, 0.25, 1.0], currency="EUR").astype({"product": "string", "currency": "string"})
    Path("bill").mkdir()
    for n in range(3):
        bill.iloc[n : n + 1].to_parquet(f"bill/{n}.parquet")
    pd.testing.assert_frame_equal(nx.spend("bill", "product"), nx.spend(bill, "product"), check_exact=True)
    assert nx.spend("bill").values.tolist() == [["EUR", 9, 11, 1.75, 0]]


DTYPES: dict[str, Callable[[pd.DataFrame], pa.Table]] = {
    "categories": lambda table: to_arrow(table.astype(dict.fromkeys(["country", "currency", "to", "udh"], "category"))),
    "large text": lambda table: to_arrow(table).cast(
        pa.schema([(f.name, pa.large_string() if f.type == pa.string() else f.type) for f in to_arrow(table).schema])
    ),
    "money as decimals": lambda table: set_column(
        table, "price", [None if pd.isna(cell) else Decimal(str(cell)) for cell in table.price]
    ),
    "times in milliseconds": lambda table: to_arrow(table.assign(received=table.received.dt.as_unit("ms"))),
    "times in nanoseconds": lambda table: to_arrow(table.assign(received=table.received.dt.as_unit("ns"))),
    "times in another zone": lambda table: to_arrow(table.assign(received=table.received.dt.tz_convert("Asia/Tokyo"))),
    "objects": lambda table: to_arrow(table.astype({"country": object, "to": object, "currency": object})),
}


def set_column(table: pd.DataFrame, name: str, values: Any) -> pa.Table:
    found = to_arrow(table)
    return found.set_column(found.schema.get_field_index(name), name, pa.array(values))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", ["spend by country and network", "cost_per_delivered", "estimate_vs_actual"])
def test_a_file_may_hold_the_same_in_another_dtype(function: str, dtype: str) -> None:
    table = build_records().assign(price=lambda table: table.price.round(4))
    Path("odd").mkdir()
    for n, part in enumerate(cut(table)):
        pq.write_table(DTYPES[dtype](part) if n == 1 or n == 2 else to_arrow(part), f"odd/{n}.parquet")
    found, wanted = (FUNCTIONS[function](given) for given in ("odd", table))
    pd.testing.assert_frame_equal(found, wanted, check_exact=True)


@pytest.mark.parametrize("kind", ["files", "frames"])
@pytest.mark.parametrize("name", ["network", "final_price", "udh", "concatenated", "client_ref", "status"])
def test_a_column_that_a_part_lacks_is_missing_there(name: str, kind: str) -> None:
    parts = cut(build_records())
    lacking = [parts[0], parts[1], parts[2], parts[3].drop(columns=name)]
    Path("lacking").mkdir()
    for n, part in enumerate(lacking):
        part.to_parquet(f"lacking/{n}.parquet")
    found = nx.spend("lacking" if kind == "files" else iter(lacking), ["network"])
    wanted = nx.spend(pd.concat(lacking, ignore_index=True), ["network"])
    pd.testing.assert_frame_equal(found, wanted, check_exact=True)


def test_a_column_that_only_a_later_file_has_counts() -> None:
    parts = [part.drop(columns="final_price") if n < 2 else part for n, part in enumerate(cut(build_records()))]
    folder = write_folder(build_records())
    for n in (0, 1):
        parts[n].to_parquet(folder / f"{n}.parquet")
    wanted = nx.spend(pd.concat(parts, ignore_index=True))
    pd.testing.assert_frame_equal(nx.spend(folder), wanted, check_exact=True)


def test_a_record_in_two_files_counts_twice_as_in_one_frame() -> None:
    table = build_records(30)
    Path("twice").mkdir()
    for n in range(2):
        table.to_parquet(f"twice/{n}.parquet")
    twice = pd.concat([table, table], ignore_index=True)
    pd.testing.assert_frame_equal(nx.spend("twice"), nx.spend(twice), check_exact=True)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_files_without_rows_give_an_empty_frame_of_the_same_form(function: str) -> None:
    Path("none").mkdir()
    build_records().iloc[:0].to_parquet("none/0.parquet")
    found, full = FUNCTIONS[function]("none"), FUNCTIONS[function](build_records())
    assert len(found) == 0
    assert found.dtypes.astype(str).to_dict() == full.dtypes.astype(str).to_dict()


def write_broken() -> str:
    folder = write_folder(build_records())
    (folder / "1.parquet").write_bytes(b"PAR1 and no more")
    return str(folder)


def write_stranger() -> str:
    folder = write_folder(build_records())
    pd.DataFrame({"name": ["Ana"]}).to_parquet(folder / "people.parquet")
    return str(folder)


def make_empty_folder() -> str:
    Path("empty").mkdir()
    (Path("empty") / "records.csv").write_text("price,currency\n")
    return "empty"


@pytest.mark.parametrize(
    ("give", "says"),
    [
        (make_empty_folder, r"got 'empty'; allowed: a folder with Parquet files.*no file that ends in \.parquet"),
        (lambda: "nowhere", "got 'nowhere'.*There is no such file"),
        (lambda: "no*.parquet", "There is no such file"),
        (lambda: ["nowhere.parquet"], "There is no such file"),
        (write_broken, r"1\.parquet.*a Parquet file\. It cannot be read"),
        (write_stranger, r"people\.parquet: frame: got 'name'; allowed: a frame with price, currency"),
        (list, "got 'nothing'.*at least"),
        (lambda: [1, 2], "got 1; allowed: a DataFrame, a folder"),
        (lambda: {"price": [1]}, "a DataFrame, a folder"),
        (lambda: 5, "a DataFrame, a folder"),
        (lambda: None, "a DataFrame, a folder"),
        (lambda: b"records", "a DataFrame, a folder"),
        (lambda: [build_records(), {"price": 1}], "a DataFrame, a folder"),
        (lambda: pa.chunked_array([[1, 2]]), "allowed: a DataFrame, a folder"),
        (lambda: [build_records().drop(columns="udh"), build_records()], "a frame with udh'; allowed: frames of which"),
        (lambda: [build_records(), build_records().drop(columns="price")], "a frame with price"),
        (lambda: to_arrow(build_records().assign(price="dear")), "numbers in price"),
        (lambda: [build_records(), build_records().assign(price="dear")], "numbers in price"),
        (lambda: to_arrow(build_records().assign(currency=[[1]] * CUTS[-1])), "text.* in currency"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(give: Callable[[], Any], says: str) -> None:
    with pytest.raises(nx.InvalidRequestError, match=says):
        nx.spend(give())


def test_times_without_a_zone_are_refused_in_whatever_file() -> None:
    folder = write_folder(build_records())
    cut(build_records())[1].assign(received=pd.Timestamp("2025-01-01")).to_parquet(folder / "2.parquet")
    build_records().assign(received=pd.Timestamp("2025-01-01")).to_parquet(folder / "3.parquet")
    with pytest.raises(nx.InvalidRequestError, match="times in UTC in received"):
        nx.spend(folder, freq="D")


def test_an_error_of_an_iterator_is_its_own() -> None:
    def give() -> Iterator[pd.DataFrame]:
        yield build_records()
        raise ConnectionError("the line is dead")

    with pytest.raises(ConnectionError, match="the line is dead"):
        nx.spend(give())


def test_currencies_of_two_files_are_never_added() -> None:
    Path("two").mkdir()
    for currency in ("EUR", "USD"):
        build_records(20).assign(currency=currency).to_parquet(f"two/{currency}.parquet")
    found = nx.spend("two").set_index("currency")
    alone = nx.spend(build_records(20).assign(currency="EUR"))
    assert found.spend.tolist() == 2 * alone.spend.tolist()
    assert sorted(found.index) == ["EUR", "USD"]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_frames_of_an_iterator_are_let_go_of_one_after_the_other(function: str) -> None:
    alive: weakref.WeakSet[pa.Table] = weakref.WeakSet()
    most = 0

    def give() -> Iterator[Any]:
        nonlocal most
        for n in range(12):
            part = Held(build_records(30, n))
            alive.add(part)
            if len(alive) > 3:
                gc.collect()  # what is in circles is held by nobody
            most = max(most, len(alive))
            yield part
            del part

    FUNCTIONS[function](give())
    assert most <= 3


class Held:
    """A frame that tells, by being alive, whether it is held."""

    def __init__(self, table: pd.DataFrame) -> None:
        self.table = to_arrow(table)

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self.table.__arrow_c_stream__(requested_schema)


def test_of_a_file_only_some_rows_are_held_and_only_the_columns_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    pieces: list[tuple[int, set[str]]] = []
    convert = sources._to_frame

    def note(table: Any) -> pd.DataFrame:
        pieces.append((len(table), set(table.schema.names)))
        return convert(table)

    build_records().assign(secret="x").to_parquet("one.parquet", row_group_size=10**6)
    monkeypatch.setattr(sources, "_to_frame", note)
    nx.spend("one.parquet", "country")
    read = [names for rows, names in pieces if rows]
    assert max(rows for rows, _ in pieces) <= ROWS
    assert sum(rows for rows, _ in pieces) == CUTS[-1]
    assert all(names <= {*COLUMNS, "price", "final_price", "currency", "country"} for names in read)
    assert not any(names & {"text", "secret", "network", "status", "message_id"} for names in read)


def test_what_shares_no_key_is_no_message_and_what_has_no_time_goes_with_the_last() -> None:
    second, none = 10**9, np.iinfo("int64").min
    key = np.array([5, 7, 5, 7, 5, 9, 5], dtype="int64")
    time = np.array([0, 0, 3, 1, 1, 0, 0], dtype="int64") * second
    time[-1] = none
    message = number_messages(Shared(key, time))
    assert pd.factorize(message)[0].tolist() == [0, 1, 2, 1, 0, 3, 2]


def test_a_row_that_is_no_part_is_no_message_of_parts() -> None:
    # The number of the last row was once that of the first message of parts.
    table = build_records(60).assign(udh=pd.NA, direction="outbound", to="447700900000", sender="Demo")
    table["concatenated"] = ["TRUE", "TRUE", *["FALSE"] * 58]
    table["received"] = table.received[0]
    table[["account_id", "client_ref"]] = "a"
    assert nx.spend(table).messages.sum() == nx.spend(table, "concatenated").messages.sum()
    assert nx.anomalies(table.assign(country="GB", currency="EUR"), digits=0).empty
    assert nx.spend(table.assign(currency="EUR")).messages.tolist() == [59]


def test_numbers_are_compared_from_files_and_other_frames(session: nx.Session) -> None:
    numbers = nx.search_numbers(["GB", "NA"])
    wanted = nx.number_costs(numbers)
    for source in (to_arrow(numbers), [numbers[:7], numbers[7:]], load("polars").from_arrow(to_arrow(numbers))):
        pd.testing.assert_frame_equal(nx.number_costs(source), wanted, check_exact=True)
    numbers.to_parquet("numbers.parquet")
    pd.testing.assert_frame_equal(nx.number_costs("numbers.parquet"), wanted, check_exact=True)


def test_idle_numbers_take_traffic_of_files_with_other_columns(session: nx.Session) -> None:
    owned = nx.owned_numbers()
    idle = nx.idle_numbers(owned, [])
    busy, other = idle.msisdn[0], idle.msisdn[1]
    at = pd.Timestamp(session.ledger.clock() - 86_400, unit="s", tz="UTC")
    Path("traffic").mkdir()
    pd.DataFrame({"sender": ["x"], "to": [busy], "received": [at]}).to_parquet("traffic/sms.parquet")
    calls = {"sender": ["x"], "to": ["y"], "started": [at], "forced_from": [other]}
    pd.DataFrame(calls).to_parquet("traffic/calls.parquet")
    for traffic in (
        "traffic",
        sorted(Path("traffic").iterdir()),
        map(load("polars").read_parquet, Path("traffic").iterdir()),
    ):
        found = nx.idle_numbers(owned, traffic)
        assert set(idle.msisdn) - set(found.msisdn) == {busy, other}


def test_a_category_stays_one_in_a_frame() -> None:
    table = build_records().astype({"country": pd.CategoricalDtype(["NA", "GB", "PT"])})
    found = nx.spend(table, "country", freq="YS")
    assert found.country.dtype == table.country.dtype
    assert found.country.dropna().unique().tolist() == ["NA", "GB"]  # in the order of the categories


def test_a_source_tells_its_columns_without_reading_rows() -> None:
    def fail() -> Iterator[pd.DataFrame]:
        yield build_records(5)
        raise AssertionError("more than the first frame was read")

    assert open_source(fail()).empty.columns.tolist() == build_records(1).columns.tolist()
