"""What was spent in a day, a month and a batch: rows that are charged, and never differ from the sum of the sends."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from helpers import digests_of

import nexmo_nb as nx
from nexmo_nb.state import ledger as module
from nexmo_nb.state import ledger_sql
from nexmo_nb.state.budgets import Bounds, Claim
from nexmo_nb.state.database import Connection, Database
from nexmo_nb.state.ledger import Ledger
from nexmo_nb.state.sends import Entry, Outcome

pytestmark = pytest.mark.usefixtures("anywhere")

NEW_YEARS_EVE = datetime(2026, 12, 31, 20, tzinfo=timezone.utc).timestamp()
COSTS = (3.93e-06, 0.1, 0.2, 1 / 3, 0.0, 1e-9, 12.5, 1e12)


def add_up(connection: Connection) -> Counter[tuple[str, str, str]]:
    """Add up the sends themselves."""
    found: Counter[tuple[str, str, str]] = Counter()
    rows = connection.execute("SELECT batch, currency, started, cost FROM sends WHERE cost IS NOT NULL").fetchall()
    for batch, currency, started, cost in rows:
        names = {"batch": batch}
        if started is not None:
            left = datetime.fromtimestamp(int(started), timezone.utc)
            names |= {"day": f"{left:%Y-%m-%d}", "month": f"{left:%Y-%m}"}
        for kind, name in names.items():
            if name is not None:
                # Of what has more than nine places, the rest is cut off; 3.93e-06 times 1e9 is a little less than 3930.
                found[kind, name, currency or ""] += int(min(cost, 1e6) * 1e9 + 0.001)
    return Counter({key: amount for key, amount in found.items() if amount})


def read(connection: Connection) -> Counter[tuple[str, str, str]]:
    rows = connection.execute("SELECT kind, name, currency, billionths FROM totals WHERE billionths <> 0").fetchall()
    return Counter({(kind, name, currency): int(amount) for kind, name, currency, amount in rows})


def compare(database: Database) -> int:
    """Compare the totals with the sends, and give how many there are."""
    found, expected = database.transact(lambda c: (read(c), add_up(c)))
    assert found == expected
    return len(found)


class Course:
    """What two processes do to one ledger, at random."""

    def __init__(self, path: Path, dice: random.Random) -> None:
        self.path, self.dice, self.now, self.count = path, dice, NEW_YEARS_EVE, 0
        self.ledgers = [self.open(), self.open()]
        self.left: list[tuple[Ledger, str]] = []  # what left, and who has it
        self.done: Counter[str] = Counter()

    def open(self) -> Ledger:
        return Ledger(self.path, clock=lambda: self.now)

    def go_on(self) -> None:
        """Take a step; what is refused has changed nothing."""
        step = self.dice.choice([self.add, self.claim, self.claim, self.claim, self.send, self.answer, self.answer,
                                 self.answer, self.settle, self.clear, self.limit, self.kill, self.wait])  # fmt: skip
        with suppress(nx.InvalidRequestError, nx.UnknownOutcomeError):
            step(self.dice.choice(self.ledgers))
            self.done[step.__name__] += 1

    def make_entry(self, to: str, **options: Any) -> Entry:
        self.count += 1
        estimate = self.dice.choice([None, *COSTS])
        return Entry(f"{self.count:040d}", "w", "sms", f"{to}d", to, "s", "b", estimate=estimate, **options)

    def name_batch(self) -> str:
        return f"b{self.count // 150}{self.dice.choice('xy')}"

    def add(self, ledger: Ledger) -> None:
        people = self.dice.sample(range(40), 15)
        entries = [self.make_entry(str(to)) for to in people]
        ledger.add_batch(self.name_batch(), entries, resend_not_found=self.dice.random() < 0.5)

    def claim(self, ledger: Ledger) -> None:
        """Claim some rows, perhaps with answers to others, and perhaps under a cap."""
        statement = "SELECT batch, id FROM sends WHERE state = 'planned' ORDER BY id"
        rows = ledger._read(lambda c: c.execute(statement).fetchall())
        batch = self.dice.choice([row[0] for row in rows] or ["none"])
        ids = [send_id for name, send_id in rows if name == batch]
        ids = self.dice.sample(ids, min(len(ids), 6))
        cap = self.dice.choice([None, 0.25, 5.0, 20.0])
        outcomes = [self.make_outcome(send_id) for mine, send_id in self.left[-3:] if mine is ledger]
        claim = ledger.record_and_claim(outcomes, digests_of(ledger, ids), Bounds(batch, cap))
        self.left += [(ledger, send_id) for send_id in sorted(claim.ids)]
        self.done["claimed"] += len(claim.ids)
        self.done["kept back"] += len(claim.over_budget)
        if cap is not None and claim.ids:
            assert ledger.budgets.read_batch(batch)[0] <= cap + 1e-8

    def send(self, ledger: Ledger) -> None:
        entry = self.make_entry("single", key=self.dice.choice([None, "k1", "k2", "k3"]))
        if ledger.record_intent(entry) is None:
            self.left.append((ledger, entry.id))

    def make_outcome(self, send_id: str) -> Outcome:
        price, currency = self.dice.choice([*COSTS[:-1], None, "odd"]), self.dice.choice(["EUR", "EUR", "EUR", "USD"])
        part = {"status": "0", "price": price, "currency": currency, "message_id": send_id}
        refused = nx.RejectedError("no", parts=pd.DataFrame([part]))
        rows, problem = self.dice.choice([
            ([part], None), ([part, {**part, "status": "5"}], None), ([part, {**part, "price": None}], None),
            ([{**part, "message_id": "a\0b"}], None), (None, refused), (None, nx.RejectedError("no")),
            (None, nx.UnknownOutcomeError("?")), (None, nx.UnreachableError("no"))])  # fmt: skip
        return Outcome(send_id, rows, problem, is_unsent=rows is None and self.dice.random() < 0.2)

    def answer(self, _: Ledger) -> None:
        """Answer one or several of the last messages; whoever has it may have been killed, or have had an answer."""
        for mine, send_id in self.dice.sample(self.left[-12:], min(len(self.left), self.dice.randint(1, 3))):
            keeper = mine if mine in self.ledgers else self.ledgers[0]
            keeper.record_outcomes([self.make_outcome(send_id)])

    def settle(self, ledger: Ledger) -> None:
        ids = [send["id"] for send in ledger.read_sends(state="unknown")]
        found = [{"status": "0", "price": self.dice.choice(COSTS), "currency": "EUR", "message_id": "m"}]
        ledger.record_settled(
            (send_id, *self.dice.choice([("accepted", found), ("not_found", [])])) for send_id in ids[:5]
        )

    def clear(self, ledger: Ledger) -> None:
        if self.dice.random() < 0.3:
            ledger.forget(self.now - 40_000)
        else:
            ledger.discard(self.name_batch())

    def limit(self, ledger: Ledger) -> None:
        ledger.budgets.write({self.dice.choice(["day", "month"]): self.dice.choice([None, None, None, 500.0])}, "EUR")

    def kill(self, ledger: Ledger) -> None:
        """End a process as a kill does; what it had under way is unknown to the next."""
        ledger.close()
        self.ledgers[self.ledgers.index(ledger)] = self.open()

    def wait(self, _: Ledger) -> None:
        """Let hours pass, over midnights and the end of the month; or set the clock back a little."""
        self.now += self.dice.choice([3600.0 * 5, 7200.5, 0.25, -1800.0])


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_totals_are_the_sums_of_the_sends_after_each_step_whatever_happens(tmp_path: Path, seed: int) -> None:
    course = Course(tmp_path / "ledger.sqlite", random.Random(seed))
    most = 0
    for _ in range(400):
        course.go_on()
        most = max(most, compare(course.ledgers[0]._database))
    assert min(course.done.values()) > 5, course.done
    assert len(course.done) == 11
    assert most > 9  # days, months and batches, in two currencies and none
    day, month = course.ledgers[0].budgets.describe("EUR")
    for found in (day, month):
        spent = course.ledgers[0]._read(
            lambda c, since=found["since"]: c.execute(
                "SELECT SUM(CASE WHEN cost > 1000000 THEN 1000000 ELSE cost END) FROM sends"
                " WHERE started >= ? AND (currency IS NULL OR currency = 'EUR')",
                (since,),
            ).fetchone()[0]
        )
        assert found["spent"] == pytest.approx(spent or 0.0, abs=1e-6)
    for ledger in course.ledgers:
        ledger.close()


def test_what_was_sent_before_there_were_totals_is_added_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, dice = tmp_path / "ledger.sqlite", random.Random(4)
    schema = ledger_sql.SCHEMA
    before = schema._replace(sqlite=schema.sqlite[:5], postgres=schema.postgres[:1])
    database = module.FileStore(path).open(before)
    seconds = (0.0, 0.5, 14_399.9999, 14_400.0, 86_400 * 31.0)  # around the end of the year
    rows = [
        (
            str(n),
            dice.choice([None, "b", "ü"]),
            dice.choice([None, "EUR", "USD"]),
            dice.choice([None, *(NEW_YEARS_EVE + each for each in seconds)]),
            dice.choice([None, 1e12, *(round(dice.uniform(0, 2), 8) for _ in range(3))]),
        )
        for n in range(3000)
    ]
    database.transact(
        lambda c: c.executemany(
            "INSERT INTO sends (id, kind, digest, state, created, batch, currency, started, cost)"
            " VALUES (?, 'sms', 'd', 'accepted', 1, ?, ?, ?, ?)",
            rows,
        )
    )
    database.close()
    ledger = Ledger(path, clock=lambda: NEW_YEARS_EVE)
    assert compare(ledger._database) == 3 * (3 + 2 + 2)  # currencies and none, of days, months and batches
    ledger.close()


@pytest.fixture
def claim(tmp_path: Path) -> Iterator[Callable[..., Claim]]:
    """Claim rows of a batch that cost so much, of which others are under way, within some bounds."""
    ledger = Ledger(tmp_path / "ledger.sqlite")

    def work(waiting: list[float], in_flight: list[float], bounds: Bounds) -> Claim:
        prices = {f"{n:040d}": price for n, price in enumerate([*in_flight, *waiting])}
        ledger.add_batch("b", [Entry(n, "w", "sms", n, n, "s", "b", estimate=price) for n, price in prices.items()])
        ids = list(prices)
        under_way, leaving = ids[: len(in_flight)], ids[len(in_flight) :]
        assert ledger.record_and_claim([], {n: n for n in under_way}).ids == set(under_way)
        return ledger.record_and_claim([], {n: n for n in leaving}, bounds._replace(in_flight=sum(in_flight)))

    yield work
    ledger.close()


@pytest.mark.parametrize(
    ("waiting", "in_flight", "bounds", "count"),
    [
        ([1.0] * 8, [], Bounds("b"), 8),
        ([1.0] * 8, [], Bounds("b", 3.5), 3),
        # What is under way is charged already.
        ([1.0] * 8, [1.0, 1.0], Bounds("b", 3.5), 1),
        ([1.0] * 8, [1.0, 1.0], Bounds("b", 2.5), 0),
        ([1.0] * 8, [1.0, 1.0], Bounds("other", 3.5), 3),
        # Exactly the rest is affordable, whatever the rounding of floats says.
        ([0.1] * 3, [], Bounds("b", 0.3), 3),
        ([0.1] * 3, [], Bounds("b", 0.3 - 1e-6), 2),
        ([1 / 3] * 7, [2 / 3] * 50, Bounds("b", 100 / 3 + 7 / 3), 7),
        ([3.0], [], Bounds("b", 3.0 - 1e-9), 1),
        # Messages that turned out dearer than their estimates make those under way and the next ones dearer, too.
        ([1.0] * 8, [], Bounds("b", 10.0, price_factor=2.0), 5),
        ([1.0] * 8, [1.0, 1.0], Bounds("b", 10.0, price_factor=2.0), 3),
        # The order stays: a cheap message does not overtake one that is too dear.
        ([5.0, 0.1], [], Bounds("b", 1.0), 0),
        ([0.1, 5.0, 0.1], [], Bounds("b", 1.0), 1),
        # Nothing is left, or not as much as the ledger knows.
        ([1.0], [2.0], Bounds("b", 1.5), 0),
        ([1.0] * 3, [1.0], Bounds("b", 3.5, assumed=1.5), 1),
        ([None, 0.1], [], Bounds("b", 1.0), 0),
    ],
)
def test_what_is_left_of_a_cap_must_pay_for_what_is_under_way_and_for_the_next(
    claim: Callable[..., Claim], waiting: list[float], in_flight: list[float], bounds: Bounds, count: int
) -> None:
    found = claim(waiting, in_flight, bounds)
    assert (len(found.ids), len(found.over_budget)) == (count, len(waiting) - count)
    assert (found.kept_by is None) == (count == len(waiting))
    if found.kept_by is not None and bounds.batch == "b":
        assert found.kept_by.spent == pytest.approx(sum(in_flight) + bounds.assumed)


def test_a_batch_has_one_cap_by_all_its_spellings(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    entries = [Entry(f"{n:040d}", "w", "sms", f"d{n}", str(n), "s", "b", estimate=1.0) for n in range(4)]
    ledger.add_batch("b", entries[:2])
    ledger._database.transact(lambda c: c.execute("UPDATE sends SET batch = ' b'"))  # as a version of before wrote it
    ledger.add_batch("b", entries[2:])
    ids = [entry.id for entry in entries]
    ledger.record_and_claim([], digests_of(ledger, ids[:2]))
    ledger.close()
    ledger = Ledger(tmp_path / "ledger.sqlite")
    assert ledger.budgets.read_batch("b") == (2.0, [])
    assert ledger.record_and_claim([], digests_of(ledger, ids[2:]), Bounds("b", 3.0)).ids == {ids[2]}
    ledger.close()


def test_a_plan_without_prices_does_not_take_away_the_estimate_of_another(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    entry = Entry("e" * 40, "w", "sms", "d", "1", "s", "b", estimate=1.0)
    ledger.add_batch("b", [entry])
    ledger.add_batch("b", [entry._replace(id="f" * 40, estimate=None)])
    assert ledger.record_and_claim([], {entry.id: "d"}).ids == {entry.id}
    assert ledger.budgets.read_batch("b") == (1.0, [])
    ledger.close()
