"""Nexmo's own records: what happened to messages and calls, when, and what it cost."""

from nexmo_nb.reports.async_reader import read_report
from nexmo_nb.reports.delivery import delivery
from nexmo_nb.reports.records import records

__all__ = ["delivery", "read_report", "records"]
