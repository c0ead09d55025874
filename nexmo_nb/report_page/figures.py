"""What stands on the page: figures, and tables whose sums are those of the records. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import pandas as pd

from nexmo_nb import validation
from nexmo_nb.contacts.countries import name_country
from nexmo_nb.costs import spend
from nexmo_nb.masking import mask_numbers
from nexmo_nb.plots.labels import format_value

MOST_ROWS = 15
NO_CURRENCY = "no currency"
_BILL = {"amount": "price", "day": "received"}
_TIMES = ("received", "started", "created", "queued")
_GROUPS = {
    "period": "time",
    "product": "product",
    "country": "country",
    "network_name": "network",
    "network": "network",
    "delivery": "status",
    "status": "status",
    "account": "account",
    "account_id": "account",
    "tag": "tag",
    "account_ref": "tag",
}
"""Columns by which tables add up, and how the page calls them; of two with one name, the first that there is."""
_COUNTS = ("messages", "parts")


class Figure(NamedTuple):
    """A number that matters, in words."""

    name: str
    text: str


class Table(NamedTuple):
    """A table of texts: the first column is a name, the others are numbers, and the last row is the sum."""

    title: str
    heading: Sequence[str]
    rows: Sequence[Sequence[str]]


def prepare_rows(records: Any) -> pd.DataFrame:
    """Check records or a bill, and give what the page needs of them the names of records."""
    is_bill = isinstance(records, pd.DataFrame) and "amount" in records and "price" not in records
    rows: pd.DataFrame = records.rename(columns=_BILL) if is_bill else records
    words = ("currency", "delivery", *_GROUPS)
    validation.check_frame(rows, "price", "currency", numbers=("price", "final_price"), times=_TIMES, words=words)
    rows = rows.assign(currency=rows["currency"].astype("string").fillna(NO_CURRENCY))
    if "country" in rows:
        codes = rows["country"].astype("string").str.upper()
        names = {code: name_country(code) for code in codes.dropna().unique()}
        rows = rows.assign(country=codes.map(names).astype("string"))
    time = find_time(rows)
    freq = None if time is None else choose_freq(rows[time])
    return rows.assign(period=_name_rows(rows, freq)) if freq else rows.drop(columns="period", errors="ignore")


def find_status(rows: pd.DataFrame) -> str | None:
    """Find the column that says what became of messages; the status of a frame of `send_sms` is that of sending."""
    names = ("delivery",) if "balance" in rows else ("delivery", "status")
    return next((name for name in names if name in rows and rows[name].notna().any()), None)


def find_time(rows: pd.DataFrame) -> str | None:
    """Find the column that says when something happened."""
    return next((name for name in _TIMES if name in rows and rows[name].notna().any()), None)


def choose_freq(times: pd.Series[Any]) -> Any:
    """Choose days, weeks or months, so that there are few enough to be read."""
    span = times.max() - times.min()
    return "D" if span <= pd.Timedelta(days=31) else "W" if span <= pd.Timedelta(days=180) else "M"


def sum_over_time(rows: pd.DataFrame) -> pd.DataFrame | None:
    """Sum up what was spent by time, and by product or country; None where nothing says when."""
    time = find_time(rows)
    if time is None:
        return None
    by = next((name for name in ("product", "country") if name in rows and rows[name].nunique() > 1), None)
    found: pd.DataFrame = spend(rows.drop(columns="period"), [by] if by else [], freq=choose_freq(rows[time]))
    return found


def name_span(rows: pd.DataFrame) -> str:
    """Name the first and the last day of the records."""
    time = find_time(rows)
    if time is None:
        return ""
    first, last = (f"{at:%Y-%m-%d}" for at in (rows[time].min(), rows[time].max()))
    return f"{first}, UTC" if first == last else f"{first} to {last}, UTC"


def build_figures(rows: pd.DataFrame) -> list[Figure]:
    """Name what was spent in each currency, how much was sent, and how much of it arrived."""
    sums = spend(rows)
    figures = [Figure("Spent", f"{format_value(amount)} {currency}") for amount, currency in _list_spent(sums)]
    figures += [Figure(name.capitalize(), f"{int(sums[name].sum()):,}") for name in _COUNTS if name in sums]
    if status := find_status(rows):
        figures.append(Figure("Delivered", f"{_find_delivered(rows, status):.1%}"))
    unpriced = int(sums["unpriced"].sum())
    return [*figures, Figure("Without a price yet", f"{unpriced:,}")] if unpriced else figures


def _list_spent(sums: pd.DataFrame) -> list[tuple[float, str]]:
    return [(float(amount), str(currency)) for amount, currency in zip(sums["spend"], sums["currency"], strict=True)]


def build_tables(rows: pd.DataFrame) -> list[Table]:
    """Build a table for each thing by which there is something to tell apart, and for each currency."""
    tables, done = [], set()
    for column, word in _GROUPS.items():
        is_empty = column not in rows or not rows[column].notna().any()
        if is_empty or word in done or (word == "status" and column != find_status(rows)):
            continue
        done.add(word)
        sums = spend(rows, [column])
        for currency, part in sums.groupby("currency", sort=True):
            if word in ("account", "tag") and len(part) < 2:
                continue
            title = f"By {word}" if sums["currency"].nunique() == 1 else f"By {word}, {currency}"
            ordered = part.sort_values("period") if column == "period" else part
            tables.append(_build_table(title, word, str(currency), column, ordered))
    return tables


def _build_table(title: str, word: str, currency: str, column: str, sums: pd.DataFrame) -> Table:
    counts = [name for name in _COUNTS if name in sums]
    total = float(sums["spend"].sum())
    shown = sums if column == "period" else sums.head(MOST_ROWS)
    lines = [(mask_numbers(str(name)), part) for name, part in _split_rows(shown, column)]
    others = sums.iloc[len(shown) :]
    if len(others):
        lines.append((f"other ({len(others):,})", others))
    lines.append(("all", sums))
    rows = [
        [name, *(f"{int(part[count].sum()):,}" for count in counts), format_value(amount), _write_share(amount, total)]
        for name, part in lines
        for amount in [float(part["spend"].sum())]
    ]
    return Table(title, [word.capitalize(), *map(str.capitalize, counts), currency, "Share"], rows)


def _split_rows(sums: pd.DataFrame, column: str) -> list[tuple[str, pd.DataFrame]]:
    names = sums[column].astype("string").fillna("none")
    return [(name, sums.iloc[[place]]) for place, name in enumerate(names)]


def _write_share(amount: float, total: float) -> str:
    return f"{amount / total:.1%}" if total else "–"


def _find_delivered(rows: pd.DataFrame, status: str) -> float:
    """Find which share of parts was delivered."""
    weights = rows["parts"] if "parts" in rows and "messages" in rows else pd.Series(1, index=rows.index)
    is_delivered = rows[status].astype("string").str.lower().eq("delivered").fillna(value=False)
    return float(weights[is_delivered].sum() / max(1, weights.sum()))


def _name_rows(rows: pd.DataFrame, freq: str | None) -> Any:
    """Name the period of each row, so that names sort as times do."""
    times = rows[find_time(rows) or ""]
    forms = {"D": "%Y-%m-%d", "W": "week of %Y-%m-%d", "M": "%Y-%m"}
    day = times.dt.floor("D")
    start = day - pd.to_timedelta(times.dt.day_of_week, unit="D") if freq == "W" else day
    return start.dt.strftime(forms[freq or "D"]).astype("string")
