"""Nexmo's own records: what happened to messages and calls, when, and what it cost.

``wire`` speaks the Reports API, ``fields`` names what a record holds, ``reading`` is `records`, ``delivery`` joins what
became of messages to the frames that they are in.
"""

from nexmo_nb.reports.delivery import delivery
from nexmo_nb.reports.reading import records
from nexmo_nb.reports.wire import report

__all__ = ["delivery", "records", "report"]
