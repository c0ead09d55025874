"""What the measurements share: a sandbox in a process of its own, competitors that take turns, a table of figures.

CPU is that of this process and its threads, user and system; the sandbox is another process. Every figure is the
median of its runs; competitors run in turn (A B A B), after a warm-up that does not count.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import requests
from requests.adapters import HTTPAdapter

import nexmo_nb as nx

FOLDER = Path(__file__).resolve().parent
RAISED: dict[str, Any] = {
    "calls": 1_000_000,
    "period": 0.1,
    "limits": dict.fromkeys(("sms", "owned", "numbers", "pricing"), (1_000_000, 0.1)),
}
"""Limits that never make a call wait. The window is short, so that it holds about as many calls as Nexmo's hundred."""
_SERVER = """
import json, sys
from nexmo_nb.sandbox import Sandbox
from nexmo_nb.sandbox.exchange import Answer

class Quick(Sandbox):
    # A whole list is cut into pages at once: looking for matches among 100,000 numbers would hide the client.
    def answer(self, request):
        if request.path != "/account/numbers" or set(request.query) != {"index", "size"}:
            return super().answer(request)
        size, index = int(request.query["size"]), int(request.query["index"])
        rows = self.numbers[(index - 1) * size : index * size]
        return Answer(200, {"count": len(self.numbers), "numbers": rows}), {}

sandbox = Quick(**json.loads(sys.argv[1]))
sandbox.numbers = list(sandbox.world.owned.values())
print(sandbox.url, flush=True)
sys.stdin.read()
"""


class Figure(NamedTuple):
    """A line of the table. `reached` is None where there is no goal."""

    what: str
    value: str
    beside: str = ""
    ratio: str = ""
    goal: str = ""
    reached: bool | None = None


class Spent(NamedTuple):
    """Seconds of the clock and of the processor."""

    wall: float
    cpu: float


def options(words: str | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=words)
    parser.add_argument("--quick", action="store_true", help="fewer and smaller runs, to try it; no figures to quote")
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    return parser.parse_args()


def report(figures: Sequence[Figure], to: Path | None = None) -> None:
    """Print figures, and keep them for `run_all.py`."""
    for each in figures:
        goal = "" if not each.goal else f"  goal: {each.goal}  {'reached' if each.reached else 'NOT REACHED'}"
        print(f"{each.what}: {each.value}{f' | {each.beside}' if each.beside else ''}  {each.ratio}{goal}")
    if to is not None:
        to.write_text(json.dumps([each._asdict() for each in figures]), encoding="utf-8")


@contextmanager
def served(**settings: Any) -> Iterator[str]:
    """Run a sandbox in a process of its own, rich and without rate limits unless told otherwise; gives its URL."""
    settings = {"limits": False, "balance": 1_000_000, **settings}
    command = [sys.executable, "-c", _SERVER, json.dumps(settings)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        yield child.stdout.readline().strip()
        child.communicate()


def find_reason_without_postgres() -> str:
    """Say why there is no PostgreSQL to measure with; empty: there is one."""
    sys.path.append(str(FOLDER.parent / "tests"))
    try:
        from postgres_server import MISSING, find_programs
    except ImportError:
        return "psycopg is not installed (pip install 'nexmo_nb[postgres]')"
    return "" if find_programs() else MISSING


@contextmanager
def run_safe_postgres(**settings: Any) -> Iterator[Any]:
    """Run a PostgreSQL on the disk of temporary files, where each commit waits for the disk."""
    from postgres_server import PASSWORD, run_postgres

    os.environ["PGPASSWORD"] = PASSWORD
    with run_postgres(Path(tempfile.gettempdir()), is_safe=True, **settings) as server:
        yield server


def log(url: str) -> list[dict[str, Any]]:
    """Give the sandbox's own record of what arrived."""
    found: list[dict[str, Any]] = requests.get(f"{url}/_sandbox/requests", timeout=60).json()
    return found


@contextmanager
def connected(url: str, **settings: Any) -> Iterator[nx.Session]:
    """Connect as a user does, with a new state folder; limits are raised unless told otherwise."""
    with (
        tempfile.TemporaryDirectory() as folder,
        nx.connect(url, state_dir=folder, **{**RAISED, **settings}) as session,
    ):
        yield session


def bare(url: str) -> requests.Session:
    """Make a session of requests alone, as it is out of the box, that signs with the sandbox's account."""
    account = requests.get(f"{url}/_sandbox/account", timeout=10).json()
    session = requests.Session()
    session.auth = (account["api_key"], account["api_secret"])
    return session


class Rebased(HTTPAdapter):
    """Sends what is meant for Nexmo's hosts to the sandbox."""

    def __init__(self, url: str) -> None:
        self._url = url
        super().__init__()

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        request.url = self._url + request.path_url
        return super().send(request, *args, **kwargs)


def sdk(url: str) -> Any:
    """Make a client of the official SDK, as it is out of the box but for where it sends to."""
    from vonage import Auth, Vonage

    account = requests.get(f"{url}/_sandbox/account", timeout=10).json()
    client = Vonage(Auth(api_key=account["api_key"], api_secret=account["api_secret"]))
    client.http_client._session.mount("https://", Rebased(url))
    return client


def sdk_send(client: Any, to: str, text: str = "Hello") -> Any:
    """Send one message by the SDK."""
    from vonage_sms import SmsMessage

    return client.sms.send(SmsMessage(to=to, from_="Demo", text=text))


def once(work: Callable[[], object]) -> Spent:
    """Time one run."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Spent(time.perf_counter() - wall, time.process_time() - cpu)


def turns(competitors: Mapping[str, Callable[[], object]], runs: int, warm: int = 1) -> dict[str, Spent]:
    """Let competitors run in turn, and give the medians of each."""
    spent: dict[str, list[Spent]] = {name: [] for name in competitors}
    for n in range(warm + runs):
        for name, work in competitors.items():
            found = once(work)
            if n >= warm:
                spent[name].append(found)
    return {
        name: Spent(statistics.median(s.wall for s in all_of), statistics.median(s.cpu for s in all_of))
        for name, all_of in spent.items()
    }


def plot(name: str, draw: Callable[[Any], None]) -> None:
    """Save a small picture that `draw` makes on the axes that it is given."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6, 3.4), layout="constrained")
    draw(axes)
    axes.grid(visible=True, alpha=0.3)
    figure.savefig(FOLDER / f"{name}.png", dpi=90)
