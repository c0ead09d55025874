"""Records as Parquet files, written piece by piece; a file exists only when it is complete."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pandas as pd

from nexmo_nb import validation
from nexmo_nb.addresses import Address, is_address, read_local_path

Place = Path | Address
"""Where a file or a folder is: on this machine, or at an address of fsspec."""


def make_folder(to: str | Path) -> Place:
    """Make the folder for the files, and check that they can be written there."""
    if is_address(to := read_local_path(to)):
        address = Address("to", str(to))
        address.check_writable()
        return address
    try:
        folder = Path(to)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (OSError, TypeError, ValueError) as problem:
        reason = str(problem.strerror) if isinstance(problem, OSError) else ""
        raise validation.invalid_argument("to", to, "a folder that can be made", reason) from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise validation.invalid_argument("to", str(to), "a folder that can be written")
    return folder


def write_parquet(path: Place, frames: Iterable[pd.DataFrame], empty: pd.DataFrame) -> None:
    """Write frames one after the other into a file; `empty` has their columns."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    pieces = iter(frames)
    first = next(pieces, empty)  # it may have columns that are not documented
    schema = pa.Schema.from_pandas(first, preserve_index=False)
    pieces = itertools.chain([first], pieces)
    del first
    with (
        path.write_whole() if isinstance(path, Address) else _write_whole(path) as file,
        pq.ParquetWriter(file, schema, compression="zstd") as writer,
    ):
        for frame in pieces:
            if list(frame.columns) != schema.names:
                raise ValueError("its files do not have the same columns")
            writer.write_table(pa.Table.from_pandas(frame, schema=schema, preserve_index=False))
            del frame  # before the next one is read, which would take half as much memory again


@contextmanager
def _write_whole(path: Path) -> Iterator[IO[bytes]]:
    """Write a file that only its owner can read, and that has its name only when it is whole on the disk."""
    part = path.with_name(f"{path.name}.part")
    try:
        descriptor = os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            yield file
            flush_to_disk(file)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def flush_to_disk(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())


def read_parquet(path: Path) -> pd.DataFrame:
    return pd.read_parquet(path, engine="pyarrow")


def count_rows(path: Place) -> int:
    import pyarrow.parquet as pq

    if isinstance(path, Address):
        with path.open() as file:
            return int(pq.read_metadata(file).num_rows)
    return int(pq.read_metadata(path).num_rows)


def build_file_name(fields: Mapping[str, Any]) -> str:
    """Build the name of a span's file from the fields that ask for it; other filters or accounts have another name."""
    days = (fields[name][:10] for name in ("date_start", "date_end"))
    digest = hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()[:8]
    return "_".join(filter(None, (fields["product"], fields.get("direction"), *days, digest))) + ".parquet"
