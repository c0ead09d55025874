"""The commands for shells and cron: what they print, what they ask, and how they end."""

from __future__ import annotations

import functools
import io
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pandas as pd
import pytest

import nexmo_nb as nx
from nexmo_nb import cli, errors
from nexmo_nb.cli.running import _CODES_OF_ERRORS, EXIT_CODES
from nexmo_nb.sandbox import Sandbox

HERE = ["--sender", "Demo", "--sandbox"]
ONE = ["send", "+447700900001", "Hello", *HERE]


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    with Sandbox(limits=False) as sandbox:
        monkeypatch.setenv("NEXMO_NB_CONNECT", sandbox.url)
        yield sandbox


@pytest.fixture
def live(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """An account whose credentials are not a sandbox's: its money counts."""
    keys = {"api_key": sandbox.api_key, "api_secret": sandbox.api_secret}
    monkeypatch.setattr(nx, "connect", functools.partial(nx.connect, **keys))  # type: ignore[arg-type]
    return sandbox


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = cli.main(words)
    shown = capsys.readouterr()
    return code, shown.out, shown.err


@pytest.mark.parametrize(
    ("words", "columns"),
    [
        (["balance"], ["balance", "currency"]),
        (["numbers", "GB", "Portugal", "--features", "SMS,VOICE", "--limit", "2"], ["country", "msisdn"]),
        (["owned"], ["msisdn", "country"]),
        (["apps"], ["id", "name"]),
        (["prices", "GB"], ["country", "price"]),
        (["records", "SMS", "--start", "2025-03-01", "--end", "2025-03-02"], ["message_id", "sender"]),
        (["bill", "2025-03-01", "2025-03-02"], ["product", "amount"]),
        (["check"], ["setting", "value"]),
    ],
)
def test_what_is_read_is_printed_as_json_csv_and_a_table_and_written_as_parquet(
    words: list[str], columns: list[str], sandbox: Sandbox, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, printed, _ = run(capsys, *words, "--sandbox", "--json")
    assert code == 0
    rows = json.loads(printed)
    assert rows
    assert set(columns) <= rows[0].keys()
    code, printed, _ = run(capsys, *words, "--sandbox", "--csv")
    assert set(columns) <= set(pd.read_csv(io.StringIO(printed)).columns)
    assert len(pd.read_csv(io.StringIO(printed))) == len(rows)
    path = tmp_path / "it.parquet"
    assert run(capsys, *words, "--sandbox", "--parquet", str(path))[:2] == (0, "")
    assert len(pd.read_parquet(path)) == len(rows)
    assert path.stat().st_mode & 0o077 == 0
    code, printed, _ = run(capsys, *words, "--sandbox")
    assert len(printed.splitlines()) == len(rows) + 1
    assert sandbox.api_secret not in printed


def test_a_message_is_sent_and_shown_with_its_price(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    code, printed, _ = run(capsys, *ONE, "--json", "--key", "one")
    assert code == 0
    assert json.loads(printed)[0]["meaning"] == "accepted"
    assert run(capsys, *ONE, "--key", "one")[0] == 0
    assert [message["text"] for message in sandbox.messages] == ["Hello"]
    code, printed, _ = run(capsys, "sent", "--sandbox", "--json")
    assert [row["key"] for row in json.loads(printed)] == ["one"]


def test_a_text_may_come_from_standard_input(
    sandbox: Sandbox, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("Two\nlines\n"))
    assert run(capsys, "send", "+447700900001", "-", *HERE)[0] == 0
    assert sandbox.messages[0]["text"] == "Two\nlines"
    assert run(capsys, "call", "+447700900001", "Your code is 1 2 3", "--language", "en-gb", "--sandbox")[0] == 0


@pytest.mark.parametrize(
    "words",
    [
        ["send", "+447700900001", "Hello", "--sender", "Demo"],
        ["call", "+447700900001", "Hello"],
        ["batch", "send", "people.csv", "--text", "Hello", "--sender", "Demo", "--batch", "b"],
        ["batch", "settle", "b"],
        ["records"],
        ["bill", "2025-03-01", "2025-03-02"],
    ],
)
def test_money_is_spent_only_by_somebody_who_says_yes(
    words: list[str],
    live: Sandbox,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("people.csv").write_text("to\n+447700900001\n")
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))  # what is piped in is no answer
    code, printed, said = run(capsys, *words)
    assert (code, printed) == (2, "")
    assert f"LIVE, account {live.api_key}" in said
    assert "--yes" in said
    assert run(capsys, *words, "--dry-run")[0] == 0
    for answer, expected in (("n\n", 2), ("\n", 2), ("", 2), ("y\n", 0)):
        terminal = io.StringIO(answer)
        monkeypatch.setattr(terminal, "isatty", lambda: True)
        monkeypatch.setattr("sys.stdin", terminal)
        assert not live.messages
        assert not live.calls
        assert run(capsys, *words)[0] == expected
    assert run(capsys, *words, "--yes")[0] == 0


def test_a_batch_is_planned_sent_and_counted(
    sandbox: Sandbox, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = tmp_path / "people.csv"
    people.write_text("phone;name\n+447700900001;Ann\n+443069990029;Bo\nnobody;Cy\n")
    plan = [str(people), "--to", "phone", "--text", "Hello {name}", *HERE]
    code, printed, _ = run(capsys, "plan", *plan, "--json")
    assert json.loads(printed)[-1]["recipients"] == 2
    code, printed, _ = run(capsys, "plan", *plan, "--rows", "--json")
    assert [row["text"] for row in json.loads(printed)][:2] == ["Hello Ann", "Hello Bo"]
    assert not sandbox.messages
    send = ["batch", "send", *plan, "--batch", "hello", "--max-cost", "1"]
    code, printed, _ = run(capsys, *send, "--dry-run")
    assert code == 0
    assert "2 of 3 rows" in printed
    code, printed, _ = run(capsys, *send)
    assert code == 1  # one was refused, one is a problem
    assert [message["text"] for message in sandbox.messages] == ["Hello Ann"]
    code, printed, _ = run(capsys, "batch", "status", "hello", "--sandbox", "--json")
    assert {row["state"]: row["messages"] for row in json.loads(printed)} == {"accepted": 1, "rejected": 1}
    printed = run(capsys, "batch", "status", "hello", "--sandbox")[1]
    assert printed.startswith("Batch 'hello': 2 done (1 accepted, 1 refused), 0 left\ncost EUR 0.0")
    code, printed, said = run(capsys, "batch", "retry", "hello", "--sandbox", "--json")
    assert (code, json.loads(printed)) == (0, [])
    assert "was sent again" in said
    retry = ("batch", "retry", "hello", "--sandbox", "--codes", "7,29", "--text", "Again", "--csv")
    assert run(capsys, *retry, "--dry-run")[1].endswith("what can be sent again of 1 messages that were refused.\n")
    code, printed, _ = run(capsys, *retry)
    assert (code, printed.count(",rejected,"), sandbox.requests[-1]["form"]["text"]) == (1, 1, "Again")
    (listed,) = json.loads(run(capsys, "batch", "list", "--sandbox", "--json")[1])
    assert (listed["batch"], listed["accepted"], listed["refused"], listed["left"]) == ("hello", 1, 1, 0)
    assert run(capsys, "batch", "status", "helo", "--sandbox")[0] == 2
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"to,text\n+447700900002,Hi\n")))
    assert run(capsys, "batch", "send", "-", *HERE, "--batch", "two")[0] == 0
    assert sandbox.messages[-1]["text"] == "Hi"


