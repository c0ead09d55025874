"""The sandbox as a whole: rate limits, accidents, its log, and its end."""

from __future__ import annotations

import http.client
import json
import threading
import time

import pytest
from helpers import hold_answers
from sandbox_client import Client

from nexmo_nb.sandbox import KINDS, Sandbox


def test_the_same_seed_and_calls_give_the_same_answers() -> None:
    answers = []
    for seed in (1, 1, 2):
        with Sandbox(seed=seed) as sandbox:
            client = Client(sandbox)
            answers.append(
                (client.sms(), client.request("GET", "/account/numbers"), client.request("GET", "/v2/applications")[0])
            )
            client.connection.close()
    assert answers[0] == answers[1] != answers[2]


@pytest.mark.parametrize(
    ("path", "allowed", "refused"),
    [
        ("/number/search?country=GB", 3, 429),
        ("/account/numbers", 1, 429),
        ("/account/get-pricing/outbound/sms?country=GB", 1, 429),
    ],
)
def test_published_limits_are_enforced(path: str, allowed: int, refused: int) -> None:
    now = [100.0]
    with Sandbox(clock=lambda: now[0]) as strict:
        client = Client(strict)
        assert [client.request("GET", path)[0] for _ in range(allowed + 1)] == [200] * allowed + [refused]
        assert client.headers["Retry-After"] == "1"
        now[0] += 1.001
        assert client.request("GET", path)[0] == 200
        assert [request["throttled"] for request in strict.requests][-2:] == [True, False]
        client.connection.close()


def test_thirty_messages_a_second_and_no_more() -> None:
    now = [100.0]
    with Sandbox(clock=lambda: now[0]) as strict:
        client = Client(strict)
        statuses = [client.sms()["messages"][0] for _ in range(31)]
        assert [entry["status"] for entry in statuses] == ["0"] * 30 + ["1"]
        assert statuses[-1]["error-text"] == "Throughput Rate Exceeded - please wait [ 1000 ] and retry"
        client.connection.close()


def test_the_log_shows_how_it_was_asked_and_never_with_what(client: Client, sandbox: Sandbox) -> None:
    client.sms()
    client.request(
        "POST", "/tts/json", form={"api_key": sandbox.api_key, "api_secret": sandbox.api_secret}, Authorization=""
    )
    assert [request["auth"] for request in sandbox.requests] == ["basic", "body"]
    shown = json.dumps(client.request("GET", "/_sandbox/requests")[1]) + repr(sandbox)
    assert sandbox.api_secret not in shown
    assert client.basic["Authorization"] not in shown
    assert len(sandbox.requests) == 2


def test_unknown_accidents_are_refused_with_the_list(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match=", ".join(KINDS)):
        sandbox.fail_next("earthquake")


def test_an_accident_can_wait_for_a_path(client: Client, sandbox: Sandbox) -> None:
    sandbox.fail_next("500", path="/sms")
    assert client.request("GET", "/account/get-balance")[0] == 200
    assert client.request("POST", "/sms/json", form={})[0] == 500


def test_many_at_once_lose_no_cent_and_no_message(sandbox: Sandbox) -> None:
    def work() -> None:
        client = Client(sandbox)
        for _ in range(40):
            client.sms()
        client.connection.close()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    prices = [float(part["price"]) for message in sandbox.messages for part in message["parts"]]
    ids = {part["message_id"] for message in sandbox.messages for part in message["parts"]}
    assert len(prices) == len(ids) == 320
    assert sandbox.balance == pytest.approx(25 - sum(prices), abs=1e-9)


def test_a_request_that_waits_while_everything_is_reset_is_not_acted_on(
    client: Client, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = hold_answers(sandbox, monkeypatch)
    sandbox.fail_next("slow", seconds=0.001)

    def wait() -> None:
        with pytest.raises((http.client.HTTPException, OSError)):
            client.sms()

    thread = threading.Thread(target=wait)
    thread.start()
    while not sandbox.requests:
        time.sleep(0.001)
    sandbox.reset()
    released.set()
    thread.join()
    assert sandbox.messages == []
