"""Records as Parquet files, written piece by piece; a file exists only when it is complete."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, Any

import pandas as pd

from nexmo_nb import validation


def make_folder(to: str | Path) -> Path:
    """Make the folder for the files, and check that they can be written there."""
    try:
        folder = Path(to)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (OSError, TypeError, ValueError) as problem:
        reason = str(problem.strerror) if isinstance(problem, OSError) else ""
        raise validation.invalid_argument("to", to, "a folder that can be made", reason) from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise validation.invalid_argument("to", str(to), "a folder that can be written")
    return folder


def write_parquet(path: Path, frames: Iterable[pd.DataFrame], empty: pd.DataFrame) -> None:
    """Write frames one after the other into a file that only its owner can read; `empty` has their columns."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    pieces = iter(frames)
    first = next(pieces, empty)  # it may have columns that are not documented
    schema = pa.Schema.from_pandas(first, preserve_index=False)
    pieces = itertools.chain([first], pieces)
    del first
    part = path.with_name(f"{path.name}.part")
    try:
        descriptor = os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            with pq.ParquetWriter(file, schema, compression="zstd") as writer:
                for frame in pieces:
                    if list(frame.columns) != schema.names:
                        raise ValueError("its files do not have the same columns")
                    writer.write_table(pa.Table.from_pandas(frame, schema=schema, preserve_index=False))
                    del frame  # before the next one is read, which would take half as much memory again
            flush_to_disk(file)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def flush_to_disk(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())


def read_parquet(path: Path) -> pd.DataFrame:
    return pd.read_parquet(path, engine="pyarrow")


def count_rows(path: Path) -> int:
    import pyarrow.parquet as pq

    return int(pq.read_metadata(path).num_rows)


def build_file_name(fields: Mapping[str, Any]) -> str:
    """Build the name of a span's file from the fields that ask for it; other filters or accounts have another name."""
    days = (fields[name][:10] for name in ("date_start", "date_end"))
    digest = hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()[:8]
    return "_".join(filter(None, (fields["product"], fields.get("direction"), *days, digest))) + ".parquet"
