"""A client for each test of the sandbox."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sandbox_client import Client

from nexmo_nb.sandbox import Sandbox


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Client]:
    client = Client(sandbox)
    yield client
    client.connection.close()
