"""Sends read by columns are those that are read by rows: every state, several parts, what is missing, what is odd."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from helpers import connected
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import nexmo_nb as nx
from nexmo_nb.campaigns.outcome import outcome_frame
from nexmo_nb.sandbox import Sandbox
from nexmo_nb.state import sent_table
from nexmo_nb.state.ledger import Ledger

STATES = ("planned", "sending", "accepted", "partial", "rejected", "unknown", "not_found")
INSERT = (
    "INSERT INTO sends (id, kind, batch, place, key, digest, recipient, sender, body, client_ref, state, created,"
    " started, finished, parts, price, currency, code, error)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
TEXTS = st.none() | st.sampled_from(
    ["", "Hello", "Olá 😀", "\n", "447700900123", "447700900124", "351912345678", "8816"]
)
FLOATS = st.none() | st.floats(allow_nan=False) | st.sampled_from([0.0, 0.0333, 1e-9, float("inf")])
TIMES = st.none() | st.floats(-1e12, 1e12)
SEND = st.tuples(
    TEXTS, TEXTS, TEXTS, TEXTS, st.sampled_from(STATES), st.sampled_from([1.0, 2.5, 3e9, 1e300]), TIMES, TIMES,
    st.none() | st.integers(0, 30), FLOATS, TEXTS, TEXTS, TEXTS,
)  # fmt: skip
PART = st.tuples(TEXTS, TEXTS, st.none() | st.sampled_from(["", "23410", "23411", "9"]))
DELIVERY = st.tuples(st.sampled_from(["", "delivered", "failed", "Ü"]), FLOATS)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    ledger = Ledger(tmp_path_factory.mktemp("sent") / "ledger.sqlite")
    yield ledger
    ledger.close()


@pytest.fixture
def session(sandbox: Sandbox, ledger: Ledger) -> Iterator[nx.Session]:
    with connected(sandbox) as session:
        session._ledger = ledger
        yield session
        session._ledger = None


def fill(ledger: Ledger, sends: list[Any], deliveries: dict[str, Any]) -> None:
    """Fill a ledger with sends, each with its parts."""
    kinds, batches = ("sms", "calls", "tts"), (None, "b", "b ", "c")

    def work(connection: Any) -> None:
        for table in ("sends", "parts", "deliveries"):
            connection.execute(f"DELETE FROM {table}")
        for n, (send, parts) in enumerate(sends):
            to, sender, body, reference, state, *rest = send
            send_id = f"{n * 7919 % 1000:040}"
            row = (
                send_id,
                kinds[n % 3],
                batches[n % 4],
                n % 5 or None,
                None,
                f"d{n}",
                to,
                sender,
                body,
                reference,
                state,
            )
            connection.execute(INSERT, (*row, *rest))
            for number, (message, status, network) in reversed(list(enumerate(parts, 1))):
                row = (send_id, number, message, status, None, None, None, network)
                connection.execute("INSERT INTO parts VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL)", row)
        rows = [(name, status, None, price, None, None) for name, (status, price) in deliveries.items()]
        connection.executemany("INSERT INTO deliveries VALUES (?, ?, ?, ?, ?, ?)", rows)

    ledger._database.transact(work)
    ledger._spellings._odd.clear()


def check_same(ledger: Ledger) -> None:
    """Compare what `sent` builds by columns with what it builds by rows, for several choices of sends."""
    from nexmo_nb.campaigns.outcome import _build_sent_frame

    for wanted in (
        {},
        {"other_than": "planned"},
        {"batch": "b"},
        {"batch": "none"},
        {"since": 2.0, "until": 1e9, "other_than": "planned"},
    ):
        table = ledger.read_sent(**wanted)  # type: ignore[arg-type]
        assert table is not None
        rows = ledger.read_sends(**wanted)  # type: ignore[arg-type]
        assert table["id"].to_pylist() == [row["id"] for row in rows]
        pd.testing.assert_frame_equal(_build_sent_frame(table), outcome_frame(rows))


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sends=st.lists(st.tuples(SEND, st.lists(PART, max_size=4)), max_size=12),
    deliveries=st.dictionaries(TEXTS.filter(lambda text: text is not None), DELIVERY, max_size=6),
)
def test_columns_say_the_same_as_rows(ledger: Ledger, sends: list[Any], deliveries: dict[str, Any]) -> None:
    fill(ledger, sends, deliveries)
    check_same(ledger)


@pytest.mark.parametrize("block", [1, 7, 50])
def test_columns_are_the_same_however_many_rows_are_read_at_once(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    dice = random.Random(1)
    end = (1.0, 2.0, 3, 0.01, "EUR", None, None)
    sends = [
        (
            (f"4477009001{n:02}", "Demo", None if n < 30 else f"text {n}", None, STATES[n % 7], float(n // 9), *end),
            [(f"m{n}-{part}", "0", dice.choice([None, "23410", "23411"])) for part in range(n % 4)],
        )
        for n in range(50)
    ]
    prices = {
        f"m{n}-{part}": (dice.choice(["delivered", "failed"]), 0.1 + n / 7)
        for n in range(0, 50, 2)
        for part in range(3)
    }
    fill(ledger, sends, prices)
    monkeypatch.setattr(sent_table, "BLOCK", block)
    check_same(ledger)


@pytest.mark.parametrize(
    "change",
    ["price = 'dear'", "parts = 'two'", "recipient = X'3434'", "body = X'FF'", "started = X'00'"],
)
def test_what_is_not_of_its_columns_kind_is_read_by_rows(session: nx.Session, ledger: Ledger, change: str) -> None:
    row = ("447700900123", "Demo", "Hello", None, "accepted", 1.0, 1.0, 1.0, 1, 0.1, "EUR", None, None)
    fill(ledger, [(row, []), (row, [])], {})
    ledger._database.transact(lambda c: c.execute(f"UPDATE sends SET {change} WHERE digest = 'd1'"))
    assert ledger.read_sent() is None


def test_such_a_ledger_is_shown_as_before(session: nx.Session, ledger: Ledger) -> None:
    row = ("447700900123", "Demo", "Hello", None, "accepted", 1.0, 1.0, 1.0, 1, 0.1, "EUR", None, None)
    fill(ledger, [(row, [])], {})
    before = nx.sent(session=session)
    ledger._database.transact(lambda c: c.execute("UPDATE sends SET price = 'dear'"))
    pd.testing.assert_frame_equal(nx.sent(session=session), before.assign(price=float("nan")))


def test_a_send_alone_does_not_load_arrow(tmp_path: Path) -> None:
    import subprocess
    import sys

    code = (
        "import sys\nfrom pathlib import Path\nfrom nexmo_nb.state.ledger import Ledger\n"
        "ledger = Ledger(Path(sys.argv[1]))\nledger.read_sends()\nledger.close()\n"
        "print('nexmo_nb.state.sent_table' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "l"], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
