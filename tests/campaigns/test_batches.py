"""A batch as a thing: its counts, its money, its last run, and all batches of the account in a table."""

from __future__ import annotations

from typing import Any

import pytest
from campaign_helpers import make_plan, people, send_batch
from helpers import connected

import nexmo_nb as nx
from nexmo_nb.campaigns.batches import find_similar
from nexmo_nb.campaigns.run_log import describe_stop
from nexmo_nb.sandbox import Sandbox

PHONE = "447700900123"


def test_a_batch_shows_counts_money_and_its_last_run_as_the_sandbox_has_them(
    session: nx.Session, sandbox: Sandbox
) -> None:
    plan = nx.plan_sms([*people(4), "443069990007", "443069990015", "443069990204"], "Hello", sender="Demo")
    nx.budget(month=50)
    send_batch(plan, max_cost=5)
    found = nx.batch("b")
    assert (found.total, found.accepted, found.refused, found.unknown, found.left) == (7, 4, 2, 1, 0)
    assert (found.under_way, found.not_found, found.max_cost, found.currency) == (0, 0, 5.0, "EUR")
    counts = found.counts.drop(columns="cost").astype(object)
    assert counts.where(counts.notna(), "").values.tolist() == [
        ["accepted", "", "accepted", 4, "EUR"],
        ["rejected", "15", "illegal sender", 1, "EUR"],
        ["rejected", "7", "number barred", 1, "EUR"],
        ["unknown", "", "", 1, ""],
    ]
    # The unknown one was sent: its cost is no known price, and counts with its estimate in what is left of the cap.
    known = sum(float(message["price"]) for message in sandbox.messages if message["to"] != "443069990204")
    assert found.cost == pytest.approx(known)
    assert found.money_left == pytest.approx(5 - known - float(plan.price_high.iloc[-1]))
    assert (found.is_running, found.last_error) == (False, None)
    assert found.began is not None
    assert found.last_ran is not None
    assert found.rows[["to", "state", "tries"]].values.tolist() == [
        *([to, "accepted", 1] for to in people(4)),
        ["443069990007", "rejected", 1],
        ["443069990015", "rejected", 1],
        ["443069990204", "unknown", 1],
    ]
    nx.budget(day=0.5)
    assert nx.batch("b").money_left == pytest.approx(0.5 - (5 - found.money_left))


def test_a_batch_that_stopped_says_why_without_naming_anybody(session: nx.Session, sandbox: Sandbox) -> None:
    sandbox.fail_next("no-credit", path="/sms")
    with pytest.raises(nx.RejectedError):
        send_batch(make_plan(3), workers=1)
    found = nx.batch("b")
    assert (found.left, found.last_error) == (3, "no credit (status 9)")
    assert people(1)[0] not in repr(found)
    with pytest.warns(UserWarning, match="Stopped before max_cost"):
        send_batch(make_plan(3), max_cost=float(make_plan(1).price_high[0]) * 2, on_cap="stop")
    assert (nx.batch("b").last_error or "").startswith("stopped before max_cost=")
    send_batch(make_plan(3))
    assert nx.batch("b").last_error is None


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (nx.UnreachableError(f"to {PHONE}"), "Nexmo, or the state of the account, could not be reached"),
        (nx.UnknownOutcomeError(f"to {PHONE}"), "messages got no answer"),
        (nx.RateLimitedError(f"to {PHONE}", code="1", meaning="throttled"), "throttled (status 1)"),
        (nx.AuthenticationError(f"to {PHONE}"), "the account was refused"),
        (KeyboardInterrupt(), "interrupted"),
        (MemoryError(PHONE), "MemoryError"),
    ],
)
def test_why_a_run_stopped_is_kept_without_a_number(problem: BaseException, words: str) -> None:
    assert describe_stop(problem) == words


