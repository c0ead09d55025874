"""Records as Parquet files, written as they come, whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from nexmo_nb.errors import InvalidRequestError

__all__ = ["Writer", "file_name"]


class Writer:
    """One file.

    Parameters
    ----------
    path : Path
        It is there only when it is whole; only its owner can read it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @staticmethod
    def require() -> None:
        """Refuse where pyarrow is missing.

        Raises
        ------
        InvalidRequestError
            With the line that installs it.
        """
        try:
            import pyarrow.parquet  # noqa: F401
        except ImportError:
            raise InvalidRequestError(
                "to: needs pyarrow, which is not installed. Install it: pip install 'nexmo_nb[parquet]'"
            ) from None

    def write(self, frames: Iterable[pd.DataFrame], empty: pd.DataFrame) -> None:
        """Write frame after frame; `empty` gives the columns."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        schema = pa.Schema.from_pandas(empty, preserve_index=False)
        part = self.path.with_name(f"{self.path.name}.part")
        try:
            os.close(os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
            with pq.ParquetWriter(part, schema, compression="zstd") as writer:
                for frame in frames:
                    writer.write_table(pa.Table.from_pandas(frame, schema=schema, preserve_index=False))
            os.replace(part, self.path)
        finally:
            part.unlink(missing_ok=True)

    def rows(self) -> int:
        """Count the rows, without reading them."""
        import pyarrow.parquet as pq

        return int(pq.read_metadata(self.path).num_rows)


def file_name(product: str, direction: str | None, span: tuple[float, float], body: Mapping[str, Any]) -> str:
    """Name the file of a span; other filters or another account have another name."""
    days = "_".join(pd.Timestamp(at, unit="s").strftime("%Y-%m-%d") for at in span)
    code = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:8]
    return f"{'_'.join(filter(None, (product, direction)))}_{days}_{code}.parquet"
