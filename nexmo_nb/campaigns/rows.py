"""The rows of a plan that can be sent: what each sends, what it may cost, and whether it should wait. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from nexmo_nb import validation
from nexmo_nb.campaigns.caps import Cap
from nexmo_nb.campaigns.decisions import Estimate
from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.sms.apis import SMS, SmsApi, check_fields
from nexmo_nb.sms.request import OPTIONS, build_fields
from nexmo_nb.state.sends import BatchRow, Entry, compute_digest, open_states_of
from nexmo_nb.state.suppression import CODE as SUPPRESSED
from nexmo_nb.text.gsm import Encoding, segments

BATCH_OPTIONS = tuple(name for name in OPTIONS if name != "client_ref")  # every message has a reference of its own
NO_PRICE = "price: none is known for this row, and no cap can be kept without one"
REPLACED = "it was refused, and waits with another text or sender now: retry() sends it, and discard() takes it back"
MOST_LABELS = 5  # that a message shows
LONGEST_LABEL = 60


class Row(NamedTuple):
    """A row of a plan that has no problem."""

    place: int  # in the plan, from 0: a label can stand for several rows
    label: Any
    fields: Mapping[str, str]  # of its request
    digest: str  # of who gets what from whom
    estimate: Estimate | None  # None: its price is not known
    currency: str | None
    warning: str | None
    warning_code: str | None
    time_zone: str | None = None  # of its recipient, where the plan names it

    def to_entry(self, send_id: str, kind: str) -> Entry:
        what = f"row {show_label(self.label)}, to {self.fields['to']}"
        fields = self.fields
        estimate = None if self.estimate is None else self.estimate.high
        addressed = (fields["to"], fields["from"], fields["text"])
        return Entry(send_id, what, kind, self.digest, *addressed, estimate=estimate)


def check_options(options: Mapping[str, Any], api: SmsApi = SMS) -> None:
    """Check the options of every message, and that the API by which they travel has them."""
    for name, value in options.items():
        checked = validation.check_choice("options", name, BATCH_OPTIONS)
        if value is not None:
            check_fields(api, {checked.replace("_", "-"): OPTIONS[checked](checked, value)})


def read_rows(plan: pd.DataFrame, options: Mapping[str, Any], *, with_suppressed: bool = False) -> list[Row]:
    """Read the rows that can be sent, and check that nobody gets the same text twice.

    With `with_suppressed`, those of people on the do-not-send list can be sent, too.
    """
    check_options(options)
    needed = (
        "to", "sender", "text", "encoding", "parts", "price_low", "price_high", "currency", "warning", "warning_code",
        "time_zone",
    )  # fmt: skip
    problems = read_cells(plan, "problem")
    if with_suppressed:
        pairs = zip(problems, read_cells(plan, "problem_code"), strict=True)
        problems = [None if code == SUPPRESSED else problem for problem, code in pairs]
    columns = [problems, *(read_cells(plan, name) for name in needed)]
    rows = [
        _read_row(place, label, cells, options)
        for place, (label, problem, *cells) in enumerate(zip(plan.index.tolist(), *columns, strict=True))
        if problem is None
    ]
    _check_once(rows)
    return rows


def read_cells(plan: pd.DataFrame, name: str) -> list[Any]:
    """Read a column, None where a cell is missing, or where a plan of before does not have the column."""
    if name not in plan:
        return [None] * len(plan)
    cells = plan[name].astype(object)
    found: list[Any] = cells.where(cells.notna(), None).tolist()
    return found


def _read_row(place: int, label: Any, cells: Sequence[Any], options: Mapping[str, Any]) -> Row:
    to, sender, text, encoding, parts, low, high, currency, warning, warning_code, time_zone = cells
    try:
        fields = build_fields(to, sender, _find_type(encoding), text=text, **options)
    except InvalidRequestError as problem:
        raise InvalidRequestError(f"{problem} It stands in row {show_label(label)} of the plan.") from None
    if fields["to"] != to:  # what a batch sent is found by the number as it stands in the plan
        allowed = f"numbers as plan_sms() writes them, here {fields['to']!r}"
        raise validation.invalid_argument("plan", to, allowed, f"It stands in row {show_label(label)}.")
    kind: Encoding = "ucs2" if encoding == "ucs2" else "gsm7"
    if high is not None and segments(fields["text"], encoding=kind).parts > (parts or 0):
        # Its price is that of the parts it had, and a cap would be passed.
        allowed = "texts of as many parts as the column 'parts' says"
        advice = f"The text of row {show_label(label)} has more: make the plan again with it."
        raise validation.invalid_argument("plan", text, allowed, advice)
    digest = build_digest(fields["to"], fields["from"], fields["text"], encoding)
    estimate = None if high is None else Estimate(0.0 if low is None else float(low), float(high))
    return Row(place, label, fields, digest, estimate, currency, warning, warning_code, time_zone)


def build_digest(to: str, sender: str, text: str, encoding: str | None) -> str:
    """Build the digest of who gets what from whom: that may not change between runs, while options such as ttl may."""
    return compute_digest({"to": to, "from": sender, "type": _find_type(encoding), "text": text})


def _find_type(encoding: str | None) -> str:
    return "unicode" if encoding == "ucs2" else "text"


def _check_once(rows: Iterable[Row]) -> None:
    """Refuse two rows of one number and one text, whoever they are from."""
    first: dict[tuple[str, str], Row] = {}
    for row in rows:
        earlier = first.setdefault((row.fields["to"], row.fields["text"]), row)
        if earlier is not row:
            advice = (
                f"The rows {show_label(earlier.label)} and {show_label(row.label)} have the same number and the same "
                "text, and no problem."
            )
            raise validation.invalid_argument("plan", row.fields["to"], "each text once for each recipient", advice)


def find_waiting(
    rows: Iterable[Row],
    known: Iterable[BatchRow],
    resend_not_found: bool,
    refused: Mapping[int, str] | None = None,
) -> list[Row]:
    """Find the rows that this run would send; `known` are those of the batch in the ledger.

    `refused` are the sends of a retry, by the places of its rows.
    """
    open_states = open_states_of(resend_not_found)
    if refused is not None:
        again = {row.id for row in known if row.state in (*open_states, "rejected") and not row.is_earlier}
        return [row for row in rows if refused[row.place] in again]
    closed = {(row.recipient, row.digest) for row in known if row.state not in open_states or row.is_earlier}
    return [row for row in rows if (row.fields["to"], row.digest) not in closed]


def find_sends(rows: Iterable[Row], known: Iterable[BatchRow]) -> dict[str, Row]:
    """Find the rows that are in the ledger already, by the ids of their sends; `known` are those of the batch there."""
    ids = {(row.recipient, row.digest): row.id for row in known}
    return {ids[key]: row for row in rows if (key := (row.fields["to"], row.digest)) in ids}


def skip_replaced(rows: Iterable[Row], known: Iterable[BatchRow]) -> dict[int, str]:
    """Choose the rows that were refused, and wait with another content now, each with these words, by place."""
    by_content = {(row.recipient, row.digest): row for row in known}
    found = {row.place: by_content.get((row.fields["to"], row.digest)) for row in rows}
    return {place: REPLACED for place, row in found.items() if row and row.is_earlier and row.state == "planned"}


def skip_doubtful(waiting: Iterable[Row], choice: str) -> dict[int, str]:
    """Choose the rows to leave out for their warning, each with it, by place; or refuse the plan."""
    doubtful = [row for row in waiting if row.warning is not None]
    if not doubtful or choice == "send":
        return {}
    if choice == "skip":
        return {row.place: str(row.warning) for row in doubtful}
    raise doubtful_error(find_notable(doubtful))


class Notable(NamedTuple):
    """Rows that a message tells of: how many there are by the codes of their warnings, and the first labels."""

    codes: Counter[str]
    labels: Sequence[str]

    @property
    def total(self) -> int:
        return self.codes.total()

    def join(self, other: Notable) -> Notable:
        """Give these rows, and others after them."""
        return Notable(self.codes + other.codes, [*self.labels, *other.labels][: MOST_LABELS + 1])


def find_notable(rows: Sequence[Row]) -> Notable:
    codes = Counter(_show(row.warning_code or "other") for row in rows)
    return Notable(codes, [show_label(row.label) for row in rows[: MOST_LABELS + 1]])


def doubtful_error(rows: Notable) -> InvalidRequestError:
    """Make the error for rows that have a warning."""
    codes = ", ".join(f"{code}: {count}" for code, count in rows.codes.most_common(MOST_LABELS))
    return InvalidRequestError(
        f"plan: got {rows.total} rows with a warning ({codes}), {show_labels(rows.labels)}; allowed: rows without a "
        "warning. Nothing was sent. Look at the column 'warning': clean the list, or pass doubtful='send' to send them "
        "as they are, or doubtful='skip' to leave them out."
    )


def skip_unpriced(waiting: Iterable[Row], choice: str, cap: Cap) -> dict[int, str]:
    """Choose the rows to leave out because no cap can be kept with them, by place; or refuse the cap."""
    unpriced = [row for row in waiting if row.estimate is None]
    if not unpriced:
        return {}
    if choice == "skip":
        return dict.fromkeys((row.place for row in unpriced), NO_PRICE)
    raise unpriced_error(find_notable(unpriced), cap)


def unpriced_error(rows: Notable, cap: Cap) -> InvalidRequestError:
    """Make the error for rows without a price, and a cap."""
    return validation.invalid_argument(
        cap.parameter,
        cap.amount,
        "a plan with prices",
        f"{rows.total} rows have none, {show_labels(rows.labels)}: no cap can be kept. Nothing was sent. Pass "
        "unpriced='skip' to leave them out.",
    )


def show_labels(labels: Sequence[str]) -> str:
    """Show the first labels of rows."""
    shown = ", ".join(labels[:MOST_LABELS])
    if len(labels) > MOST_LABELS:
        return f"the first in rows {shown}"
    return f"in row{'s' if len(labels) > 1 else ''} {shown}"


def show_label(label: Any) -> str:
    """Show a row's label on one line: text in quotes, anything else as it is printed."""
    if isinstance(label, tuple):  # of a MultiIndex
        return f"({', '.join(map(show_label, label[:MOST_LABELS]))})"
    return _show(label, repr if isinstance(label, str) else str)


def _show(value: Any, write: Callable[[Any], str] = str) -> str:
    """Show a value on one short line, whatever it is."""
    text = validation.show_value(value, write)
    return text if len(text) <= LONGEST_LABEL else f"{text[: LONGEST_LABEL - 1]}…"
