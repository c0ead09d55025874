"""Voice: placed once, by the Voice API or the legacy endpoint, with the words of each."""

from __future__ import annotations

import pytest
from helpers import connected

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox

TO = "+44 7700 900123"
COLUMNS = ["call_id", "to", "status", "error_text", "api", "conversation_uuid"]


def test_the_voice_api_is_used_where_there_is_a_key(session: nx.Session, sandbox: Sandbox) -> None:
    row = nx.send_voice(
        TO,
        "Hello",
        language="pt-pt",
        sender="447700900001",
        repeat=2,
        machine_detection="true",
        callback="https://example.org/e",
        callback_method="POST",
    )
    assert list(row.columns) == COLUMNS
    assert set(map(str, row.dtypes)) == {"string"}
    assert row[["to", "status", "api"]].values.tolist() == [["447700900123", "started", "calls"]]
    assert row.conversation_uuid.str.fullmatch("CON-[0-9a-f-]{36}").all()
    (request,) = sandbox.requests
    assert (request["path"], request["auth"]) == ("/v1/calls", "jwt")
    assert request["json"] == {
        "to": [{"type": "phone", "number": "447700900123"}],
        "from": {"type": "phone", "number": "447700900001"},
        "ncco": [{"action": "talk", "text": "Hello", "language": "pt-PT", "style": 0, "loop": 2}],
        "machine_detection": "continue",
        "event_url": ["https://example.org/e"],
        "event_method": "POST",
    }


def test_a_recording_is_a_stream_after_the_text(session: nx.Session, sandbox: Sandbox) -> None:
    nx.send_voice(TO, "Hello", audio_url="https://example.org/a.mp3")
    assert [action["action"] for action in sandbox.requests[0]["json"]["ncco"]] == ["talk", "stream"]
    assert sandbox.requests[0]["json"]["random_from_number"] is True


@pytest.mark.filterwarnings("ignore:The legacy")
def test_the_legacy_endpoint_gets_its_own_words(session: nx.Session, sandbox: Sandbox) -> None:
    row = nx.send_voice(
        TO,
        "Hello",
        api="tts",
        sender="447700900001",
        audio_url="https://example.org/a.wav?x=1&y=2",
        language="EN-gb",
        voice="male",
        repeat=3,
        machine_detection="hangup",
        machine_timeout=5000,
        callback="https://example.org/e",
        callback_method="POST",
    )
    assert row[["to", "status", "error_text", "api"]].values.tolist() == [["447700900123", "0", "Success", "tts"]]
    assert len(row.call_id[0]) == 32
    form = dict(sandbox.requests[0]["form"])
    form.pop("api_secret", None)
    assert form == {
        "api_key": sandbox.api_key,
        "to": "447700900123",
        "from": "447700900001",
        "text": 'Hello <audio src="https://example.org/a.wav?x=1&amp;y=2"/>',
        "lg": "en-gb",
        "voice": "male",
        "repeat": "3",
        "machine_detection": "hangup",
        "machine_timeout": "5000",
        "callback": "https://example.org/e",
        "callback_method": "POST",
    }


def test_without_an_application_the_legacy_endpoint_is_used_and_said_to_be_deprecated(sandbox: Sandbox) -> None:
    with connected(sandbox, api_key=sandbox.api_key, api_secret=sandbox.api_secret):
        with pytest.warns(DeprecationWarning, match="application_id=") as caught:
            assert nx.send_voice(TO, "Hello").api[0] == "tts"
        assert caught[0].filename == __file__
        with pytest.raises(nx.InvalidRequestError, match="application_id="):
            nx.send_voice(TO, "Hello", api="calls")
        assert nx.sent().kind.tolist() == ["tts"]


