"""CSV files without loss: what `to_csv` wrote, `read_csv` reads with the same values and dtypes."""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkstemp
from typing import Any, TextIO

import pandas as pd

from nexmo_nb import validation
from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.frames import SPAN, TIME, Column, apply_dtypes

# Columns of this toolkit's frames that hold no text, by dtype.
_FLOATS = (
    "price price_low price_high price_before price_after change rate balance final_price monthly_cost setup_cost"
    " monthly_low monthly_median monthly_high monthly_total setup_low setup_high first_year spend saved estimate actual"
    " difference cost_per_delivered_message cost_per_delivered_part message_delivery_rate part_delivery_rate latency"
    " duration amount seconds usual times extra"
)
_INTS = (
    "part parts parts_after numbers messages texts weeks delivered_messages delivered_parts recipients problems"
    " doubtful rows unpriced open count"
)
_BOOLS = "sms voice mms has_application has_traffic partial estimated"
_TIMES = "created started finished received finalized ended seen period start end day"
_DTYPES = {
    **dict.fromkeys(_FLOATS.split(), "float64"),
    **dict.fromkeys(_INTS.split(), "Int64"),
    **dict.fromkeys(_BOOLS.split(), "boolean"),
    **dict.fromkeys(_TIMES.split(), TIME),
}
# Dtypes that can hold a missing value, with the dtypes that this toolkit's frames have if none is missing, and back.
_NUMPY_DTYPES = {"Int64": "int64", "boolean": "bool"}
_NULLABLE_DTYPES = {numpy: nullable for nullable, numpy in _NUMPY_DTYPES.items()}
_READABLE_DTYPES = ("float64", "int64", "Int64", "bool", "boolean", "string", TIME)


def to_csv(frame: pd.DataFrame, path: str | Path) -> Path:
    """Write a frame to a CSV file that `read_csv` reads back unchanged.

    Parameters
    ----------
    frame : DataFrame
        Any frame of this toolkit; its index is not written.
    path : str or Path
        The file. Only its owner can read it, because it may be a list of phone numbers.

    Returns
    -------
    Path
        The path of the file, with ``~`` expanded.

    Raises
    ------
    InvalidRequestError
        If `frame` is not a DataFrame, two of its columns have one name, or the file cannot be written. An existing file
        is then left as it was.

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
    target = _expand_path(path)
    try:
        with _replace_file(target) as file:
            # pandas skips a line that holds only spaces, so the cells of a single column are quoted.
            quoting: Any = csv.QUOTE_ALL if frame.shape[1] == 1 else csv.QUOTE_MINIMAL
            # A lone "\r" or "\n" in a cell is quoted only if the line terminator has both.
            frame.to_csv(file, index=False, lineterminator="\r\n", quoting=quoting)
    except OSError as problem:
        raise _make_path_error(path, problem.strerror) from None
    except UnicodeError as problem:
        raise validation.invalid_argument("frame", str(problem), "text that UTF-8 can write") from None
    except (ValueError, csv.Error) as problem:
        raise _make_path_error(path, str(problem)) from None
    return target


def read_csv(path: str | Path, *, dtype: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Read a CSV file of this toolkit's frames: text stays text, and "NA" is Namibia.

    Parameters
    ----------
    path : str or Path
        The file.
    dtype : mapping, optional
        Dtypes of columns of your own: ``float64``, ``Int64``, ``boolean``, ``string`` or ``datetime64[ns, UTC]``.
        Default: text, except for the columns that this toolkit knows by name, such as ``price`` or ``received``.

    Returns
    -------
    pandas.DataFrame
        With the columns of the file. Money, durations and rates are float, counts int, times UTC, all others text; an
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
    own = {name: _check_dtype(name, kind) for name, kind in (dtype or {}).items()}
    source = _expand_path(path)
    try:
        # Opened here, because pandas would download a URL, and decompress a file by its name.
        with source.open(encoding="utf-8-sig", newline="") as file:
            text = pd.read_csv(file, dtype="string", keep_default_na=False, na_values=[""])
    except (OSError, ValueError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else str(problem)
        raise validation.invalid_argument(
            "path", str(path), "a CSV file with a header, in UTF-8", str(reason)
        ) from None
    if not isinstance(text.index, pd.RangeIndex):
        # pandas makes an index of the cells beyond the header, which moves every cell to another column.
        raise validation.invalid_argument(
            "path", str(path), "as many cells in a row as the header has", "Some have more."
        )
    return apply_dtypes(text, {name: Column(name, _choose_dtype(text[name], own)) for name in text.columns})


@contextmanager
def _replace_file(target: Path) -> Iterator[TextIO]:
    """Open a file that replaces the target when the block ends, and that only its owner can read.

    If the block fails, the target stays as it was.
    """
    # mkstemp makes the file private; in the same folder, because a rename does not cross file systems.
    handle, name = mkstemp(prefix=f"{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, target)
    finally:
        Path(name).unlink(missing_ok=True)


def _expand_path(path: Any) -> Path:
    try:
        return Path(path).expanduser()
    except (TypeError, RuntimeError):
        raise validation.invalid_argument("path", path, "the name of a file") from None


def _make_path_error(path: str | Path, reason: str | None) -> InvalidRequestError:
    return validation.invalid_argument("path", str(path), "a file that can be written", reason or "")


def _check_dtype(name: str, dtype: str) -> str:
    if not isinstance(name, str):
        raise validation.invalid_argument("dtype", name, "a mapping of columns to dtypes")
    return validation.check_choice(f"dtype[{name[:40]!r}]", dtype, _READABLE_DTYPES)


def _choose_dtype(column: pd.Series[Any], own: Mapping[str, str]) -> str:
    """Choose a column's dtype: the caller's, else the one known by its name, else text. Refuse cells it cannot hold."""
    name = str(column.name)
    dtype = own.get(name) or _DTYPES.get(name, "string")
    if column.isna().any():
        dtype = _NULLABLE_DTYPES.get(dtype, dtype)
    elif name not in own:
        dtype = _NUMPY_DTYPES.get(dtype, dtype)
    if dtype == "string":
        return dtype
    wrong = column[column.notna() & ~_is_convertible(column, dtype)]
    if len(wrong):
        raise InvalidRequestError(
            f"{name}: got {wrong.iloc[0]!r}; allowed: {dtype}. Pass dtype={{{name!r}: 'string'}} to read it as text."
        )
    return dtype


def _is_convertible(column: pd.Series[Any], dtype: str) -> pd.Series[bool]:
    """Tell for each cell of a text column whether the dtype can hold it."""
    if dtype == TIME:
        return pd.to_datetime(column, format="ISO8601", utc=True, errors="coerce").between(*SPAN)
    if dtype in ("bool", "boolean"):
        return column.str.lower().isin(["true", "false"]).astype(bool)
    if dtype == "float64":
        convertible = pd.to_numeric(column, errors="coerce").abs().lt(math.inf)
    else:
        convertible = column.str.fullmatch("[+-]?[0-9]{1,18}")
    return convertible.fillna(value=False).astype(bool)
