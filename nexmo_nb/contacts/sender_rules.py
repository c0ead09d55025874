"""What countries do with the sender of a message: a small table, from public documentation, and what follows for one.

A country that is not in it is not known: nothing is said of it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import pandas as pd

from nexmo_nb.contacts.countries import check_country, name_country
from nexmo_nb.contacts.rules import find_calling_code
from nexmo_nb.frames import Column, frame

ALLOWED, LOCAL, REGISTRATION, REPLACED, REFUSED = "allowed", "local", "registration", "replaced", "refused"
COLUMNS = tuple(map(Column, ("country", "country_name", "names", "numbers", "note", "source", "url", "as_of")))
SHORT_CODE = 8
"""Digits of the longest short code, which has no country of its own."""


class SenderRule(NamedTuple):
    """What a country does with a name, and with a number, as sender; empty: not known."""

    names: str
    numbers: str
    source: str
    as_of: str
    note: str


_ARTICLES = "https://api.support.vonage.com/hc/en-us/articles"
_SOURCES = {
    "Vonage, US SMS Features and Restrictions": f"{_ARTICLES}/204017023",
    "Vonage, Canada SMS Features and Restrictions": f"{_ARTICLES}/204024183",
    "Vonage, UAE SMS Features and Restrictions": f"{_ARTICLES}/204017363",
    "Vonage, China SMS Features and Restrictions": f"{_ARTICLES}/204017393",
    "Vonage, France SMS Features and Restrictions": f"{_ARTICLES}/204017483",
    "Vonage, India SMS Features and Restrictions": f"{_ARTICLES}/204017423",
    "Vonage, Mexico SMS Features and Restrictions": f"{_ARTICLES}/204017253",
    "Vonage, Turkey SMS Features and Restrictions": f"{_ARTICLES}/204017543",
    "SGNIC, SMS Sender ID Registry": "https://www.sgnic.sg/announcements/sgnic-news/announcement-details/2023/04/10/"
    "sender-ids-not-registered-with-the-ssir-will-be-blocked-after-six-months-transition-period-from-31-january-2023",
    "ComReg, SMS Sender ID Registry": "https://www.comreg.ie/industry/electronic-communications/"
    "nuisance-communications/sms-sender-id-registry/",
    "Clickatell, SMS regulations": "https://www.clickatell.com/sms-country-regulations/united-kingdom/",
    "SureSMS, SMS rules": "https://suresms.com/en/resources/country-specific-rules-and-restrictions/brazil/",
    "AWS, SMS by country": "https://docs.aws.amazon.com/sns/latest/dg/sns-supported-regions-countries.html",
    "AWS, registrations": "https://docs.aws.amazon.com/sms-voice/latest/userguide/registrations.html",
}
# Countries; what becomes of names and of numbers; who says it; in which month; a note. What one provider alone does not
# support is left out: another one may.
_TABLE = """
AE|registration||Vonage, UAE SMS Features and Restrictions||Else a name may be replaced or rejected; general ones are.
AT BG CH CY DE DK EE ES FI GE GR HK IL IS IT|allowed||AWS, SMS by country|2023-06|
LT LU LV MT NL NO PL PT RS SE SI SK UA UG|allowed||AWS, SMS by country|2023-06|
AU|registration||AWS, registrations||
BR|replaced||SureSMS, SMS rules||By a short code or a local number.
BY EG JO KW PH QA RU SA TH VN|registration||AWS, SMS by country|2023-06|
CA|refused|local|Vonage, Canada SMS Features and Restrictions||It takes your numbers of Canada and the United States.
CN|replaced|replaced|Vonage, China SMS Features and Restrictions||By a number that changes, on all networks.
FR|allowed|replaced|Vonage, France SMS Features and Restrictions||General names, such as INFO, are prohibited.
GB|allowed|local|Clickatell, SMS regulations|2023-07|General names, such as INFO, and foreign numbers are blocked.
IE|registration||ComReg, SMS Sender ID Registry|2025-07|Else a name is shown as Likely Scam.
IN|registration|replaced|Vonage, India SMS Features and Restrictions|2023-08|Names of companies of India, by DLT.
MX|replaced|replaced|Vonage, Mexico SMS Features and Restrictions||Unless the operator has registered the name.
SG|registration||SGNIC, SMS Sender ID Registry|2023-04|Else a name is shown as Likely-SCAM, or blocked.
TR|registration||Vonage, Turkey SMS Features and Restrictions||On all networks, and as the brand is written.
US|refused|local|Vonage, US SMS Features and Restrictions|2022-03|It takes your numbers of the United States.
"""


def _parse_rules() -> dict[str, SenderRule]:
    lines = (line.split("|") for line in _TABLE.strip().splitlines())
    return {code: SenderRule(*rule) for codes, *rule in lines for code in codes.split()}


RULES = _parse_rules()


def sender_rules(country: str | None = None) -> pd.DataFrame:
    """List what countries do with the sender of an SMS, as far as public documentation says.

    Parameters
    ----------
    country : str, optional
        A code of ISO 3166-1, or a name. Default: all that are known.

    Returns
    -------
    pandas.DataFrame
        One row a country, by code: ``country, country_name``; ``names``, what becomes of a name as sender: allowed,
        registration (it must be registered with Nexmo before, or it is replaced or blocked), replaced (people see
        another sender), refused (numbers only: status 15); ``numbers``, the same of a number: allowed, local (only one
        with the country's own calling code, or a short code), replaced; missing where the source does not say. Then
        ``note``; ``source, url``, who says it and where; ``as_of``, the month of that, missing where it has no date.
        No row: nothing is known of the country.

    Raises
    ------
    InvalidRequestError
        If there is no such country.

    Notes
    -----
    Nothing is asked of Nexmo, and rules change: look at the source before a large campaign. What is yours alone, such
    as a name that you have registered, is not known here: `send_many` sends what you have looked at with
    ``doubtful="send"``. `plan_sms` and `send_sms` warn by this table, and the sandbox does as it says.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> nx.sender_rules("US")[["country", "names", "numbers"]].values.tolist()
    [['US', 'refused', 'local']]
    """
    codes = sorted(RULES) if country is None else [check_country(country)]
    rows = []
    for code in (code for code in codes if code in RULES):
        rule = RULES[code]
        filled = {name: value or None for name, value in rule._asdict().items()}
        rows.append({"country": code, "country_name": name_country(code), **filled, "url": _SOURCES[rule.source]})
    return frame(rows, COLUMNS)


def find_sender_doubt(sender: str, country: Any) -> tuple[str, str] | None:
    """Find what is doubtful about a sender in a country: a code for ``warning_code``, and a sentence."""
    rule = RULES.get(country)
    if rule is None:
        return None
    is_number = sender.isdecimal()
    treatment, place = (rule.numbers if is_number else rule.names), name_country(country)
    if treatment == LOCAL and not _is_local(sender, country):
        code = find_calling_code(country)
        return "sender_refused", f"sender: {place} takes numbers with the code +{code} only, and no {sender}."
    if treatment == REFUSED:
        return (
            "sender_refused",
            f"sender: {place} takes no names, and {sender!r} would be refused: use a number of yours.",
        )
    if treatment == REPLACED:
        return "sender_replaced", f"sender: in {place}, people see another sender than {sender!r}."
    if treatment == REGISTRATION:
        return "sender_registration", f"sender: in {place}, {sender!r} must have been registered before."
    return None


def _is_local(sender: str, country: str) -> bool:
    return len(sender) <= SHORT_CODE or sender.startswith(find_calling_code(country))
