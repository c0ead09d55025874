"""Texts of a plan written by columns are those that are written row by row: cells, formats, problems and parts."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from depth import take_some
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import nexmo_nb as nx
from nexmo_nb.campaigns import plan_rows as plans
from nexmo_nb.text.plain import PlainTexts, count_plain_texts

ROWS = 8
COLUMNS: dict[str, Any] = {
    "names": pd.Series(["Ana", "João", "Ana", None, "", "nan", "#N/A", "\u2800"], dtype=object),
    "words": pd.Series(["a{b}", "x\tb", "e\u0301", "x_x000D_", "😀", "ok", " ok ", "{name}"], dtype=object),
    "str": pd.Series(["Ana", "João", None, "Ana", "Eva", "Rui", "İnf", "NaN "], dtype="str"),
    "string": pd.Series(["Ana", "João", None, "Ana", "Eva", "Rui", "x", "inf"], dtype="string"),
    "mixed": pd.Series([1, 1.0, True, "1", Decimal("1.0"), Decimal("1.00"), date(2026, 1, 2), b"1"], dtype=object),
    "odd": pd.Series([None, pd.NA, pd.NaT, float("nan"), [1], {"a": 1}, np.str_("x"), 10**30], dtype=object),
    "whole": pd.Series(range(ROWS)),
    "small": pd.Series(range(ROWS), dtype="int8"),
    "nullable": pd.Series([1, None, 3, 1, 2, 2, 3, 3], dtype="Int64"),
    "float_whole": pd.Series([1.0, 2.0, np.nan, 1.0, -0.0, 0.0, 5.0, 6.0]),
    "float": pd.Series([1.5, 2.0, np.nan, 0.0, -0.0, np.inf, 1e300, 0.1 + 0.2]),
    "float32": pd.Series([1.5, 2.0, np.nan, 0.0, -0.0, 0.1, 3.3, 1.5], dtype="float32"),
    "Float64": pd.Series([1.5, None, 2.0, 0.0, -0.0, 1.5, 2.25, 3.0], dtype="Float64"),
    "flag": pd.Series([True, False] * 4),
    "day": pd.Series(pd.date_range("2026-01-01", periods=4).tolist() * 2),
    "time": pd.Series([pd.Timestamp("2026-01-01 09:30"), pd.NaT, *pd.date_range("2026-01-01", periods=6)]),
    "zoned": pd.Series(pd.date_range("2026-03-29", periods=ROWS, freq="h", tz="Europe/Lisbon")),
    "category": pd.Series(["a", "b", None, "a", "nan", "b", "c", ""], dtype="category"),
    "duration": pd.Series(pd.to_timedelta(range(ROWS), unit="h")),
    "moment": pd.Series([datetime(2026, 1, 2, 3, n) for n in range(ROWS)], dtype=object),
}
FORMATS = [
    "{%s}",
    "{%s:d}",
    "{%s:.2f}",
    "{%s:+.1f}",
    "{%s:>9}",
    "{%s:%%d.%%m.%%Y}",
    "{%s!r}",
    "{%s!s:.3}",
    "{%s} {{x}}",
]


@pytest.fixture
def by_rows(monkeypatch: pytest.MonkeyPatch) -> Callable[..., pd.DataFrame]:
    """Plan with every text written by itself."""

    def plan(*args: Any, **kwargs: Any) -> pd.DataFrame:
        with monkeypatch.context() as patched:
            patched.setattr(plans, "count_plain_texts", count_none)
            return nx.plan_sms(*args, **kwargs)

    return plan


def count_none(texts: pa.Array, kind: str, longest: int) -> PlainTexts:
    return count_plain_texts(pa.nulls(len(texts), pa.string()), kind, longest)


def people(**columns: Any) -> pd.DataFrame:
    """Eight people whose numbers can be used, but for the sixth."""
    numbers = [f"+35191234567{n}" for n in range(ROWS)]
    numbers[5] = "12"
    table = pd.DataFrame({"to": numbers, **columns})
    return table.set_axis(pd.Index(range(10, 10 + ROWS), name="to"))


def fresh(column: str) -> pd.DataFrame:
    return people(x=COLUMNS[column])


@pytest.mark.parametrize(("column", "form"), take_some(list(itertools.product(COLUMNS, FORMATS)), 4))
def test_a_column_in_any_format_is_written_the_same(by_rows: Any, column: str, form: str) -> None:
    template = f"Olá {form % 'x'}!"
    found = nx.plan_sms(fresh(column), template, sender="Demo", prices=False)
    pd.testing.assert_frame_equal(found, by_rows(fresh(column), template, sender="Demo", prices=False))


@pytest.mark.parametrize("column", COLUMNS)
def test_a_list_of_rows_is_written_the_same(by_rows: Any, column: str) -> None:
    rows = fresh(column).to_dict("records")
    found = nx.plan_sms(rows, "Olá {x}", sender="Demo", prices=False)
    pd.testing.assert_frame_equal(found, by_rows(rows, "Olá {x}", sender="Demo", prices=False))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"type": "text"},
        {"type": "unicode"},
        {"spelling": "gsm7"},
        {"spelling": "gsm7", "type": "unicode"},
        {"spelling": "gsm7", "type": "text"},
        {"duplicates": "all"},
        {"region": "GB"},
    ],
)
@pytest.mark.parametrize(
    "template", ["Hi", "Hi {names}", "Olá {names}", "{names} {words}", "{none}", "{str}{whole}" * 20]
)
def test_every_option_gives_the_same(by_rows: Any, template: str, options: dict[str, Any]) -> None:
    table = people(names=COLUMNS["names"], words=COLUMNS["words"], str=COLUMNS["str"], whole=range(ROWS))
    table["to"] = table["to"].replace("+351912345671", "+351912345670")
    found = nx.plan_sms(table, template, sender="Demo", prices=False, **options)
    pd.testing.assert_frame_equal(found, by_rows(table, template, sender="Demo", prices=False, **options))


@pytest.mark.parametrize("column", ["names", "words", "str", "string", "mixed", "whole", "float", "category"])
@pytest.mark.parametrize("fill", [True, False])
def test_texts_of_a_column_and_of_a_series_are_the_same(by_rows: Any, column: str, fill: bool) -> None:
    table = people(text=COLUMNS[column], name="Ana")
    for arguments in ((table,), (table, COLUMNS[column].set_axis(table.index))):
        found = nx.plan_sms(*arguments, sender="Demo", fill=fill, prices=False)
        pd.testing.assert_frame_equal(found, by_rows(*arguments, sender="Demo", fill=fill, prices=False))


def test_texts_in_several_languages_are_the_same(by_rows: Any) -> None:
    spoken = ["pt", "pt-BR", "EN", "de", None, "pt", "", "en_GB"]
    for languages in (spoken, pd.array(spoken, dtype="str"), pd.array(spoken, dtype="category")):
        table = people(language=languages, name=COLUMNS["names"])
        texts = {"pt": "Olá {name}", "en": "Hello {name} {none}", "en-gb": "Hello, {name}"}
        found = nx.plan_sms(table, texts, language="language", sender="Demo", prices=False)
        pd.testing.assert_frame_equal(found, by_rows(table, texts, language="language", sender="Demo", prices=False))
        assert found["problem_code"].nunique() >= 3


def test_a_column_with_very_many_templates_is_the_same(by_rows: Any) -> None:
    table = pd.DataFrame({"to": [f"+3519123{n:05d}" for n in range(300)], "text": [f"{n} {{to}}" for n in range(300)]})
    found = nx.plan_sms(table, sender="Demo", fill=True, prices=False)
    pd.testing.assert_frame_equal(found, by_rows(table, sender="Demo", fill=True, prices=False))
    assert found["text"][7] == "7 +351912300007"


@pytest.mark.parametrize(
    "template", ["x" * 3201, "\ud800{name}", "\ud800", "{name}" * 9, "{long}", "{long:.5}" * 9, "{days}{name}"]
)
def test_texts_that_are_much_too_long_or_damaged_are_the_same(by_rows: Any, template: str) -> None:
    table = people(name="n" * 3000, long="l" * 100_000, days=3)
    found = nx.plan_sms(table, template, sender="Demo", prices=False)
    pd.testing.assert_frame_equal(found, by_rows(table, template, sender="Demo", prices=False))


def test_a_function_is_called_once_for_each_row_that_can_be_sent() -> None:
    seen: list[str] = []
    nx.plan_sms(people(), lambda row: seen.append(row["to"]) or "Hi", sender="Demo", prices=False)  # type: ignore[func-returns-value]
    assert len(seen) == len(set(seen)) == ROWS - 1


def test_half_of_a_surrogate_pair_is_a_problem_of_its_row_alone() -> None:
    table = people(name=pd.Series(["Ana", "A\ud800", *["Rui"] * 6], dtype=object))
    found = nx.plan_sms(table, "Hi {name}", sender="Demo", prices=False)
    assert found["problem_code"].fillna("").tolist() == ["", "text_encoding", "", "", "", "too_short", "", ""]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.one_of(st.none(), st.text(max_size=20), st.integers(), st.floats(), st.dates()), min_size=1, max_size=12
    )
)
def test_any_cells_give_the_same(by_rows: Any, cells: list[Any]) -> None:
    rows = [{"to": f"+3519123456{n:02d}", "x": cell} for n, cell in enumerate(cells)]
    if not any(isinstance(cell, str) and "\ud800" <= max(cell, default="") <= "\udfff" for cell in cells):
        found = nx.plan_sms(rows, "Olá {x}", sender="Demo", prices=False)
        pd.testing.assert_frame_equal(found, by_rows(rows, "Olá {x}", sender="Demo", prices=False))


def test_prices_of_each_row_are_those_of_its_country(session: nx.Session, by_rows: Any) -> None:
    table = pd.DataFrame(
        {"to": ["+351912345678", "12", "+447400123456", "+351912345679"], "name": ["a", "b", None, "d" * 200]}
    )
    found = nx.plan_sms(table, "Hi {name}", sender="Demo")
    pd.testing.assert_frame_equal(found, by_rows(table, "Hi {name}", sender="Demo"))
    assert found["price_high"].isna().tolist() == [False, True, True, False]
    assert found["price_high"][3] == pytest.approx(2 * found["price_high"][0])


def test_most_rows_of_a_usual_list_are_written_by_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[int] = []

    def count(*args: Any) -> PlainTexts:
        found = count_plain_texts(*args)
        counted.append(len(found.places))
        return found

    monkeypatch.setattr(plans, "count_plain_texts", count)
    nx.plan_sms(people(name="João", days=3), "Olá {name}, faltam {days} dias", sender="Demo", prices=False)
    assert counted == [ROWS - 1]
