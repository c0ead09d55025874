"""The PostgreSQL that holds the state of accounts in place of files, if there is one: an extra, imported when used."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nexmo_nb.state.postgres import PostgresStore
    from nexmo_nb.state.postgres_connection import Address


def find_database(state: str | None) -> tuple[Address | None, str]:
    """Find the PostgreSQL that holds the state, and say who named it; None: files do. Its URL may hold a password."""
    found, source = (state, "argument") if state else (os.environ.get("NEXMO_NB_STATE"), "NEXMO_NB_STATE")
    if not found:
        return None, ""
    from nexmo_nb.state.postgres_connection import Address

    return Address(found), source


def make_store(address: Address, account: str) -> PostgresStore:
    """Make the store of an account, by a name that it has on all machines."""
    from nexmo_nb.state.postgres import PostgresStore, name_schema

    return PostgresStore(address, name_schema(account))
