"""Vonage's own library for Python, unpatched, against the sandbox: each of its calls that has an endpoint here.

Only its options for hosts are set. Rate limits are on: `client` is so slow that none is met.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
import vonage_account as account
import vonage_application as application
import vonage_numbers as numbers
import vonage_subaccounts as subaccounts
import vonage_voice as voice
from vonage import Auth, HttpClientOptions, Vonage
from vonage_application.common import ApplicationUrl, MessagesWebhooks, Privacy, RtcWebhooks, VoiceUrl, VoiceWebhooks
from vonage_http_client import AuthenticationError, HttpRequestError, NotFoundError, RateLimitedError
from vonage_messages import Sms as MessagesSms
from vonage_messages import SmsOptions
from vonage_number_insight import BasicInsightRequest
from vonage_sms import SmsMessage
from vonage_sms.errors import PartialFailureError, SmsError
from vonage_voice.errors import VoiceError

from nexmo_nb.sandbox import Sandbox

ROOT = Path(__file__).parent.parent
GUIDE = ROOT / "docs" / "sandbox_clients.md"
PRODUCTS = ("account", "application", "numbers", "sms", "subaccounts", "voice")
# Of the library, what asks no server.
NOT_ASKED = {"http_client", "verify_signature"}
HOOK = "https://example.org/hook"
TO = "447700900123"


@pytest.fixture(scope="module")
def later() -> SimpleNamespace:
    """By how much the sandbox's time of day is ahead."""
    return SimpleNamespace(seconds=0)


@pytest.fixture(scope="module")
def serving(later: SimpleNamespace) -> Iterator[Sandbox]:
    """A sandbox that finds a second between any two requests."""
    seconds = itertools.count()

    def now() -> datetime:
        return datetime.now(timezone.utc) + timedelta(seconds=later.seconds)

    with Sandbox(tls=True, clock=lambda: float(next(seconds)), now=now) as sandbox:
        yield sandbox


