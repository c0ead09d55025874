"""The file of an application's private key."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

from nexmo_nb import validation
from nexmo_nb.state.files import make_private_folder

__all__ = ["KeyFile"]


class KeyFile:
    """A private file, made and given its room before a key is asked for, so that the key cannot be lost.

    Parameters
    ----------
    folder : Path
        Where it goes if no path is given.
    path : path or None
        A file that must not exist yet.
    """

    def __init__(self, folder: Path, path: str | os.PathLike[str] | None) -> None:
        self._own_name = path is None
        if path is None:
            self.path = make_private_folder(folder) / f"{uuid.uuid4().hex}.new"
        else:
            try:
                self.path = Path(path).expanduser().absolute()
                self.path.exists()
            except (TypeError, ValueError, RuntimeError):
                raise validation.invalid_argument(
                    "private_key_path", path, "the path of a file that does not exist yet"
                ) from None
        try:
            self._file = os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        except (OSError, ValueError) as problem:
            allowed = "a file that does not exist yet, in a folder that can be written"
            reason = problem.strerror if isinstance(problem, OSError) else "It holds characters that no name can have"
            raise validation.invalid_argument("private_key_path", str(self.path), allowed, f"{reason}.") from None
        try:
            os.write(self._file, b"\n" * 8192)
            os.fsync(self._file)
        except OSError as problem:
            self.drop()
            raise validation.invalid_argument(
                "private_key_path", str(self.path), "a disk with room", f"{problem.strerror}."
            ) from None

    def keep(self, key: str, application_id: str) -> str:
        """Write the key and give the file its name."""
        os.lseek(self._file, 0, os.SEEK_SET)
        os.write(self._file, key.encode())
        os.ftruncate(self._file, len(key.encode()))
        os.fsync(self._file)
        os.close(self._file)
        if self._own_name:
            named = self.path.with_name(f"{validation.check_application_id(application_id)}.key")
            self.path = self.path.replace(named)
        return str(self.path)

    def drop(self) -> None:
        """Take the file away again: there was no key."""
        os.close(self._file)
        self.path.unlink(missing_ok=True)
