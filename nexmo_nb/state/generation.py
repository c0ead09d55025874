"""The generation of the ledger: a number that grows with what leaves, kept in the ledger and in a file beside it.

A ledger whose number is less than that of the file is an older copy: what was sent since then is not in it, and would
be sent again. The file gets a number after the ledger has it on the disk, so it is never ahead of the ledger that it
belongs to, whatever breaks off between the two. It is not flushed to the disk each time: after a power cut it may be
behind, and a copy that is as old as it is not noticed.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from nexmo_nb.errors import InvalidRequestError

DIGITS = 20  # always as many, so that a number overwrites another in one piece
LARGEST = 10**18  # a greater one was not written here: the ledger could not hold it


def is_older(number: int, noted: int | None) -> bool:
    """Tell whether a ledger of generation `number` is older than what was `noted` in the file; None: no file.

    Before anything leaves there is a file, so a ledger from which something left and that has none was copied here.
    """
    return number > 0 if noted is None else number < noted


def check_newest(number: int, path: Path, ledger: Path) -> None:
    """Refuse a ledger that is an older copy, by its number and by the file at `path`."""
    noted = read_noted(path)
    if is_older(number, noted):
        noted = read_noted(path)  # the first may have met the middle of a write
    if not is_older(number, noted):
        return
    told = f"may be an older copy: {path.name} beside it, which would tell, is gone or holds no number"
    if noted is not None:
        told = f"is an older copy, as {path.name} beside it tells"
    raise InvalidRequestError(
        f"ledger: {ledger} {told}; allowed: the newest ledger. Nothing was sent, because what was sent since the copy "
        "was made is not in it and could be sent again. Put the newest one back; or, if it is lost, find in Nexmo's "
        "records what was sent, and connect(accept_restored_ledger=True), once."
    )


def read_noted(path: Path) -> int | None:
    """Read the number in the file; None where there is none, or something else."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        return _read(descriptor)
    finally:
        os.close(descriptor)


def note(path: Path, number: int) -> None:
    """Write a number that the ledger has on its disk into the file, if a lesser one is there.

    Trouble with the file does not matter: a later call catches up. It is not created here, nor made good where it holds
    no number; see `create`.
    """
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDWR)
        try:
            noted = _read(descriptor)
            if noted is not None and noted < number:
                os.lseek(descriptor, 0, os.SEEK_SET)
                os.write(descriptor, _format(number))
        finally:
            os.close(descriptor)


def create(path: Path, number: int) -> None:
    """Create the file with a number, in place of one that is there, and see that it is on the disk."""
    draft = path.with_name(f"{path.name}-{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        os.write(descriptor, _format(number))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    os.replace(draft, path)
    with suppress(OSError):  # some systems cannot open a folder
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _read(descriptor: int) -> int | None:
    text = os.read(descriptor, DIGITS + 1).decode("ascii", "replace").strip()
    number = int(text) if text.isascii() and text.isdigit() else None
    return number if number is not None and number <= LARGEST else None


def _format(number: int) -> bytes:
    return f"{number:0{DIGITS}}\n".encode("ascii")