def test_it_is_shown_as_text_and_as_html_that_is_escaped_and_masked(session: nx.Session, sandbox: Sandbox) -> None:
    name = f"<b>{PHONE}</b>"
    send_batch(make_plan(2), batch=name, max_cost=1)
    found = nx.batch(name)
    text, html = repr(found), found._repr_html_()
    assert text.startswith(f"Batch {name!r}: 2 done (2 accepted, 0 refused), 0 left\ncost EUR 0.0")
    assert "of at most 1.00" in text
    assert PHONE in html
    assert "&lt;b&gt;" in html
    assert "<script" not in html
    assert "color:#" not in html  # the text has the colour of the notebook, dark or not
    assert html.count("<tr>") == 2
    assert "overflow-x:auto" in html  # on a telephone, a wide table stays in its card
    assert ">code</th>" not in html  # nothing was refused
    nx.set_options(mask=True)
    assert PHONE not in repr(found)
    assert PHONE not in found._repr_html_()
    assert "•••••••••123" in found._repr_html_()


def test_what_a_run_that_goes_on_has_is_seen_from_another_kernel(session: nx.Session, sandbox: Sandbox) -> None:
    seen: list[Any] = []
    real = session.call_with_slot
    with connected(sandbox) as other:

        def call(*arguments: Any) -> Any:
            if not seen:
                seen.append(nx.batch("b", session=other))
                seen.append(nx.batches(session=other))
            return real(*arguments)

        session.call_with_slot = call  # type: ignore[method-assign]
        nx.send_many(make_plan(3), batch="b", workers=1, progress=False, session=session)
        looked, listed = seen
        assert (looked.is_running, looked.under_way, looked.left, looked.last_error) == (True, 1, 2, None)
        assert "is running now" in repr(looked)
        assert listed.is_running.tolist() == [True]
        assert not nx.batch("b", session=other).is_running


def test_all_batches_are_listed_the_last_one_first_and_none_is_an_empty_table(
    session: nx.Session, sandbox: Sandbox
) -> None:
    empty = nx.batches()
    send_batch(make_plan(2), batch="one")
    send_batch(nx.plan_sms(["443069990007"], "Hello", sender="Demo"), batch="two", max_cost=1)
    nx.send_sms("447700900000", "Hello", sender="Demo")  # single sends are none
    found = nx.batches()
    assert found.dtypes.equals(empty.dtypes)
    assert len(empty) == 0
    counts = ["batch", "messages", "accepted", "refused", "left", "max_cost"]
    assert found[counts].fillna({"max_cost": 0.0}).values.tolist() == [
        ["two", 1, 0, 1, 0, 1.0],
        ["one", 2, 2, 0, 0, 0.0],
    ]
    assert (found.last_ran >= found.began).all()
    send_batch(make_plan(2), batch="one", max_cost=3)  # nothing is left to do
    assert nx.batches().cost.sum() == pytest.approx(nx.sent("one").price.sum())


def test_an_unknown_name_is_refused_with_names_that_are_like_it(session: nx.Session, sandbox: Sandbox) -> None:
    with pytest.raises(nx.InvalidRequestError, match=r"^batch: got 'b'; .*Nothing was sent as a batch yet"):
        nx.batch("b")
    send_batch(make_plan(1), batch="reminder-1")
    with pytest.raises(nx.InvalidRequestError, match=r"such as 'reminder-1'\. batches\(\) lists them"):
        nx.batch("remindr1")


def test_names_are_like_each_other_by_their_letters_or_by_a_part_of_them() -> None:
    names = ["reminder-1", "reminder-2", "Opening", "x"]
    assert find_similar("reminder", names) == ["reminder-2", "reminder-1"]
    assert find_similar("OPENING 2026", names) == ["Opening"]
    assert find_similar("zzz", names) == []


def test_a_forgotten_batch_keeps_its_counts_and_costs(session: nx.Session, sandbox: Sandbox) -> None:
    send_batch(make_plan(2))
    cost = nx.batch("b").cost
    nx.forget(before="2100-01-01")
    found = nx.batch("b")
    assert (found.accepted, found.cost) == (2, cost)
    assert found.rows.to.isna().all()
