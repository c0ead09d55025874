"""The command ``backup``: a whole copy of a ledger, also while notebooks use it."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

LEDGER = "ledger.sqlite"


def add_backup(commands: Any) -> None:
    parser = commands.add_parser("backup", help="copy the record of what was sent, also while it is in use")
    parser.add_argument("file", type=Path, help="file to write; it must not exist yet")
    parser.add_argument(
        "--folder",
        type=Path,
        help="where the account's state is, as show_connection() shows it (default: that of the only account there is)",
    )
    parser.set_defaults(run=_run_backup)


def _run_backup(options: argparse.Namespace) -> int:
    """Copy the ledger; return 2, with the reason on stderr, where there is none to copy or no place to write to."""
    from nexmo_nb.state.database import StateError
    from nexmo_nb.state.files import find_state_dir
    from nexmo_nb.state.sqlite import back_up

    if os.environ.get("NEXMO_NB_STATE") and not options.folder:
        print(
            "NEXMO_NB_STATE: the record is in a PostgreSQL database, which its own programs copy: "
            "pg_dump --schema='nexmo_nb_*' --no-unlogged-table-data --format=custom --file=… 'postgresql://…'. With "
            "--folder, the file of an account is copied that this machine has from before.",
            file=sys.stderr,
        )
        return 2
    state_dir = Path(find_state_dir())
    folders = [options.folder] if options.folder else sorted(path.parent for path in state_dir.glob(f"*/{LEDGER}"))
    if len(folders) != 1 or not (folders[0] / LEDGER).is_file():
        shown = ", ".join(str(folder) for folder in folders) or state_dir
        print(
            f"--folder: got {options.folder or 'none'}; allowed: the folder of an account that has sent something. "
            f"Looked in: {shown}",
            file=sys.stderr,
        )
        return 2
    try:
        back_up(folders[0] / LEDGER, options.file)
    except FileExistsError:
        print(f"file: got {str(options.file)!r}; allowed: one that does not exist yet.", file=sys.stderr)
        return 2
    except (OSError, StateError) as problem:
        print(f"{folders[0] / LEDGER} could not be copied to {options.file}: {problem}", file=sys.stderr)
        return 2
    print(f"{folders[0] / LEDGER} was copied to {options.file}")
    return 0
