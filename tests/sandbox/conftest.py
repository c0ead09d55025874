"""A client for each test of the sandbox, and its inbox in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from call_client import Caller, Clock
from inbox_page import WIDE, Open
from sandbox_client import Client

from nexmo_nb.sandbox import Sandbox


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Client]:
    client = Client(sandbox)
    yield client
    client.connection.close()


@pytest.fixture(scope="session")
def timed() -> Iterator[tuple[Sandbox, Clock]]:
    clock = Clock()
    with Sandbox(limits=False, now=clock) as sandbox:
        yield sandbox, clock


@pytest.fixture
def caller(timed: tuple[Sandbox, Clock]) -> Iterator[Caller]:
    """A client of the Voice API, and the clock of its sandbox."""
    sandbox, clock = timed
    clock.restart()
    sandbox.reset()
    caller = Caller(sandbox, clock)
    yield caller
    caller.connection.close()


@pytest.fixture
def open_inbox(browser: Any, sandbox: Sandbox) -> Iterator[Open]:
    """Open the inbox; an error on its page, or a dialog, fails the test."""
    faults: list[str] = []
    pages = []

    def open_page(size: dict[str, int] = WIDE, scheme: str = "light", url: str = sandbox.url) -> Any:
        page = browser.new_page(viewport=size, color_scheme=scheme, timezone_id="Europe/London")
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("dialog", lambda dialog: (faults.append(dialog.message), dialog.dismiss()))
        pages.append(page)
        page.goto(url)
        page.locator("#totals dd").first.wait_for()
        return page

    yield open_page
    for page in pages:
        page.close()
    assert faults == []
