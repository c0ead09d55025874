"""The page at ``/``: what arrived. Everything that anybody sent is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from nexmo_nb.sandbox.world import Answer, World

__all__ = ["POLICY", "page"]

POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_STYLE = (
    "body{font:16px/1.4 system-ui,sans-serif;margin:2em auto;max-width:60em;padding:0 1em}"
    "table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3em .6em;border-bottom:1px solid #8886;"
    "vertical-align:top;overflow-wrap:anywhere}"
)


def page(world: World) -> Answer:
    """Show messages and calls as a page."""
    with world.lock:
        messages = [
            (m["time"], m["sender"], m["to"], m["type"], len(m["parts"]), m["price"], m["text"] or m.get("body") or "")
            for m in reversed(world.messages)
        ]
        calls = [(c["time"], c["api"], c["to"], c.get("text", "")) for c in reversed(world.calls)]
        money = world.balance
    html = (
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>Sandbox</title><style>{_STYLE}</style><h1>Sandbox</h1><p>Balance: {money:.4f} EUR. "
        "Nothing here leaves this machine. Reload to see what is new.</p>"
        + _table("Messages", ("time", "from", "to", "type", "parts", "EUR", "text"), messages)
        + _table("Calls", ("time", "api", "to", "text"), calls)
    )
    headers = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": POLICY}
    return Answer(200, html.encode(), headers)


def _table(title: str, names: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> str:
    head = "".join(f"<th>{name}</th>" for name in names)
    body = "".join("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<h2>{title}</h2><table><tr>{head}</tr>{body}</table>" + ("" if rows else "<p>None yet.</p>")
