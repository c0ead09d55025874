"""The subaccounts of the demo account, and how much traffic each has."""

from __future__ import annotations

from typing import NamedTuple

from nexmo_nb.sandbox.data import hash_to_int


class Subaccount(NamedTuple):
    """A subaccount's key and name, and its traffic as a share of the main account's."""

    api_key: str
    name: str
    share: float


_SHARES = (("Shop", 0.02), ("Support", 0.01))


def list_subaccounts(seed: int) -> tuple[Subaccount, ...]:
    return tuple(
        Subaccount(f"{hash_to_int(seed, 'subaccount', name):032x}"[:8], name, share) for name, share in _SHARES
    )
