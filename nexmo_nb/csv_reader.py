"""CSV files as frames of text: by Arrow, and by pandas where Arrow refuses a block, or would read something else."""

from __future__ import annotations

import io
from collections.abc import Generator, Iterable, Iterator
from typing import IO, Any

import pandas as pd

from nexmo_nb.frames import frame_from_arrow

BLOCK = 1 << 20
"""Bytes that are read at a time."""
_AS_TEXT: Any = {"dtype": "string", "keep_default_na": False, "na_values": [""]}
_BOM = b"\xef\xbb\xbf"


def read_text_csv(file: IO[bytes], chunk: int) -> Generator[pd.DataFrame, None, None]:
    """Read a CSV as frames of text of about `chunk` rows, for `apply_dtypes`; the country "NA" stays a text.

    They are what pandas makes of the whole file. Arrow takes a quarter of the time; a block with something odd, such as
    a row that is too short, is read by pandas. If that cannot tell where rows end either, pandas reads the file from
    there on, and raises what there is to raise.
    """
    rows = 0
    try:
        for table in _gather(_read_blocks(file), chunk):
            rows += len(table)
            yield frame_from_arrow(table)
            del table  # before the next part is read, which would take half as much memory again
    except ValueError:  # Arrow's are, too
        pass
    else:
        if rows:
            return
    file.seek(0)
    yield from _read_whole(file, chunk, skip=rows)


def _read_whole(file: IO[bytes], chunk: int, skip: int) -> Generator[pd.DataFrame, None, None]:
    """Read a file by pandas, without the rows to skip."""
    with pd.read_csv(file, chunksize=chunk, **_AS_TEXT) as chunks:
        for text in chunks:
            _check_index(text)
            if skip < len(text) or not len(text):
                yield text.iloc[skip:]
            skip = max(skip - len(text), 0)


def _gather(tables: Iterable[Any], chunk: int) -> Iterator[Any]:
    """Gather Arrow tables to tables of at least so many rows; the last may be shorter."""
    import pyarrow as pa

    parts: list[Any] = []
    for table in tables:
        parts.append(table)
        if sum(map(len, parts)) >= chunk:
            yield pa.concat_tables(parts)
            parts = []
    if parts:
        yield pa.concat_tables(parts)


def _read_blocks(file: IO[bytes]) -> Iterator[Any]:
    """Read a file as Arrow tables of text, a block each; a ValueError says that it cannot be told where rows end."""
    names = list(pd.read_csv(file, nrows=0, **_AS_TEXT))
    file.seek(0)
    for n, block in enumerate(_split(file)):
        if n and block.startswith(_BOM):
            raise ValueError("a text begins with what would be taken for a byte order mark")
        try:
            yield _read_by_arrow(block, names, has_header=not n)
        except ValueError:
            yield _read_by_pandas(block, names, has_header=not n)


def _split(file: IO[bytes]) -> Iterator[bytes]:
    """Split a file where rows end, as far as its quotes tell; each block ends with a line feed."""
    rest = b""
    while data := file.read(BLOCK):
        data = rest + data
        end = _find_end(data)
        if not end and len(data) >= BLOCK:
            raise ValueError("no row ends in a block")
        if end:
            yield data[:end]
        rest = data[end:]
    if rest:
        yield rest + b"\n"


def _find_end(data: bytes) -> int:
    """Find the last end of a line that has as many quotes before it as it takes to close them all."""
    end = data.rfind(b"\n")
    if b'"' not in data:  # a count takes much longer than a look
        return end + 1
    while end >= 0 and data.count(b'"', 0, end) % 2:
        end = data.rfind(b"\n", 0, data.rfind(b'"', 0, end))
    return end + 1


def _read_by_arrow(block: bytes, names: list[str], *, has_header: bool) -> Any:
    """Read a block, and refuse what Arrow reads in another way than pandas."""
    import pyarrow as pa
    from pyarrow import csv

    if len(names) == 1:
        raise ValueError("lines that hold only spaces count")
    if b"\0" in block or (b"\r" in block and block.count(b"\r") != block.count(b"\r\n")):
        raise ValueError("a NUL, or a carriage return alone")
    text = pa.large_string()
    table = csv.read_csv(
        pa.BufferReader(block),
        csv.ReadOptions(block_size=len(block) + 1, column_names=None if has_header else names),
        csv.ParseOptions(newlines_in_values=True),
        csv.ConvertOptions(column_types=dict.fromkeys(names, text), null_values=[""], strings_can_be_null=True),
    )
    if table.column_names != names:
        raise ValueError("two columns have one name, or one has none")
    if len(table) and str(table[names[-1]][-1]).endswith("\n"):
        raise ValueError("the block may end within quotes")
    return table


def _read_by_pandas(block: bytes, names: list[str], *, has_header: bool) -> Any:
    """Read a block; pandas raises a ValueError if it ends within quotes."""
    import pyarrow as pa

    header: Any = {"header": 0} if has_header else {"header": None, "names": names}
    # At once: in pieces, older pandas cut a row that is too long off where a piece begins.
    text = pd.read_csv(io.BytesIO(block), low_memory=False, **header, **_AS_TEXT)
    _check_index(text)
    return pa.table({name: pa.array(text[name]).cast(pa.large_string()) for name in names})


def _check_index(text: pd.DataFrame) -> None:
    if not isinstance(text.index, pd.RangeIndex):
        # pandas takes the first cells of rows longer than the header as the index, and shifts the others.
        raise ValueError("a row has more cells than the header")
