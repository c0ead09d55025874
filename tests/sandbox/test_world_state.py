"""What is kept of the sandbox: snapshots, and the file from one run to the next."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from helpers import rented
from sandbox_client import TO, Client

from nexmo_nb import cli
from nexmo_nb.sandbox import Sandbox
from nexmo_nb.sandbox.world_state import MOST_SNAPSHOTS, dump_world, load_world


def do_everything(client: Client, sandbox: Sandbox) -> None:
    """Change all that can be changed."""
    client.sms(text="Olá " * 60, client_ref='{"$decimal": "1"}')
    country, msisdn = rented(sandbox)
    number = {"country": country, "msisdn": msisdn}
    assert client.request("POST", "/number/buy", form=number)[0] == 200
    assert client.request("POST", "/number/cancel", form={**number})[0] == 200
    bought = next(code for code in sandbox.world.rent if code.startswith("351"))
    assert client.request("POST", "/number/buy", form={"country": "PT", "msisdn": bought})[0] == 200
    app = client.request("POST", "/v2/applications", {"name": "New"})[1]
    assert client.request("DELETE", f"/v2/applications/{app['id']}")[0] == 204
    client.request("POST", "/v2/applications", {"$decimal": "x"})
    query = f"product=SMS&direction=outbound&account_id={sandbox.api_key}"
    assert client.request("GET", f"/v2/reports/records?{query}")[0] == 200
    body = {"product": "VOICE-CALL", "account_id": sandbox.api_key}
    report = client.request("POST", "/v2/reports", body)[1]["request_id"]
    for _ in range(2):
        client.request("GET", f"/v2/reports/{report}")
    sandbox.reprice("GB", 2)
    sandbox.fail_next("500", path="/tts")
    sandbox.world.get_key_pair()
    sandbox.world.settings["moCallBackUrl"] = "http://127.0.0.1:1/"
    sandbox.receive(TO, next(iter(sandbox.world.owned)), "Yes")
    sandbox.clock.move("3d")


def test_a_snapshot_brings_back_all_that_changed_since_as_often_as_one_likes(client: Client, sandbox: Sandbox) -> None:
    do_everything(client, sandbox)
    sandbox.clock.freeze()
    assert sandbox.wait_for_webhooks(60)  # what is posted meanwhile would change what is compared
    name, kept = sandbox.snapshot(), dump_world(sandbox.world)
    instance = sandbox.world.instance
    for _ in range(2):
        do_everything(client, sandbox)
        sandbox.restore(name)
        assert json.loads(dump_world(sandbox.world)) == {
            **json.loads(kept),
            "world": {**json.loads(kept)["world"], "instance": sandbox.world.instance},
        }
        assert sandbox.world.instance != instance  # so that the inbox's page asks for all of it again
    order = [number["msisdn"] for number in json.loads(kept)["rent"]["given_back"]]
    assert list(sandbox.world.rent)[-1:] == order


def test_other_processes_take_and_restore_snapshots(client: Client, sandbox: Sandbox) -> None:
    client.sms()
    name = client.request("POST", "/_sandbox/snapshot", {})[1]["snapshot"]
    client.sms()
    assert client.request("POST", "/_sandbox/restore", {"snapshot": name})[0] == 200
    assert len(sandbox.messages) == 1
    for wrong in ("none", "", 7, None, [name]):
        status, told = client.request("POST", "/_sandbox/restore", {"snapshot": wrong})
        assert (status, told["error"].startswith("snapshot: got ")) == (400, True)


def test_of_many_snapshots_the_newest_are_kept(sandbox: Sandbox) -> None:
    names = [sandbox.snapshot() for _ in range(MOST_SNAPSHOTS + 2)]
    assert len(set(names)) == MOST_SNAPSHOTS + 2
    sandbox.restore(names[-1])
    with pytest.raises(ValueError, match="snapshot: got"):
        sandbox.restore(names[1])


def test_what_clients_wrote_is_kept_as_they_wrote_it(sandbox: Sandbox) -> None:
    odd: list[Any] = [{"$decimal": "x"}, {"$object": {"$set": 1}}, {"$bytes": "1", "more": 2}, {"$tuple": []}]
    sandbox.world.calls.extend({"ncco": each} for each in odd)
    sandbox.restore(sandbox.snapshot())
    assert [call["ncco"] for call in sandbox.calls] == odd


@contextmanager
def running(path: Path, **options: Any) -> Iterator[Client]:
    with Sandbox(limits=False, state=path, **options) as sandbox:
        client = Client(sandbox)
        yield client
        client.connection.close()


def test_the_next_run_goes_on_where_the_last_one_ended(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    with running(path) as client:
        sandbox = client.sandbox
        do_everything(client, sandbox)
        before, key, instance = sandbox.messages, sandbox.private_key, sandbox.world.instance
        left, moved = sandbox.balance, sandbox.clock.moved
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["state.json"]
    with running(path) as client:
        sandbox = client.sandbox
        assert (sandbox.messages, sandbox.private_key, sandbox.world.instance) == (before, key, instance)
        assert (sandbox.balance, round(sandbox.clock.moved / moved, 3)) == (left, 1)
        ids = {part["message_id"] for message in before for part in message["parts"]}
        assert client.sms()["messages"][0]["message-id"] not in ids


@pytest.mark.parametrize(
    "content",
    [
        *("", "{", "[]", "{}", '{"format": 1, "seed": 0}', '{"format": 2, "seed": 0}', "\x00", "[" * 100_000),
        '{"format": 1, "seed": 0, "clock": {}, "rent": {}, "world": {"messages": {}}}',
    ],
    ids=lambda content: content[:20],
)
def test_a_file_that_is_no_state_is_refused_in_words_and_stays_as_it_is(
    content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "state.json"
    path.write_text(content)
    assert cli.main(["sandbox", "--port=0", f"--state={path}"]) == 2
    assert "allowed: a file that an earlier run wrote" in capsys.readouterr().err
    assert path.read_text() == content


def test_a_state_of_another_seed_or_in_no_folder_is_refused(tmp_path: Path) -> None:
    with running(tmp_path / "state.json"):
        pass
    with pytest.raises(ValueError, match="the seed 0, and this one has 3"):
        Sandbox(seed=3, state=tmp_path / "state.json")
    with pytest.raises(ValueError, match="state: .* allowed: .* in a folder that is there"):
        Sandbox(state=tmp_path / "nowhere" / "state.json")


def test_a_damaged_state_changes_no_file_and_no_number(sandbox: Sandbox) -> None:
    state = json.loads(dump_world(sandbox.world))
    state["rent"]["gone"] = ["1"]
    with pytest.raises(ValueError, match="no state of a sandbox"):
        load_world(sandbox.world, json.dumps(state))


@pytest.mark.slow
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_command_keeps_its_state_however_it_ends(end: signal.Signals, tmp_path: Path) -> None:
    """A kill, which nobody can answer, costs at most what came a moment before it."""
    path = tmp_path / "state.json"
    command = [sys.executable, "-m", "nexmo_nb.cli", "sandbox", "--port=0", "--no-limits", f"--state={path}"]
    environment = {**os.environ, "PYTHONPATH": str(Path(cli.__file__).parents[2])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout
        url = process.stdout.readline().split()[1]
        with Sandbox() as same_account:
            client = Client(same_account)
            client.connection.close()
            client.connection.host, _, port = url.removeprefix("http://").partition(":")
            client.connection.port = int(port)
            client.sms(text="first")
            while end == signal.SIGKILL and "first" not in path.read_text():
                pass
            client.sms(text="second")
            client.connection.close()
        process.send_signal(end)
    with running(path) as client:
        kept = [message["text"] for message in client.sandbox.messages]
        assert kept in ([["first", "second"]] if end != signal.SIGKILL else [["first"], ["first", "second"]])
        assert client.sandbox.messages[0]["to"] == TO