@pytest.mark.filterwarnings("ignore:The legacy")
def test_a_refusal_of_the_legacy_endpoint(session: nx.Session, sandbox: Sandbox) -> None:
    sandbox.fail_next("no-credit")
    with pytest.raises(nx.RejectedError, match="no credit") as caught:
        nx.send_voice(TO, "Hello", api="tts")
    assert (caught.value.code, caught.value.meaning) == ("9", "no credit")
    assert caught.value.parts is not None
    assert list(caught.value.parts.columns) == COLUMNS


def test_a_refusal_of_the_voice_api(session: nx.Session, sandbox: Sandbox) -> None:
    sandbox.fail_next("no-credit")
    with pytest.raises(nx.RejectedError) as caught:
        nx.send_voice(TO, "Hello")
    assert caught.value.status == 402


def test_a_call_that_comes_too_fast_is_tried_again(session: nx.Session, sandbox: Sandbox) -> None:
    sandbox.fail_next("429")
    nx.send_voice(TO, "Hello")
    assert len(sandbox.requests) == 2
    assert len(sandbox.calls) == 1


@pytest.mark.filterwarnings("ignore:The legacy")
@pytest.mark.parametrize("api", ["calls", "tts"])
@pytest.mark.parametrize("kind", ["drop-after", "garbage", "500"])
def test_without_an_answer_it_is_unknown_and_never_placed_again(
    session: nx.Session, sandbox: Sandbox, api: str, kind: str
) -> None:
    sandbox.fail_next(kind)
    with pytest.raises(nx.UnknownOutcomeError):
        nx.send_voice(TO, "Hello", api=api)
    assert len(sandbox.requests) == 1


def test_a_key_of_another_application_is_refused(sandbox: Sandbox) -> None:
    other = {"api_key": sandbox.api_key, "api_secret": sandbox.api_secret, "private_key": sandbox.private_key}
    code = "00000000-0000-4000-8000-000000000000"
    with connected(sandbox, application_id=code, **other), pytest.raises(nx.AuthenticationError):
        nx.send_voice(TO, "Hello")


@pytest.mark.filterwarnings("ignore:The legacy")
@pytest.mark.parametrize(
    ("arguments", "names", "why"),
    [
        ({"to": "x"}, "to", ""),
        ({"text": None}, "text", "audio_url"),
        ({"text": ""}, "text", ""),
        ({"text": "a" * 1501}, "text", "1 to 1500"),
        ({"text": "a\x00"}, "text", "control"),
        ({"audio_url": "x"}, "audio_url", ""),
        ({"language": "english"}, "language", "'en-us'"),
        ({"voice": "robot"}, "voice", ""),
        ({"voice": "male", "api": "calls"}, "voice", "tts"),
        ({"voice": 3, "api": "tts"}, "voice", ""),
        ({"repeat": 0}, "repeat", "1 to 10"),
        ({"repeat": 11}, "repeat", "1 to 10"),
        ({"machine_detection": "maybe"}, "machine_detection", "'hangup'"),
        ({"machine_timeout": 399, "api": "tts"}, "machine_timeout", "400 to 10,000"),
        ({"machine_timeout": 10_001, "api": "tts"}, "machine_timeout", "400 to 10,000"),
        ({"machine_timeout": 5000, "api": "calls"}, "machine_timeout", "no such setting"),
        ({"callback": "x"}, "callback", ""),
        ({"callback_method": "PUT"}, "callback_method", "'GET'"),
        ({"sender": "Demo"}, "sender", "phone number"),
        ({"api": "fax"}, "api", "'calls'"),
        ({"text": "a" * 1490, "audio_url": "https://example.org/a.wav", "api": "tts"}, "text", "together"),
    ],
)
def test_a_mistake_is_caught_before_anything_is_sent(
    session: nx.Session, sandbox: Sandbox, arguments: dict[str, object], names: str, why: str
) -> None:
    with pytest.raises(nx.InvalidRequestError, match=f"^{names}: got .*allowed: .*{why}"):
        nx.send_voice(**{"to": TO, "text": "Hello", **arguments})  # type: ignore[arg-type]
    assert sandbox.requests == []
