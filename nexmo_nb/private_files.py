"""Files that we write for the user: private, complete or not at all, and packed where their name says so."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from tempfile import mkstemp
from typing import IO, Any

from nexmo_nb import validation
from nexmo_nb.errors import InvalidRequestError

_GZIP_MAGIC = b"\x1f\x8b"
_OTHER_PACKING = (".bz2", ".xz", ".zip", ".zst", ".7z", ".tar", ".tgz")


def expand_path(path: Any) -> Path:
    try:
        return Path(path).expanduser()
    except (TypeError, RuntimeError):
        raise validation.invalid_argument("path", path, "the name of a file") from None


@contextmanager
def replace_file(path: Any, *suffixes: str) -> Iterator[IO[bytes]]:
    """Open a file of bytes that replaces the one of that name when the block ends, and that only its owner can read.

    If the block fails, what was there stays as it was. The name must end in one of `suffixes`, if there are any.
    InvalidRequestError: it cannot be written.
    """
    target = expand_path(path)
    if suffixes and target.suffix.lower() not in suffixes:
        raise validation.invalid_argument("path", str(path), f"a name that ends in {' or '.join(suffixes)}")
    try:
        # mkstemp makes the file private; in the same folder, because a rename does not cross file systems.
        handle, name = mkstemp(prefix=f"{target.name}.", dir=target.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, target)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as problem:
        raise make_path_error(path, problem.strerror) from None


@contextmanager
def replace_text_file(path: Any, *, encoding: str = "utf-8") -> Iterator[TextIOWrapper]:
    """Open a text file as `replace_file` does; a name that ends in ``.gz`` is packed by gzip."""
    target = expand_path(path)
    if target.suffix.lower() in _OTHER_PACKING:
        raise validation.invalid_argument("path", str(path), "a plain name, or one that ends in '.gz'")
    with replace_file(target) as file:
        # Without a time and a name in it, the same text is the same file.
        packed = gzip.GzipFile("", "wb", fileobj=file, mtime=0) if target.suffix.lower() == ".gz" else file
        text = TextIOWrapper(packed, encoding=encoding, newline="")
        yield text
        text.flush()
        text.detach()
        if packed is not file:
            packed.close()


def read_unpacked(path: Path) -> bytes:
    """Read a file, unpacked where gzip packed it; its name does not matter."""
    data = path.read_bytes()
    return gzip.decompress(data) if data.startswith(_GZIP_MAGIC) else data


def make_path_error(path: Any, reason: str | None) -> InvalidRequestError:
    return validation.invalid_argument("path", str(path), "a file that can be written", reason or "")
