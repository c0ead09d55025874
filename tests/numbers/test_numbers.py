"""Numbers: every page, each row once, exact columns; money is spent once."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
import pytest
from helpers import connected, owned

import nexmo_nb as nx
from nexmo_nb.numbers.response import parse_columns
from nexmo_nb.sandbox import Sandbox

SEARCH_DTYPES = {
    "country": "string",
    "msisdn": "string",
    "type": "string",
    "sms": "bool",
    "voice": "bool",
    "mms": "bool",
    "monthly_cost": "float64",
    "setup_cost": "float64",
    "currency": "string",
    "limitations": "string",
}
OWNED_DTYPES = SEARCH_DTYPES | dict.fromkeys(
    (
        "app_id",
        "mo_http_url",
        "voice_callback_type",
        "voice_callback_value",
        "voice_status_callback",
        "messages_callback_type",
        "messages_callback_value",
    ),
    "string",
)


def dtypes(table: pd.DataFrame) -> dict[str, str]:
    return {name: str(dtype) for name, dtype in table.dtypes.items()}


def paths(sandbox: Sandbox) -> list[str]:
    return [request["path"] for request in sandbox.requests]


@pytest.fixture(scope="module")
def many() -> Iterator[Sandbox]:
    with Sandbox(limits=False, owned=2345) as sandbox:
        yield sandbox


def test_search_gives_one_tidy_row_a_number(session: nx.Session) -> None:
    found = nx.search_numbers("GB")
    assert dtypes(found) == SEARCH_DTYPES
    assert len(found) == found.attrs["count"] > 100
    assert found.msisdn.is_unique
    assert found.msisdn.str.fullmatch(r"44\d+").all()
    assert (found.monthly_cost > 0).all()
    assert set(found.currency) == {"EUR"}


def test_several_countries_make_one_frame(session: nx.Session) -> None:
    found = nx.search_numbers(["pt", "GB", "PT"], limit=3)
    assert found.country.tolist() == ["PT"] * 3 + ["GB"] * 3


def test_namibia_stays_a_country(session: nx.Session) -> None:
    found = nx.search_numbers("NA", limit=2)
    assert found.country.tolist() == ["NA", "NA"]


def test_no_match_is_an_empty_frame_with_the_same_columns(session: nx.Session) -> None:
    found = nx.search_numbers("GB", pattern="999999999999")
    assert (len(found), dtypes(found), found.attrs["count"]) == (0, SEARCH_DTYPES, 0)


def test_filters_are_sent_as_the_api_words_them(session: nx.Session, sandbox: Sandbox) -> None:
    found = nx.search_numbers("GB", pattern="44", match="starts", features=["VOICE", "SMS"], type="mobile-lvn")
    assert len(found) > 0
    assert found.sms.all()
    assert found.voice.all()
    assert set(found.type) == {"mobile-lvn"}
    query = sandbox.requests[0]["query"]
    assert query == {
        "country": "GB",
        "pattern": "44",
        "search_pattern": "0",
        "features": "SMS,VOICE",
        "type": "mobile-lvn",
        "size": "100",
        "index": "1",
    }


@pytest.mark.parametrize(("match", "code"), [("starts", "0"), ("contains", "1"), ("ends", "2")])
def test_where_the_pattern_stands(session: nx.Session, sandbox: Sandbox, match: str, code: str) -> None:
    found = nx.search_numbers("GB", pattern="7", match=match)
    assert sandbox.requests[0]["query"]["search_pattern"] == code
    place = {"starts": "^7", "contains": "7", "ends": "7$"}[match]
    assert found.msisdn.str.contains(place).all()


def test_all_pages_are_read_each_number_once_and_in_order(many: Sandbox) -> None:
    many.reset()
    with connected(many):
        found = nx.owned_numbers()
        assert dtypes(found) == OWNED_DTYPES
        assert len(found) == found.attrs["count"] == 2345
        assert found.msisdn.is_unique
        assert sorted(int(r["query"]["index"]) for r in many.requests) == list(range(1, 25))
        assert nx.owned_numbers(limit=250).msisdn.tolist() == found.msisdn[:250].tolist()


def test_a_limit_costs_only_the_requests_it_needs(many: Sandbox) -> None:
    many.reset()
    with connected(many):
        found = nx.owned_numbers(limit=150)
        assert len(found) == 150
        assert found.attrs["count"] == 2345
        assert len(many.requests) == 2


def test_owned_numbers_tell_what_they_are_linked_to_and_have_no_price(session: nx.Session) -> None:
    found = nx.owned_numbers()
    assert dtypes(found) == OWNED_DTYPES
    assert found.monthly_cost.isna().all()
    linked = nx.owned_numbers(has_application=True)
    assert linked.msisdn.tolist() == found[found.app_id.notna()].msisdn.tolist()
    assert len(nx.owned_numbers(has_application=False)) == len(found) - len(linked)
    one = linked.app_id[0]
    assert set(nx.owned_numbers(application_id=one).app_id) == {one}


def test_no_owned_number_is_an_empty_frame(session: nx.Session) -> None:
    assert dtypes(nx.owned_numbers(pattern="999999999999")) == OWNED_DTYPES


def test_a_bought_number_is_owned_at_once_and_given_back_is_not(session: nx.Session) -> None:
    number = nx.search_numbers("PT", limit=1).msisdn[0]
    before = nx.owned_numbers().msisdn.tolist()
    bought = nx.buy_number("PT", number)
    assert bought.to_dict("records") == [{"country": "PT", "msisdn": number, "status": "200", "meaning": "success"}]
    assert set(nx.owned_numbers().msisdn) - set(before) == {number}
    assert number not in nx.search_numbers("PT").msisdn.tolist()
    nx.cancel_number("PT", number)
    assert nx.owned_numbers().msisdn.tolist() == before


@pytest.mark.parametrize("action", [nx.buy_number, nx.cancel_number])
def test_a_number_that_cannot_be_had_is_rejected(session: nx.Session, action: object) -> None:
    with pytest.raises(nx.RejectedError, match="method failed") as caught:
        action("GB", "447000000001")  # type: ignore[operator]
    assert (caught.value.status, caught.value.code) == (420, "420")


def test_too_small_a_balance_says_to_look_at_it(session: nx.Session, sandbox: Sandbox) -> None:
    sandbox.fail_next("no-credit")
    with pytest.raises(nx.AuthenticationError, match="balance"):
        nx.buy_number("GB", "447000000001")


def test_an_update_keeps_what_it_does_not_name(session: nx.Session) -> None:
    first = nx.owned_numbers(has_application=True).iloc[0]
    nx.update_number(first.country, first.msisdn, mo_http_url="https://example.org/in")
    after = nx.owned_numbers(pattern=first.msisdn).iloc[0]
    assert (after.mo_http_url, after.app_id) == ("https://example.org/in", first.app_id)
    nx.update_number(
        first.country, first.msisdn, mo_http_url="", voice_callback_type="tel", voice_callback_value="447700900001"
    )
    last = nx.owned_numbers(pattern=first.msisdn).iloc[0]
    assert pd.isna(last.mo_http_url)
    assert (last.voice_callback_type, last.voice_callback_value) == ("tel", "447700900001")


def test_an_update_sends_along_everything_that_the_api_shows(session: nx.Session, sandbox: Sandbox) -> None:
    country, msisdn = owned(sandbox)
    shown = {
        "app_id": sandbox.application_id,
        "moHttpUrl": "https://example.org/in",
        "voiceCallbackType": "tel",
        "voiceCallbackValue": "447700900001",
        "voiceStatusCallback": "https://example.org/ended",
        "messagesCallbackType": "app",
        "messagesCallbackValue": sandbox.application_id,
    }
    sandbox.world.owned[msisdn] |= shown
    nx.update_number(country, msisdn, voice_callback_type="sip", voice_callback_value="sip:a@example.org")
    (sent,) = [request["form"] for request in sandbox.requests if request["path"] == "/number/update"]
    changed = {"voiceCallbackType": "sip", "voiceCallbackValue": "sip:a@example.org"}
    assert sent == {"country": country, "msisdn": msisdn, **shown, **changed}
    row = nx.owned_numbers(pattern=msisdn).iloc[0]
    assert (row.messages_callback_type, row.messages_callback_value) == ("app", sandbox.application_id)
    assert (row.mo_http_url, row.voice_status_callback) == (shown["moHttpUrl"], shown["voiceStatusCallback"])
    nx.update_number(country, msisdn, voice_status_callback="")
    assert pd.isna(nx.owned_numbers(pattern=msisdn).voice_status_callback[0])


@pytest.mark.parametrize(
    ("limitations", "shown"),
    [
        (None, None),
        ([], None),
        ("SMS", None),
        ([{"feature": "SMS", "type": "OUTBOUND", "reach": "DOMESTIC"}], "SMS OUTBOUND DOMESTIC"),
        ([{"feature": "SMS", "type": "INBOUND"}, {"feature": "VOICE"}, "odd", {}], "SMS INBOUND, VOICE"),
    ],
)
def test_limitations_are_one_text(limitations: object, shown: str | None) -> None:
    assert parse_columns([{"limitations": limitations}], "EUR")["limitations"] == [shown]


def test_both_lists_show_limitations(session: nx.Session) -> None:
    for table in (nx.owned_numbers(), nx.search_numbers("GB")):
        assert "SMS OUTBOUND DOMESTIC" in set(table.limitations.dropna())


def test_updating_a_foreign_number_sends_no_update(session: nx.Session, sandbox: Sandbox) -> None:
    with pytest.raises(nx.NotFoundError, match="447000000001"):
        nx.update_number("GB", "447000000001", mo_http_url="https://example.org")
    assert paths(sandbox) == ["/account/numbers"]


@pytest.mark.parametrize("call", ["buy", "cancel", "update"])
def test_a_write_that_was_heard_but_not_answered_is_unknown_and_sent_once(
    session: nx.Session, sandbox: Sandbox, call: str
) -> None:
    number = nx.owned_numbers().iloc[0]
    if call == "buy":
        number = nx.search_numbers(number.country, limit=1).iloc[0]
    sandbox.fail_next("drop-after", path=f"/number/{call}")
    options = {"mo_http_url": "https://example.org"} if call == "update" else {}
    with pytest.raises(nx.UnknownOutcomeError, match="may have cost money"):
        getattr(nx, f"{call}_number")(number.country, number.msisdn, **options)
    assert paths(sandbox).count(f"/number/{call}") == 1
    assert (number.msisdn in nx.owned_numbers().msisdn.tolist()) is (call != "cancel")


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ({"country": "XX"}, "country"),
        ({"country": None}, "country"),
        ({"country": 5}, "country"),
        ({"country": ["GB", "Atlantis"]}, "country"),
        ({"country": "GB", "pattern": "abc"}, "pattern"),
        ({"country": "GB", "pattern": 44.0}, "pattern"),
        ({"country": "GB", "match": "middle"}, "match"),
        ({"country": "GB", "features": "FAX"}, "features"),
        ({"country": "GB", "type": "mobile"}, "type"),
        ({"country": "GB", "limit": 0}, "limit"),
        ({"country": "GB", "limit": 1.5}, "limit"),
    ],
)
def test_a_wrong_search_is_refused_before_anything_is_sent(
    session: nx.Session, sandbox: Sandbox, arguments: dict[str, object], names: str
) -> None:
    with pytest.raises(nx.InvalidRequestError, match=f"^{names}: got .*allowed: "):
        nx.search_numbers(**arguments)  # type: ignore[arg-type]
    assert sandbox.requests == []


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ({}, "update_number"),
        ({"app_id": "x"}, "app_id"),
        ({"mo_http_url": "example.org"}, "mo_http_url"),
        ({"voice_callback_type": "sip"}, "voice_callback_value"),
        ({"voice_callback_value": "sip:me@example.org"}, "voice_callback_type"),
        ({"voice_callback_type": "fax", "voice_callback_value": "1"}, "voice_callback_type"),
        ({"voice_callback_type": "vxml", "voice_callback_value": "https://example.org"}, "voice_callback_type"),
        ({"voice_status_callback": "nowhere"}, "voice_status_callback"),
        ({"voice_status_callback": False}, "voice_status_callback"),
        ({"mo_smpp_sys_type": 0}, "mo_smpp_sys_type"),
        ({"mo_http_url": pd.NA}, "mo_http_url"),
    ],
)
def test_a_wrong_update_is_refused_before_anything_is_sent(
    session: nx.Session, sandbox: Sandbox, arguments: dict[str, str], names: str
) -> None:
    with pytest.raises(nx.InvalidRequestError, match=f"^{names}: got"):
        nx.update_number("GB", "447700900001", **arguments)
    assert sandbox.requests == []


@pytest.mark.parametrize(
    ("features", "able"),
    [
        (["sms", "Voice"], [True, True, False]),
        (["MMS", "MMS", None], [False, False, True]),
        ([], [False, False, False]),
        (None, [False, False, False]),
        ({"SMS": True}, [False, False, False]),
    ],
)
def test_features_are_read_in_any_case_and_only_from_a_list(features: object, able: list[bool]) -> None:
    columns = parse_columns([{"features": features}], "EUR")
    assert [*columns["sms"], *columns["voice"], *columns["mms"]] == able
