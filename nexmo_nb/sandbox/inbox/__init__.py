"""The page at ``/``: messages as a phone shows them, calls, and requests, as they happen."""

from __future__ import annotations

from importlib.resources import files

from nexmo_nb.sandbox.world import Answer

__all__ = ["FILES", "POLICY", "page"]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-ancestors 'none'; "
    "base-uri 'none'; form-action 'none'"
)
FILES = {
    "/": ("inbox.html", "text/html; charset=utf-8"),
    "/inbox.css": ("inbox.css", "text/css; charset=utf-8"),
    "/inbox.js": ("inbox.js", "text/javascript; charset=utf-8"),
}


def page(path: str) -> Answer:
    """Give one of the page's files."""
    name, kind = FILES[path]
    headers = {
        "Content-Type": kind,
        "Content-Security-Policy": POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
    return Answer(200, (files("nexmo_nb.sandbox.inbox") / name).read_bytes(), headers)
