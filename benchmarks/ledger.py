"""What a ledger with many sends costs: opening it, one send more, reading all, a batch entered, a batch run again.

Run: python benchmarks/ledger.py
"""

from __future__ import annotations

import json
import math
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from itertools import count
from pathlib import Path
from typing import Any

from common import (
    RAISED,
    Figure,
    find_reason_without_postgres,
    once,
    options,
    plot,
    report,
    run_safe_postgres,
    served,
    turns,
)

import nexmo_nb as nx
from nexmo_nb.state.ledger import Ledger
from nexmo_nb.state.sends import Entry, Outcome, compute_digest

NUMBERS = count(351910000001)


def fill(path: Path, rows: int) -> None:
    """Multiply the one send in a ledger, with its part."""
    with sqlite3.connect(path) as connection:
        for table, own, other in (("sends", "id", "client_ref"), ("parts", "send", "message_id")):
            names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            made = dict.fromkeys((own, other), "printf('%040x', n)") | {"recipient": "printf('3519%08d', n)"}
            columns = ", ".join(made.get(name, name) for name in names)
            connection.execute(
                f"WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < {rows - 1})"
                f" INSERT INTO {table} ({', '.join(names)}) SELECT {columns} FROM counted, {table}"
            )
    connection.close()


def measure(url: str, rows: int, times: int, runs: int) -> tuple[float, float, float]:
    """Milliseconds to open a ledger of so many sends, and for a send by the clock and of CPU."""
    with tempfile.TemporaryDirectory() as folder:
        with nx.connect(url, state_dir=folder, **RAISED):
            nx.send_sms(str(next(NUMBERS)), "Hello", sender="Demo")
        path = next(Path(folder).rglob("ledger.sqlite"))
        fill(path, rows)

        def opened() -> None:
            with nx.connect(url, state_dir=folder, **RAISED) as session:
                opening.append(once(lambda: session.ledger).wall)

        opening: list[float] = []
        for _ in range(runs + 1):
            opened()
        with nx.connect(url, state_dir=folder, **RAISED):
            spent = turns(
                {"send": lambda: [nx.send_sms(str(next(NUMBERS)), "Hello", sender="Demo") for _ in range(times)]},
                runs,
            )["send"]
    middle = sorted(opening[1:])[runs // 2]
    return 1000 * middle, 1000 * spent.wall / times, 1000 * spent.cpu / times


def read_all(url: str, rows: int) -> list[float]:
    """Seconds of CPU for `sent()` of so many sends, and the megabytes that it takes more."""
    with tempfile.TemporaryDirectory() as folder:
        with nx.connect(url, state_dir=folder, **RAISED):
            nx.send_sms(str(next(NUMBERS)), "Hello", sender="Demo")
        fill(next(Path(folder).rglob("ledger.sqlite")), rows)
        with nx.connect(url, state_dir=folder, **RAISED):
            nx.sent("none")
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            cpu = once(nx.sent).cpu
            return [cpu, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024]


def enter(_: str, rows: int) -> list[float]:
    """Seconds of CPU to enter a batch of so many recipients, in no order."""
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder) / "ledger.sqlite")
        people = [f"3519{n * 7919 % 10**8:08d}" for n in range(rows)]
        order = sorted(range(rows), key=people.__getitem__)
        ids = {n: ledger.new_id() for n in order}  # as a run gives them
        entries = [
            Entry(ids[n], f"row {n}", "sms", compute_digest({"to": to}), to, "Demo", f"Hello {n}, it has come.")
            for n, to in enumerate(people)
        ]
        cpu = once(lambda: ledger.add_batch("b", entries)).cpu
        ledger.close()
        return [cpu]


