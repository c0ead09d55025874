"""Frames of Dask: what they are, and how functions are run on their partitions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import pandas as pd

from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.frames import Column, frame

VALUE = Column("value", "float64")


def is_dask(given: Any) -> bool:
    """Tell whether something is a frame or a series of Dask; Dask need not be there."""
    return hasattr(given, "map_partitions") and hasattr(given, "get_partition")


def read_empty(table: Any) -> Any:
    """Give the columns and dtypes of a frame, without rows; nothing is computed."""
    from dask.dataframe.dispatch import make_meta

    return make_meta(table)


def build_tasks(table: Any, function: Callable[..., Any], *arguments: Any) -> list[Any]:
    """Build a task for each partition, in order: the function of it and the arguments."""
    import dask

    run = dask.delayed(partial(_call, function, arguments), pure=False)
    return [run(part) for part in table.to_delayed()]


def compute_parts(table: Any, function: Callable[..., Any], *arguments: Any) -> list[Any]:
    """Compute what a function makes of each partition, in order."""
    import dask

    return list(dask.compute(*build_tasks(table, function, *arguments)))


def map_parts(
    table: Any, function: Callable[..., Any], values: Sequence[pd.DataFrame], *arguments: Any, empty: pd.DataFrame
) -> Any:
    """Make a frame of each partition, a small frame of its own, and the arguments; `empty` has its columns."""
    import dask.dataframe as dd

    own = dd.from_map(_give, values, meta=values[0].iloc[:0])
    return dd.map_partitions(partial(_call, function, arguments), table, own, meta=empty)


def build_values(values: Iterable[float]) -> list[pd.DataFrame]:
    """Build the small frames of `map_parts` that hold a number each."""
    return [frame([{"value": value}], [VALUE]) for value in values]


def find_client() -> Any:
    """Find the client of the cluster that is in use."""
    try:
        from distributed import default_client
    except ImportError:
        raise InvalidRequestError(
            "plan: got a frame of Dask, which workers send; allowed: one where distributed is installed. Install it: "
            "pip install 'nexmo_nb[dask]'"
        ) from None
    try:
        return default_client()
    except ValueError:
        raise InvalidRequestError(
            "plan: got a frame of Dask, which workers send; allowed: one while there is a client of a cluster. Make "
            "one: from distributed import Client; client = Client(). Or send from this process: plan.compute()."
        ) from None


def _call(function: Callable[..., Any], arguments: Sequence[Any], *parts: Any) -> Any:
    return function(*parts, *arguments)


def _give(value: pd.DataFrame) -> pd.DataFrame:
    return value
