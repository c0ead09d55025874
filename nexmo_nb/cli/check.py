"""The command ``check``: whether credentials, host and state can be used; it shows no secret."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from nexmo_nb.cli.output import write_frame
from nexmo_nb.cli.running import add_common_options

if TYPE_CHECKING:
    from nexmo_nb.session import Session


def add_check(commands: Any) -> None:
    parser = commands.add_parser("check", help="see that credentials, host and state can be used; no secret is shown")
    add_common_options(parser, _check)


def _check(options: argparse.Namespace, session: Session) -> int:
    """Show the settings, and ask for the balance: who can read it has the right host and credentials."""
    import nexmo_nb as nx
    from nexmo_nb.frames import Column, frame

    rows: list[dict[str, Any]] = nx.show_connection().to_dict("records")  # type: ignore[assignment]
    balance = f"{nx.balance():.4f} {session.account.currency}"
    ledger = str(session.ledger.path) if session.store is None else str(session.store)  # it opens, or an error says why
    rows += [
        {"setting": "balance", "value": balance, "source": "answered"},
        {"setting": "ledger", "value": ledger, "source": "opened"},
    ]
    write_frame(frame(rows, (Column("setting"), Column("value"), Column("source"))), options)
    return 0
