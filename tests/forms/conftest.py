"""Servers of notebooks on a sandbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache

import pytest
from notebook_page import Server, serve_notebooks

from nexmo_nb.sandbox import Sandbox


@pytest.fixture(scope="module")
def served() -> Iterator[Sandbox]:
    with Sandbox(limits=False) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def start(served: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Server]]:
    """Start the server of a kind when it is first asked for; it serves all tests of a file."""
    with ExitStack() as running:
        yield cache(lambda kind: running.enter_context(serve_notebooks(kind, served, tmp_path_factory.mktemp(kind))))


@pytest.fixture
def strict(served: Sandbox) -> Sandbox:
    """The sandbox that the servers of notebooks are connected to, as new."""
    served.reset()
    served.latency = 0.0
    return served
