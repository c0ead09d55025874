"""The file of an application's private key."""

from __future__ import annotations

import os
import uuid
from functools import partial
from pathlib import Path

from nexmo_nb.state.files import make_private_folder
from nexmo_nb.validation import invalid_argument, is_uuid

RESERVED_BYTES = 8192
_invalid_path = partial(invalid_argument, "private_key_path")


class KeyFile:
    """A new private file with reserved disk space, made before a key is asked for, so that the key cannot be lost.

    It must not exist yet. Without a `path` it goes into `folder`, named after the application once its id is known; at
    random where that is no UUID, for it could be a path, or the name of another key.
    """

    def __init__(self, folder: Path, path: str | os.PathLike[str] | None) -> None:
        self._has_given_path = path is not None
        self.path = make_private_folder(folder) / f"{uuid.uuid4().hex}.new" if path is None else _check_path(path)
        self._file = _create_file(self.path)
        try:
            os.write(self._file, b"\n" * RESERVED_BYTES)
            os.fsync(self._file)
        except OSError as problem:
            self.delete()
            raise _invalid_path(str(self.path), "a disk with room", f"{problem.strerror}.") from None

    def write_key(self, key: str, application_id: str | None) -> str:
        """Write the key, close the file and return its path."""
        os.lseek(self._file, 0, os.SEEK_SET)
        os.write(self._file, key.encode())
        os.ftruncate(self._file, len(key.encode()))
        os.fsync(self._file)
        os.close(self._file)
        if not self._has_given_path:
            name = application_id.lower() if application_id and is_uuid(application_id) else self.path.stem
            self.path = self.path.replace(self.path.with_name(f"{name}.key"))
        return str(self.path)

    def delete(self) -> None:
        """Close and delete the file, because no key came."""
        os.close(self._file)
        self.path.unlink(missing_ok=True)


def _check_path(path: str | os.PathLike[str]) -> Path:
    try:
        return Path(path).expanduser().absolute()
    except (TypeError, ValueError, RuntimeError):
        raise _invalid_path(path, "the path of a file that does not exist yet") from None


def _create_file(path: Path) -> int:
    try:
        return os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except (OSError, ValueError) as problem:
        allowed = "a file that does not exist yet, in a folder that can be written"
        reason = problem.strerror if isinstance(problem, OSError) else "It holds characters that no name can have"
        raise _invalid_path(str(path), allowed, f"{reason}.") from None
