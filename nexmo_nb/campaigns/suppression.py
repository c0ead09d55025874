"""The do-not-send list: who is put on it by hand or from a list, who is on it, and who is taken off it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

import pandas as pd

from nexmo_nb import validation
from nexmo_nb.arrow_frames import AnyFrame
from nexmo_nb.campaigns.rows import MOST_LABELS, show_label, show_labels
from nexmo_nb.contacts.clean import clean_contacts
from nexmo_nb.contacts.duplicates import write_cells
from nexmo_nb.contacts.files import read_contacts
from nexmo_nb.contacts.numbers import country_of
from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.frames import TIME, Column, frame
from nexmo_nb.session import Session, session_or_current
from nexmo_nb.state.suppression import CODE, Noted, describe, name_person, suppressed_error

DoubtfulNumbers = Literal["refuse", "accept"]
FILES = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm")
"""What the name of a file ends in, where it is given as text."""
# Whose number it is, is certain; that it seldom gets SMS, or costs more, is no reason to write to it.
_CERTAIN = ("not_mobile", "premium")
_NEVER_ACCEPTED = ("looks_national",)
CHANGE_COLUMNS = (
    Column("to"), Column("country"), Column("suppressed", "bool"), Column("changed", "bool"),
    Column("under_way", "int64"),
)  # fmt: skip
LIST_COLUMNS = (
    Column("to"), Column("country"), Column("source"), Column("number"), Column("reason"), Column("since", TIME),
)  # fmt: skip


def suppress(
    numbers: str | int | Path | AnyFrame | pd.Series | Iterable[Any],
    *,
    reason: str | None = None,
    to: str = "to",
    region: str | None = None,
    doubtful: DoubtfulNumbers = "refuse",
    session: Session | None = None,
) -> pd.DataFrame:
    """Put people on the do-not-send list: nothing is sent to them any more, and nobody calls them.

    Parameters
    ----------
    numbers : str, int, Path, DataFrame, Series or iterable
        A number in any usual spelling; several; a frame with a column of numbers; or a file that `read_contacts` reads,
        as a Path or as text that ends in ``.csv, .tsv, .txt, .xlsx`` or ``.xlsm``.
    reason : str, optional
        Why, at most 200 characters; `suppressed` and refusals show it. Default: none.
    to : str
        Name of the column of numbers, of a frame or a file.
    region : str, optional
        Country of numbers without a country code: a code, a name, or the name of a column that holds codes or names.
        Default: every number must have its country code.
    doubtful : {"refuse", "accept"}
        What to do with numbers that no operator can have, or that look rounded. Default: an error that names the rows,
        for the person who is meant may have another number. Numbers of which it is not certain whose they are, are
        always refused.
    session : Session, optional
        Default: the current one.

    Returns
    -------
    pandas.DataFrame
        One row a number: ``to, country`` (text), ``suppressed`` (bool), ``changed`` (bool; False: it was on the list
        before), ``under_way`` (int: messages and calls that left, or were about to leave, before; they may still
        arrive).

    Raises
    ------
    InvalidRequestError
        If any number cannot be read, or is doubtful: nobody is put on the list then.
    UnreachableError
        If the list cannot be written.

    Notes
    -----
    The list is the account's: it is kept with what was sent, for all kernels and processes, and for all machines that
    share a database by ``connect(state=…)``. `plan_sms` marks such rows, `send_sms` and `send_voice` refuse such
    numbers, and a batch looks at the list again in the very moment in which each message leaves, also where it was
    planned, or interrupted, before. What was sent under its key before is returned as before. Nothing is asked of
    Nexmo, which knows nothing of this list: https://developer.vonage.com/en/messaging/sms/overview.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> nx.suppress("+44 7700 900000", reason="asked by phone").suppressed.tolist()
    [True]
    >>> nx.plan_sms(["+44 7700 900000"], "Hello", sender="Demo").problem_code.tolist()
    ['suppressed']
    """
    session = session_or_current(session)
    people = read_people(numbers, to=to, region=region, doubtful=doubtful)
    why = None if reason is None else validation.check_text("reason", reason, longest=200)
    return build_changes(session.ledger.suppressions.suppress(people, why))


def unsuppress(
    numbers: str | int | Path | AnyFrame | pd.Series | Iterable[Any],
    *,
    to: str = "to",
    region: str | None = None,
    doubtful: DoubtfulNumbers = "refuse",
    session: Session | None = None,
) -> pd.DataFrame:
    """Take people off the do-not-send list, whoever put them on it: they agreed to be written to again.

    Parameters
    ----------
    numbers : str, int, Path, DataFrame, Series or iterable
        As for `suppress`; also of people whose numbers were forgotten.
    to, region : str, optional
        As for `suppress`.
    doubtful : {"refuse", "accept"}
        As for `suppress`.
    session : Session, optional
        Default: the current one.

    Returns
    -------
    pandas.DataFrame
        One row a number, as `suppress` returns it; ``changed`` is False where it was not on the list.

    Raises
    ------
    InvalidRequestError
        If any number cannot be read, or is doubtful: nobody is taken off the list then.
    UnreachableError
        If the list cannot be written.

    Notes
    -----
    Reading the same records again with `suppress_from` puts nobody back: only a STOP that comes later does. What a
    batch refused meanwhile stays refused in it. What the law of a country wants before you do this, is yours to know;
    see https://developer.vonage.com/en/messaging/sms/overview.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> table = nx.suppress(["+44 7700 900000", "+44 7700 900001"])
    >>> nx.unsuppress("+44 7700 900001").changed.tolist(), nx.suppressed().to.tolist()
    ([True], ['447700900000'])
    """
    session = session_or_current(session)
    people = read_people(numbers, to=to, region=region, doubtful=doubtful)
    return build_changes(session.ledger.suppressions.unsuppress(people))


def suppressed(*, session: Session | None = None) -> pd.DataFrame:
    """Return the do-not-send list: who is on it, since when, and why.

    Parameters
    ----------
    session : Session, optional
        Default: the current one.

    Returns
    -------
    pandas.DataFrame
        One row for each thing that keeps a person from being written to, oldest first: ``to`` (the person's number;
        ``forgotten_…`` where `forget` erased it), ``country``, ``source`` (hand, stop, or code 9 for a delivery
        record), ``number`` (of yours, to which they said stop; missing for what was noted by hand), ``reason`` (text),
        ``since`` (time in UTC).

    Raises
    ------
    UnreachableError
        If the list cannot be read.

    Notes
    -----
    Nothing is asked of Nexmo, whose own blocks (https://developer.vonage.com/en/messaging/sms/overview) it does not
    show. What `forget` leaves of a number is a keyed hash: the person stays on the list, and `suppress` and
    `unsuppress` find them by their number.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> table = nx.suppress("+44 7700 900000", reason="asked by phone")
    >>> nx.suppressed()[["to", "source", "reason"]].values.tolist()
    [['447700900000', 'hand', 'asked by phone']]
    """
    found = session_or_current(session).ledger.suppressions.list_in_force()
    rows = [
        {
            "to": name_person(row),
            "country": None if row.recipient is None else country_of(row.recipient),
            "source": row.source,
            "number": row.own or None,
            "reason": row.reason,
            "since": row.stopped,
        }
        for row in found
    ]
    return frame(rows, LIST_COLUMNS)


def read_people(numbers: Any, *, to: str, region: str | None, doubtful: str) -> list[str]:
    """Read numbers, each once, in whatever they are given; refuse all where one is in doubt."""
    accepts = validation.check_choice("doubtful", doubtful, get_args(DoubtfulNumbers)) == "accept"
    if isinstance(numbers, Path) or (isinstance(numbers, str) and numbers.strip().lower().endswith(FILES)):
        numbers = read_contacts(numbers)
    elif isinstance(numbers, (str, int)):
        numbers = [numbers]
    to = validation.check_text("to", to, longest=10_000, lines=True)
    table = clean_contacts(numbers, to, region=region, duplicates="all")
    is_doubtful = table["warning_code"].notna() & ~table["warning_code"].isin(_CERTAIN)
    if accepts:
        is_doubtful &= table["warning_code"].isin(_NEVER_ACCEPTED)
    is_wrong = table["problem"].notna() & table["problem_code"].ne("duplicate").fillna(value=True)
    wrong = table[is_wrong | is_doubtful]
    if len(wrong):
        raise _wrong_numbers(wrong)
    return list(dict.fromkeys(table["to"].tolist()))


def build_changes(noted: Iterable[Noted]) -> pd.DataFrame:
    rows = [
        {
            "to": each.recipient,
            "country": country_of(each.recipient),
            "suppressed": each.is_suppressed,
            "changed": each.is_changed,
            "under_way": each.under_way,
        }
        for each in noted
    ]
    return frame(rows, CHANGE_COLUMNS)


def mark_suppressed(plan: pd.DataFrame, session: Session) -> None:
    """Mark the rows of a plan whose recipients are on the list."""
    usable = plan["problem"].isna().to_numpy(dtype=bool)
    numbers = plan["to"][usable].tolist()
    found = session.ledger.suppressions.find(set(numbers))
    mark_listed(plan, {number: f"to: {describe(number, row)}." for number, row in found.items()})


def check_not_suppressed(number: str, session: Session) -> None:
    """Refuse the digits of a number that is on the list."""
    found = session.ledger.suppressions.find([number])
    if number in found:
        raise suppressed_error(number, found[number])


def list_known(session: Session) -> dict[str, str]:
    """List the numbers on the list, as far as they are not forgotten, each with what a plan says of it."""
    rows = session.ledger.suppressions.list_in_force()
    return {
        row.recipient: f"to: {describe(row.recipient, row)}." for row in reversed(rows) if row.recipient is not None
    }


def mark_listed(plan: pd.DataFrame, problems: Mapping[str, str]) -> None:
    """Give the rows of a plan that can be sent, and whose numbers are listed, the problem that is listed for them."""
    if not problems:
        return
    usable = plan["problem"].isna().to_numpy(dtype=bool)
    listed = plan["to"].isin(list(problems)).to_numpy(dtype=bool)
    places = (usable & listed).nonzero()[0].tolist()
    numbers = plan["to"].iloc[places].tolist()
    write_cells(plan, "problem", places, [problems[number] for number in numbers])
    write_cells(plan, "problem_code", places, [CODE] * len(places))
    for name in ("warning", "warning_code"):  # what is not sent is in no doubt
        write_cells(plan, name, places, [pd.NA] * len(places))


def _wrong_numbers(wrong: pd.DataFrame) -> InvalidRequestError:
    """Make the error for numbers that cannot be read, or are doubtful."""
    counts = Counter(_read_codes(wrong))
    codes = ", ".join(f"{code}: {count}" for code, count in counts.most_common(MOST_LABELS))
    labels = [show_label(label) for label in wrong.index[: MOST_LABELS + 1]]
    first = wrong.iloc[0]
    said = first["warning"] if pd.isna(first["problem"]) else first["problem"]
    allowed = "numbers of which each is certain"
    can_accept = wrong["problem"].isna().all() and not set(_NEVER_ACCEPTED) & set(counts)
    more = " doubtful='accept' takes them as they are." if can_accept else ""
    return InvalidRequestError(
        f"numbers: got {len(wrong)} that cannot be taken ({codes}), {show_labels(labels)}; allowed: {allowed}. Nothing "
        f"was changed. The first: {str(said).removeprefix('to: ')}{more}",
        parameter="numbers",
        allowed=allowed,
    )


def _read_codes(wrong: pd.DataFrame) -> Sequence[str]:
    codes: Collection[str] = wrong["problem_code"].fillna(wrong["warning_code"])
    return [str(code) for code in codes]
