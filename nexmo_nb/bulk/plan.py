"""Plans: who would get what, in how many parts, at what price, and what stands in the way. Nothing is sent."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from string import Formatter
from typing import Any

import pandas as pd

from nexmo_nb import checks
from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.frames import Column, frame
from nexmo_nb.gsm import outside_gsm, segments
from nexmo_nb.phone import locate, sender_id
from nexmo_nb.pricing import prices as read_prices
from nexmo_nb.session import Session, current
from nexmo_nb.sms.form import LONGEST_TEXT

__all__ = ["COLUMNS", "plan_sms", "summary"]

COLUMNS = (
    Column("to"),
    Column("sender"),
    Column("text"),
    Column("country"),
    Column("encoding"),
    Column("parts", "int64"),
    Column("price_low", "float64"),
    Column("price_high", "float64"),
    Column("currency"),
    Column("problem"),
)
SUMMARY_COLUMNS = (
    Column("country"),
    Column("recipients", "int64"),
    Column("parts", "int64"),
    Column("price_low", "float64"),
    Column("price_high", "float64"),
    Column("currency"),
    Column("problems", "int64"),
)
_TYPES = ("auto", "text", "unicode")


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
        One row a message. Of a DataFrame, the column `to` holds the numbers, and the others may fill the text.
    text : str, optional
        The message. Names in braces are replaced by the row's values, as in ``"Olá {name}, faltam {days} dias"``; write
        ``{{`` for a brace. Default: the column ``text``.
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
        never sent: a number that is none, one that stands in an earlier row, a column that is missing or empty.

    Raises
    ------
    InvalidRequestError
        If the sender, a column's name or another argument is wrong.
    NexmoError
        If the price list cannot be read.

    Notes
    -----
    Prices come from the account's own list (`nexmo_nb.prices`), which is read once a day. The network of a number is
    not known beforehand, so there is a lowest and a highest price.

    Reads ``/account/get-pricing``, https://developer.vonage.com/en/api/pricing.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> people = [{"to": "+351 912 345 678", "name": "Ana"}, {"to": "12", "name": "Rui"}]
    >>> plan = nx.plan_sms(people, "Hello {name}", sender="Demo")
    >>> plan[["to", "text", "parts"]].values.tolist()
    [['351912345678', 'Hello Ana', 1], ['12', <NA>, 0]]
    """
    sender = sender_id(sender)
    kind = checks.choice("type", type, _TYPES)
    if region is not None:
        region = checks.country(region, "region")
    numbers, texts = _table(recipients, text, to)
    check = _Check(sender, kind, region)
    rows = [check.row(n, *pair) for n, pair in enumerate(zip(numbers, texts, strict=True))]
    if prices:
        _price(rows, session or current())
    return frame(rows, COLUMNS)


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
        good=plan["problem"].isna(),
        country=plan["country"].fillna("unknown").astype("string"),
        # A row that cannot be sent has no price, and must not make a line of its own for that.
        currency=(plan["currency"].fillna(known[0]) if len(known) == 1 else plan["currency"]).astype("string"),
    )
    rows: list[dict[str, Any]] = []
    for keys, part in (
        *table.groupby(["country", "currency"], dropna=False, sort=True),
        *((("total", code), part) for (code,), part in table.groupby(["currency"], dropna=False, sort=True)),
    ):
        good = part[part["good"]]
        rows.append(
            {
                "country": keys[0],
                "recipients": len(good),
                "parts": good["parts"].sum(),
                "price_low": good["price_low"].sum(min_count=1),
                "price_high": good["price_high"].sum(min_count=1),
                "currency": None if pd.isna(keys[1]) else keys[1],
                "problems": len(part) - len(good),
            }
        )
    return frame(rows, SUMMARY_COLUMNS)


def check_plan(plan: Any) -> None:
    """Refuse what `plan_sms` did not make."""
    names = [column.name for column in COLUMNS]
    if not isinstance(plan, pd.DataFrame) or not set(names) <= set(plan.columns):
        raise checks.refused(
            "plan", plan.__class__.__name__, f"a frame of plan_sms() with the columns {', '.join(names)}"
        )


def _table(recipients: Any, text: str | None, to: str) -> tuple[list[Any], Iterator[str | _Problem]]:
    """Take numbers and texts out of whatever was given."""
    if isinstance(recipients, pd.DataFrame):
        columns = {str(name): _values(recipients[name]) for name in recipients.columns}
    elif isinstance(recipients, pd.Series):
        columns = {to: _values(recipients)}
    elif isinstance(recipients, (str, bytes, Mapping)) or not isinstance(recipients, Iterable):
        raise checks.refused("recipients", recipients, "a DataFrame, a Series, or a list of numbers or of rows")
    else:
        listed = list(recipients)
        if listed and all(isinstance(row, Mapping) for row in listed):
            names = dict.fromkeys(name for row in listed for name in row)
            columns = {str(name): [row.get(name) for row in listed] for name in names}
        else:
            columns = {to: listed}
    if to not in columns and any(columns.values()):
        raise checks.refused("to", to, f"the name of the column of numbers; there are {', '.join(columns) or 'none'}")
    numbers = columns.get(to, [])
    if text is None:
        if "text" not in columns:
            raise checks.refused("text", None, "a text, or recipients with a column 'text'")
        return numbers, (_filled(value) for value in columns["text"])
    return numbers, _texts(text, columns, len(numbers))


