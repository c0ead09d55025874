"""What a form says was done is what was done: in counts and words, with every reason to be read in full."""

from __future__ import annotations

import re

import pandas as pd
import pytest
from form_helpers import read_html

import nexmo_nb as nx
from nexmo_nb.contacts.cells import PROBLEMS
from nexmo_nb.contacts.numbers import WARNINGS
from nexmo_nb.forms import SmsForm
from nexmo_nb.forms.outcome import Level, Outcome, describe_batch, group_outcomes, group_problems
from nexmo_nb.forms.widgets import list_widgets
from nexmo_nb.forms.words import LANGUAGES, Words
from nexmo_nb.sandbox import Sandbox

WORDS = Words("en")
THREE = "+44 7700 900123\n+44 7700 900124\n+44 7700 900125"


@pytest.fixture
def form(session: nx.Session) -> SmsForm:
    form = nx.sms_form()
    form.sender.value, form.to.value, form.text.value = "Demo", THREE, "Hello"
    return form


def make_result(*rows: tuple[str, str | None]) -> pd.DataFrame:
    """Build what `send_many` returns of rows: a state and a meaning each."""
    states, meanings = zip(*rows, strict=True) if rows else ((), ())
    return pd.DataFrame(
        {
            "state": pd.array(states, dtype="string"),
            "meaning": pd.array(meanings, dtype="string"),
            "error": pd.array([f"why {n}" for n in range(len(rows))], dtype="string"),
        }
    )


@pytest.mark.parametrize(
    ("rows", "text", "level"),
    [
        ([("accepted", None)] * 2, "2 accepted.", Level.GOOD),
        (
            [("rejected", "illegal sender"), ("accepted", None), ("rejected", "illegal sender")],
            "1 accepted, 2 refused: illegal sender.",
            Level.BAD,
        ),
        (
            [("rejected", "no credit"), ("rejected", "a"), ("rejected", "a")],
            "3 refused: a (2), no credit (1).",
            Level.BAD,
        ),
        ([("accepted", None), ("problem", None)], "1 accepted, 1 not sendable.", Level.DOUBTFUL),
        ([("skipped", None)], "1 left out.", Level.DOUBTFUL),
        ([("partial", "throttled")], "1 accepted in part: throttled.", Level.DOUBTFUL),
        ([("unknown", None)], "1 of which nobody knows whether it was sent.", Level.BAD),
        ([("rejected", None)], "1 refused: no reason given.", Level.BAD),
        ([], "Nothing was to be sent.", Level.DOUBTFUL),
    ],
)
def test_a_batch_is_told_in_counts_and_words_and_judged_by_its_worst(
    rows: list[tuple[str, str | None]], text: str, level: Level
) -> None:
    assert describe_batch(make_result(*rows), WORDS) == Outcome(text, level)


def test_rows_are_grouped_by_their_reason_and_the_first_are_named() -> None:
    result = make_result(("accepted", None), *[("rejected", "illegal sender")] * 7, ("unknown", None))
    found = group_outcomes(result, str, WORDS)
    assert found == [
        ("7 refused", 7, "1, 2, 3, 4, 5, and 2 more", "why 1"),
        ("1 of which nobody knows whether it was sent", 1, "8", "why 8"),
    ]


def test_problems_without_a_code_are_told_all_the_same() -> None:
    plan = pd.DataFrame({"problem": ["to: odd", None], "problem_code": [None, None]})
    assert group_problems(plan, str, WORDS) == [("other: 1", 1, "0", "odd")]


def test_every_code_has_words() -> None:
    texts = "missing error_value control too_long encoding format unknown_language"
    codes = [*PROBLEMS, *WARNINGS, "leftover_name", *(f"text_{name}" for name in texts.split())]
    assert [code for code in codes if f"code_{code}" not in LANGUAGES["en"]] == []


def test_every_language_says_the_same_things_with_the_same_values() -> None:
    places = {name: set(re.findall(r"{(\w+)}", text)) for name, text in LANGUAGES["en"].items()}
    for texts in LANGUAGES.values():
        assert {name: set(re.findall(r"{(\w+)}", text)) for name, text in texts.items()} == places
    assert WORDS.say("rented", number="1") == "Rented: 1"


def test_two_of_three_refused_is_no_success(form: SmsForm, sandbox: Sandbox) -> None:
    form.preview.click()
    sandbox.fail_next("status", code=15, times=2, path="/sms")
    form.send.click()
    assert form.message == "1 accepted, 2 refused: illegal sender."
    assert "--nexmo-bad" in form._message_area.value
    assert "Use a number of yours, or a sender name that the country allows. Nothing was sent." in read_html(form)


def test_a_plan_that_is_stopped_tells_what_was_sent_before(form: SmsForm, sandbox: Sandbox) -> None:
    form.preview.click()
    sandbox.fail_next("no-credit", times=3, path="/sms")
    form.send.click()
    assert form.message.startswith("3 not sent yet. ")
    assert "no credit" in form.message
    assert "Not accepted, and why" in read_html(form)


