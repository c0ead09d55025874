"""Fixtures of pytest for whoever tests code that speaks to Nexmo; pytest finds them where the package is installed.

Each gives a `nexmo_nb.sandbox.Sandbox` on a free port of 127.0.0.1, without rate limits, and ends it:
``nexmo_sandbox`` for each test, ``nexmo_sandbox_module`` for the tests of a file, ``nexmo_sandbox_session`` for all
of them. Nothing is loaded or started before a test asks for one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from nexmo_nb.sandbox import Sandbox


def _open_sandbox() -> Iterator[Sandbox]:
    from nexmo_nb.sandbox import Sandbox

    with Sandbox(limits=False) as sandbox:
        yield sandbox


@pytest.fixture
def nexmo_sandbox() -> Iterator[Sandbox]:
    """Start a stand-in for Nexmo for one test: its address is `url`, and `messages` are what was sent to it."""
    yield from _open_sandbox()


@pytest.fixture(scope="module")
def nexmo_sandbox_module() -> Iterator[Sandbox]:
    """Start a stand-in for Nexmo for the tests of a file; `reset`, or `snapshot` and `restore`, undo what one did."""
    yield from _open_sandbox()


@pytest.fixture(scope="session")
def nexmo_sandbox_session() -> Iterator[Sandbox]:
    """Start a stand-in for Nexmo for the whole run; `reset`, or `snapshot` and `restore`, undo what a test did."""
    yield from _open_sandbox()
