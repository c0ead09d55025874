"""Records from whatever holds them, as pieces of a bounded number of rows, so that they are never held whole.

=============================================  =====================================================================
given                                          its pieces
=============================================  =====================================================================
a DataFrame                                    slices of it
a folder, a Parquet file, a pattern, a list    of each file some rows after the others, only the columns needed;
of them, also at addresses of fsspec           of a folder all ``*.parquet``, also in folders within it
what has ``__arrow_c_stream__``: polars,       its batches, joined where they are small
pyarrow, DuckDB
a Dask DataFrame                               its partitions, one after the other
an iterable of DataFrames or of Arrow's        each of them in turn
=============================================  =====================================================================

They are read as if they were one frame: a column that some lack is missing there. Text that comes by Arrow is held as
categories, but for columns that differ in nearly every row.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from nexmo_nb import validation
from nexmo_nb.addresses import Address, is_address, read_local_path
from nexmo_nb.arrow_frames import BATCH, TEXTS, AnyFrame, is_arrow, open_reader, simplify_column
from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.frames import concat_frames

Frames = AnyFrame | str | os.PathLike[str] | Iterable[Any]
"""What records can be given as; a frame of Dask is an iterable as well."""
Place = Path | Address
Check = Callable[[pd.DataFrame], None]
ROWS = BATCH
"""The most rows of a piece."""
UNIQUE = ("to", "client_ref", "key", "text")
"""Columns of which nearly every row has a text of its own."""
ALLOWED = (
    "a DataFrame, a folder or files of Parquet, a frame of polars, pyarrow, DuckDB or Dask, or an iterable of frames"
)


class Source(NamedTuple):
    """Records that can be read once: `empty` has their columns and dtypes, and no row."""

    empty: pd.DataFrame
    read: Callable[[Collection[str]], Iterator[pd.DataFrame]]
    keeps_categories: bool = False


def open_source(given: Any, check: Check = validation.check_frame, known: Collection[str] = ()) -> Source:
    """Find out what the records are, and what columns they have.

    `check` refuses columns that do not do, of each file and each frame of an iterable. Of an iterable only the first
    frame is known: a later one that has one more of the columns `known` is refused.
    """
    if isinstance(given, pd.DataFrame):
        return Source(given.iloc[:0], lambda names: _slice_frame(given, names), keeps_categories=True)
    if isinstance(given, (str, os.PathLike)):
        return _open_files(_list_files(given), check)
    if _is_frame(given):
        return _open_dask(given) if hasattr(given, "get_partition") else _open_stream(given)
    if isinstance(given, (bytes, Mapping)) or not isinstance(given, Iterable):
        raise validation.invalid_argument("frame", given, ALLOWED)
    items = iter(given)
    first = next(items, None)
    if isinstance(first, (str, os.PathLike)):
        return _open_files([path for item in chain([first], items) for path in _list_files(item)], check)
    if first is None:
        raise validation.invalid_argument("frame", "nothing", f"{ALLOWED}, of which there is one at least")
    return _open_frames(first, items, check, known)


def open_each(given: Any) -> Iterator[Source]:
    """Open records whose files or frames need not have the same columns, each by itself."""
    if isinstance(given, (str, os.PathLike)):
        yield from (_open_files([path], validation.check_frame) for path in _list_files(given))
    elif isinstance(given, (pd.DataFrame, bytes, Mapping)) or _is_frame(given) or not isinstance(given, Iterable):
        yield open_source(given)
    else:
        for item in given:
            yield from open_each(item)


def read_whole(source: Source, names: Iterable[str]) -> pd.DataFrame:
    """Read some columns of all records as one frame."""
    chosen = [name for name in dict.fromkeys(names) if name in source.empty]
    if source.keeps_categories:
        return concat_frames(source.read(chosen), source.empty[chosen])
    return concat_frames(map(decode_texts, source.read(chosen)), decode_texts(source.empty[chosen]))


def decode_texts(table: pd.DataFrame) -> pd.DataFrame:
    """Give texts the dtype that they have in all frames of this package; categories are those of Arrow."""
    return table.assign(**{str(name): _decode(table[name]) for name in table})


def _decode(column: pd.Series[Any]) -> Any:
    cells = column.cat.categories if isinstance(column.dtype, pd.CategoricalDtype) else column
    if pd.api.types.infer_dtype(cells, skipna=True) in ("string", "empty"):
        return column.astype(pd.StringDtype())
    return column.astype(object).infer_objects() if cells is not column else column


def _slice_frame(table: pd.DataFrame, names: Collection[str]) -> Iterator[pd.DataFrame]:
    for start in range(0, len(table), ROWS):
        yield table.iloc[start : start + ROWS][list(names)]


def _is_frame(given: Any) -> bool:
    """Tell whether something is a frame of another library, by what such frames have in common."""
    return is_arrow(given) or hasattr(given, "get_partition")


def _open_frames(first: Any, others: Iterator[Any], check: Check, known: Collection[str]) -> Source:
    """Open an iterable of frames, of which the first tells the columns."""
    opened = _open_item(first, check)

    def read(names: Collection[str]) -> Iterator[pd.DataFrame]:
        yield from opened.read(names)
        for item in others:
            source = _open_item(item, check)
            more = [name for name in source.empty if name in known and name not in opened.empty]
            if more:
                allowed = "frames of which the first has all columns that the others have"
                raise validation.invalid_argument("frame", f"a frame with {', '.join(map(str, more))}", allowed)
            for piece in source.read([name for name in names if name in source.empty]):
                yield _fill_columns(piece, opened.empty[list(names)])

    return Source(opened.empty, read)


def _open_item(item: Any, check: Check) -> Source:
    if not isinstance(item, pd.DataFrame) and not _is_frame(item):
        raise validation.invalid_argument("frame", item, ALLOWED)
    source = open_source(item)
    check(source.empty)
    return source


def _fill_columns(piece: pd.DataFrame, wanted: pd.DataFrame) -> pd.DataFrame:
    """Give a piece the columns that it lacks, without values."""
    lacking = [str(name) for name in wanted if name not in piece]
    return piece.assign(**{name: wanted[name].reindex(piece.index) for name in lacking})[list(wanted)]


def _open_dask(table: Any) -> Source:
    def read(names: Collection[str]) -> Iterator[pd.DataFrame]:
        chosen = table[list(names)]
        for number in range(chosen.npartitions):
            yield from _slice_frame(chosen.get_partition(number).compute(), names)

    return Source(table.head(0), read)


def _open_stream(given: Any) -> Source:
    try:
        reader = open_reader(given)
    except (TypeError, NotImplementedError, ValueError):  # a column, for instance
        raise validation.invalid_argument("frame", f"a {type(given).__name__}", ALLOWED) from None

    def read(names: Collection[str]) -> Iterator[pd.DataFrame]:
        return map(_to_frame, _join_batches(batch.select(list(names)) for batch in reader))

    return Source(_to_frame(reader.schema.empty_table()), read)


def _join_batches(batches: Iterable[Any]) -> Iterator[Any]:
    """Join batches to tables of at most `ROWS`; some give two thousand rows at a time, others millions."""
    import pyarrow as pa

    held: list[Any] = []
    for batch in batches:
        if held and sum(map(len, held)) + len(batch) > ROWS:
            yield pa.Table.from_batches(held).combine_chunks()
            held = []
        held += [batch.slice(start, ROWS) for start in range(0, len(batch), ROWS)]
        while len(held) > 1 and len(held[0]) == ROWS:
            yield pa.Table.from_batches([held.pop(0)])
    if held:
        yield pa.Table.from_batches(held).combine_chunks()


def _list_files(given: Any) -> Sequence[Place]:
    """List the Parquet files that a path means: itself, those in the folder, or those that fit the pattern."""
    given, allowed = read_local_path(given), "a folder with Parquet files, or such a file"
    if is_address(given):
        address = Address("frame", given)
        if not (listed := address.list_files(".parquet")):
            raise validation.invalid_argument("frame", str(address), allowed, "There is no such file.")
        return listed
    shown = os.fspath(given)
    path = Path(shown).expanduser()
    try:
        if path.is_dir():
            found = sorted(each for each in path.rglob("*.parquet") if not _is_hidden(each.relative_to(path)))
        else:
            found = [path] if path.is_file() else sorted(map(Path, glob.glob(str(path), recursive=True)))
    except (OSError, ValueError):
        found = []
    if not found:
        advice = "There is no file that ends in .parquet." if path.is_dir() else "There is no such file."
        raise validation.invalid_argument("frame", shown, allowed, advice)
    return found


def _is_hidden(path: Path) -> bool:
    return any(part.startswith((".", "_")) for part in path.parts)


def _open_files(paths: Sequence[Place], check: Check) -> Source:
    """Open Parquet files, which together have the columns of each; what columns they have stands in their footers."""
    empties = [_read_columns(path) for path in paths]
    empty = empties[0]
    for path, own in zip(paths, empties, strict=True):
        try:
            check(own)
        except InvalidRequestError as problem:
            raise InvalidRequestError(f"{path}: {problem}", parameter="frame", allowed=problem.allowed) from None
        empty = empty.assign(**{str(name): own[name] for name in own if name not in empty})

    def read(names: Collection[str]) -> Iterator[pd.DataFrame]:
        for path, own in zip(paths, empties, strict=True):
            for piece in _read_file(path, [name for name in names if name in own]):
                yield _fill_columns(piece, empty[list(names)])

    return Source(empty, read)


def _read_columns(path: Place) -> pd.DataFrame:
    with _naming(path), _open_file(path, []) as file:
        return _to_frame(file.schema_arrow.empty_table())


def _read_file(path: Place, names: Collection[str]) -> Iterator[pd.DataFrame]:
    coded = [name for name in names if name not in UNIQUE]
    # Mapped, and by one thread: both take the least memory.
    with _naming(path), _open_file(path, coded) as file:
        for group in range(file.num_row_groups):
            for batch in file.iter_batches(ROWS, row_groups=[group], columns=list(names), use_threads=False):
                yield _to_frame(batch)


@contextmanager
def _open_file(path: Place, coded: Collection[str]) -> Iterator[Any]:
    """Open a Parquet file, some of whose columns come as categories."""
    import pyarrow.parquet as pq

    with (
        path.open() if isinstance(path, Address) else nullcontext(path) as place,
        pq.ParquetFile(place, read_dictionary=list(coded), memory_map=place is path) as file,
    ):
        yield file


@contextmanager
def _naming(path: Place) -> Iterator[None]:
    """Say which file cannot be read."""
    try:
        yield
    except (OSError, ValueError) as problem:  # of pyarrow, too
        reason = path.hide(str(problem)) if isinstance(path, Address) else str(problem)
        advice = f"It cannot be read: {reason}"
        raise validation.invalid_argument("frame", str(path), "a Parquet file", advice) from None


def _to_frame(table: Any) -> pd.DataFrame:
    """Convert what comes by Arrow to dtypes that this package has, and text to categories where texts come again."""
    import pyarrow as pa

    columns = pa.table({name: _convert_column(name, table[name]) for name in table.schema.names})
    texts = {pa.string(): pd.StringDtype("pyarrow")}
    found: pd.DataFrame = columns.to_pandas(types_mapper=texts.get, ignore_metadata=True)
    return found


def _convert_column(name: str, column: Any) -> Any:
    import pyarrow as pa

    kind = column.type
    if pa.types.is_dictionary(kind) and str(kind.value_type) in TEXTS and name not in UNIQUE:
        return column.cast(pa.dictionary(kind.index_type, pa.string()))
    simple = simplify_column(column)
    return simple.dictionary_encode() if simple.type == pa.string() and name not in UNIQUE else simple