def test_an_error_is_a_sentence_and_an_exit_code_of_its_kind(
    sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    for words, code, match in (
        (["send", "nobody", "Hello", *HERE], 2, "to: got 'nobody'"),
        (["numbers", "Nowhere", "--sandbox"], 2, "country: got"),
        (["plan", "missing.csv", *HERE], 2, "missing.csv"),
        (["plan", "-", "--text", "-", *HERE], 2, "got '-' twice"),
        (["send", "+443069990029", "Hello", *HERE], 5, "not on the allowed list"),
        (["apps", "--sandbox", "--parquet", "/nowhere/x.parquet"], 2, "/nowhere/x.parquet"),
        (["apps", "--sandbox", "--parquet", "x.csv"], 2, "ends in .parquet"),
    ):
        found, printed, said = run(capsys, *words)
        assert (found, printed) == (code, "")
        assert match in said
        assert "Traceback" not in said
    sandbox.close()
    assert run(capsys, "balance")[0] in (2, 7)


def test_each_error_has_an_exit_code_that_the_help_explains() -> None:
    names = {each.__name__ for each in vars(errors).values() if isinstance(each, type)}
    kinds = {name for name in names if issubclass(getattr(errors, name), nx.NexmoError)} - {"NexmoError"}
    assert kinds == _CODES_OF_ERRORS.keys()
    assert set(_CODES_OF_ERRORS.values()) <= EXIT_CODES.keys()
    shown = subprocess.run([sys.executable, "-m", "nexmo_nb.cli", "--help"], capture_output=True, text=True, check=True)
    for code, meaning in EXIT_CODES.items():
        assert f"{code}  {meaning}" in shown.stdout


@pytest.mark.slow
def test_a_reader_that_has_enough_ends_the_command_without_a_word(sandbox: Sandbox) -> None:
    command = [sys.executable, "-m", "nexmo_nb.cli", "numbers", "US", "--sandbox", "--json"]
    ran = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert ran.stdout is not None
    assert ran.stdout.readline() == b"[\n"
    ran.stdout.close()
    assert ran.stderr is not None
    assert (ran.stderr.read(), ran.wait(60)) == (b"", 141)
    ran.stderr.close()


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"nexmo_nb {nx.__version__}\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_is_told_how_to_complete(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("argcomplete")
    code, printed, _ = run(capsys, "completion", shell)
    assert code == 0
    assert "nexmo-nb" in printed


def test_a_shell_gets_the_commands_that_begin_so(tmp_path: Path) -> None:
    pytest.importorskip("argcomplete")
    words = {"_ARGCOMPLETE": "1", "COMP_LINE": "nexmo-nb ba", "COMP_POINT": "11", "_ARGCOMPLETE_STDOUT_FILENAME": ""}
    answer = tmp_path / "answer"
    environment = {**os.environ, **words, "_ARGCOMPLETE_STDOUT_FILENAME": str(answer), "_ARGCOMPLETE_IFS": "\n"}
    subprocess.run([sys.executable, "-m", "nexmo_nb.cli"], env=environment, check=False, timeout=60)
    assert {line.strip() for line in answer.read_text().split("\n")} >= {"balance", "batch", "backup"}


def test_people_are_put_on_the_list_shown_and_taken_off_it(
    sandbox: Sandbox, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "people.csv").write_text("phone\n07700 900002\n")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"to\n+447700900003\n")))
    here = ["--sandbox", "--json"]
    for words in (
        ["+447700900001", "--reason", "asked"],
        [str(tmp_path / "people.csv"), "--to", "phone", "--region", "GB"],
        ["-"],
    ):
        code, printed, _ = run(capsys, "suppress", "add", *words, *here)
        assert (code, json.loads(printed)[0]["changed"]) == (0, True)
    listed = json.loads(run(capsys, "suppress", "list", *here)[1])
    assert [(row["to"][-1], row["reason"]) for row in listed] == [("1", "asked"), ("2", None), ("3", None)]
    code, _, said = run(capsys, *ONE)
    assert (code, "do-not-send list" in said) == (2, True)
    assert run(capsys, "suppress", "add", "+447700900004", "12", *here)[0] == 2
    assert run(capsys, "suppress", "remove", "+447700900001", "+447700900003", *here)[0] == 0
    assert [row["to"] for row in json.loads(run(capsys, "suppress", "list", *here)[1])] == ["447700900002"]
    assert run(capsys, *ONE)[0] == 0


