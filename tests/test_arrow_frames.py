"""Frames of other libraries are taken wherever one of pandas is."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest

import nexmo_nb as nx
from nexmo_nb.arrow_frames import ArrowStream, to_pandas

UNTIL = "2030-01-01"
PEOPLE = pd.DataFrame(
    {"to": ["+351 912 345 678", "447700900000", "12"], "text": ["Olá Ana", "Hello", "Hi"]}, dtype="string"
)


def takes_frames(annotation: Any) -> bool:
    return annotation is pd.DataFrame or any(map(takes_frames, typing.get_args(annotation)))


def list_parameters() -> list[tuple[str, str]]:
    """List the parameters of public functions that take a frame, by their types."""
    functions = {name: getattr(nx, name) for name in nx.__all__ if inspect.isfunction(getattr(nx, name))}
    return [
        (name, parameter)
        for name, function in functions.items()
        for parameter, annotation in function.__annotations__.items()
        if parameter not in ("return", "ax") and "Frame" in annotation
        if takes_frames(eval(annotation, function.__globals__))
    ]


def plan(**options: Any) -> pd.DataFrame:
    return nx.plan_sms(PEOPLE, sender="Demo", **options)


def send(batch: str = "before") -> pd.DataFrame:
    return nx.send_many(plan(), batch=batch, progress=False)


def records() -> pd.DataFrame:
    send()
    return nx.records(include_message=True)


def look_up() -> pd.DataFrame:
    return nx.lookup(PEOPLE)


def read_both() -> pd.DataFrame:
    """Read inbound and outbound records, as one frame."""
    inbound = {"direction": "inbound", "sender": "447700900000", "to": "447700900001", "text": "stop"}
    stop = pd.DataFrame([inbound]).astype("string").assign(received=pd.Timestamp("2020-01-01", tz="UTC"))
    return pd.concat([stop, records()[["direction", "sender", "to", "text", "received"]]], ignore_index=True)


def find_unusual() -> pd.DataFrame:
    """Give a frame of `anomalies`, as far as it is drawn."""
    periods = pd.to_datetime(["2025-07-28", "2025-05-07"], utc=True)
    table = pd.DataFrame({"period": periods, "messages": [54, 40], "usual": [20.0, 10.0]})
    return table.assign(country=["NL", "ES"], prefix=[None, "34612"])


def compare() -> pd.DataFrame:
    send()
    return nx.estimate_vs_actual(nx.delivery("before"), "country")


def draw(plot: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Draw, and give what can be compared of the picture."""

    def read(given: Any) -> Any:
        axes = plot(given)
        texts = [text.get_text() for text in axes.findobj(lambda each: hasattr(each, "get_text"))]
        return [texts, [patch.get_bbox().bounds for patch in axes.patches]]

    return read


def write(function: Callable[[Any, Path], Path], name: str) -> Callable[[Any], Any]:
    """Write a file in the folder of the test, and give what stands in it."""
    return lambda given: function(given, Path(name)).read_bytes()


def read_form(form: Any) -> Any:
    form.sender.value, form.text.value = "Demo", "Hello {text}"
    if "phone" in vars(form):
        form.phone.value = "to"
    form.preview.click()
    return form.plan


# What each parameter is given, and what is made of it, so that the results can be compared.
CASES: dict[tuple[str, str], tuple[Callable[[], pd.DataFrame], Callable[[Any], Any]]] = {
    ("add_lookup", "plan"): (plan, lambda given: nx.add_lookup(given, nx.lookup(PEOPLE))),
    ("add_lookup", "found"): (look_up, lambda given: nx.add_lookup(plan(), given)),
    ("anomalies", "records"): (records, lambda given: nx.anomalies(given, at_least=1, times=1)),
    ("campaign_form", "recipients"): (lambda: PEOPLE, lambda given: read_form(nx.campaign_form(given))),
    ("clean_contacts", "contacts"): (lambda: PEOPLE, nx.clean_contacts),
    ("cost_per_delivered", "messages"): (records, nx.cost_per_delivered),
    ("delivery", "messages"): (lambda: nx.send_sms("447700900000", "Hello", sender="Demo"), nx.delivery),
    ("estimate_vs_actual", "messages"): (lambda: nx.delivery(send()), nx.estimate_vs_actual),
    ("fit_budget", "plan"): (plan, lambda given: nx.fit_budget(given, 0.05)),
    ("idle_numbers", "numbers"): (
        nx.owned_numbers,
        lambda given: nx.idle_numbers(given, PEOPLE.assign(sender="x"), until=UNTIL),
    ),
    ("idle_numbers", "traffic"): (records, lambda given: nx.idle_numbers(traffic=given, until=UNTIL)),
    ("lookup", "numbers"): (lambda: PEOPLE, lambda given: nx.lookup(given)[["number", "network", "ported"]]),
    ("mask", "frame"): (records, nx.mask),
    ("number_costs", "numbers"): (lambda: nx.search_numbers("GB"), nx.number_costs),
    ("opt_out_violations", "records"): (read_both, nx.opt_out_violations),
    ("plan_sms", "recipients"): (lambda: PEOPLE, lambda given: nx.plan_sms(given, sender="Demo")),
    ("plot_anomalies", "found"): (find_unusual, draw(nx.plot_anomalies)),
    ("plot_delivery", "records"): (records, draw(nx.plot_delivery)),
    ("plot_estimate", "comparison"): (compare, draw(nx.plot_estimate)),
    ("plot_number_costs", "costs"): (lambda: nx.number_costs(nx.search_numbers("GB")), draw(nx.plot_number_costs)),
    ("plot_prices", "prices"): (lambda: nx.prices(["GB", "PT"]), draw(nx.plot_prices)),
    ("plot_spend", "spend"): (lambda: nx.spend(records(), "country", freq="D"), draw(nx.plot_spend)),
    ("price_book", "inbound"): (
        lambda: records().assign(direction="inbound", country="GB"),
        lambda given: nx.price_book("GB", inbound=given),
    ),
    ("report", "records"): (records, write(nx.report, "page.html")),
    ("send_many", "plan"): (
        plan,
        lambda given: nx.send_many(given, batch="again", progress=False).drop(columns=["client_ref"]),
    ),
    ("shorter_texts", "messages"): (records, nx.shorter_texts),
    ("sms_form", "recipients"): (lambda: PEOPLE, lambda given: read_form(nx.sms_form(given))),
    ("spend", "messages"): (records, lambda given: nx.spend(given, "country")),
    ("summary", "plan"): (plan, nx.summary),
    ("suppress", "numbers"): (lambda: PEOPLE[:1], lambda given: nx.suppress(given).to),
    ("suppress_from", "records"): (read_both, lambda given: nx.suppress_from(given).to),
    ("to_csv", "frame"): (records, write(nx.to_csv, "table.csv")),
    ("to_excel", "frames"): (records, lambda given: nx.read_excel(nx.to_excel(given, "table.xlsx"))),
    ("to_focus", "bill"): (
        lambda: nx.bill("2025-12-01", "2025-12-02", products="NUMBERS", progress=False),
        write(nx.to_focus, "focus.csv"),
    ),
    ("unsuppress", "numbers"): (lambda: PEOPLE[:1], lambda given: nx.unsuppress(given).to),
}


