"""The connection that carries every call: `connect`, `current`, and the `Session` that they give.

Only this package speaks to the network. ``request`` says what is asked, ``session`` sends it, ``transport`` reads what
comes back within bounds, ``response`` parses it, ``auth`` adds the credentials, ``connect`` finds out whose they are.
"""

from nexmo_nb.session.connect import connect, current, find_session, session_or_current
from nexmo_nb.session.request import Listing, Request
from nexmo_nb.session.response import (
    LONGEST_RETRY_AFTER,
    LateError,
    Pages,
    get_field,
    late_error,
    one_line,
    page_fingerprint,
    parse_status,
    unanswered_error,
)
from nexmo_nb.session.session import Session
from nexmo_nb.session.settings import show_connection
from nexmo_nb.session.transport import Attempt

__all__ = [
    "LONGEST_RETRY_AFTER",
    "Attempt",
    "LateError",
    "Listing",
    "Pages",
    "Request",
    "Session",
    "connect",
    "current",
    "find_session",
    "get_field",
    "late_error",
    "one_line",
    "page_fingerprint",
    "parse_status",
    "session_or_current",
    "show_connection",
    "unanswered_error",
]
