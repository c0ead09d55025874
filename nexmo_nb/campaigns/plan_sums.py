"""What a plan, or a part of one, adds up to, and whether a frame is a plan at all. Pure."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from nexmo_nb import validation
from nexmo_nb.campaigns.plan_rows import COLUMNS
from nexmo_nb.frames import Column, concat_frames, frame

SUMMARY_COLUMNS = (
    Column("country"), Column("recipients", "int64"), Column("parts", "int64"), Column("price_low", "float64"),
    Column("price_high", "float64"), Column("currency"), Column("problems", "int64"), Column("doubtful", "int64"),
    Column("unpriced", "int64"),
)  # fmt: skip
# Plans of before do not have these.
NEW_COLUMNS = ("kind", "problem_code", "warning", "warning_code", "duplicate_of")
_COUNTS = ("recipients", "parts", "problems", "doubtful", "unpriced")
_PRICES = ["price_low", "price_high"]
_TEXTS = (
    "to",
    "sender",
    "text",
    "country",
    "encoding",
    "currency",
    "problem",
    "problem_code",
    "warning",
    "warning_code",
)


def count_lines(plan: pd.DataFrame) -> pd.DataFrame:
    """Count what a plan, or a part of one, has of each country and currency."""
    is_good = plan["problem"].isna().to_numpy()
    has_price = plan["price_high"].notna().to_numpy()
    table = plan.assign(
        country=plan["country"].fillna("unknown").astype("string"),
        recipients=is_good.astype("int64"),
        parts=plan["parts"].where(is_good, 0),
        problems=(~is_good).astype("int64"),
        doubtful=find_doubtful(plan).astype("int64"),
        unpriced=(is_good & ~has_price).astype("int64"),
        **{name: plan[name].where(is_good) for name in _PRICES},
    ).reset_index(drop=True)  # an index may be called as a column is, and neither could be grouped by
    return _sum_lines(table)


def add_lines(lines: pd.DataFrame) -> pd.DataFrame:
    """Add up what parts of a plan have, by country, and in total."""
    known = lines["currency"].dropna().unique()
    # A row that cannot be sent has no price, and must not make a line of its own for that.
    filled = lines["currency"].fillna(known[0]) if len(known) == 1 else lines["currency"]
    table = lines.assign(currency=filled.astype("string"))
    parts = [_sum_lines(table), _sum_lines(table.assign(country="total"))]
    return concat_frames(parts, frame([], SUMMARY_COLUMNS))


def _sum_lines(table: pd.DataFrame) -> pd.DataFrame:
    """Add lines up by country and currency."""
    rows: list[dict[str, Any]] = []
    for (country, currency), part in table.groupby(["country", "currency"], dropna=False):
        counts = {name: part[name].sum() for name in _COUNTS}
        prices = {name: part[name].sum(min_count=1) for name in _PRICES}
        known = None if validation.is_missing(currency) else currency
        rows.append({"country": country, "currency": known, **counts, **prices})
    return frame(rows, SUMMARY_COLUMNS)


def find_doubtful(plan: pd.DataFrame) -> Any:
    """Tell of each row of a plan whether it can be sent and has a warning; a plan of before has no warnings."""
    is_sendable = plan["problem"].isna().to_numpy()
    return is_sendable & plan["warning"].notna().to_numpy() if "warning" in plan else np.zeros(len(plan), dtype=bool)


def check_plan(plan: Any) -> None:
    """Refuse what `plan_sms` did not make."""
    names = [column.name for column in COLUMNS if column.name not in NEW_COLUMNS]
    if not isinstance(plan, pd.DataFrame) or not set(names) <= set(plan.columns):
        allowed = f"a frame of plan_sms() with the columns {', '.join(names)}"
        raise validation.invalid_argument("plan", type(plan).__name__, allowed)
    validation.check_frame(plan, numbers=["parts", *_PRICES])
    objects = [name for name in _TEXTS if name in plan and not isinstance(plan[name].dtype, pd.StringDtype)]
    texts = (value for name in objects for value in plan[name])
    odd = next((value for value in texts if not isinstance(value, str) and not validation.is_missing(value)), None)
    if odd is not None:
        raise validation.invalid_argument("plan", odd, "a frame of plan_sms(), with text in its columns of text")
    if np.isinf(plan["parts"].to_numpy(dtype="float64", na_value=np.nan)).any():
        raise validation.invalid_argument(
            "plan", "parts without end", "a frame of plan_sms(), with whole numbers of parts"
        )
    # A price below zero would let other rows pass a cap.
    prices = np.array([plan[name].to_numpy(dtype="float64", na_value=np.nan) for name in _PRICES])
    if ((prices < 0) | np.isinf(prices)).any():
        raise validation.invalid_argument(
            "plan", "a price that is none", "a frame of plan_sms(), with prices of 0 or more"
        )
