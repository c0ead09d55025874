"""The command ``sandbox``: the embedded sandbox as a process of its own."""

from __future__ import annotations

import argparse
import errno
import re
import sys
from pathlib import Path
from typing import Any

LARGEST_PORT = 65_535
LONGEST_LATENCY = 600.0


def add_sandbox(commands: Any) -> None:
    parser = commands.add_parser("sandbox", help="run the sandbox alone until Ctrl-C, for other processes")
    parser.add_argument("--port", type=_read_port, default=8787, help="port on 127.0.0.1 (default: 8787; 0: any)")
    parser.add_argument("--seed", type=int, default=0, help="which made-up world (default: 0)")
    parser.add_argument("--latency", type=_read_latency, default=0.0, help="seconds before each answer (default: 0)")
    parser.add_argument("--no-limits", action="store_true", help="leave out Nexmo's published rate limits")
    parser.add_argument(
        "--state",
        metavar="FILE",
        type=Path,
        help="go on where the run ended that wrote FILE, and write it (default: begin anew)",
    )
    parser.add_argument("--tls", action="store_true", help="speak https too, by a certificate whose file it prints")
    parser.set_defaults(run=_run_sandbox)


def _run_sandbox(options: argparse.Namespace) -> int:
    from nexmo_nb.sandbox import serve

    try:
        limits = not options.no_limits
        serve(
            options.port,
            seed=options.seed,
            latency=options.latency,
            limits=limits,
            tls=options.tls,
            state=options.state,
        )
    except ValueError as problem:
        print(problem, file=sys.stderr)
        return 2
    except OSError as problem:
        if problem.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        print(
            f"port: {options.port} cannot be used ({problem.strerror}); allowed: one that is free. --port 0 finds one.",
            file=sys.stderr,
        )
        return 2
    return 0


def _read_port(text: str) -> int:
    if not re.fullmatch("[0-9]{1,5}", text) or int(text) > LARGEST_PORT:
        raise argparse.ArgumentTypeError(f"got {text[:40]!r}; allowed: a whole number from 0 to {LARGEST_PORT}")
    return int(text)


def _read_latency(text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,9})?|\.[0-9]{1,9}", text, re.ASCII) or float(text) > LONGEST_LATENCY:
        raise argparse.ArgumentTypeError(f"got {text[:40]!r}; allowed: seconds from 0 to {LONGEST_LATENCY:g}")
    return float(text)
