"""The commands."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

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
    assert '>>> nx.send_sms("+44 7700 900000", "Olá! Your parcel is at the door.", sender="Demo")' in shown


def test_lab_needs_a_folder(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["lab", "nowhere"]) == 2
    assert "nowhere" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "started"),
    [("lab", ["jupyter", "lab"]), ("app", ["voila"])],
)
def test_further_options_go_to_the_server_of_notebooks(
    command: str, started: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[list[str], dict[str, str]]] = []
    monkeypatch.setattr("importlib.util.find_spec", lambda library: library)
    monkeypatch.setattr("subprocess.call", lambda words, env: calls.append((words, env)) or 3)
    assert cli.main([command, str(tmp_path), "--port=9"]) == 3
    [(words, env)] = calls
    assert words == [sys.executable, "-m", *started, str(tmp_path), "--port=9"]
    assert env["NEXMO_NB_CONNECT"].startswith("http://127.0.0.1:")


def test_a_library_that_is_missing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda library: None)
    assert cli.main(["app", str(tmp_path)]) == 2
    assert "pip install 'nexmo_nb[app]'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "value"),
    [
        *(("--port", value) for value in ("-1", "65536", "70000", "1.5", "x", "", "\u0661\u0662", "\xb2", "9" * 5000)),
        *(("--latency", value) for value in ("-1", "nan", "inf", "1e400", "601", "x", "", "\u0661")),
    ],
)
def test_a_port_or_a_latency_that_cannot_be_is_refused_in_words(
    option: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["sandbox", f"{option}={value}"])
    assert caught.value.code == 2
    assert f"argument {option}: got {value[:40]!r}; allowed: " in capsys.readouterr().err


def test_a_port_that_is_taken_is_refused_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert cli.main(["sandbox", f"--port={port}"]) == 2
    assert capsys.readouterr().err.startswith(f"port: {port} cannot be used (")


@pytest.mark.parametrize("words", [[], ["fly"], ["sandbox", "--port", "x"], ["demo", "--fast"]])
def test_other_words_are_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(words)
    assert caught.value.code == 2
    assert "usage: nexmo-nb" in capsys.readouterr().err