def test_every_parameter_that_takes_a_frame_has_a_case_and_says_in_its_type_that_it_takes_those_of_polars() -> None:
    assert list_parameters() == list(CASES)
    for name, parameter in CASES:
        function = getattr(nx, name)
        assert ArrowStream in typing.get_args(eval(function.__annotations__[parameter], function.__globals__)) or (
            name == "to_excel"
        )


@pytest.mark.parametrize(("name", "parameter"), CASES, ids=[f"{name}-{parameter}" for name, parameter in CASES])
def test_a_frame_of_polars_gives_what_one_of_pandas_gives(
    session: nx.Session, name: str, parameter: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make, function = CASES[name, parameter]
    given = make()
    assert len(given)
    expected, found = function(given), function(pl.from_pandas(given))
    if isinstance(expected, pd.DataFrame):
        pd.testing.assert_frame_equal(found, expected)
    elif isinstance(expected, pd.Series):
        pd.testing.assert_series_equal(found, expected)
    else:
        assert found == expected


def test_texts_without_labels_go_by_their_order_whatever_labels_the_recipients_have(session: nx.Session) -> None:
    people = PEOPLE.iloc[[1, 0]]  # by labels, each would get the text of the other
    plan = nx.plan_sms(people[["to"]], pl.Series(["for 44", "for 351"]), sender="Demo")
    assert plan[["to", "text"]].values.tolist() == [["447700900000", "for 44"], ["351912345678", "for 351"]]
    assert plan.index.tolist() == [1, 0]
    with pytest.raises(nx.InvalidRequestError, match="text: got '3 texts'; allowed: a column of 2 texts"):
        nx.plan_sms(people[["to"]], pl.Series(["a", "b", "c"]), sender="Demo")


def test_texts_with_the_labels_of_another_frame_do_not_go_to_recipients_without_any(session: nx.Session) -> None:
    people = pl.from_pandas(PEOPLE[["to"]].iloc[[1, 0]])
    with pytest.raises(nx.InvalidRequestError, match="recipients without any"):
        nx.plan_sms(people, PEOPLE.text.iloc[[1, 0]], sender="Demo")


def test_whole_numbers_stay_whole_where_some_are_missing(session: nx.Session) -> None:
    numbers = pl.DataFrame({"to": [447700900000, None, 351912345000]})
    found = nx.clean_contacts(numbers)
    assert found["to"].fillna("").tolist() == ["447700900000", "", "351912345000"]
    assert found["warning_code"].isna().all()


@pytest.mark.parametrize(
    ("column", "dtype", "cells"),
    [
        (pl.Series(["a", "b", "a"], dtype=pl.Categorical), "string", ["a", "b", "a"]),
        (pl.Series(["a"], dtype=pl.Enum(["a", "b"])), "string", ["a"]),
        (pl.Series(["1.25"]).cast(pl.Decimal(10, 4)), "float64", [1.25]),
        (pl.Series([True, None]), "boolean", [True, pd.NA]),
        (pl.Series([True, False]), "bool", [True, False]),
        (pl.Series([1, None], dtype=pl.UInt8), "Int64", [1, pd.NA]),
    ],
)
def test_columns_get_the_dtypes_of_pandas(column: pl.Series, dtype: str, cells: list[Any]) -> None:
    for found in (to_pandas(column), to_pandas(pl.DataFrame({"x": column}))["x"]):
        assert (str(found.dtype), found.tolist()) == (dtype, cells)


@pytest.mark.parametrize("given", [1, "text", None, [1], {"a": 1}, pd.DataFrame({"a": [1]}), pd.Series([1])])
def test_anything_else_is_given_back_as_it_is(given: Any) -> None:
    assert to_pandas(given) is given


class Unreadable:
    columns = ("x",)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        raise ValueError("no such format")


def test_what_pandas_cannot_hold_is_refused_in_words() -> None:
    with pytest.raises(nx.InvalidRequestError, match="got 'a Unreadable'; allowed: one that pandas can hold. no such"):
        nx.mask(Unreadable())
