"""The one connection that carries every call: `connect`, `current`, and the `Session` they give.

Only this package speaks to the network. ``core`` is the way of a call, ``transfer`` fetches an answer within bounds,
``answers`` reads it, ``auth`` puts credentials on a request, ``cache`` keeps answers, ``connecting`` finds out whose
connection it is.
"""

from nexmo_nb.session.connect import connect, current, session_or_current, show_connection
from nexmo_nb.session.response import Request, field, one_line, parse_status, unanswered_error
from nexmo_nb.session.session import LONGEST_RETRY_AFTER, Listing, Pages, Session, page_fingerprint

__all__ = [
    "LONGEST_RETRY_AFTER",
    "Listing",
    "Pages",
    "Request",
    "Session",
    "connect",
    "current",
    "field",
    "one_line",
    "page_fingerprint",
    "parse_status",
    "session_or_current",
    "show_connection",
    "unanswered_error",
]
