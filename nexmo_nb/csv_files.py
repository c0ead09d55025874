"""CSV files that come back as they went: phone numbers stay text, Namibia stays ``NA``, times stay times."""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Mapping
from pathlib import Path
from tempfile import mkstemp
from typing import Any

import pandas as pd

from nexmo_nb import validation
from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.frames import SPAN, TIME, Column, apply_dtypes

__all__ = ["read_csv", "to_csv"]

# What is no text in the frames of this toolkit, by the name of the column.
_FLOATS = (
    "price price_low price_high price_before price_after change rate balance final_price monthly_cost setup_cost"
    " monthly_low monthly_median monthly_high monthly_total setup_low setup_high first_year spend saved estimate actual"
    " difference cost_per_delivered delivery_rate latency duration"
)
_WHOLE = "part parts parts_after numbers messages delivered recipients problems rows unpriced open count"
_BOOLS = "sms voice mms has_application has_traffic"
_TIMES = "created started finished received finalized ended seen period start end"
_DTYPES = {
    **dict.fromkeys(_FLOATS.split(), "float64"),
    **dict.fromkeys(_WHOLE.split(), "Int64"),
    **dict.fromkeys(_BOOLS.split(), "boolean"),
    **dict.fromkeys(_TIMES.split(), TIME),
}
# Those that can hold a missing value, and those that a frame has where there is none.
_WITHOUT_MISSING = {"Int64": "int64", "boolean": "bool"}
_WITH_MISSING = {without: kind for kind, without in _WITHOUT_MISSING.items()}
_READ = ("float64", "int64", "Int64", "bool", "boolean", "string", TIME)


def to_csv(frame: pd.DataFrame, path: str | Path) -> Path:
    """Write a frame so that `read_csv` gives it back as it is.

    Parameters
    ----------
    frame : DataFrame
        Any frame of this toolkit; its index is not written.
    path : str or Path
        The file. Only its owner can read it, for it may be a list of phone numbers.

    Returns
    -------
    Path
        Where it is.

    Raises
    ------
    InvalidRequestError
        If it is no frame, two columns have one name, or the file cannot be written; an older file stays as it was.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> path = nx.to_csv(nx.owned_numbers(), "owned.csv")
    >>> nx.read_csv(path).equals(nx.owned_numbers())
    True
    """
    if not isinstance(frame, pd.DataFrame):
        raise validation.invalid_argument("frame", frame, "a DataFrame")
    if not frame.columns.is_unique:
        raise validation.invalid_argument(
            "frame", ", ".join(map(str, frame.columns)), "a frame whose columns have names of their own"
        )
    target = _place(path)
    # A line of one column that is blank but for spaces would be skipped in reading.
    quoting: Any = csv.QUOTE_ALL if frame.shape[1] == 1 else csv.QUOTE_MINIMAL
    part: str | None = None
    try:
        # Made by mkstemp, so only its owner can read it; in the same folder, so that the last step is one rename.
        handle, part = mkstemp(prefix=f"{target.name}.", dir=target.parent)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            # Only with both in the end of a line are both quoted where they stand in a text.
            frame.to_csv(file, index=False, lineterminator="\r\n", quoting=quoting)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, target)
    except OSError as problem:
        raise validation.invalid_argument(
            "path", str(path), "a file that can be written", problem.strerror or ""
        ) from None
    except UnicodeError as problem:
        raise validation.invalid_argument("frame", str(problem), "text that UTF-8 can write") from None
    except (ValueError, csv.Error) as problem:
        raise validation.invalid_argument("path", str(path), "a file that can be written", str(problem)) from None
    finally:
        if part is not None:
            Path(part).unlink(missing_ok=True)
    return target


def read_csv(path: str | Path, *, dtype: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Read a CSV file of this toolkit's frames: text stays text, and "NA" is Namibia.

    Parameters
    ----------
    path : str or Path
        The file.
    dtype : mapping, optional
        Dtypes of columns of your own: ``float64``, ``Int64``, ``boolean``, ``string`` or ``datetime64[ns, UTC]``.
        Default: text, but for the columns that this toolkit knows by name, such as ``price`` or ``received``.

    Returns
    -------
    pandas.DataFrame
        With the columns of the file. Money, durations and rates are float, counts int, times UTC, the rest text; an
        empty cell is a missing value.

    Raises
    ------
    InvalidRequestError
        If the file cannot be read, or a column does not hold what its dtype says.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> path = nx.to_csv(nx.search_numbers("NA", limit=1), "numbers.csv")
    >>> nx.read_csv(path).country.tolist()
    ['NA']
    """
    if dtype is not None and not isinstance(dtype, Mapping):
        raise validation.invalid_argument("dtype", dtype, "a mapping of columns to dtypes")
    own = {name: _allowed(name, kind) for name, kind in (dtype or {}).items()}
    place = _place(path)
    try:
        # Opened here, for pandas would fetch an address, and unpack by its name what to_csv does not pack.
        with place.open(encoding="utf-8-sig", newline="") as file:
            text = pd.read_csv(file, dtype="string", keep_default_na=False, na_values=[""])
    except (OSError, ValueError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else str(problem)
        raise validation.invalid_argument(
            "path", str(path), "a CSV file with a header, in UTF-8", str(reason)
        ) from None
    if not isinstance(text.index, pd.RangeIndex):
        # pandas takes the cells beyond the header for an index, and so moves every cell to another column.
        raise validation.invalid_argument(
            "path", str(path), "as many cells in a row as the header has", "Some have more."
        )
    return apply_dtypes(text, {name: Column(name, _kind(name, text[name], own)) for name in text.columns})


def _place(path: Any) -> Path:
    try:
        return Path(path).expanduser()
    except (TypeError, RuntimeError):
        raise validation.invalid_argument("path", path, "the name of a file") from None


def _allowed(name: str, kind: str) -> str:
    if not isinstance(name, str):
        raise validation.invalid_argument("dtype", name, "a mapping of columns to dtypes")
    return validation.check_choice(f"dtype[{name[:40]!r}]", kind, _READ)


def _kind(name: str, column: pd.Series[Any], own: Mapping[str, str]) -> str:
    """Choose a column's dtype: as asked for, as known by its name, else text."""
    kind = own.get(name) or _DTYPES.get(name, "string")
    if column.isna().any():
        kind = _WITH_MISSING.get(kind, kind)
    elif name not in own:
        kind = _WITHOUT_MISSING.get(kind, kind)
    if kind == "string":
        return kind
    wrong = column[column.notna() & ~_fits(column, kind)]
    if len(wrong):
        raise InvalidRequestError(
            f"{name}: got {wrong.iloc[0]!r}; allowed: {kind}. Pass dtype={{{name!r}: 'string'}} to read it as text."
        )
    return kind


def _fits(column: pd.Series[Any], kind: str) -> pd.Series[bool]:
    if kind == TIME:
        return pd.to_datetime(column, format="ISO8601", utc=True, errors="coerce").between(*SPAN)
    if kind in ("bool", "boolean"):
        return column.str.lower().isin(["true", "false"]).astype(bool)
    numbers = pd.to_numeric(column, errors="coerce")
    return (
        (numbers.abs().lt(math.inf) if kind == "float64" else column.str.fullmatch(r"[+-]?\d{1,18}"))
        .fillna(value=False)
        .astype(bool)
    )
