"""The page at ``/`` of a sandbox."""

from nexmo_nb.sandbox.inbox.pages import PAGES, build_page

__all__ = ["PAGES", "build_page"]
