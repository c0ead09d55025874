"""The subaccounts of the demo account, and how much traffic each has."""

from __future__ import annotations

from typing import NamedTuple

from nexmo_nb.sandbox.account import SUBACCOUNTS, derive_subaccount_keys


class Subaccount(NamedTuple):
    """A subaccount's key and name, and its traffic as a share of the main account's."""

    api_key: str
    name: str
    share: float


_SHARES = (0.02, 0.01)


def list_subaccounts(seed: int) -> tuple[Subaccount, ...]:
    return tuple(map(Subaccount, derive_subaccount_keys(seed), SUBACCOUNTS, _SHARES))
