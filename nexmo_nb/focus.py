"""A bill as a FOCUS 1.2 file, the form in which FinOps tools read the costs of all providers.

The columns and their rules: https://focus.finops.org/focus-specification/v1-2/.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from nexmo_nb import validation
from nexmo_nb.arrow_frames import AnyFrame, to_pandas
from nexmo_nb.contacts.countries import name_country
from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.private_files import expand_path, replace_text_file

PROVIDER = "Vonage"
RENT = "NUMBERS"
"""The product of a bill whose lines are rent: each stands at a day, and is for the rest of that month."""
NEEDED = (
    *("day", "product", "channel", "direction", "country", "network", "status", "account", "tag"),
    *("messages", "parts", "seconds", "amount", "currency", "estimated"),
)


class Service(NamedTuple):
    """How FOCUS classes a product: category and subcategory are words of its lists, `unit` is what is priced."""

    category: str
    subcategory: str
    unit: str


_MESSAGING = Service("Integration", "Messaging", "Parts")
_VOICE = Service("Integration", "Other (Integration)", "Minutes")
_IDENTITY = Service("Identity", "Other (Identity)", "Requests")
SERVICES = {
    **dict.fromkeys(("SMS", "MESSAGES", "CONVERSATION-MESSAGE"), _MESSAGING),
    **dict.fromkeys(
        ("VOICE-CALL", "VOICE-FAILED", "VOICE-TTS", "IN-APP-VOICE", "WEBSOCKET-CALL", "ASR", "AMD"), _VOICE
    ),
    **dict.fromkeys(("VERIFY-API", "VERIFY-V2", "NUMBER-INSIGHT"), _IDENTITY),
    "SMS-TRAFFIC-CONTROL": Service("Security", "Other (Security)", "Requests"),
    "CONVERSATION-EVENT": Service("Integration", "Other (Integration)", "Requests"),
    "VIDEO-API": Service("Media", "Media Streaming", "Minutes"),
    "NETWORK-API-EVENT": Service("Networking", "Other (Networking)", "Requests"),
    "REPORTS-USAGE": Service("Management and Governance", "Observability", "Requests"),
    RENT: Service("Networking", "Other (Networking)", "Units"),
}
_OTHER = Service("Other", "Other (Other)", "Requests")
_NUMBERS = ("messages", "parts", "seconds", "amount")
_OWN = ("channel", "country", "direction", "network", "status")
COLUMNS = (
    *("BilledCost", "BillingAccountId", "BillingAccountName", "BillingCurrency", "BillingPeriodEnd"),
    *("BillingPeriodStart", "ChargeCategory", "ChargeClass", "ChargeDescription", "ChargeFrequency", "ChargePeriodEnd"),
    *("ChargePeriodStart", "ConsumedQuantity", "ConsumedUnit", "ContractedCost", "EffectiveCost", "InvoiceIssuerName"),
    *("ListCost", "PricingQuantity", "PricingUnit", "ProviderName", "PublisherName", "ServiceCategory", "ServiceName"),
    *("ServiceSubcategory", "SubAccountId", "SubAccountName", "Tags"),
    *("x_Channel", "x_Country", "x_Direction", "x_Estimated", "x_Messages", "x_Network", "x_Status"),
)
"""The columns of the file: those of FOCUS, then our own, each in the order of the alphabet."""
_TIME = "%Y-%m-%dT%H:%M:%SZ"


def to_focus(bill: AnyFrame, path: str | Path, *, billing_account: str | None = None) -> Path:
    """Write a bill as a CSV file of the FinOps Open Cost and Usage Specification (FOCUS) 1.2.

    Parameters
    ----------
    bill : DataFrame
        Of `bill`: ``day, product, channel, direction, country, network, status, account, tag, messages, parts, seconds,
        amount, currency, estimated``.
    path : str or Path
        The file, which only its owner can read; one that ends in ``.gz`` is packed.
    billing_account : str, optional
        The API key of the account that gets the invoice: what other accounts used stands under ``SubAccountId``.
        Default: each line's own account.

    Returns
    -------
    Path
        The path of the file, with ``~`` expanded. A row a line of the bill: all mandatory columns of FOCUS, what a bill
        has for the others (charge frequency, consumed quantity, subcategory, subaccount, tags), and what it has beside
        them as ``x_…``. The sum of ``BilledCost`` is that of ``amount``.

    Raises
    ------
    InvalidRequestError
        If a column is missing, a line has no amount, currency, day, product or account, which FOCUS demands of each, or
        the file cannot be written.

    Notes
    -----
    https://focus.finops.org/focus-specification/v1-2/. Nexmo's records have one price: list, contracted and effective
    cost are the billed one. What they do not tell is left out: unit prices, ids of a price list, of invoices and of
    regions (the country is where a message went, in ``x_Country``). The billing period is the month in UTC; a price
    that is an estimate is marked in ``x_Estimated``. Rent is a recurring purchase until the end of its month. Of SMS,
    parts are priced, of calls minutes, else requests.

    Examples
    --------
    >>> import pandas as pd, nexmo_nb as nx
    >>> line = {"day": pd.Timestamp("2026-01-31", tz="UTC"), "product": "SMS", "account": "abcd1234", "currency": "EUR"}
    >>> line |= {"messages": 1, "parts": 2, "seconds": 0.0, "amount": 0.084582, "estimated": False, "country": "GB"}
    >>> line |= dict.fromkeys(["channel", "direction", "network", "status", "tag"])
    >>> path = nx.to_focus(pd.DataFrame.from_records([line]), "focus.csv")
    >>> nx.read_csv(path)[["BilledCost", "PricingQuantity", "PricingUnit"]].values.tolist()
    [['0.084582', '2', 'Parts']]
    """
    payer = None if billing_account is None else validation.check_text("billing_account", billing_account, longest=100)
    bill = to_pandas(bill)
    _check_bill(bill, payer)
    lines = bill.assign(day=pd.to_datetime(bill["day"], utc=True)).reset_index(drop=True)
    cells = lines.astype(object).where(lines.notna(), None)
    with replace_text_file(path) as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\r\n")
        writer.writeheader()
        try:
            writer.writerows(_build_row(line, payer) for line in cells.to_dict("records"))
        except UnicodeError as problem:
            raise validation.invalid_argument("bill", str(problem), "text that UTF-8 can write") from None
    return expand_path(path)


def _check_bill(bill: Any, payer: str | None) -> None:
    words = [name for name in NEEDED if name not in (*_NUMBERS, "day", "estimated")]
    validation.check_frame(bill, *NEEDED, numbers=_NUMBERS, words=words)
    if not pd.api.types.is_datetime64_any_dtype(bill["day"].dtype):
        raise validation.invalid_argument("bill", f"{bill['day'].dtype} in day", "times in day")
    for name in ("day", "product", "amount", "currency", *(() if payer else ("account",))):
        lacking = int(bill[name].isna().sum())
        if lacking:
            raise InvalidRequestError(
                f"bill: {lacking:,} of {len(bill):,} lines have no {name}; allowed: a {name} in each, as FOCUS "
                f"demands. Fill it in, or leave them out: bill[bill[{name!r}].notna()].",
                parameter="bill",
            )


def _build_row(line: Mapping[Any, Any], payer: str | None) -> dict[str, str]:
    """Write a line of a bill as a row of FOCUS, all of it text; a missing value is an empty cell."""
    day, product = line["day"], str(line["product"])
    service, is_rent = SERVICES.get(product, _OTHER), product == RENT
    month = day.normalize().replace(day=1)
    month_end = month + pd.offsets.MonthBegin()
    amount = _write_number(line["amount"])
    priced, priced_unit, consumed, consumed_unit = _find_quantities(line, service)
    account = None if line["account"] is None else str(line["account"])
    below = account if payer and account != payer else None
    row: dict[str, Any] = {
        **dict.fromkeys(("BilledCost", "EffectiveCost", "ListCost", "ContractedCost"), amount),
        "BillingAccountId": payer or account,
        "BillingCurrency": line["currency"],
        "BillingPeriodStart": month.strftime(_TIME),
        "BillingPeriodEnd": month_end.strftime(_TIME),
        "ChargeCategory": "Purchase" if is_rent else "Usage",
        "ChargeDescription": _describe(line),
        "ChargeFrequency": "Recurring" if is_rent else "Usage-Based",
        "ChargePeriodStart": day.strftime(_TIME),
        "ChargePeriodEnd": (month_end if is_rent else day + pd.Timedelta(days=1)).strftime(_TIME),
        "ConsumedQuantity": None if is_rent else _write_number(consumed),
        "ConsumedUnit": None if is_rent else consumed_unit,
        **dict.fromkeys(("InvoiceIssuerName", "ProviderName", "PublisherName"), PROVIDER),
        "PricingQuantity": _write_number(priced),
        "PricingUnit": priced_unit,
        "ServiceCategory": service.category,
        "ServiceName": product,
        "ServiceSubcategory": service.subcategory,
        **dict.fromkeys(("SubAccountId", "SubAccountName"), below),
        "Tags": None if line["tag"] is None else json.dumps({"tag": str(line["tag"])}, ensure_ascii=False),
        **{f"x_{name.title()}": line[name] for name in _OWN},
        "x_Estimated": "true" if line["estimated"] else "false",
        "x_Messages": _write_number(line["messages"]),
    }
    return {name: "" if row.get(name) is None else str(row[name]) for name in COLUMNS}


def _find_quantities(line: Mapping[Any, Any], service: Service) -> tuple[float, str, float, str]:
    """Find what was priced and what was consumed, each with its unit."""
    seconds, parts, messages = (line[name] or 0 for name in ("seconds", "parts", "messages"))
    if service.unit == "Minutes":
        return seconds / 60, "Minutes", seconds, "Seconds"
    if service.unit == "Units":
        return 1, "Units", 1, "Units"
    count = parts or messages
    return count, service.unit, count, service.unit


def _describe(line: Mapping[Any, Any]) -> str:
    """Describe a charge in words: ``SMS outbound, Namibia, MTC: delivered``."""
    code = None if line["country"] is None else str(line["country"])
    where = [name_country(code) if code else None, line["network"]]
    what = " ".join(str(word) for word in (line["product"], line["channel"], line["direction"]) if word is not None)
    text = ", ".join([what, *(str(word) for word in where if word is not None)])
    return text if line["status"] is None else f"{text}: {line['status']}"


def _write_number(number: Any) -> str | None:
    """Write a number with all its digits and without an exponent, whose sign FOCUS does not allow."""
    if number is None:
        return None
    written = format(Decimal(repr(float(number))), "f")
    return written.rstrip("0").rstrip(".") if "." in written else written
