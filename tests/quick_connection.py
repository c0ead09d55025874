"""`nx.connect` for pages: it does not wait while a report is made. As a program it is ``nexmo-nb`` that connects so."""

from __future__ import annotations

import sys
from functools import partial
from typing import Any

import pytest

import nexmo_nb as nx

connect = nx.connect


def connect_quickly(where: str | None = None, **options: Any) -> nx.Session:
    with pytest.MonkeyPatch.context() as patch:
        if where == "sandbox":
            # The embedded one, as for whoever reads the page, though there is one that commands find.
            patch.delenv("NEXMO_NB_CONNECT", raising=False)
        session = connect(where, **options)
    session.pause = lambda _: None
    return session


if __name__ == "__main__":
    from nexmo_nb.cli import main

    # The commands of a page are more than a minute has room for.
    nx.connect = partial(connect_quickly, calls=1_000_000)
    sys.exit(main())
