"""What every test stands on: no network but loopback, no state of the user's, a sandbox that is a real server."""

from __future__ import annotations

import gc
import importlib
import os
import shutil
import signal
import socket
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import jwt
import pytest
from browsers import CHROMIUM, FLAGS, MISSING, NEEDED
from cryptography.hazmat.primitives import serialization
from depth import register_profile
from helpers import connected
from postgres_server import MISSING as NO_POSTGRES
from postgres_server import find_programs

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox

# A job that a shell runs in the background ignores interrupts, and so would the processes that the tests interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The files that take longest, in this order. Each file is one worker's, and none is to be left with one of these at the
# end: first those of the slow tests, then those that are long without them.
LONGEST = (
    "test_states.py",
    "test_node_clients.py",
    "test_browser.py",
    "test_load.py",
    "test_campaign_browser.py",
    "test_arguments.py",
    "test_interrupts.py",
    "test_table_browser.py",
    "test_processes.py",
    "test_dask_send.py",
    "test_machines.py",
    "07_team.ipynb",
    "test_node_clients.py",
    "test_postgres_window.py",
    "test_postgres_failures.py",
    "test_notebooks.py",
    "05_spend.ipynb",
    "02_numbers.ipynb",
    "test_app_browser.py",
    "test_bill.py",
    "test_costs.py",
    "test_inbox_browser.py",
    "test_inbox_contents.py",
    "test_state_files.py",
    "test_odd_answers.py",
    "test_traffic.py",
    "test_account_budget.py",
    "test_meetings.py",
    "test_forks.py",
    "test_pictures.py",
    "test_kept.py",
    "test_docs.py",
    "test_campaign.py",
    "test_transport.py",
    "test_conformance.py",
    "test_shifted_answers.py",
    "test_plots.py",
    "test_report.py",
    "test_deadlines.py",
    "test_spending.py",
    "test_session.py",
    "test_reports.py",
    "test_shared_limits.py",
)
TEAM_NOTEBOOK = "07_team.ipynb"
# Files whose cases share nothing: each case, as it stands in brackets, may be another worker's.
SPLIT = ("test_notebooks.py", "test_interrupts.py")


register_profile()

MEMORY = Path("/dev/shm")
MEMORY_NEEDED = 1_000_000_000


def pytest_configure() -> None:
    """Keep the files of the tests in memory, where there is room: on a disk a test waits for each commit of SQLite.

    PYTEST_DEBUG_TEMPROOT, which is pytest's own, names another place.

    Kernels of notebooks show no bars, for whether one appears depends on the machine.
    """
    os.environ["NEXMO_NB_PROGRESS"] = "0"
    if os.access(MEMORY, os.W_OK | os.X_OK) and shutil.disk_usage(MEMORY).free > MEMORY_NEEDED:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def pytest_collection_finish() -> None:
    """Leave what the imports made to itself: else each full collection of garbage walks all of it."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files; leave out the notebook that needs a database where there is none."""
    if find_programs() is None and not os.environ.get("CI"):
        for item in items:
            if TEAM_NOTEBOOK in item.nodeid:
                item.add_marker(pytest.mark.skip(reason=NO_POSTGRES))
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give each worker a file at a time, but of the files in `SPLIT` a case at a time."""
    if config.getoption("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file, _, test = nodeid.partition("::")
            return f"{file}[{test.partition('[')[2]}" if Path(file).name in SPLIT else file

    return Scheduling(config, log)


@pytest.fixture(autouse=True)
def restore_options() -> Iterator[None]:
    """Options are those of the process: what a test sets is no other test's."""
    nx.set_options(progress=True)
    yield
    nx.set_options(mask=False, language="en", progress=True, report_budget=float("inf"), report_price=0)


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Refuse every address but 127.0.0.1, and hide the developer's own settings."""
    real = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and address[0] != "127.0.0.1":
            raise AssertionError(f"a test tried to reach {address!r}")
        real(self, address)

    def lookup(host: Any, *arguments: Any, **options: Any) -> Any:
        if host not in ("127.0.0.1", "localhost", None):
            raise socket.gaierror(f"a test tried to look up {host!r}")
        return find(host, *arguments, **options)

    find = socket.getaddrinfo
    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    for name in list(os.environ):
        if name.startswith(("NEXMO_", "VONAGE_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("NEXMO_NB_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    yield
    module = importlib.import_module("nexmo_nb.session.connect")
    if module._current is not None:
        module._current.close()
        module._current = None


@pytest.fixture(scope="session", autouse=True)
def _keys_parsed_once() -> Iterator[None]:
    """Parse each private key once: OpenSSL takes 40 ms to check one, for each session and for each call."""
    parse = lru_cache(serialization.load_pem_private_key)
    with pytest.MonkeyPatch.context() as patch:
        for module in (serialization, jwt.algorithms):
            patch.setattr(module, "load_pem_private_key", parse)
        yield


@pytest.fixture(scope="session")
def shared() -> Iterator[Sandbox]:
    """One sandbox for all tests, without rate limits: they are tested where they matter."""
    with Sandbox(limits=False) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(shared: Sandbox) -> Sandbox:
    """The shared sandbox, as new."""
    shared.reset()
    return shared


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, for all tests of a file."""
    if MISSING:
        pytest.fail(NEEDED)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def pyplot() -> Any:
    """Matplotlib without a window; half a second that only the tests of plots need."""
    pytest.importorskip("matplotlib").use("Agg")
    return importlib.import_module("matplotlib.pyplot")


@pytest.fixture
def waits() -> list[float]:
    """The waits that a session asked for instead of sleeping."""
    return []


@pytest.fixture
def session(sandbox: Sandbox, waits: list[float]) -> Iterator[nx.Session]:
    """A session on the sandbox that does not sleep between tries, and is not held up by Nexmo's limits."""
    with connected(sandbox, sleep=waits.append) as session:
        yield session
