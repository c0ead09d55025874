"""Plans: who would get what, in how many parts, at what price, and what stands in the way. Nothing is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from numbers import Integral
from typing import Any

import pandas as pd

from nexmo_nb import validation
from nexmo_nb.contacts.numbers import check_sender, parse_number_and_country
from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.frames import Column, concat_frames, frame
from nexmo_nb.pricing import prices as read_prices
from nexmo_nb.session import Session, session_or_current
from nexmo_nb.sms.request import LONGEST_TEXT
from nexmo_nb.text.gsm import outside_gsm, segments
from nexmo_nb.text.template import fill_template, find_names, write_value

COLUMNS = (
    Column("to"), Column("sender"), Column("text"), Column("country"), Column("encoding"), Column("parts", "int64"),
    Column("price_low", "float64"), Column("price_high", "float64"), Column("currency"), Column("problem"),
)  # fmt: skip
SUMMARY_COLUMNS = (
    Column("country"), Column("recipients", "int64"), Column("parts", "int64"), Column("price_low", "float64"),
    Column("price_high", "float64"), Column("currency"), Column("problems", "int64"),
)  # fmt: skip
# Rows that are checked together; Python's own values of all rows at once would take several times their memory.
AT_ONCE = 20_000
_RECIPIENTS = "a DataFrame, a Series, or a list of numbers or of rows"


def plan_sms(
    recipients: pd.DataFrame | pd.Series | Iterable[Any],
    text: str | None = None,
    *,
    sender: str | int,
    to: str = "to",
    region: str | None = None,
    type: str = "auto",
    prices: bool = True,
    session: Session | None = None,
) -> pd.DataFrame:
    """Plan a batch of SMS: check every row and say what it would cost. Nothing is sent.

    Parameters
    ----------
    recipients : DataFrame, Series or iterable
        One row a message. Columns other than `to` may fill the text.
    text : str, optional
        Names in braces are replaced by the row's values, as in ``"Olá {name}, faltam {days} dias"``; write ``{{`` for a
        brace. Default: the column ``text``.
    sender : str or int
        A number of yours, or a name of at most 11 letters and digits.
    to : str
        Name of the column of numbers.
    region : str, optional
        Country (ISO 3166-1 alpha-2) of numbers without a country code. Default: every number must have one.
    type : {"auto", "text", "unicode"}
        Default: text where GSM-7 has every character, else unicode; row by row.
    prices : bool
        False: leave the prices out, and ask Nexmo nothing.
    session : Session, optional
        Default: the current one.

    Returns
    -------
    pandas.DataFrame
        One row a recipient, in their order: ``to`` (digits), ``sender, text, country, encoding`` (text), ``parts``
        (int; 0 where there is a problem), ``price_low, price_high`` (float, of the whole message over the networks of
        the country, in ``currency``), ``problem`` (text; missing where the row can be sent). Rows with a problem are
        never sent: a number that is none or stands in an earlier row, a column that is missing or empty.

    Raises
    ------
    InvalidRequestError, NexmoError
        If the sender, a column's name or another argument is wrong; if the price list cannot be read.

    Notes
    -----
    Prices come from the account's own list (`nexmo_nb.prices`), which is read once a day from
    ``/account/get-pricing``, https://developer.vonage.com/en/api/pricing. The network of a number is not known
    beforehand, so there is a lowest and a highest price.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> people = [{"to": "+351 912 345 678", "name": "Ana"}, {"to": "12", "name": "Rui"}]
    >>> plan = nx.plan_sms(people, "Hello {name}", sender="Demo")
    >>> plan[["to", "text", "parts"]].values.tolist()
    [['351912345678', 'Hello Ana', 1], ['12', <NA>, 0]]
    """
    sender, has_prices = check_sender(sender), validation.check_bool("prices", prices)
    kind = validation.check_choice("type", type, ("auto", "text", "unicode"))
    if region is not None:
        region = validation.check_country(region, "region")
    columns = _read_columns(recipients, to)
    if text is None and "text" not in columns:
        raise validation.invalid_argument("text", None, "a text, or recipients with a column 'text'")
    wanted = ["text"] if text is None else find_names(text)
    names = [name for name in wanted if name in columns]
    lacking = [name for name in wanted if name not in columns]
    pieces = []
    for piece in _read_pieces({name: columns[name] for name in (to, *names)}, to):
        values = ({name: piece[name][n] for name in names} for n in range(len(piece[to])))
        rows = [
            {"sender": sender, **_check_row(number, row, template=text, lacking=lacking, kind=kind, region=region)}
            for number, row in zip(piece[to], values, strict=True)
        ]
        pieces.append(frame(rows, COLUMNS))
    plan = _mark_duplicates(concat_frames(pieces, frame([], COLUMNS)))
    return _add_prices(plan, session_or_current(session)) if has_prices else plan


def summary(plan: pd.DataFrame) -> pd.DataFrame:
    """Add a plan up by country.

    Parameters
    ----------
    plan : DataFrame
        As `plan_sms` returns it.

    Returns
    -------
    pandas.DataFrame
        One row a country, and a last one, ``total`` (one for each currency, should there be several): ``country``
        (text), ``recipients, parts`` (int; of rows that can be sent), ``price_low, price_high`` (float, in
        ``currency``), ``problems`` (int: rows that cannot be sent).

    Raises
    ------
    InvalidRequestError
        If it is no plan.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> plan = nx.plan_sms(["+351 912 345 678", "+44 7700 900000"], "Hello", sender="Demo")
    >>> nx.summary(plan)[["country", "recipients", "parts"]].values.tolist()
    [['GB', 1, 1], ['PT', 1, 1], ['total', 2, 2]]
    """
    check_plan(plan)
    known = plan["currency"].dropna().unique()
    table = plan.assign(
        country=plan["country"].fillna("unknown").astype("string"),
        # A row that cannot be sent has no price, and must not make a line of its own for that.
        currency=(plan["currency"].fillna(known[0]) if len(known) == 1 else plan["currency"]).astype("string"),
    )
    rows: list[dict[str, Any]] = []
    for lines in (table, table.assign(country="total")):
        for (country, currency), part in lines.groupby(["country", "currency"], dropna=False):
            good = part[part["problem"].isna()]
            rows.append(
                {
                    "country": country,
                    "recipients": len(good),
                    "parts": good["parts"].sum(),
                    "price_low": good["price_low"].sum(min_count=1),
                    "price_high": good["price_high"].sum(min_count=1),
                    "currency": None if validation.is_missing(currency) else currency,
                    "problems": len(part) - len(good),
                }
            )
    return frame(rows, SUMMARY_COLUMNS)


def check_plan(plan: Any) -> None:
    """Refuse what `plan_sms` did not make."""
    names = [column.name for column in COLUMNS]
    if not isinstance(plan, pd.DataFrame) or not set(names) <= set(plan.columns):
        allowed = f"a frame of plan_sms() with the columns {', '.join(names)}"
        raise validation.invalid_argument("plan", type(plan).__name__, allowed)
    validation.check_frame(plan, numbers=[column.name for column in COLUMNS if column.dtype != "string"])
    objects = [column.name for column in COLUMNS if column.dtype == "string" and plan[column.name].dtype != "string"]
    texts = (value for name in objects for value in plan[name])
    odd = next((value for value in texts if not isinstance(value, str) and not validation.is_missing(value)), None)
    if odd is not None:
        raise validation.invalid_argument("plan", odd, "a frame of plan_sms(), with text in its columns of text")


def _read_columns(recipients: Any, to: str) -> dict[str, Any]:
    """Take columns, as Series or lists, by name, out of whatever was given; `to` is one of them."""
    if not isinstance(to, str):
        raise validation.invalid_argument("to", to, "the name of the column of numbers")
    if isinstance(recipients, pd.Series):
        return {to: recipients}
    columns: dict[str, Any]
    if isinstance(recipients, pd.DataFrame):
        validation.check_frame(recipients)
        columns = {str(name): recipients[name] for name in recipients.columns}
    elif isinstance(recipients, str):
        raise validation.invalid_argument("recipients", recipients, _RECIPIENTS)
    else:
        rows = validation.as_list("recipients", recipients, _RECIPIENTS)
        if not rows or not all(isinstance(row, Mapping) for row in rows):
            return {to: rows}
        columns = {str(name): [row.get(name) for row in rows] for name in dict.fromkeys(chain.from_iterable(rows))}
    if to not in columns and any(map(len, columns.values())):
        allowed = f"the name of the column of numbers; there are {', '.join(columns) or 'none'}"
        raise validation.invalid_argument("to", to, allowed)
    return {to: [], **columns}


def _read_pieces(columns: Mapping[str, Any], to: str) -> Iterator[dict[str, Sequence[Any]]]:
    """Read some thousand rows at a time, as Python's own values by column."""
    readers = {name: _make_reader(column) for name, column in columns.items()}
    for start in range(0, len(columns[to]), AT_ONCE):
        yield {name: read(slice(start, start + AT_ONCE)) for name, read in readers.items()}


