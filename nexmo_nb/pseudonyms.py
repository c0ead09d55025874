"""Pseudonyms in place of phone numbers, for frames that others may see: `mask`."""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import pandas as pd

from nexmo_nb import validation
from nexmo_nb.arrow_frames import AnyFrame, to_pandas
from nexmo_nb.masking import NUMBER, replace_in_value, replace_numbers
from nexmo_nb.state.mask_key import read_mask_key

NUMBER_COLUMNS = ("to", "from", "sender", "msisdn", "number", "phone", "recipient", "written")
"""Columns whose cells are masked as a whole where they have the digits of a phone number, however it is written."""
_LETTERS = 12
"""Of 5 bits: among a million numbers two have the same mask once in two million frames."""
_FEWEST_DIGITS, _MOST_DIGITS = 7, 15
# National and bracketed numbers, as people write them into texts; what is too short or too long is none.
_WRITTEN = re.compile(r"(?<![\w.,:+-])\(?(?:\+|0(?![.,]))[\d\s().\-/\u00a0]{5,24}\d(?!\w|-\w|\.\d)")
_MASK = re.compile("tel_[a-z2-7]{12}")
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def mask(frame: AnyFrame, *, columns: str | Iterable[str] = ()) -> pd.DataFrame:
    """Put pseudonyms in place of the phone numbers in a frame, so that it can be shown and sent to others.

    Parameters
    ----------
    frame : DataFrame
        Any frame; it stays as it is.
    columns : str or iterable of str
        Columns whose cells are masked as a whole, whatever they hold, such as names, references and texts. Default:
        none.

    Returns
    -------
    pandas.DataFrame
        A copy, with the same index and columns, in which each phone number is a text such as ``tel_k7q2mwxdabcr``: in
        cells, in the index and in names of columns. The same number has the same mask, however it is spelled with its
        country code, so that `spend`, ``groupby`` and ``merge`` work as before. It is safe for ``style``, ``to_html``,
        `to_csv` and `to_excel`. Facts in ``attrs`` are left out.

    Raises
    ------
    InvalidRequestError
        If `frame` is not a DataFrame, a column is missing, or the key cannot be read or written.

    Notes
    -----
    A mask is the first 60 bits of HMAC-SHA256 of the digits, by a random key in the file ``mask.key`` of the state
    folder (``NEXMO_NB_STATE_DIR``, else the user's data folder). Without the key nobody can find the number by trying
    all numbers; with it, one can: do not hand it on. The same key gives the same masks tomorrow and in other notebooks.
    Once you delete it, nobody can tell whose masks they were, and new ones differ.

    A phone number is a run of 7 to 15 digits that stands alone, or one that begins with ``+`` or 0, with blanks, dots,
    hyphens, slashes or brackets in it; in the columns ``to, from, sender, msisdn, number, phone, recipient, written``
    any cell of so many digits. Over-masking is not avoided: an id of 7 to 15 digits alone is masked. Not masked: names,
    and texts in which a number is written in another way; say `columns` for them. Times, countries and amounts may
    still tell who somebody is.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> parts = nx.send_sms("+44 7700 900000", "Hello", sender="Demo")
    >>> masked = nx.mask(nx.records())
    >>> masked.to.str.fullmatch("tel_[a-z2-7]{12}").tolist(), masked.sender.tolist()
    ([True], ['Demo'])
    """
    frame = to_pandas(frame)
    if not isinstance(frame, pd.DataFrame):
        raise validation.invalid_argument("frame", frame, "a DataFrame")
    whole = validation.as_list("columns", columns, "names of columns")
    lacking = [name for name in whole if not _has_column(frame, name)]
    if lacking:
        raise validation.invalid_argument(
            "columns", lacking[0], f"names of columns: {', '.join(map(str, frame.columns))}"
        )
    find_mask = _build_masks(read_mask_key())

    def mask_text(text: str) -> str:
        masked = NUMBER.sub(lambda found: find_mask(_read_digits(found[0])), text)
        return _WRITTEN.sub(lambda found: _mask_written(found[0], find_mask), masked)

    def mask_cell(cell: Any, *, is_whole: bool) -> Any:
        found = _mask_number(cell, find_mask, mask_text)
        return find_mask(str(cell)) if is_whole and not _MASK.fullmatch(str(found)) else found

    masked: pd.DataFrame = replace_numbers(frame, mask_text)
    for position, name in enumerate(frame.columns):
        if name in whole or name in NUMBER_COLUMNS:
            cells = [
                cell if validation.is_missing(cell) else mask_cell(cell, is_whole=name in whole)
                for cell in frame.iloc[:, position].astype(object)
            ]
            # The index of `masked` is another one by now.
            column: Any = pd.Series(cells, index=masked.index, dtype=object)
            dtype = frame.dtypes.iloc[position]
            masked.isetitem(position, column.astype(dtype) if isinstance(dtype, pd.StringDtype) else column)
    masked.attrs = {}
    return masked


def _has_column(frame: pd.DataFrame, name: Any) -> bool:
    try:
        return name in frame.columns
    except TypeError:  # of what cannot be hashed, which is the name of no column
        return False


def _build_masks(key: bytes) -> Any:
    """Build the function that gives the mask of a text, which remembers those that it gave."""

    @lru_cache(maxsize=1_000_000)
    def find_mask(text: str) -> str:
        digest = hmac.digest(key, text.encode("utf-8", "surrogatepass"), "sha256")
        return f"tel_{base64.b32encode(digest).decode()[:_LETTERS].lower()}"

    return find_mask


def _mask_number(cell: Any, find_mask: Any, mask_text: Any) -> Any:
    """Mask a cell of a column of numbers: as a whole if all of it is one number, else the numbers in it."""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    text = str(cell)
    digits = _read_digits(text)
    if _FEWEST_DIGITS <= len(digits) <= _MOST_DIGITS and not re.search(r"[^\W\d_]", text):
        return find_mask(digits)
    return replace_in_value(cell, mask_text)


def _mask_written(text: str, find_mask: Any) -> str:
    digits = _read_digits(text)
    is_number = _FEWEST_DIGITS <= len(digits) <= _MOST_DIGITS and not _ISO_DATE.search(text)
    return find_mask(digits) if is_number else text


def _read_digits(text: str) -> str:
    """Read the digits of a number, without the 00 that some dial before a country code."""
    return re.sub(r"\D", "", text).removeprefix("00")
