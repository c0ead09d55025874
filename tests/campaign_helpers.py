"""What the tests of campaigns share: people, a plan for them, a batch sent, and who received what."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pandas as pd

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox


def people(count: int, start: int = 0) -> list[str]:
    return [f"3519{12_340_001 + n:08d}" for n in range(start, start + count)]


def make_plan(count: int, text: str = "Hello", **options: Any) -> pd.DataFrame:
    return nx.plan_sms(people(count), text, sender="Demo", **options)


def send_batch(table: pd.DataFrame, batch: str = "b", **options: Any) -> pd.DataFrame:
    return nx.send_many(table, batch=batch, progress=False, **options)


def count_received(sandbox: Sandbox) -> Counter[str]:
    return Counter(message["to"] for message in sandbox.messages)
