"""The key of pseudonyms: random, one for each state folder, in a file that only its owner can read."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from tempfile import mkstemp

from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.state.files import find_state_dir, make_private_folder

NAME = "mask.key"
_BYTES = 32


def read_mask_key() -> bytes:
    """Return the key, which is made when it is first wanted."""
    path = make_private_folder(Path(find_state_dir())) / NAME
    try:
        if not path.exists():
            _create(path)
        key = path.read_bytes()
    except OSError as problem:
        raise InvalidRequestError(
            f"{path}: cannot be used ({problem.strerror}); allowed: a file of your own."
        ) from None
    if len(key) != _BYTES:
        raise InvalidRequestError(
            f"{path}: holds {len(key)} bytes; allowed: {_BYTES}. Delete it, and a new one is made; masks differ then."
        )
    return key


def _create(path: Path) -> None:
    """Create the key whole or not at all; where another process is quicker, its key stays."""
    handle, name = mkstemp(prefix=f"{NAME}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(name, path)
        except FileExistsError:
            pass
        except OSError:  # a file system without links
            os.rename(name, path)
    finally:
        Path(name).unlink(missing_ok=True)
