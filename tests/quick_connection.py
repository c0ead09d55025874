"""`nx.connect` for pages: hardly waits while a report is made. As a program it is ``nexmo-nb`` that connects so."""

from __future__ import annotations

import sys
from functools import partial
from typing import Any

import pytest

import nexmo_nb as nx
from nexmo_nb.reports import report_jobs
from nexmo_nb.state.limits import FAMILY_LIMITS

ROOM = 1_000_000
connect = nx.connect


def connect_quickly(where: str | None = None, **options: Any) -> nx.Session:
    with pytest.MonkeyPatch.context() as patch:
        if where == "sandbox":
            # The embedded one, as for whoever reads the page, though there is one that commands find.
            patch.delenv("NEXMO_NB_CONNECT", raising=False)
        return connect(where, **options)


def hurry(patch: pytest.MonkeyPatch) -> None:
    """Connect so, and wait less between two questions whether a report is made: nothing is to be seen in between."""
    patch.setattr(nx, "connect", connect_quickly)
    patch.setattr(report_jobs, "FIRST_PAUSE", 0.02)
    patch.setattr(report_jobs, "LONGEST_PAUSE", 0.02)


if __name__ == "__main__":
    from nexmo_nb.cli import main

    hurry(pytest.MonkeyPatch())
    # The commands of a page are more than a minute has room for, and their sandbox keeps no limits.
    nx.connect = partial(connect_quickly, calls=ROOM, limits=dict.fromkeys(FAMILY_LIMITS, (ROOM, 1.0)))
    sys.exit(main())
