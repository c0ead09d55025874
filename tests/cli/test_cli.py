"""The commands."""

from __future__ import annotations

import socket
import sqlite3
import stat
import sys
from pathlib import Path

import pytest

import nexmo_nb as nx
from nexmo_nb import cli
from nexmo_nb.examples.shipped import list_notebooks
from nexmo_nb.state.ledger import Ledger


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


def test_lab_copies_the_notebooks_over_nothing_and_opens_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    opened: list[list[str]] = []
    monkeypatch.setattr("importlib.util.find_spec", lambda library: library if library == "notebook" else None)
    monkeypatch.setattr("subprocess.call", lambda words, env: opened.append(words) or 0)
    assert cli.main(["lab", "--no-browser"]) == 0
    assert opened == [[sys.executable, "-m", "notebook", "nexmo-notebooks", "--no-browser"]]
    names = sorted(path.name for path in Path("nexmo-notebooks").iterdir())
    assert names == [*(path.name for path in list_notebooks()), "people.csv"]
    assert f"nexmo-notebooks: {len(names)} files copied." in capsys.readouterr().out
    assert len(nx.read_contacts("nexmo-notebooks/people.csv")) == 500

    Path("nexmo-notebooks/01_quickstart.ipynb").write_text("mine")
    Path("nexmo-notebooks/people.csv").write_text("mine, too")
    Path("nexmo-notebooks/02_numbers.ipynb").unlink()
    assert cli.main(["lab"]) == 0
    shown = capsys.readouterr().out
    assert "nexmo-notebooks: 1 file copied." in shown
    assert "Kept as they were, for they are there already: 01_quickstart.ipynb, 03_send_many.ipynb" in shown
    assert Path("nexmo-notebooks/01_quickstart.ipynb").read_text() == "mine"
    assert Path("nexmo-notebooks/people.csv").read_text() == "mine, too"


def test_lab_says_where_it_cannot_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("nexmo-notebooks").write_text("a file")
    assert cli.main(["lab"]) == 2
    assert "folder: 'nexmo-notebooks' cannot be written (File exists)" in capsys.readouterr().err


def test_lab_opens_a_folder_that_is_named_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda library: library)
    monkeypatch.setattr("subprocess.call", lambda words, env: 0)
    assert cli.main(["lab", str(tmp_path)]) == 0
    assert list(tmp_path.iterdir()) == []


def test_lab_needs_a_folder(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["lab", "nowhere"]) == 2
    assert "nowhere" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "started"),
    [("lab", ["jupyterlab"]), ("app", ["voila"])],
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


@pytest.fixture
def ledger(session: nx.Session) -> Path:
    """The ledger of a session that goes on."""
    nx.send_sms("447700900123", "Hello", sender="Demo", key="k")
    return session.ledger.path


@pytest.mark.parametrize("named", [False, True])
def test_a_backup_is_whole_while_the_ledger_is_in_use(
    ledger: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], named: bool
) -> None:
    options = ["--folder", str(ledger.parent)] if named else []
    assert cli.main(["backup", str(tmp_path / "copy"), *options]) == 0
    assert "was copied to" in capsys.readouterr().out
    assert stat.S_IMODE((tmp_path / "copy").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.glob("copy*")] == ["copy"]
    (tmp_path / "b").mkdir()
    (tmp_path / "copy").rename(tmp_path / "b" / "ledger.sqlite")
    copy = Ledger(tmp_path / "b" / "ledger.sqlite")
    assert [row["key"] for row in copy.read_sends()] == ["k"]
    copy.close()
    nx.send_sms("447700900123", "Hello", sender="Demo", key="after")
    assert nx.sent().key.tolist() == ["k", "after"]


def test_a_backup_is_whole_while_another_process_writes(ledger: Path, tmp_path: Path) -> None:
    other = sqlite3.connect(ledger, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    other.execute("UPDATE sends SET key = 'not committed'")
    assert cli.main(["backup", str(tmp_path / "copy")]) == 0
    other.execute("ROLLBACK")
    other.close()
    with sqlite3.connect(tmp_path / "copy") as copy:
        assert copy.execute("SELECT key FROM sends").fetchall() == [("k",)]
    copy.close()


def test_a_backup_overwrites_nothing(ledger: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "copy").write_text("mine")
    assert cli.main(["backup", str(tmp_path / "copy")]) == 2
    assert "allowed: one that does not exist yet" in capsys.readouterr().err
    assert (tmp_path / "copy").read_text() == "mine"


@pytest.mark.parametrize("target", ["nowhere/copy", "copy"])
def test_a_backup_that_cannot_be_made_is_said_and_leaves_nothing(
    ledger: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], target: str
) -> None:
    if target == "copy":
        (tmp_path / "damaged").mkdir()
        (tmp_path / "damaged" / "ledger.sqlite").write_bytes(b"garbage " * 1000)
        options = ["--folder", str(tmp_path / "damaged")]
    else:
        options = []
    assert cli.main(["backup", str(tmp_path / target), *options]) == 2
    assert "could not be copied to" in capsys.readouterr().err
    assert not (tmp_path / target).exists()


@pytest.mark.parametrize("accounts", [0, 2])
def test_a_backup_asks_which_account_is_meant(
    ledger: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], accounts: int
) -> None:
    if accounts == 2:
        (ledger.parent.parent / "other").mkdir()
        (ledger.parent.parent / "other" / "ledger.sqlite").write_bytes(b"")
    else:
        ledger.unlink()
    assert cli.main(["backup", str(tmp_path / "copy")]) == 2
    said = capsys.readouterr().err
    assert "--folder: got none; allowed: the folder of an account" in said
    assert ("other" in said) is (accounts == 2)
    assert not (tmp_path / "copy").exists()
