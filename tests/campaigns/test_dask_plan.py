"""Plans of lists in Dask: those of one frame, whatever the list decides as a whole, however it is cut."""

from __future__ import annotations

from importlib import import_module as load  # when a test runs: it takes a second
from importlib.util import find_spec
from typing import Any

import pandas as pd
import pytest
from campaign_helpers import people

import nexmo_nb as nx

pytestmark = pytest.mark.skipif(find_spec("dask") is None, reason="Dask is not installed (the extra 'dask')")


@pytest.fixture(autouse=True)
def in_this_process() -> Any:
    with load("dask.config").set(scheduler="threads"):
        yield


def build_list() -> pd.DataFrame:
    """Build a list whose parts differ in all that a list decides as a whole."""
    numbers = [*people(6), "961234567", people(1)[0], "12", None, "+44 7700 900000", people(4)[3], people(3)[2]]
    rows = len(numbers)
    return pd.DataFrame(
        {
            "to": pd.array(numbers, dtype="string"),
            "name": pd.array([f"Person {n}" for n in range(rows)], dtype="string"),
            # The first part needs no decimals and no time of day, a later one does.
            "price": [3.0] * (rows - 2) + [4.25, None],
            "day": pd.to_datetime(["2026-11-24"] * (rows - 1) + ["2026-11-24T09:30"], format="ISO8601"),
            "language": pd.array(["pt", "en"] * (rows // 2) + ["de"] * (rows % 2), dtype="string"),
            "country": pd.array(["PT"] * (rows - 3) + ["GB", "PT", "Atlantis"], dtype="string"),
            "text": pd.array([f"Olá {{name}} {n % 3}" for n in range(rows)], dtype="string"),
        },
        index=pd.Index(range(100, 100 + rows), name="row"),
    )


def cut(table: pd.DataFrame, parts: int = 4) -> Any:
    return load("dask.dataframe").from_pandas(table, npartitions=parts, sort=False)


def write_text(row: dict[str, Any]) -> str:
    return f"{row['name']} pays {row['price']}"


WAYS: dict[str, dict[str, Any]] = {
    "a template with formats of whole columns": {"text": "{name}: {price} on {day}"},
    "a mapping of languages": {"text": {"pt": "Olá {name}", "en": "Hi {name}"}, "language": "language"},
    "a function": {"text": write_text},
    "a column": {},
    "a column of templates": {"fill": True},
    "a region": {"text": "Hello", "region": "PT"},
    "a column of regions": {"text": "Hello", "region": "country"},
    "other spellings": {"text": "“{name}”", "spelling": "gsm7"},
    "no prices": {"text": "Hello", "prices": False},
    **{f"duplicates={keep}": {"text": "Hello", "duplicates": keep} for keep in ("first", "last", "problem")},
    "duplicates=all, in different texts": {"duplicates": "all"},
}


QUICK = ("a template with formats of whole columns", "duplicates=last")


@pytest.mark.parametrize("way", [way if way in QUICK else pytest.param(way, marks=pytest.mark.slow) for way in WAYS])
def test_a_plan_in_parts_is_that_of_one_frame(session: nx.Session, way: str) -> None:
    table = build_list()
    options = {"sender": "Demo", **WAYS[way]}
    wanted, found = nx.plan_sms(table, **options), nx.plan_sms(cut(table), **options)
    assert found.npartitions == 4
    pd.testing.assert_frame_equal(found.compute(), wanted)
    assert found.dtypes.astype(str).to_dict() == wanted.dtypes.astype(str).to_dict()


def test_the_list_decides_what_a_part_alone_would_decide_otherwise(session: nx.Session) -> None:
    table = build_list()
    found = nx.plan_sms(cut(table), "{price} {day}", sender="Demo").compute()
    alone = nx.plan_sms(table.iloc[:3], "{price} {day}", sender="Demo")
    assert found.text.iloc[0] == "3.00 2026-11-24 00:00"
    assert alone.text.iloc[0] == "3 2026-11-24"
    # That it may be a national number is said only because most of the list is of Portugal.
    assert "As a number of Portugal" in found.problem.iloc[6]
    assert found.problem.iloc[7] == "to: the same number stands in row 100"


@pytest.mark.slow
def test_a_series_of_numbers_is_a_list_as_well(session: nx.Session) -> None:
    table = build_list()
    found = nx.plan_sms(cut(table).to, "Hello", sender="Demo").compute()
    pd.testing.assert_frame_equal(found, nx.plan_sms(table.to, "Hello", sender="Demo"))


@pytest.mark.slow
def test_prices_are_read_once(session: nx.Session, sandbox: Any) -> None:
    plan = nx.plan_sms(cut(build_list()), "Hello", sender="Demo")
    plan.compute()
    plan.compute()
    assert [entry["path"] for entry in sandbox.requests if "pricing" in entry["path"]] == [
        "/account/get-full-pricing/outbound/sms"
    ]


def test_a_series_of_texts_beside_a_list_in_dask_is_refused(session: nx.Session) -> None:
    for text in (pd.Series(["Hello"]), cut(build_list()).text):
        with pytest.raises(nx.InvalidRequestError, match=r"text: got 'a Series'.*frame\.assign\(text=…\)"):
            nx.plan_sms(cut(build_list()), text, sender="Demo")


def test_what_is_wrong_is_said_before_anything_is_read(session: nx.Session) -> None:
    def fail(part: pd.DataFrame) -> pd.DataFrame:
        raise AssertionError("the list was read")

    table = cut(build_list()).map_partitions(fail, meta=build_list().iloc[:0])
    with pytest.raises(nx.InvalidRequestError, match="to: got 'number'"):
        nx.plan_sms(table, "Hello", sender="Demo", to="number")
    with pytest.raises(nx.InvalidRequestError, match="language: got 'tongue'"):
        nx.plan_sms(table, {"pt": "Olá"}, sender="Demo", language="tongue")


@pytest.mark.slow
def test_a_plan_in_parts_is_added_up_as_one_frame(session: nx.Session) -> None:
    table = build_list()
    options: dict[str, Any] = {"text": "Hello", "sender": "Demo", "region": "country"}
    found, wanted = (nx.summary(nx.plan_sms(each, **options)) for each in (cut(table), table))
    pd.testing.assert_frame_equal(found, wanted)


@pytest.mark.slow
def test_a_plan_in_parts_fits_an_amount_as_one_frame(session: nx.Session) -> None:
    plan = nx.plan_sms(build_list(), "Hello", sender="Demo")
    for count in (0, 1, 3, 4, 7, 100):
        amount = float(plan.price_high.dropna().iloc[:count].sum())
        pd.testing.assert_frame_equal(nx.fit_budget(cut(plan), amount).compute(), nx.fit_budget(plan, amount))
