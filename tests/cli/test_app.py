"""The command ``app``: on the sandbox, or on the real account after a yes and for this machine alone."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

import nexmo_nb as nx
from nexmo_nb import cli
from nexmo_nb.cli.app import NOTEBOOK, QUESTION
from nexmo_nb.sandbox import Sandbox

SECRET = "s3cretMarked"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Started(list[tuple[list[str], dict[str, str]]]):
    """The servers that were started, each by its words and its environment."""

    def find(self, text: str) -> bool:
        return any(text in str(each) for each in self)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Started:
    calls = Started()
    monkeypatch.setattr("importlib.util.find_spec", lambda library: library)
    monkeypatch.setattr("subprocess.call", lambda words, env: calls.append((words, env)) or 3)
    # A keyring of the developer's own would be asked for the credentials.
    monkeypatch.setitem(sys.modules, "keyring", None)
    return calls


@pytest.fixture
def account(tmp_path: Path) -> None:
    """The credentials of an account in the file of the Vonage CLI."""
    write_credentials(tmp_path / ".vonage" / "config.json", "abcd1234")


def write_credentials(path: Path, key: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"api-key": key, "api-secret": SECRET}))


def answer(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(text))


def test_the_app_shows_its_own_notebook_on_a_sandbox(started: Started, tmp_path: Path) -> None:
    assert cli.main(["app", "--no-browser", "--Voila.ip=127.0.0.2"]) == 3
    [(words, environment)] = started
    assert words == [sys.executable, "-m", "voila", str(NOTEBOOK), "--no-browser", "--Voila.ip=127.0.0.2"]
    assert environment["NEXMO_NB_CONNECT"].startswith("http://127.0.0.1:")
    assert environment["NEXMO_NB_APP_FOLDER"] == str(tmp_path)
    assert "NEXMO_NB_LANGUAGE" not in environment


def test_a_live_app_tells_whose_account_it_is_and_asks_once(
    started: Started, account: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answer(monkeypatch, "yes\n")
    assert cli.main(["app", "--live", "--port=9"]) == 3
    [(words, environment)] = started
    options = ["--port=9", "--Voila.ip=127.0.0.1", "--Voila.auto_token=True", "--no-browser"]
    assert words == [sys.executable, "-m", "voila", str(NOTEBOOK), *options]
    assert environment["NEXMO_NB_CONNECT"] == "live"
    shown = capsys.readouterr()
    assert shown.out.count(QUESTION) == 1
    assert (
        "LIVE: the account with the key abcd1234 (from: ~/.vonage/config.json) at https://rest.nexmo.com and "
        "https://api.nexmo.com" in shown.out
    )
    assert SECRET not in shown.out + shown.err
    assert not started.find(SECRET)


@pytest.mark.parametrize("text", ["no\n", "y\n", "YES\n", "yes please\n", "\n", ""])
def test_no_other_answer_than_yes_starts_a_live_app(
    started: Started,
    account: None,
    text: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    answer(monkeypatch, text)
    assert cli.main(["app", "--live"]) == 1
    assert started == []
    assert "Nothing was started." in capsys.readouterr().err


def test_a_live_app_without_a_terminal_needs_the_yes_in_its_command(
    started: Started, account: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))
    assert cli.main(["app", "--live"]) == 2
    assert started == []
    assert "--yes goes on without the question" in capsys.readouterr().err
    assert cli.main(["app", "--live", "--yes"]) == 3
    assert len(started) == 1
    shown = capsys.readouterr().out
    assert "the key abcd1234" in shown
    assert QUESTION not in shown


@pytest.mark.parametrize("options", [["--live"], ["--live", "--yes"]])
def test_a_live_app_without_credentials_is_refused_in_words(
    started: Started, options: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answer(monkeypatch, "yes\n")
    monkeypatch.setattr("nexmo_nb.credentials.getpass", lambda prompt: pytest.fail("the app's kernels cannot ask"))
    assert cli.main(["app", *options]) == 2
    assert started == []
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("--live: api_key: no value found")
    assert shown.err.endswith("Without --live, the app runs on the sandbox.\n")


@pytest.mark.parametrize(
    "option",
    [
        "--Voila.ip=0.0.0.0",
        "--ip=0.0.0.0",
        "--port",
        "--token=",
        "--Voila.token=mine",
        "--debug",
        "--strip_sources=False",
        "--Voila.config_file=x",
    ],
)
def test_a_live_app_takes_no_option_that_could_open_it_to_others(
    started: Started, account: None, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["app", "--live", "--yes", option]) == 2
    assert started == []
    shown = capsys.readouterr()
    assert "not with --live; allowed: --port=NUMBER" in shown.err
    assert "0.0.0.0" not in shown.err
    assert "mine" not in shown.err


def test_a_live_app_shows_one_notebook_and_no_folder(
    started: Started, account: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["app", "--live", "--yes", str(tmp_path)]) == 2
    assert started == []
    assert "allowed: one notebook with --live" in capsys.readouterr().err


@pytest.mark.parametrize("own", [False, True])
def test_the_account_is_the_one_that_the_notebook_will_find(
    started: Started, account: None, own: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its own notebook looks in the folder of the command, one of the user's in the folder where that notebook is."""
    write_credentials(tmp_path / ".vonagerc", "here")
    write_credentials(tmp_path / "books" / ".vonagerc", "there")
    (tmp_path / "books" / "mine.ipynb").touch()
    assert cli.main(["app", "--live", "--yes", *(["books/mine.ipynb"] if own else [])]) == 3
    assert f"the key {'there' if own else 'here'} (from: .vonagerc)" in capsys.readouterr().out


def test_a_language_is_handed_on_and_an_unknown_one_refused(
    started: Started, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["app", "--language", "en"]) == 3
    assert started[0][1]["NEXMO_NB_LANGUAGE"] == "en"
    assert cli.main(["app", "--language", "xx"]) == 2
    assert len(started) == 1
    assert capsys.readouterr().err.startswith("--language: got 'xx'; allowed: en")


def read_code() -> str:
    """Read the notebook's only cell, which is stored without an output."""
    [cell] = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    assert (cell["cell_type"], cell["execution_count"], cell["outputs"]) == ("code", None, [])
    return "".join(cell["source"])


@pytest.mark.parametrize("named", [False, True])
def test_the_notebook_shows_the_app_on_the_sandbox_unless_it_is_told_another_place(
    sandbox: Sandbox, named: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "start").mkdir()
    monkeypatch.setenv("NEXMO_NB_APP_FOLDER", str(tmp_path / "start"))
    monkeypatch.setenv("NEXMO_NB_LANGUAGE", "en")
    if named:
        monkeypatch.setenv("NEXMO_NB_CONNECT", sandbox.url)
    names: dict[str, Any] = {}
    exec(read_code(), names)
    assert Path.cwd() == tmp_path / "start"
    assert not nx.current().describe().is_live
    assert bool(sandbox.requests) is named


@pytest.mark.slow
def test_the_notebook_runs_in_a_kernel(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    import nbformat
    from nbclient import NotebookClient

    monkeypatch.setenv("NEXMO_NB_CONNECT", sandbox.url)
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    NotebookClient(notebook, timeout=120).execute()
    [output] = notebook.cells[0].outputs
    assert "application/vnd.jupyter.widget-view+json" in output.data
    assert sandbox.requests
