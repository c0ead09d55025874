"""What a process that was forked from this one must not share with it: locks, and the descriptors of locked files."""

from __future__ import annotations

import os
import threading
import weakref
from contextlib import suppress
from typing import Any

_lock_owners: weakref.WeakSet[Any] = weakref.WeakSet()
_descriptors: dict[int, tuple[int, int]] = {}  # and which file each of them was


def renew_lock_in_forks(owner: Any) -> None:
    """Give an object a new ``_lock`` in each forked process: its copy may be held by a thread that is not there."""
    _lock_owners.add(owner)


def close_in_forks(descriptor: int) -> None:
    """Close a descriptor in each forked process, where it would keep a lock after the end of the lock's owner."""
    _descriptors[descriptor] = _identify(descriptor)


def _identify(descriptor: int) -> tuple[int, int]:
    found = os.fstat(descriptor)
    return found.st_dev, found.st_ino


def _begin_fork() -> None:
    for owner in list(_lock_owners):
        owner._lock = threading.RLock()
    for descriptor, file in _descriptors.items():
        with suppress(OSError):  # it was closed meanwhile
            if _identify(descriptor) == file:  # else its number is used for another file
                os.close(descriptor)
    _descriptors.clear()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_begin_fork)
