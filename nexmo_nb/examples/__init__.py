"""Lists to try things with. Nobody in them exists; see `nexmo_nb.examples.lists` for whose numbers they have."""

from nexmo_nb.examples.lists import contacts

__all__ = ["contacts"]
