"""CSV files without loss: what `to_csv` wrote, `read_csv` reads with the same values and dtypes."""

from __future__ import annotations

import codecs
import csv
import io
import math
import zlib
from collections.abc import Mapping
from numbers import Integral
from pathlib import Path
from typing import Any

import pandas as pd

from nexmo_nb import validation
from nexmo_nb.arrow_frames import AnyFrame, to_pandas
from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.formulas import defuse, restore
from nexmo_nb.frames import SPAN, TIME, Column, apply_dtypes
from nexmo_nb.masking import SMALLEST_NUMBER
from nexmo_nb.private_files import expand_path, make_path_error, read_unpacked, replace_text_file

# Columns of this toolkit's frames that hold no text, by dtype.
_FLOATS = (
    "price price_low price_high price_before price_after change rate balance final_price monthly_cost setup_cost"
    " monthly_low monthly_median monthly_high monthly_total setup_low setup_high first_year spend saved estimate actual"
    " difference cost_per_delivered_message cost_per_delivered_part message_delivery_rate part_delivery_rate latency"
    " duration amount seconds usual times extra spent left credit_limit rate_increment default_price"
)
_INTS = (
    "part parts parts_after numbers messages texts weeks delivered_messages delivered_parts recipients problems"
    " doubtful rows unpriced open count"
)
_BOOLS = "sms voice mms has_application has_traffic partial estimated is_primary shares_balance suspended"
_TIMES = "created started finished received finalized ended seen period start end day since until"
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


def to_csv(frame: AnyFrame, path: str | Path, *, excel: bool = False) -> Path:
    """Write a frame to a CSV file that `read_csv` reads back unchanged.

    Parameters
    ----------
    frame : DataFrame
        Any frame of this toolkit; its index is not written.
    path : str or Path
        The file. Only its owner can read it, because it may be a list of phone numbers. One that ends in ``.gz`` is
        packed.
    excel : bool
        True: for a spreadsheet program. A mark at the beginning says that it is UTF-8, and an apostrophe stands before
        each text that would become a formula there, or that looks like a number or a date, so that phone numbers keep
        all their digits; `read_csv` and `to_e164` take it off. `to_excel` needs no apostrophes. Default: False, texts
        are written as they are.

    Returns
    -------
    Path
        The path of the file, with ``~`` expanded.

    Raises
    ------
    InvalidRequestError
        If `frame` is not a DataFrame, two of its columns have one name, or the file cannot be written. An existing file
        is then left as it was.

    Notes
    -----
    A program that shows such a file may show the apostrophes as well. Where the comma is the decimal sign, import the
    file with its language set to English, or use `to_excel`.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> path = nx.to_csv(nx.owned_numbers(), "owned.csv")
    >>> nx.read_csv(path).equals(nx.owned_numbers())
    True
    """
    is_for_excel = validation.check_bool("excel", excel)
    frame = to_pandas(frame)
    if not isinstance(frame, pd.DataFrame):
        raise validation.invalid_argument("frame", frame, "a DataFrame")
    if not frame.columns.is_unique:
        raise validation.invalid_argument(
            "frame", ", ".join(map(str, frame.columns)), "a frame whose columns have names of their own"
        )
    written = _defuse_frame(frame) if is_for_excel else frame
    # pandas skips a line that holds only spaces, so the cells of a single column are quoted. A spreadsheet may take
    # other marks than the comma for the end of a cell, so there all texts are quoted.
    quoting: Any = csv.QUOTE_ALL if frame.shape[1] == 1 else csv.QUOTE_NONNUMERIC if is_for_excel else csv.QUOTE_MINIMAL
    try:
        with replace_text_file(path, encoding="utf-8-sig" if is_for_excel else "utf-8") as file:
            # A lone "\r" or "\n" in a cell is quoted only if the line terminator has both.
            written.to_csv(file, index=False, lineterminator="\r\n", quoting=quoting)
    except UnicodeError as problem:
        raise validation.invalid_argument("frame", str(problem), "text that UTF-8 can write") from None
    except InvalidRequestError:
        raise
    except (ValueError, csv.Error) as problem:
        raise make_path_error(path, str(problem)) from None
    return expand_path(path)


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
    own = check_dtypes(dtype)
    source = expand_path(path)
    try:
        # Read here, because pandas would download a URL, and unpack a file by its name.
        data = read_unpacked(source)
        options: Any = {"dtype": "string", "keep_default_na": False, "na_values": [""], "encoding": "utf-8-sig"}
        text = pd.read_csv(io.BytesIO(data), **options)
    except (OSError, ValueError, EOFError, zlib.error) as problem:
        reason = problem.strerror if isinstance(problem, OSError) and problem.strerror else str(problem)
        raise validation.invalid_argument(
            "path", str(path), "a CSV file with a header, in UTF-8", str(reason)
        ) from None
    if not isinstance(text.index, pd.RangeIndex):
        # pandas makes an index of the cells beyond the header, which moves every cell to another column.
        raise validation.invalid_argument(
            "path", str(path), "as many cells in a row as the header has", "Some have more."
        )
    if data.startswith(codecs.BOM_UTF8):
        text = _restore_frame(text)
    return apply_known_dtypes(text, own)


def check_dtypes(dtype: Any) -> dict[str, str]:
    """Check the dtypes that a caller gave for columns."""
    if dtype is not None and not isinstance(dtype, Mapping):
        raise validation.invalid_argument("dtype", dtype, "a mapping of columns to dtypes")
    return {name: _check_dtype(name, kind) for name, kind in (dtype or {}).items()}


def apply_known_dtypes(text: pd.DataFrame, own: Mapping[str, str]) -> pd.DataFrame:
    """Give a frame of text the dtypes of `own`, and those of the columns that this toolkit knows by name."""
    return apply_dtypes(text, {name: Column(name, _choose_dtype(text[name], own)) for name in text.columns})


def find_known_dtype(name: object) -> str | None:
    """Return the dtype of a column that this toolkit knows by its name; None where it holds text, or is not known."""
    return _DTYPES.get(str(name))


def is_text_like(column: pd.Series[Any]) -> bool:
    """Tell whether a column holds texts, or numbers so long that they are phone numbers."""
    if pd.api.types.is_integer_dtype(column.dtype):
        return bool((column.abs() >= SMALLEST_NUMBER).any())
    is_value = pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_datetime64_any_dtype(column.dtype)
    return not is_value


def _defuse_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """Copy a frame, so that no name and no text in it is anything but text to a spreadsheet."""
    copy = frame.copy()
    for position in range(copy.shape[1]):
        column = copy.iloc[:, position]
        if is_text_like(column):
            # A series of objects stays one; of anything else pandas would make texts of its own kind.
            cells: Any = pd.Series(map(_defuse_cell, column.astype(object)), index=copy.index, dtype=object)
            copy.isetitem(position, cells)
    copy.columns = pd.Index([defuse(str(name)) for name in frame.columns])
    return copy


def _defuse_cell(cell: Any) -> Any:
    if isinstance(cell, str):
        return defuse(cell)
    is_number = isinstance(cell, Integral) and not isinstance(cell, bool) and abs(int(cell)) >= SMALLEST_NUMBER
    return defuse(str(cell)) if is_number else cell


def _restore_frame(text: pd.DataFrame) -> pd.DataFrame:
    """Take off the apostrophes of `_defuse_frame`."""
    for position in range(text.shape[1]):
        text.isetitem(position, text.iloc[:, position].map(restore, na_action="ignore").astype("string").array)
    return text.rename(columns=restore)


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