def run_again(url: str, rows: int) -> list[float]:
    """Seconds of CPU to run a finished batch of so many again."""
    with tempfile.TemporaryDirectory() as folder, nx.connect(url, state_dir=folder, **RAISED) as session:
        people = [f"3519{10_000_000 + n * 37}" for n in range(rows)]
        plan = nx.plan_sms(people, "Hello", sender="Demo", prices=False)
        nx.send_many(plan.iloc[:1], batch="b", progress=False, doubtful="send")
        entries = [
            Entry(session.ledger.new_id(), "w", "sms", compute_digest(fields), fields["to"], "Demo", "Hello")
            for fields in ({"from": "Demo", "to": to, "type": "text", "text": "Hello"} for to in plan["to"])
        ]
        session.ledger.add_batch("b", entries)
        with sqlite3.connect(session.ledger.path) as connection:
            ended = (
                "state = 'accepted', client_ref = id, started = created, finished = created, parts = 1, price = 0.03"
            )
            connection.execute(f"UPDATE sends SET {ended}, currency = 'EUR' WHERE state = 'planned'")
            connection.execute(
                "INSERT OR IGNORE INTO parts"
                " SELECT id, 1, printf('%040x', rowid), '0', NULL, 0.03, 9.0, '26801' FROM sends"
            )
        connection.close()

        def run() -> None:
            found = nx.send_many(plan, batch="b", progress=False, doubtful="send")
            assert set(found.state) == {"accepted"}

        return [turns({"run": run}, 3)["run"].cpu]


GROUP, WRITERS = 30, 4


def write_sends(url: str, rows: int) -> list[float]:
    """Enter a batch of so many into a PostgreSQL, wait for a word, send it in groups; seconds, and when it did."""
    from nexmo_nb.state.postgres import PostgresStore
    from nexmo_nb.state.postgres_connection import Address

    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder) / "ledger.sqlite", store=PostgresStore(Address(url), "ledger"))
        # Each writer has people, and a batch, of its own.
        people = [f"3519{n * 7919 % 10**8:08d}" for n in range(rows)]
        order = sorted(range(rows), key=people.__getitem__)
        ids = {n: ledger.new_id() for n in order}
        entries = [
            Entry(
                ids[n], "w", "sms", compute_digest({"to": to}), to, "Demo", f"Hello {n}, it has come.", None, None, 0.04
            )
            for n, to in enumerate(people)
        ]
        entered = once(lambda: ledger.add_batch(ids[0], entries)).wall
        print("ready", file=sys.stderr, flush=True)
        sys.stdin.readline()
        begun, outcomes = time.time(), []
        for n in range(0, rows, GROUP):
            group = {entry.id: entry.digest for entry in entries[n : n + GROUP]}
            assert ledger.record_and_claim(outcomes, group).ids == set(group)
            part = {"status": "0", "price": 0.03, "currency": "EUR", "balance": 9.0, "network": "26801"}
            outcomes = [Outcome(send_id, [{**part, "message_id": send_id[:16]}]) for send_id in group]
        ledger.record_outcomes(outcomes)
        ledger.close()
        return [entered, begun, time.time()]


CHILDREN = {work.__name__: work for work in (read_all, enter, run_again, write_sends)}


def in_child(name: str, url: str, rows: int) -> list[float]:
    """Run a measurement in a process of its own."""
    command = [sys.executable, __file__, name, url, str(rows)]
    found: list[float] = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    return found