def _values(column: pd.Series) -> list[Any]:
    """Give a column's values as Python's own; whole numbers that a gap made floats are whole again."""
    if pd.api.types.is_float_dtype(column.dtype):
        whole = bool((column.dropna() % 1 == 0).all())
        return [None if pd.isna(v) else int(v) if whole else v for v in column]
    return [None if v is None or v is pd.NA or v is pd.NaT else v for v in column.tolist()]


class _Problem(str):
    """What is wrong with a row, in place of its text."""

    __slots__ = ()


def _texts(text: str, columns: Mapping[str, Sequence[Any]], length: int) -> Iterator[str | _Problem]:
    """Fill a template, row by row; whatever a row lacks is its problem."""
    if not isinstance(text, str):
        raise checks.refused("text", text, "text")
    try:
        pieces = list(Formatter().parse(text))
    except ValueError as problem:
        raise checks.refused(
            "text", text, "text, with names of columns in braces", f"{problem}; write {{{{ for a brace."
        ) from None
    names = list(dict.fromkeys(name for _, name, _, _ in pieces if name is not None))
    odd = [name for name in names if not name or set(name) & set(".[]")]
    if odd:
        raise checks.refused(
            "text", text, "names of columns in braces", f"{{{odd[0]}}} is none; write {{{{ for a brace."
        )
    if not names:
        plain = text.format()
        return (plain for _ in range(length))
    missing = [name for name in names if name not in columns]
    if missing:
        return (_Problem(f"text: there is no column {missing[0]!r}") for _ in range(length))
    return (_fill(text, {name: columns[name][n] for name in names}) for n in range(length))


def _fill(text: str, values: Mapping[str, Any]) -> str | _Problem:
    for name, value in values.items():
        if isinstance(_filled(value), _Problem):
            return _Problem(f"text: the column {name!r} is empty")
    try:
        return text.format(**values)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as problem:
        return _Problem(f"text: cannot be filled ({problem})")


def _filled(value: Any) -> str | _Problem:
    empty = value is None or (isinstance(value, float) and math.isnan(value)) or not str(value).strip()
    return _Problem("text: it is empty") if empty else str(value)


class _Check:
    """Checks row after row, and remembers the numbers that it has seen."""

    def __init__(self, sender: str, kind: str, region: str | None) -> None:
        self._sender, self._kind, self._region = sender, kind, region
        self._seen: dict[str, int] = {}

    def row(self, n: int, number: Any, text: str | _Problem) -> dict[str, Any]:
        row: dict[str, Any] = {"to": None if number is None else str(number), "sender": self._sender, "parts": 0}
        try:
            row["to"], row["country"] = locate(number, self._region)
            if isinstance(text, _Problem):
                raise InvalidRequestError(text)
            encoding, parts = _encoded(text, self._kind)
        except InvalidRequestError as problem:
            return {**row, "problem": str(problem)}
        row |= {"text": text, "encoding": encoding}
        first = self._seen.setdefault(row["to"], n)
        if first != n:
            return {**row, "problem": f"to: the same number stands in row {first}"}
        return {**row, "parts": parts}


def _encoded(text: str, kind: str) -> tuple[str, int]:
    """Tell encoding and parts, or what is wrong with the text."""
    if not 1 <= len(text) <= LONGEST_TEXT:
        raise InvalidRequestError(f"text: it has {len(text):,} characters; allowed: 1 to {LONGEST_TEXT:,}")
    found = segments(text, encoding="ucs2" if kind == "unicode" else None)
    if kind == "text" and found.encoding != "gsm7":
        shown = " ".join(repr(c) for c in outside_gsm(text)[:10])
        raise InvalidRequestError(f"text: outside GSM-7 are {shown}; replace them, or plan with type='auto'")
    return found.encoding, found.parts


def _price(rows: list[dict[str, Any]], session: Session) -> None:
    """Give each row that can be sent its lowest and highest price."""
    countries = sorted({row["country"] for row in rows if "problem" not in row and row.get("country")})
    if not countries:
        return
    table = read_prices(countries, session=session)
    ranges = {
        str(code): (float(part["price"].min()), float(part["price"].max()), str(part["currency"].iloc[0]))
        for code, part in table.groupby("country")
    }
    for row in rows:
        if "problem" not in row and row.get("country") in ranges:
            low, high, currency = ranges[row["country"]]
            row.update(price_low=low * row["parts"], price_high=high * row["parts"], currency=currency)
