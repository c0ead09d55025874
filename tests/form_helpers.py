"""What the tests of the forms share: the HTML that a form shows, and what reached the sandbox."""

from __future__ import annotations

from typing import Any

from nexmo_nb.sandbox import Sandbox


def read_html(form: Any) -> str:
    """Everything that the form shows as markup."""
    return form._message_area.value + form._preview_area.value + form._result_area.value


def is_shown(form: Any, name: str) -> bool:
    """Whether the field of that name is visible where its section is."""
    return form._boxes[name].layout.display != "none"


def list_writes(sandbox: Sandbox) -> list[tuple[str, str]]:
    return [(r["method"], r["path"].split("/")[2]) for r in sandbox.requests if r["method"] != "GET"]
