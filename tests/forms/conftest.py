"""Servers of notebooks on a sandbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from typing import Any

import pytest
from notebook_page import Server, run_all, serve_notebooks

from nexmo_nb.sandbox import Sandbox


@pytest.fixture(scope="session")
def served() -> Iterator[Sandbox]:
    with Sandbox(limits=False) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def start(served: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Server]]:
    """Start the server of a kind when it is first asked for; it serves all tests of a worker."""
    with ExitStack() as running:
        yield cache(lambda kind: running.enter_context(serve_notebooks(kind, served, tmp_path_factory.mktemp(kind))))


@pytest.fixture
def strict(served: Sandbox) -> Sandbox:
    """The sandbox that the servers of notebooks are connected to, as new."""
    served.reset()
    served.latency = 0.0
    return served


@pytest.fixture
def notebook(start: Callable[[str], Server], strict: Sandbox) -> Iterator[str]:
    """The address of the notebook of forms in JupyterLab."""
    with start("lab").open_forms() as url:
        yield url


@pytest.fixture
def page(browser: Any, notebook: str) -> Iterator[Any]:
    """That notebook, run to its end."""
    page = browser.new_page(viewport={"width": 1100, "height": 1400})
    run_all(page, notebook)
    yield page
    page.close()
