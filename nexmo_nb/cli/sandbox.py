"""The command ``sandbox``: the embedded sandbox as a process of its own."""

from __future__ import annotations

import argparse
from typing import Any


def add_sandbox(commands: Any) -> None:
    parser = commands.add_parser("sandbox", help="run the sandbox alone until Ctrl-C, for other processes")
    parser.add_argument("--port", type=int, default=8787, help="port on 127.0.0.1 (default: 8787; 0: any)")
    parser.add_argument("--seed", type=int, default=0, help="which made-up world (default: 0)")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer (default: 0)")
    parser.add_argument("--no-limits", action="store_true", help="leave out Nexmo's published rate limits")
    parser.set_defaults(run=_run_sandbox)


def _run_sandbox(options: argparse.Namespace) -> int:
    from nexmo_nb.sandbox import serve

    serve(options.port, seed=options.seed, latency=options.latency, limits=not options.no_limits)
    return 0