@pytest.mark.filterwarnings("error::UserWarning")
def test_a_message_that_is_accepted_in_part_is_told(form: SmsForm, sandbox: Sandbox) -> None:
    form.to.value, form.text.value = "+44 7700 900123", "x" * 400
    form.preview.click()
    sandbox.fail_next("partial", path="/sms")
    form.send.click()
    assert form.message.startswith("1 accepted in part: 1 of 3 parts were accepted; refused: throttled.")
    assert "come twice" in form.message
    assert "--nexmo-doubt" in form._message_area.value


def test_what_is_accepted_is_said_in_green(form: SmsForm) -> None:
    form.preview.click()
    form.send.click()
    assert form.message == "3 accepted."
    assert "--nexmo-good" in form._message_area.value


@pytest.mark.parametrize(
    ("choice", "says"), [("refuse", "Nothing can be sent"), ("skip", "leave them out"), ("send", "to them as well")]
)
def test_problems_and_doubts_stand_before_the_button_with_the_rows_to_look_at(
    form: SmsForm, choice: str, says: str
) -> None:
    form.to.value, form.doubtful.value = f"{THREE}\n12\n+351 213 456 789", choice
    form.preview.click()
    shown = form._preview_area.value
    assert "Cannot be sent: 1 of 5" in shown
    assert "<b>too short: 1</b> (12)" in shown
    assert "Careful: doubtful are 1 of 5" in shown
    assert "<b>no mobile number: 1</b> (+351 213 456 789)" in shown
    assert says in shown
    assert f"{3 if choice == 'skip' else 4} of 5 would be sent" in shown
    assert form.send.disabled is (choice == "refuse")
    acting = next(each for each in form.children if form.send in getattr(each, "children", ()))
    assert acting.children.index(form._preview_area) < acting.children.index(form.send)


def test_rows_that_were_passed_in_are_named_by_their_labels(session: nx.Session) -> None:
    rows = pd.DataFrame({"to": ["447700900123", "447700900124", "12"]}, index=["a", "b", "c"])
    form = nx.sms_form(rows)
    form.sender.value, form.text.value = "Demo", "Hello"
    form.preview.click()
    assert "&#x27;c&#x27; (12)" in read_html(form)


def test_reasons_can_be_read_in_full(form: SmsForm, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    reason = "because " * 30
    monkeypatch.setitem(__import__("nexmo_nb.sandbox.sms", fromlist=["STATUS_TEXTS"]).STATUS_TEXTS, 5, reason)
    form.preview.click()
    sandbox.fail_next("status", code=5, path="/sms")
    form.send.click()
    assert form._result_area.value.count(reason.strip()) == 1


def test_renting_deleting_and_calling_are_called_so(session: nx.Session, sandbox: Sandbox) -> None:
    call = nx.voice_form()
    call.to.value, call.text.value = "+44 7700 900123", "Hello"
    call.preview.click()
    call.send.click()
    assert call.message == "Calling 447700900123."
    number = nx.number_form()
    number.search.click()
    number.pick.picked = number.confirm.value = rented = number.found.msisdn[0]
    number.preview.click()
    number.send.click()
    assert number.message.startswith(f"Rented: {rented} (United Kingdom")
    application = nx.application_form()
    application.pick.value, application.delete.value = application.listed.id[0], application.listed["name"][0]
    name = application.delete.value
    application.preview.click()
    application.send.click()
    assert application.message == f"Deleted: {name}."


def test_a_list_that_cannot_be_read_again_hides_no_outcome(session: nx.Session, sandbox: Sandbox) -> None:
    form = nx.number_form()
    form.search.click()
    form.pick.picked = form.confirm.value = form.found.msisdn[0]
    form.preview.click()
    sandbox.fail_next("http", code=403, path="/number/search", method="GET")
    form.send.click()
    assert form.message.startswith("Rented: ")
    assert "could not be read again" in form.message


def test_a_number_of_which_nobody_knows_whether_it_was_rented_is_looked_for(
    session: nx.Session, sandbox: Sandbox
) -> None:
    form = nx.number_form()
    form.search.click()
    form.pick.picked = form.confirm.value = form.found.msisdn[0]
    form.preview.click()
    sandbox.fail_next("drop-after", path="/number/buy")
    form.send.click()
    assert form.message.endswith("Look at your account before you do it again.")


@pytest.mark.parametrize(
    ("low", "high", "shown"),
    [
        (0.0333, 0.042291, "EUR 0.0333 to 0.0423"),
        (1.0, 1.0, "EUR 1.00"),
        (1.5678, 1.85, "EUR 1.5678 to 1.8500"),
        (0.03301, 0.03302, "EUR 0.0330"),
        (float("nan"), 1.0, "not known"),
    ],
)
def test_prices_are_said_as_money(low: float, high: float, shown: str) -> None:
    assert WORDS.say_price(low, high, "EUR") == shown


def test_every_choice_and_label_that_a_form_shows_has_words(session: nx.Session) -> None:
    for make in (nx.sms_form, nx.voice_form, nx.number_form, nx.application_form):
        shown = [
            *(each.description for each in list_widgets(make()) if getattr(each, "description", "")),
            *(label for each in list_widgets(make()) for label in getattr(each, "_options_labels", ())),
        ]
        assert [text for text in shown if re.search("_|lvn|[a-z]+Url", text)] == []
