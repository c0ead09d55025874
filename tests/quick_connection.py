"""`nx.connect` for pages: with so much room that no block waits for the limit, and no wait for a report.

As a program it is ``nexmo-nb`` with such a connection.
"""

from __future__ import annotations

import sys
from typing import Any

import nexmo_nb as nx

ROOM = 1_000_000
FAMILIES = ("sms", "calls", "numbers", "owned", "pricing", "reports")
connect = nx.connect


def connect_quickly(where: str | None = None, **options: Any) -> nx.Session:
    session = connect(where, **{"calls": ROOM, "limits": dict.fromkeys(FAMILIES, (ROOM, 1.0)), **options})
    session.throttle.notify = lambda _: None
    session.pause = lambda _: None
    return session


if __name__ == "__main__":
    from nexmo_nb.cli import main

    nx.connect = connect_quickly
    sys.exit(main())
