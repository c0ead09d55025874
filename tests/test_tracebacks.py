"""In a notebook an error shows its sentence and the user's own line; ``%tb`` shows all."""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import Iterator
from typing import Any

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

import nexmo_nb as nx
from nexmo_nb.errors import NexmoError

SOURCE = "import nexmo_nb as nx\ndef write(to):\n    return nx.send_sms(to, 'Hello', sender='Demo')\nwrite('12')"


@pytest.fixture
def shell() -> Iterator[Any]:
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


def read_plain(capsys: pytest.CaptureFixture[str]) -> str:
    """Read what was printed, without its colours."""
    return re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out)


def test_a_cell_shows_the_users_own_lines_and_the_sentence(
    session: nx.Session, shell: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_cell(SOURCE, store_history=True)
    lines = read_plain(capsys).strip().splitlines()
    assert lines[:2] == ["line 4: write('12')", "line 3: return nx.send_sms(to, 'Hello', sender='Demo')"]
    assert lines[2].startswith("InvalidRequestError: to: got '12'; allowed: ")
    assert len(lines) == 4
    shell.run_cell("%tb", store_history=True)
    shown = read_plain(capsys)
    assert "nexmo_nb/sms/__init__.py" in shown
    assert "write('12')" in shown
    assert shown.count("\n") > 20


def test_elsewhere_an_error_is_shown_as_any_other(session: nx.Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "IPython")
    with pytest.raises(NexmoError) as caught:
        nx.send_sms("12", "Hello", sender="Demo")
    assert caught.value._render_traceback_() == traceback.format_exception(caught.value)


def test_completion_offers_public_names_alone(shell: Any) -> None:
    shell.run_cell("import nexmo_nb as nx")
    with provisionalcompleter():
        offered = {each.text.removeprefix(".") for each in shell.Completer.completions("nx.", 3)}
    assert {name for name in offered if not name.startswith("_")} == set(nx.__all__)