def measure_children(url: str, quick: bool) -> list[Figure]:
    """Measure what reads or writes many sends at once, against its goals."""
    many, entered, again = (10_000, 3000, 1000) if quick else (1_000_000, 300_000, 100_000)
    cpu, memory = in_child("read_all", url, many)
    third, whole = (in_child("enter", url, rows)[0] for rows in (entered // 3, entered))
    finished = in_child("run_again", url, again)[0]
    power = math.log(whole / third, 3)
    return [
        Figure(f"sent() of {many:,} sends, s of CPU", f"{cpu:.1f}", goal="8 or less", reached=cpu <= 8),
        Figure(f"sent() of {many:,} sends, MB more", f"{memory:.0f}", goal="1,000 or less", reached=memory <= 1000),
        Figure(f"Entering a batch of {entered:,}, s of CPU", f"{whole:.1f}", goal="5 or less", reached=whole <= 5),
        Figure("Its growth with its size: power of n", f"{power:.2f}", goal="1.1 or less", reached=power <= 1.1),
        Figure(
            f"A finished batch of {again:,} run again, s of CPU",
            f"{finished:.2f}",
            goal="1 or less",
            reached=finished <= 1,
        ),
    ]


def measure_postgres(quick: bool) -> list[Figure]:
    """Measure the ledger that machines share, where there is a PostgreSQL; each commit waits for the disk."""
    if reason := find_reason_without_postgres():
        return [Figure("The ledger in PostgreSQL", f"not measured: {reason}")]
    rows, many = (300, 3000) if quick else (3000, 100_000)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with run_safe_postgres() as server:

        def run(writers: int, count: int) -> list[list[float]]:
            command = [sys.executable, __file__, "write_sends", server.url(), str(count)]
            children = [subprocess.Popen(command, **pipes) for _ in range(writers)]
            for child in children:
                assert child.stderr.readline() == "ready\n"
            for child in children:
                child.stdin.write("go\n")
                child.stdin.flush()
            return [json.loads(child.communicate()[0]) for child in children]

        spans = run(WRITERS, rows)
        speed = WRITERS * rows / (max(span[2] for span in spans) - min(span[1] for span in spans))
        (single,) = run(1, many)
        (size,) = server.execute(
            "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relname IN ('sends', 'parts')"
        )
    total = WRITERS * rows + many
    return [
        Figure(
            f"Sends a second in PostgreSQL, {WRITERS} writers in groups of {GROUP}, claim and outcome",
            f"{speed:,.0f}",
            goal="1,000 or more",
            reached=speed >= 1000,
        ),
        Figure(f"The same, one writer, {many:,}", f"{many / (single[2] - single[1]):,.0f}"),
        Figure(f"Entering a batch of {many:,} in PostgreSQL, s", f"{single[0]:.1f}"),
        Figure("MB of 100,000 sends in PostgreSQL, with their parts and indexes", f"{float(size[0]) / total / 10:.0f}"),
    ]


def draw(axes: Any, sizes: list[int], found: list[tuple[float, float, float]]) -> None:
    for place, name in enumerate(("opening the ledger", "a send, clock", "a send, CPU")):
        axes.plot(sizes, [each[place] for each in found], marker="o", label=name)
    axes.set(xscale="log", yscale="log", xlabel="sends in the ledger", ylabel="ms", title="A growing ledger")
    axes.legend()


def main() -> None:
    chosen = options(__doc__)
    sizes = [1000, 10_000] if chosen.quick else [1000, 10_000, 100_000, 1_000_000]
    with served() as url:
        found = [measure(url, size, 20 if chosen.quick else 100, 3 if chosen.quick else 5) for size in sizes]
        more = measure_children(url, chosen.quick)
    plot("ledger", lambda axes: draw(axes, sizes, found))
    words = ", ".join(f"{size:,}: {each[0]:.1f}" for size, each in zip(sizes, found, strict=True))
    sends = ", ".join(f"{size:,}: {each[2]:.2f}" for size, each in zip(sizes, found, strict=True))
    report(
        [
            Figure(
                "Opening a ledger by its sends, ms ([picture](ledger.png))",
                words,
                goal="20 or less",
                reached=found[-1][0] <= 20,
            ),
            Figure("A send by the ledger's sends, ms of CPU", sends),
            *more,
            *measure_postgres(chosen.quick),
        ],
        chosen.json,
    )


if __name__ == "__main__":
    if sys.argv[1:] and sys.argv[1] in CHILDREN:
        print(json.dumps(CHILDREN[sys.argv[1]](sys.argv[2], int(sys.argv[3]))))
    else:
        main()
