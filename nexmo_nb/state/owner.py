"""A process as the owner of what it has under way: other processes see by a lock whether it lives."""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Iterable, Sequence

from nexmo_nb.state.database import Lock, Locks


class Owner:
    """The owner of sends and runs that this process has under way.

    It lives as long as one of `locks` is held. Neither a process number that is used again nor a restart of the machine
    can be mistaken for it. The lock is taken when the first send begins, and freed when this object goes or rests; what
    is begun afterwards has another owner.
    """

    def __init__(self, locks: Locks) -> None:
        self._locks = locks
        self._guard = threading.Lock()
        self._pid = os.getpid()
        self.name = ""  # none yet
        self._lock: Lock | None = None
        self._under_way: dict[str, int | None] = {}  # by id: the thread that it is in, None for one of several

    def begin(self, ids: Iterable[str], *, in_this_thread: bool) -> str:
        """Note that something is under way, and give the owner's name.

        It raises a `StateError` if the lock cannot be taken.
        """
        with self._guard:
            thread = threading.current_thread().ident if in_this_thread else None
            self._under_way.update(dict.fromkeys(ids, thread))
            if self._lock is None or not self._lock.alive:
                self.name = secrets.token_hex(16)
                self._lock = self._locks.take(self.name)
            return self.name

    def end(self, ids: Iterable[str]) -> None:
        """Note that something is over: what the ledger still shows as under way then was abandoned."""
        for each in ids:
            self._under_way.pop(each, None)

    def find_abandoned(self, owned: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
        """Find what its owner left, among ids with their owners.

        A process that died left all that it had; this one, what an interrupt or a full disk kept from its end.
        """
        open_ids, name = self._list_open(), self.name
        others = {owner for _, owner in owned} - {name}
        dead = others - self._locks.find_living(others)
        return [(id, owner) for id, owner in owned if owner in dead or (owner == name and id not in open_ids)]

    def delete_locks(self, owners: Iterable[str]) -> None:
        """Delete what is left of the locks of owners that died."""
        self._locks.delete(set(owners) - {self.name})

    def delete_old_locks(self, now: float) -> None:
        """Delete what is left of the locks of owners that died with nothing under way."""
        self._locks.delete_old(now)

    def rest(self) -> None:
        """Free the lock if nothing is under way: what was abandoned here is then seen to be so by all others."""
        if self._pid != os.getpid():
            return  # in a fork, a lock that a thread of the parent had would never be free
        with self._guard:
            if not self._list_open():
                self._under_way.clear()
                self.close()

    def close(self) -> None:
        """Free the lock, whatever is under way."""
        if self._lock is not None:
            self._lock()

    def _list_open(self) -> set[str]:
        """List what is under way.

        A thread that is here is in no send: one that it began and did not end was interrupted. So was one of a thread
        that is no more.
        """
        under_way = self._under_way.copy()  # in one step: other threads begin and end sends meanwhile
        others = {thread.ident for thread in threading.enumerate()} - {threading.current_thread().ident}
        return {each for each, thread in under_way.items() if thread is None or thread in others}