def test_the_guide_has_every_exit_code_and_every_command() -> None:
    guide = Path(__file__).parent.parent.parent / "docs" / "shell.md"
    if not guide.exists():
        pytest.skip("runs in a checkout only")
    text = guide.read_text()
    assert [code for code, meaning in EXIT_CODES.items() if f"| {code} | {meaning} |" not in text] == []
    lines = [line.partition("#")[0] for line in text.splitlines() if line.startswith("nexmo-nb ")]
    parser = cli._make_parser()
    for line in lines:
        assert parser.parse_args(shlex.split(line)[1:]).run, line
    assert len(lines) > 5


def test_a_batch_is_kept_for_its_hours_and_sent_when_it_is_due(
    sandbox: Sandbox, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    at = (datetime.now(timezone.utc) + timedelta(days=2)).isoformat()
    hours = ["--at", at, "--window", "00:00-24:00", "--days", "Mon-Sun", "--late", "1d", "--no-wait"]
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"to,text\n+447700900002,Hi\n")))
    assert run(capsys, "batch", "send", "-", *HERE, "--batch", "b", *hours)[0] == 0
    code, printed, _ = run(capsys, "batch", "due", "--sandbox", "--json")
    (due,) = json.loads(printed)
    assert (code, due["batch"], due["accepted"], due["left"], due["error"]) == (0, "b", 0, 1, None)
    code, printed, _ = run(capsys, "batch", "due", "--sandbox", "--dry-run")
    assert (code, "what is due of 1 batches that wait." in printed) == (0, True)
    assert sandbox.messages == []