def _make_reader(column: Any) -> Callable[[slice], Sequence[Any]]:
    """Make a function that reads rows of a column; whole numbers that pandas keeps as floats become whole again."""
    if not isinstance(column, pd.Series):
        return lambda rows: column[rows]
    is_whole = pd.api.types.is_float_dtype(column.dtype) and bool((column.dropna() % 1 == 0).all())
    return lambda rows: [
        None if validation.is_missing(v) else int(v) if is_whole else v for v in column.iloc[rows].tolist()
    ]


def _check_row(
    number: Any, values: Mapping[str, Any], *, template: str | None, lacking: list[str], kind: str, region: str | None
) -> dict[str, Any]:
    """Check a row by itself, and give what that tells of it; `lacking` are names in the template without a column."""
    to, country = None, None
    try:
        to, country = parse_number_and_country(number, region)
        if lacking:
            raise InvalidRequestError(f"text: there is no column {lacking[0]!r}")
        text = write_value(values["text"]) if template is None else fill_template(template, values)
        encoding, parts = _count_parts(text, kind)
    except InvalidRequestError as problem:
        return {"to": to or _show_number(number), "country": country, "parts": 0, "problem": str(problem)}
    return {"to": to, "country": country, "text": text, "encoding": encoding, "parts": parts}