@pytest.fixture
def secure(serving: Sandbox, later: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    serving.reset()
    later.seconds = 0
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", serving.certificate)
    return serving


@pytest.fixture
def client(secure: Sandbox) -> Vonage:
    return make_client(
        secure,
        api_secret=secure.api_secret,
        application_id=secure.application_id,
        private_key=secure.private_key,
    )


def make_client(sandbox: Sandbox, **login: Any) -> Vonage:
    host = urlsplit(sandbox.url).netloc
    return Vonage(Auth(api_key=sandbox.api_key, **login), HttpClientOptions(api_host=host, rest_host=host))


def text_to(text: str, **more: Any) -> SmsMessage:
    return SmsMessage(to=TO, from_="Demo", text=text, **more)


def read_blocks(language: str) -> list[tuple[str, str]]:
    """Read the guide's blocks of a language, each with the output that it shows."""
    pattern = rf"```{language}\n(.*?)```\n+```text\n(.*?)```"
    return re.findall(pattern, GUIDE.read_text(encoding="utf-8"), re.DOTALL)


def test_the_recipes_for_python_print_what_they_show(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "")  # so that what a recipe sets is taken back
    names: dict[str, Any] = {}
    blocks = read_blocks("python")
    assert len(blocks) == GUIDE.read_text(encoding="utf-8").count("```python\n") > 4
    try:
        for code, shown in blocks:
            exec(compile(code, GUIDE.name, "exec"), names)
            assert capsys.readouterr().out == shown
    finally:
        names["sandbox"].close()


def test_each_call_of_the_library_is_made_here() -> None:
    made = set(re.findall(rf"\.({'|'.join(PRODUCTS)})\.(\w+)\b", Path(__file__).read_text(encoding="utf-8")))
    client = Vonage(Auth(api_key="a", api_secret="b"))
    for product in PRODUCTS:
        methods = {name for name in dir(getattr(client, product)) if not name.startswith("_")} - NOT_ASKED
        assert {name for of, name in made if of == product} == methods


def test_account(client: Vonage, secure: Sandbox) -> None:
    balance = client.account.get_balance()
    assert (balance.value, balance.auto_reload) == (25.0, False)
    with pytest.raises(AuthenticationError, match="not auto-reload enabled"):
        client.account.top_up("00X123456Y7890123Z")
    settings = client.account.update_default_sms_webhook(mo_callback_url=HOOK, dr_callback_url=f"{HOOK}/2")
    assert (settings.mo_callback_url, settings.dr_callback_url) == (HOOK, f"{HOOK}/2")
    assert client.account.update_default_sms_webhook(mo_callback_url="").dr_callback_url == f"{HOOK}/2"
    assert (settings.max_outbound_request, settings.max_inbound_request, settings.max_calls_per_second) == (30, 30, 30)


def test_prices(client: Vonage) -> None:
    britain = client.account.get_country_pricing(account.GetCountryPricingRequest(country_code="GB"))
    assert (britain.country_code, britain.country_name, britain.dialing_prefix) == ("GB", "United Kingdom", "44")
    assert (britain.currency, britain.default_price) == ("EUR", "0.03330000")
    network = next(each for each in britain.networks if each.network_code == "23415")
    assert (network.network_name, network.mcc, network.mnc) == ("Vodafone", "234", "15")
    assert (network.price, network.type, network.currency) == ("0.03629700", "mobile", "EUR")
    transit = account.GetCountryPricingRequest(country_code="GB", type="sms-transit")
    assert client.account.get_country_pricing(transit).country_code == "GB"
    everywhere = client.account.get_all_countries_pricing("voice")
    assert everywhere.count == len(everywhere.countries) > 40
    assert {"US", "CA"} <= {each.country_code for each in everywhere.countries}
    prefix = client.account.get_prefix_pricing(account.GetPrefixPricingRequest(prefix="1", type="voice"))
    assert {each.dialing_prefix for each in prefix.countries} == {"1"}
    assert prefix.count == len(prefix.countries) > 1


def test_secrets(client: Vonage, secure: Sandbox) -> None:
    [first] = client.account.list_secrets()
    made = client.account.create_secret("Abcdefgh12")
    assert client.account.get_secret(made.id) == made
    assert [each.id for each in client.account.list_secrets()] == [first.id, made.id]
    second = make_client(secure, api_secret="Abcdefgh12")
    assert second.account.get_balance().value == 25.0
    client.account.revoke_secret(made.id)
    with pytest.raises(AuthenticationError):
        second.account.get_balance()
    with pytest.raises(NotFoundError):
        client.account.get_secret(made.id)


def test_applications(client: Vonage) -> None:
    def post(address: str = HOOK) -> ApplicationUrl:
        return ApplicationUrl(address=address, http_method="POST")

    answer = VoiceUrl(address=HOOK, http_method="GET", connect_timeout=500, socket_timeout=3000)
    spoken = application.Voice(
        webhooks=VoiceWebhooks(answer_url=answer, event_url=VoiceUrl(address=HOOK, http_method="POST")),
        signed_callbacks=True,
        conversations_ttl=10,
        leg_persistence_time=3,
        region="eu-west",
    )
    written = application.Messages(
        webhooks=MessagesWebhooks(inbound_url=post(), status_url=post()), version="v1", authenticate_inbound_media=True
    )
    capabilities = application.Capabilities(
        voice=spoken,
        messages=written,
        rtc=application.Rtc(webhooks=RtcWebhooks(event_url=post()), signed_callbacks=False),
        vbc=application.Vbc(),
        verify=application.Verify(webhooks=application.VerifyWebhooks(status_url=post())),
    )
    config = application.ApplicationConfig(
        name="Reception", capabilities=capabilities, privacy=Privacy(improve_ai=True)
    )
    made = client.application.create_application(config)
    assert made.name == "Reception"
    assert made.capabilities.model_dump(exclude={"verify": {"version"}}) == capabilities.model_dump(
        exclude={"verify": {"version"}}
    )
    assert made.privacy == Privacy(improve_ai=True)
    assert made.keys.model_extra["private_key"].startswith("-----BEGIN PRIVATE KEY-----")
    found = client.application.get_application(made.id)
    assert (found.name, found.capabilities, found.keys.public_key) == (
        made.name,
        made.capabilities,
        made.keys.public_key,
    )
    assert "private_key" not in found.keys.model_extra
    changed = client.application.update_application(made.id, application.ApplicationConfig(name="Front desk"))
    assert (changed.name, changed.keys.public_key) == ("Front desk", made.keys.public_key)
    apps, following = client.application.list_applications()
    assert ([each.name for each in apps], following) == (["Reminders", "Support desk", "Hotline", "Front desk"], None)
    page = application.ListApplicationsFilter(page_size=1, page=2)
    apps, following = client.application.list_applications(page)
    assert ([each.name for each in apps], following) == (["Support desk"], 3)
    client.application.delete_application(made.id)
    with pytest.raises(NotFoundError):
        client.application.get_application(made.id)


def test_numbers(client: Vonage, secure: Sandbox) -> None:
    wanted = numbers.SearchAvailableNumbersFilter(
        country="GB", type="mobile-lvn", features="SMS,VOICE", size=3, index=2
    )
    offers, count, following = client.numbers.search_available_numbers(wanted)
    assert (len(offers), count, following) == (3, 76, 3)
    assert all(offer.country == "GB" and {"SMS", "VOICE"} <= set(offer.features) for offer in offers)
    offer, before = offers[0], secure.balance
    assert offer.msisdn.startswith("44")
    lease = numbers.NumberParams(country="GB", msisdn=offer.msisdn)
    assert client.numbers.buy_number(lease).error_code == "200"
    assert float(offer.cost) <= before - secure.balance
    with pytest.raises(HttpRequestError, match="method failed"):
        client.numbers.buy_number(lease)
    settings = {"app_id": secure.application_id, "mo_http_url": HOOK, "voice_status_callback": HOOK}
    callback = {"voice_callback_type": "tel", "voice_callback_value": TO, "mo_smpp_sytem_type": "inbound"}
    change = numbers.UpdateNumberParams(country="GB", msisdn=offer.msisdn, **settings, **callback)
    assert client.numbers.update_number(change).error_code_label == "success"
    mine = numbers.ListOwnedNumbersFilter(pattern=offer.msisdn[2:], search_pattern=2)
    [owned], count, following = client.numbers.list_owned_numbers(mine)
    assert (count, following) == (1, None)
    assert (owned.app_id, owned.mo_http_url) == (secure.application_id, HOOK)
    assert (owned.voice_callback_type, owned.voice_callback_value) == ("tel", TO)
    linked, free = (
        client.numbers.list_owned_numbers(numbers.ListOwnedNumbersFilter(has_application=has, size=2))
        for has in (True, False)
    )
    assert (linked[1], free[1]) == (4, 9)
    assert all(each.app_id for each in linked[0])
    assert not any(each.app_id for each in free[0])
    client.numbers.cancel_number(lease)
    assert client.numbers.list_owned_numbers(mine) == ([], 0, None)


def test_sms(client: Vonage, secure: Sandbox) -> None:
    options = {"client_ref": "r", "account_ref": "a", "ttl": 20_000, "status_report_req": True, "callback": HOOK}
    options |= {"message_class": 0, "entity_id": "e", "content_id": "c", "trusted_number": True}
    answer = client.sms.send(text_to("Hello", **options))
    [part] = answer.messages
    assert (answer.message_count, part.to, part.status, part.network) == ("1", TO, "0", "23415")
    assert (part.message_price, part.client_ref, part.account_ref) == ("0.03629700", "r", "a")
    assert float(part.remaining_balance) == secure.balance == 25 - 0.036297
    [kept] = secure.messages
    assert (kept["to"], kept["sender"], kept["text"]) == (TO, "Demo", "Hello")
    assert part.message_id == kept["parts"][0]["message_id"]
    client.sms.submit_sms_conversion(part.message_id, delivered=True)
    assert secure.requests[-1]["status"] == 200
    long = client.sms.send(text_to("Grüße ☃" * 20, type="unicode"))
    assert (long.message_count, [each.status for each in long.messages]) == ("3", ["0", "0", "0"])
    binary = text_to("", type="binary", body="0011", udh="06050415811581", protocol_id=127)
    assert client.sms.send(binary).messages[0].status == "0"
    secure.fail_next("partial", path="/sms/json")
    with pytest.raises(PartialFailureError):
        client.sms.send(text_to("x" * 200))
    secure.fail_next("status", path="/sms/json", code=15)
    with pytest.raises(SmsError, match="error code 15"):
        client.sms.send(text_to("Hello"))


def test_an_sms_whose_answer_is_lost_is_sent_twice_by_the_library(client: Vonage, secure: Sandbox) -> None:
    secure.fail_next("drop-after", path="/sms/json")
    client.sms.send(text_to("Hello"))
    assert [message["text"] for message in secure.messages] == ["Hello", "Hello"]


@pytest.mark.parametrize("method", ["md5", "sha1", "sha256", "sha512"])
def test_signed_sms(secure: Sandbox, method: str) -> None:
    client = make_client(secure, signature_secret=secure.signature_secret, signature_method=method)
    fields = {"to": TO, "from": "Demo", "text": "1 & 2 = 3"}
    answer = client.http_client.post(client.http_client.rest_host, "/sms/json", fields, "signature", "form")
    assert answer["messages"][0]["status"] == "0"
    # Its own call has each option that was not given in the signature, as the word None, and does not send it.
    with pytest.raises(SmsError, match="error code 14: Invalid Signature"):
        client.sms.send(text_to("Hello"))
    assert len(secure.messages) == 1


def test_subaccounts(client: Vonage, secure: Sandbox) -> None:
    found = client.subaccounts.list_subaccounts()
    assert (found.primary_account.api_key, found.primary_account.balance) == (secure.api_key, 25.0)
    assert (found.total_balance, found.total_credit_limit) == (27.0, 0.0)
    shop, support = found.subaccounts
    assert (shop.name, shop.balance, shop.use_primary_account_balance) == ("Shop", None, True)
    assert (support.name, support.balance, support.primary_account_api_key) == ("Support", 2.0, secure.api_key)
    assert client.subaccounts.get_subaccount(support.api_key) == support
    wanted = numbers.SearchAvailableNumbersFilter(country="GB", size=1)
    [offer], _, _ = client.numbers.search_available_numbers(wanted)
    lease = numbers.NumberParams(country="GB", msisdn=offer.msisdn, target_api_key=support.api_key)
    client.numbers.buy_number(lease)
    assert secure.balance == 25.0
    assert client.subaccounts.get_subaccount(support.api_key).balance < 2.0
    client.numbers.cancel_number(lease)


def test_what_the_sandbox_does_not_speak_is_refused_and_noted(client: Vonage, secure: Sandbox) -> None:
    key = client.subaccounts.list_subaccounts().subaccounts[0].api_key
    since = subaccounts.ListTransfersFilter(start_date="2025-01-01")
    money = subaccounts.TransferRequest(from_=secure.api_key, to=key, amount=1)
    number = subaccounts.TransferNumberRequest(from_=secure.api_key, to=key, number=TO, country="GB")
    for ask in (
        lambda: client.subaccounts.create_subaccount(subaccounts.SubaccountOptions(name="New")),
        lambda: client.subaccounts.modify_subaccount(key, subaccounts.ModifySubaccountOptions(suspended=True)),
        lambda: client.subaccounts.list_balance_transfers(since),
        lambda: client.subaccounts.list_credit_transfers(since),
        lambda: client.subaccounts.transfer_balance(money),
        lambda: client.subaccounts.transfer_credit(money),
        lambda: client.subaccounts.transfer_number(number),
        lambda: client.number_insight.get_basic_info(BasicInsightRequest(number=TO)),
        lambda: client.users.list_users(),
    ):
        with pytest.raises(HttpRequestError, match="404|405"):
            ask()
        assert "The sandbox does not speak" in secure.requests[-1]["answer"]


def test_an_sms_by_the_messages_api(client: Vonage, secure: Sandbox, later: SimpleNamespace) -> None:
    sms = MessagesSms(to=TO, from_="Demo", text="Hello", client_ref="r", ttl=60, sms=SmsOptions(encoding_type="auto"))
    found = client.messages.send(sms)
    (message,) = secure.messages
    assert found.message_uuid == message["parts"][0]["message_id"]
    assert (message["text"], message["client_ref"], message["application_id"]) == ("Hello", "r", secure.application_id)
    client.http_client.auth._application_id = None  # then it takes key and secret
    for to, status in (("443069990015", 422), ("443069990009", 402), ("443069990200", 429)):
        with pytest.raises(HttpRequestError, match=str(status)):
            client.messages.send(MessagesSms(to=to, from_="Demo", text="Hello"))


def test_a_call_from_its_start_to_its_end(client: Vonage, secure: Sandbox, later: SimpleNamespace) -> None:
    order = voice.CreateCallRequest(
        to=[voice.ToPhone(number=TO, dtmf_answer="1p2")],
        from_=voice.Phone(number="447700900000"),
        ncco=[
            voice.Talk(text="Hello there", language="en-GB", style=0, premium=False, bargeIn=False, loop=1, level=0.5),
            voice.Record(eventUrl=[HOOK]),
            voice.Conversation(name="room"),
        ],
        machine_detection="continue",
        length_timer=600,
        ringing_timer=20,
        event_url=[HOOK],
        event_method="POST",
    )
    made = client.voice.create_call(order)
    assert (made.status, made.direction) == ("started", "outbound")
    found = client.voice.get_call(made.uuid)
    assert (found.uuid, found.conversation_uuid) == (made.uuid, made.conversation_uuid)
    assert (found.to.number, found.from_.number, found.price, found.end_time) == (TO, "447700900000", None, None)
    assert found.link == f"{secure.url.replace('http', 'https')}/v1/calls/{made.uuid}"
    states = []
    for later.seconds in (1, 5):
        states.append(client.voice.get_call(made.uuid).status)
    assert states == ["ringing", "answered"]
    later.seconds = 35
    client.voice.hangup(made.uuid)
    ended = client.voice.get_call(made.uuid)
    assert (ended.status, ended.network, ended.rate) == ("completed", "23415", "0.02625000")
    assert 30 <= int(ended.duration) <= 32
    assert float(ended.price) == pytest.approx(float(ended.rate) * int(ended.duration) / 60)
    times = [datetime.strptime(each, "%Y-%m-%d %H:%M:%S") for each in (ended.start_time, ended.end_time)]
    assert (times[1] - times[0]).total_seconds() == pytest.approx(int(ended.duration), abs=1)
    with pytest.raises(NotFoundError):
        client.voice.hangup(made.uuid)


def test_what_is_done_with_a_call_that_goes_on(client: Vonage, secure: Sandbox, later: SimpleNamespace) -> None:
    order = voice.CreateCallRequest(
        to=[voice.ToPhone(number=TO)], random_from_number=True, answer_url=[HOOK], answer_method="GET"
    )
    code = client.voice.create_call(order).uuid
    later.seconds = 6
    assert client.voice.get_call(code).status == "answered"
    for change, name, value in (
        (client.voice.mute, "muted", True),
        (client.voice.unmute, "muted", False),
        (client.voice.earmuff, "earmuffed", True),
        (client.voice.unearmuff, "earmuffed", False),
    ):
        change(code)
        assert secure.calls[0][name] is value
    speech = voice.TtsStreamOptions(text="More", language="en-GB", style=1, premium=True, loop=1, level=-0.5)
    sound = voice.AudioStreamOptions(stream_url=["https://example.org/a.mp3"], loop=0, level=0.1)
    said = [
        client.voice.play_tts_into_call(code, speech),
        client.voice.stop_tts(code),
        client.voice.play_audio_into_call(code, sound),
        client.voice.stop_audio_stream(code),
        client.voice.play_dtmf_into_call(code, "123p#*"),
    ]
    words = ["Talk started", "Talk stopped", "Stream started", "Stream stopped", "DTMF sent"]
    assert [(each.message, each.uuid) for each in said] == [(word, code) for word in words]
    client.voice.transfer_call_answer_url(code, "https://example.org/ncco")
    client.voice.transfer_call_ncco(code, [voice.Talk(text="Good bye")])
    later.seconds = 120
    assert client.voice.get_call(code).status == "completed"


@pytest.mark.parametrize(
    "to",
    [
        voice.Sip(uri="sip:reception@example.org", headers={"location": "desk"}),
        voice.Websocket(uri="wss://example.org/socket", content_type="audio/l16;rate=16000", headers={"a": "b"}),
        voice.Vbc(extension="123"),
    ],
    ids=lambda endpoint: endpoint.type.value,
)
def test_other_endpoints_and_actions(client: Vonage, to: Any) -> None:
    actions = [
        voice.Stream(streamUrl=["https://example.org/a.mp3"], level=0.5, bargeIn=True, loop=1),
        voice.Input(type=["dtmf", "speech"], eventUrl=[HOOK]),
        voice.Notify(payload={"a": 1}, eventUrl=[HOOK]),
        voice.Connect(endpoint=[voice.PhoneEndpoint(number=TO)], from_="447700900000", timeout=20, limit=60),
        voice.Conversation(name="room", startOnEnter=True, record=False),
    ]
    order = voice.CreateCallRequest(to=[to], from_=voice.Phone(number="447700900000"), ncco=actions)
    found = client.voice.get_call(client.voice.create_call(order).uuid)
    assert found.to.model_dump()["type"] == to.type


def test_lists_of_calls(client: Vonage, later: SimpleNamespace) -> None:
    def place(number: str) -> Any:
        talk = [voice.Talk(text="Hello")]
        return client.voice.create_call(
            voice.CreateCallRequest(to=[voice.ToPhone(number=number)], random_from_number=True, ncco=talk)
        )

    first, second, third = map(place, (TO, "447700900124", "447700900125"))
    later.seconds = 5
    client.voice.hangup(second.uuid)
    calls, following = client.voice.list_calls()
    assert ([call.uuid for call in calls], following) == ([first.uuid, second.uuid, third.uuid], None)
    page, following = client.voice.list_calls(voice.ListCallsFilter(page_size=1, order="desc"))
    assert ([call.uuid for call in page], following) == ([third.uuid], 1)
    wanted = voice.ListCallsFilter(
        status="completed",
        date_start="2025-01-01T00:00:00Z",
        date_end="2100-01-01T00:00:00Z",
        conversation_uuid=second.conversation_uuid,
    )
    [done], _ = client.voice.list_calls(wanted)
    assert (done.uuid, done.status) == (second.uuid, "completed")


def test_recordings_are_loaded_from_other_hosts_only(client: Vonage, secure: Sandbox, tmp_path: Path) -> None:
    with pytest.raises(VoiceError, match="must be from a Vonage"):
        client.voice.download_recording(f"{secure.url}/recording", str(tmp_path / "a.mp3"))


def test_wrong_credentials_are_the_librarys_own_error(secure: Sandbox, client: Vonage) -> None:
    stranger = make_client(
        secure, api_secret="Wrong12345", application_id=secure.api_key, private_key=secure.private_key
    )
    for ask in (
        stranger.account.get_balance,
        stranger.application.list_applications,
        stranger.numbers.list_owned_numbers,
        stranger.subaccounts.list_subaccounts,
        stranger.voice.list_calls,
    ):
        with pytest.raises(AuthenticationError):
            ask()
    with pytest.raises(SmsError, match="error code 4"):
        stranger.sms.send(text_to("Hello"))


def test_the_limits_are_met_by_a_client_that_does_not_pace_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    with Sandbox(tls=True, clock=lambda: 0.0) as sandbox:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", sandbox.certificate)
        login = {"application_id": sandbox.application_id, "private_key": sandbox.private_key}
        client = make_client(sandbox, api_secret=sandbox.api_secret, **login)
        order = voice.CreateCallRequest(to=[voice.ToPhone(number=TO)], random_from_number=True, answer_url=[HOOK])
        for _ in range(3):
            client.voice.create_call(order)
        with pytest.raises(RateLimitedError):
            client.voice.create_call(order)
        for _ in range(30):
            client.sms.send(text_to("Hello"))
        with pytest.raises(SmsError, match="error code 1"):
            client.sms.send(text_to("Hello"))
        assert (len(sandbox.calls), len(sandbox.messages)) == (3, 30)
