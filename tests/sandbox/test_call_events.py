"""The events of a call, posted while it goes on by the sandbox's clock."""

from __future__ import annotations

from hook_server import hooks_served
from sandbox_client import Client
from test_webhooks import link_application, place_call

from nexmo_nb.sandbox import Sandbox


def test_each_state_of_a_call_is_told_when_the_clock_comes_to_it() -> None:
    with hooks_served() as server, Sandbox(limits=False) as sandbox:
        link_application(sandbox, server)
        client = Client(sandbox)
        sandbox.clock.freeze()
        place_call(client)
        for count, step in enumerate(("1s", "4s", "1h"), 1):
            assert sandbox.wait_for_webhooks(60)
            assert len(server.hooks) == count
            sandbox.clock.move(step)
        assert sandbox.wait_for_webhooks(60)
        assert [hook.json["status"] for hook in server.hooks] == ["started", "ringing", "answered", "completed"]
        assert server.hooks[-1].json["price"] == sandbox.calls[0]["price"]
        client.connection.close()
