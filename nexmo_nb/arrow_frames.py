"""Frames of other libraries, which give their rows by Arrow, and what pandas makes of them. Pure.

Every function that takes a frame takes one of these. Their rows have no labels: in pandas they count from 0.
"""

from __future__ import annotations

from typing import Any, Protocol, overload

import pandas as pd

from nexmo_nb import validation

BATCH = 1 << 18
"""Rows of a batch, where the other library asks for a number."""


TEXTS = ("string", "large_string", "string_view")
"""The kinds of text that Arrow has."""


class ArrowStream(Protocol):
    """What gives its rows by Arrow: a frame of polars, a table of pyarrow, a relation of DuckDB."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...


AnyFrame = pd.DataFrame | ArrowStream
"""What a frame can be given as."""


def is_arrow(given: Any) -> bool:
    """Tell whether something is a frame or a column of another library, which gives it by Arrow."""
    return hasattr(given, "__arrow_c_stream__") and not isinstance(given, (pd.DataFrame, pd.Series))


@overload
def to_pandas(given: AnyFrame) -> pd.DataFrame: ...
@overload
def to_pandas(given: Any) -> Any: ...
def to_pandas(given: Any) -> Any:
    """Convert a frame or a column that comes by Arrow; give back anything else as it is.

    Text gets the dtype that it has in all frames of this package. Whole numbers stay whole where some are missing: as
    floats, phone numbers would be doubtful.
    """
    if not is_arrow(given):
        return given
    is_frame = any(hasattr(given, name) for name in ("columns", "schema"))
    try:
        return _convert_table(open_reader(given).read_all()) if is_frame else _convert_column(given)
    except (TypeError, NotImplementedError, ValueError) as problem:
        raise validation.invalid_argument(
            "frame", f"a {type(given).__name__}", "one that pandas can hold", str(problem)
        ) from None


def open_reader(given: Any) -> Any:
    """Open a reader of the batches of a frame; one is taken as it is, for to ask it for a stream would use it up."""
    import pyarrow as pa

    if isinstance(given, pa.RecordBatchReader):
        return given
    try:
        reader = pa.RecordBatchReader.from_stream(given)
        _convert_table(reader.schema.empty_table())
    except TypeError:  # DuckDB 1.1 does not take what pyarrow passes
        if not hasattr(given, "fetch_arrow_reader"):
            raise
        return given.fetch_arrow_reader(BATCH)
    except NotImplementedError:  # polars streams text in a form that older pyarrow cannot convert
        if not hasattr(given, "to_arrow"):
            raise
        return given.to_arrow().to_reader()
    return reader


def _convert_column(given: Any) -> pd.Series[Any]:
    import pyarrow as pa

    column = given.to_arrow() if hasattr(given, "to_arrow") else pa.chunked_array(given)
    found: pd.Series[Any] = _convert_table(pa.table({"values": column}))["values"].rename(None)
    return found


def _convert_table(table: Any) -> pd.DataFrame:
    import pyarrow as pa

    columns = [simplify_column(table.column(place)) for place in range(table.num_columns)]
    whole = {pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()}
    frames = pa.table(columns, names=table.column_names)
    lacking = {column.type for column in columns if column.null_count}
    dtypes: dict[Any, Any] = {kind: pd.Int64Dtype() for kind in whole & lacking}
    dtypes |= {pa.string(): pd.StringDtype()} | ({pa.bool_(): pd.BooleanDtype()} if pa.bool_() in lacking else {})
    found: pd.DataFrame = frames.to_pandas(types_mapper=dtypes.get, ignore_metadata=True)
    return found


def simplify_column(column: Any) -> Any:
    """Convert categories to their values, each kind of text to one, and decimals to floats."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_dictionary(kind):
        if str(kind.value_type) in TEXTS:  # Arrow looks up no views
            column = column.cast(pa.dictionary(kind.index_type, pa.string()))
        kind = column.type.value_type
        column = column.cast(kind)
    if pa.types.is_decimal(kind):
        return column.cast(pa.float64())
    return column.cast(pa.string()) if str(kind) in TEXTS else column
