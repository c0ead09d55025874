"""A file that keeps the state of a sandbox from one run to the next."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from pathlib import Path

from nexmo_nb.sandbox.world import World
from nexmo_nb.sandbox.world_state import dump_world, load_world

logger = logging.getLogger(__name__)
PAUSE = 1.0
"""Seconds between two times that the file is written. More where writing takes long: at most a tenth of the time."""


class StateFile:
    """Reads the state of a world when it is made, and writes it a moment after each change, whole or not at all.

    ValueError if the file cannot be read or written, or is no state of such a sandbox.
    """

    def __init__(self, path: str | Path, world: World) -> None:
        self._path, self._world = Path(path), world
        self._changed, self._closing = threading.Event(), threading.Event()
        try:
            with contextlib.suppress(FileNotFoundError):
                load_world(world, self._path.read_text(encoding="utf-8"))
            self._write()
        except (OSError, ValueError) as problem:
            raise ValueError(
                f"state: {str(self._path)!r} cannot be used ({problem}); allowed: a file that an earlier run wrote, "
                "or a new name in a folder that is there."
            ) from None
        self._thread = threading.Thread(target=self._keep, daemon=True)
        self._thread.start()

    def note_change(self) -> None:
        self._changed.set()

    def close(self) -> None:
        """Write what is not written yet, and end."""
        self._closing.set()
        self._changed.set()
        self._thread.join()
        self._try_to_write()

    def _keep(self) -> None:
        while self._changed.wait() and not self._closing.is_set():
            self._changed.clear()
            begin = time.monotonic()
            self._try_to_write()
            self._closing.wait(max(PAUSE, 9 * (time.monotonic() - begin)))

    def _try_to_write(self) -> None:
        try:
            self._write()
        except OSError as problem:
            logger.error("The sandbox's state could not be written to %s: %s", self._path, problem)

    def _write(self) -> None:
        """Replace the file by another one, which only its owner can read: it has a private key in it."""
        new = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        try:
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with open(descriptor, "w", encoding="utf-8") as file:
                file.write(dump_world(self._world))
                file.flush()
                os.fsync(file.fileno())
            os.replace(new, self._path)
        except BaseException:
            with contextlib.suppress(OSError):
                new.unlink()
            raise
