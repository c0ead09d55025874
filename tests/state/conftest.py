"""The state of an account in files, and in a real PostgreSQL: the same tests for both."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from postgres_server import MISSING, PASSWORD, PostgresServer, find_programs, run_postgres

from nexmo_nb.state import ledger, throttle
from nexmo_nb.state.postgres import PostgresStore
from nexmo_nb.state.postgres_connection import Address


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    # Where every commit is checked, a server that is missing would hide a fault.
    if find_programs() is None and not os.environ.get("CI"):
        pytest.skip(MISSING)
    with run_postgres() as server:
        yield server


@pytest.fixture
def address(postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> Address:
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    return Address(postgres.url())


@pytest.fixture
def in_postgres(address: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what would stand in a file in a schema of its own, by the path of the file's folder."""
    run = secrets.token_hex(8)

    def make_store(path: Path) -> PostgresStore:
        return PostgresStore(address, f"test {run} {path.parent}"[-60:])

    for module in (throttle, ledger):
        monkeypatch.setattr(module, "FileStore", make_store)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that wants `anywhere` on files and on PostgreSQL, unless it is about files."""
    if "anywhere" in metafunc.fixturenames:
        is_about_files = metafunc.definition.get_closest_marker("in_files") is not None
        shared = [] if is_about_files else [pytest.param("postgres", marks=pytest.mark.slow)]
        metafunc.parametrize("anywhere", ["files", *shared], indirect=True)


@pytest.fixture
def anywhere(request: pytest.FixtureRequest) -> str:
    if request.param == "postgres":
        request.getfixturevalue("in_postgres")
    return str(request.param)
