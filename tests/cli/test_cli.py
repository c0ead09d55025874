"""The commands."""

from __future__ import annotations

import pytest

from nexmo_nb import cli


def test_the_demo_does_all_nine_actions(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["demo"]) == 0
    shown = capsys.readouterr().out
    calls = [line[4:].split("(")[0] for line in shown.splitlines() if line.startswith(">>> ")]
    assert calls == [
        "nx.search_numbers",
        "nx.owned_numbers",
        "nx.create_application",
        "nx.applications",
        "nx.application",
        "nx.update_application",
        "nx.delete_application",
        "nx.send_sms",
        "nx.send_voice",
    ]


def test_lab_needs_a_folder(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["lab", "nowhere"]) == 2
    assert "nowhere" in capsys.readouterr().err


@pytest.mark.parametrize("words", [[], ["fly"], ["sandbox", "--port", "x"], ["demo", "--fast"]])
def test_other_words_are_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(words)
    assert caught.value.code == 2
    assert "usage: nexmo-nb" in capsys.readouterr().err
