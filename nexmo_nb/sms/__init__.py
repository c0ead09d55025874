"""SMS: one message to one recipient, and what each part of it became."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import pandas as pd

from nexmo_nb import validation
from nexmo_nb.contacts.doubts import warn_of_doubt, warn_of_sender
from nexmo_nb.errors import PartialSendWarning
from nexmo_nb.frames import frame
from nexmo_nb.pricing.estimates import check_max_price, estimate_cost
from nexmo_nb.session import Session, session_or_current
from nexmo_nb.sms.apis import ApiName, find_api
from nexmo_nb.sms.parts import count_parts
from nexmo_nb.sms.request import CONTENT, OPTIONS, SmsType, build_fields
from nexmo_nb.sms.response import COLUMNS, STATUSES, meaning_of_status
from nexmo_nb.state.sends import Entry, compute_digest

__all__ = ["COLUMNS", "STATUSES", "send_sms"]


def send_sms(
    to: str | int,
    text: str | None = None,
    *,
    sender: str | int,
    type: SmsType = "auto",
    key: str | None = None,
    status_report_req: bool | None = None,
    client_ref: str | None = None,
    vcard: str | None = None,
    vcal: str | None = None,
    ttl: int | None = None,
    callback: str | None = None,
    message_class: int | None = None,
    udh: str | bytes | None = None,
    protocol_id: int | None = None,
    body: str | bytes | None = None,
    title: str | None = None,
    url: str | None = None,
    validity: int | None = None,
    account_ref: str | None = None,
    entity_id: str | None = None,
    content_id: str | None = None,
    trusted_number: bool | None = None,
    region: str | None = None,
    max_price: float | None = None,
    api: ApiName | None = None,
    even_if_suppressed: str | None = None,
    session: Session | None = None,
) -> pd.DataFrame:
    """Send one SMS; it leaves once, whatever happens.

    Parameters
    ----------
    to : str or int
        Number in any usual spelling, with its country code, or national where `region` is given.
    text : str, optional
        Types text and unicode: 1 to 3,200 characters. `nexmo_nb.segments` tells how many parts they take. Accents are
        composed with their letters before it is sent, and control characters other than line ends are refused.
    sender : str or int
        A number of yours, or a name of at most 11 letters and digits; some countries replace or refuse names.
    type : {"auto", "text", "unicode", "binary", "wappush", "vcal", "vcard"}
        Default: text where every character is in GSM-7, else unicode, where a part holds less than half as much.
    key : str, optional
        A name for this message: under one key it is sent once ever, whatever is run again. A later call with the same
        content returns the parts that were recorded. Blanks and invisible marks at its ends do not count. Default: each
        call sends.
    status_report_req, trusted_number : bool, optional
        Whether a delivery receipt is wanted; whether to send past the Fraud Defender. Default: the API's own, which are
        yes and no.
    client_ref : str, optional
        Your reference, at most 100 characters; it comes back in the answer, receipts and reports. Default: 40 random
        hexadecimal characters, by which `nexmo_nb.settle` finds the message.
    vcard, vcal : str, optional
        Business card or calendar entry, for the types of the same name.
    ttl : int, optional
        Milliseconds for which delivery is tried, 20,000 to 604,800,000. Default: the API's 72 hours.
    callback : str, optional
        URL of at most 100 characters for the delivery receipt. Default: the account's.
    message_class, protocol_id : int, optional
        0 (shown at once and not kept), 1 (phone), 2 (SIM) or 3 (other device); 0 to 255. Default: none.
    udh, body : str or bytes, optional
        Type binary: header and content, as bytes or hexadecimal; 140 octets together at most.
    title, url, validity : str, str, int, optional
        Type wappush: what is shown, where it leads, and for how many milliseconds (default: the API's 48 hours).
    account_ref, entity_id, content_id : str, optional
        Your tag for billing, if Nexmo enabled it; registrations that some countries require, such as India's DLT.
    region : str, optional
        Country whose national numbers are meant where `to` has no country code: a code of ISO 3166-1, or a name.
        Default: `to` must have its country code.
    max_price : float, optional
        At most so much, in the account's currency, for the whole message: refused before it is sent where the dearest
        network of its country costs more, or no price is known. Reads the price list, once a day. Default: no cap but
        the account's `budget`.
    api : {"sms", "messages"}, optional
        The API that the message travels by: the SMS API, or the Messages API for accounts that do not get that one any
        more. Messages has no `status_report_req`, `message_class`, `protocol_id` and `account_ref`, no other types than
        text and unicode, and a `ttl` of whole seconds. Default: that of the connection (``connect(sms_api=…)``).
    even_if_suppressed : str, optional
        Why it must be sent although the recipient is on the do-not-send list (see `suppress`); `sent` shows the reason.
        Default: it is refused then.
    session : Session, optional
        Default: the current one.

    Returns
    -------
    pandas.DataFrame
        One row a part: ``part, parts`` (int), ``to, message_id, status, meaning, error_text`` (text), ``price,
        balance`` (float, in ``currency``; estimates, as Nexmo says), ``network`` (MCC and MNC), ``client_ref,
        account_ref`` (as Nexmo repeats them). By the Messages API one row for all parts, which are counted here, and
        no ``price, balance, network``: its answer does not tell them. `delivery` finds the price, and `sent` and the
        budgets know it from then on; before, the estimate counts.

    Raises
    ------
    InvalidRequestError
        If an argument is wrong, it is uncertain whose number `to` is or the number is on the do-not-send list, or it
        may cost more than `max_price` or the account's `budget` allow; nothing is sent.
    RejectedError, AuthenticationError
        If Nexmo refused the whole message, or the credentials; ``.code``, ``.meaning`` and ``.parts`` say why.
    RateLimitedError, UnreachableError
        If it was still throttled after three tries, or no connection was made: nothing was sent.
    UnknownOutcomeError
        If no answer came: it may have been sent, and may have cost money. Also if `key` is in flight elsewhere, or what
        became of it is not known.

    Warns
    -----
    DoubtfulNumberWarning
        If the number is possible and doubtful: not valid, premium, no mobile one, or rounded perhaps. It is sent.
    DoubtfulSenderWarning
        If the country is known to refuse, replace or want registered such a sender (`nexmo_nb.sender_rules`). It is
        sent. From a long number of the United States or Canada one message a second is sent, over all processes.
    PartialSendWarning
        If some parts were accepted and others refused; the frame shows which.

    Notes
    -----
    Every send is recorded on this machine before it leaves; `nexmo_nb.sent` shows it. Accepted is not delivered. Uses
    ``POST /sms/json``, https://developer.vonage.com/en/api/sms, which no longer documents wappush, vcal and vcard: they
    may be refused; or ``POST /v1/messages``, https://developer.vonage.com/en/api/messages, with key and secret, which
    refuses a message by HTTP status: ``.code`` is the error's number then, or its name. A key counts over both.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> parts = nx.send_sms("+44 7700 900000", "Hello", sender="Demo")
    >>> parts[["part", "parts", "to", "meaning"]].values.tolist()
    [[1, 1, '447700900000', 'accepted']]
    """
    given = locals()  # the parameters, by their names
    session = session_or_current(session)
    fields = build_fields(to, sender, type, region, **{name: given[name] for name in (*CONTENT, *OPTIONS)})
    key = None if key is None else validation.check_name("key", key)
    exception = validation.check_exception(even_if_suppressed)
    warn_of_doubt(to, region)
    warn_of_sender(fields["from"], fields["to"])
    send_id, currency = session.ledger.new_id(), session.account.currency
    reference = fields.get("client-ref", send_id)
    way = find_api(api, session)
    complete = {**fields, "client-ref": reference}
    request = way.build_request(complete, currency)
    addressed = (fields["to"], fields["from"], fields.get("text"))
    entry = Entry(send_id, request.what, way.name, compute_digest(fields), *addressed, client_ref=reference, key=key)
    entry = entry._replace(even_if_suppressed=exception)
    entry = _estimate(session, entry, count_parts(fields), max_price)
    with session.ledger.open_send(entry) as send:
        rows = send.record_intent()
        if rows is None:
            rows = way.parse_answer(
                session.call(replace(request, check_again=lambda: session.ledger.suppressions.check(entry))),
                complete,
                currency,
            )
            session.note_balance(rows[-1]["balance"])
            send.record_outcome(rows)
    _warn_if_partial(rows, fields["to"])
    return frame([{**row, "meaning": meaning_of_status(row["status"])} for row in rows], COLUMNS)


def _estimate(session: Session, entry: Entry, parts: int, max_price: float | None) -> Entry:
    """Give an entry what it may cost, where there is a cap; what was sent under its key before needs none."""
    cap = None if max_price is None else validation.check_amount("max_price", max_price)
    if (cap is None and not session.ledger.budgets.read()) or session.ledger.find_recorded(entry) is not None:
        return entry
    estimate = estimate_cost(session, entry.recipient, "sms", parts)
    if cap is not None:
        check_max_price(cap, estimate)
    return entry._replace(estimate=estimate)


def _warn_if_partial(rows: list[dict[str, Any]], to: str) -> None:
    refused = [row for row in rows if row["status"] != "0"]
    if refused:
        numbers = ", ".join(str(row["part"]) for row in refused)
        reason = f"{meaning_of_status(refused[0]['status'])} ({refused[0]['status']})"
        warnings.warn(
            f"Nexmo accepted {len(rows) - len(refused)} of {len(rows)} parts to {to} and refused part {numbers}: "
            f"{reason}. Sending the whole again would double the accepted parts.",
            PartialSendWarning,
            stacklevel=3,
        )