def _show_number(number: Any) -> str | None:
    """Show what stands in place of a number, if it can be written."""
    is_small = isinstance(number, Integral) and abs(int(number)) < 10**18
    return str(number)[:80] if is_small or isinstance(number, (str, float)) else None


def _mark_duplicates(plan: pd.DataFrame) -> pd.DataFrame:
    """Mark the rows whose number stands in an earlier one that can be sent."""
    numbers = plan["to"][plan["problem"].isna()].astype("uint64")
    first = numbers.index.to_series().groupby(numbers).transform("first")
    again = first[first != first.index]
    if len(again):
        plan.loc[again.index, "parts"] = 0
        plan.loc[again.index, "problem"] = [f"to: the same number stands in row {n}" for n in again]
    return plan


def _count_parts(text: str, kind: str) -> tuple[str, int]:
    """Count the parts of a text in its encoding, or raise what is wrong with it."""
    if not 1 <= len(text) <= LONGEST_TEXT:
        raise InvalidRequestError(f"text: it has {len(text):,} characters; allowed: 1 to {LONGEST_TEXT:,}")
    found = segments(text, encoding="ucs2" if kind == "unicode" else None)
    if kind == "text" and found.encoding != "gsm7":
        shown = " ".join(repr(c) for c in outside_gsm(text)[:10])
        raise InvalidRequestError(f"text: outside GSM-7 are {shown}; replace them, or plan with type='auto'")
    return found.encoding, found.parts


def _add_prices(plan: pd.DataFrame, session: Session) -> pd.DataFrame:
    """Give each row that can be sent its lowest and highest price."""
    countries = plan["country"].where(plan["problem"].isna())
    if countries.notna().any():
        table = read_prices(sorted(countries.dropna().unique()), session=session).groupby("country")
        known = table.agg(low=("price", "min"), high=("price", "max"), currency=("currency", "first"))
        by_row = known.reindex(countries)
        plan["price_low"] = by_row["low"].to_numpy() * plan["parts"]
        plan["price_high"] = by_row["high"].to_numpy() * plan["parts"]
        plan["currency"] = by_row["currency"].array
    return plan
