"""The page at ``/``: messages as a phone shows them, calls, and requests, as they arrive."""

from __future__ import annotations

from importlib.resources import files

from nexmo_nb.sandbox.exchange import Answer

# Nothing from elsewhere, and no script or style within the page: what anybody sent cannot become code.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-ancestors 'none'; "
    "base-uri 'none'; form-action 'none'"
)
PAGES = {
    "/": ("inbox.html", "text/html; charset=utf-8"),
    "/inbox.css": ("inbox.css", "text/css; charset=utf-8"),
    "/inbox.js": ("inbox.js", "text/javascript; charset=utf-8"),
}


def build_page(path: str) -> Answer:
    name, content_type = PAGES[path]
    headers = {
        "Content-Type": content_type,
        "Content-Security-Policy": POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
    return Answer(200, (files("nexmo_nb.sandbox.inbox") / name).read_bytes(), headers)
