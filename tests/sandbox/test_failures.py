"""What fails is answered in the format of the API that was asked, and logged."""

from __future__ import annotations

from typing import Any

import pytest
from sandbox_client import Client

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox
from nexmo_nb.sandbox import sandbox as module
from nexmo_nb.sandbox.exchange import Answer
from nexmo_nb.sandbox.failures import build_failure

TEXT = "Internal Server Error"
BY_TITLE = {"type": "INTERNAL_SERVER_ERROR", "error_title": TEXT}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/sms/json", {"message-count": "1", "messages": [{"status": "5", "error-text": TEXT}]}),
        ("/tts/json", {"status": "5", "error_text": TEXT}),
        ("/account/get-balance", {"error-code": "500", "error-code-label": TEXT}),
        ("/number/buy", {"error-code": "500", "error-code-label": TEXT}),
        ("/account/get-pricing/outbound/sms", {"currency": "EUR", "code": "500", "error-code-label": TEXT}),
        ("/v1/calls", BY_TITLE),
        ("/nowhere", BY_TITLE),
        ("", BY_TITLE),
        ("/_sandbox/fail", {"error": TEXT}),
    ],
)
def test_each_api_has_its_format(path: str, body: dict[str, Any]) -> None:
    assert build_failure(path, 500, TEXT) == Answer(500, body)


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/v2/applications", None),
        ("/v2/reports", "application/problem+json"),
        ("/v3/media/1", "application/problem+json"),
    ],
)
def test_later_apis_describe_a_problem(path: str, content_type: str | None) -> None:
    status, body, headers = build_failure(path, 500, TEXT)
    assert (status, body["title"], body["detail"]) == (500, TEXT, TEXT)
    assert headers.get("Content-Type") == content_type


@pytest.mark.parametrize("answer", [RuntimeError("a mistake"), Answer(200, {"a": object()})])
def test_a_fault_of_an_endpoint_is_an_answer_and_a_line_in_the_log(
    client: Client,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    answer: Answer | Exception,
) -> None:
    def fail(*_: object) -> Answer:
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(module, "dispatch_request", fail)
    status, body = client.request("POST", "/number/buy", form={"country": "GB"})
    assert (status, body) == (500, {"error-code": "500", "error-code-label": TEXT})
    assert "The sandbox failed at POST /number/buy" in caplog.text
    assert sandbox.requests[-1]["status"] == 500
    assert TEXT in sandbox.requests[-1]["answer"]
    monkeypatch.undo()
    assert client.request("GET", "/account/get-balance")[0] == 200


def test_a_fault_while_an_sms_is_sent_leaves_its_outcome_unknown(
    session: nx.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Answer:
        raise RuntimeError("a mistake")

    monkeypatch.setattr(module, "dispatch_request", fail)
    with pytest.raises(nx.UnknownOutcomeError):
        nx.send_sms("+44 7700 900123", "Hello", sender="Demo", key="one")
    assert session.ledger.read_sends(state="unknown")
