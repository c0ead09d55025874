"""A made-up market: countries, networks, prices and numbers for rent. The prices are plausible, but invented."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple


class Network(NamedTuple):
    """A mobile network, and its prices for a part of an SMS and for a minute of a call."""

    code: str
    name: str
    sms: str
    voice: str


class Country(NamedTuple):
    """A country's name, calling code and networks, and the plan, monthly price and count of its numbers for rent.

    The plan has a pattern for each type of number: its first digits, and an x for each digit that follows. Patterns are
    chosen so that the national plan allows whatever the digits are.
    """

    code: str
    name: str
    prefix: str
    networks: tuple[Network, ...]
    plan: Mapping[str, str]
    monthly: float
    offers: int


TYPES = ("mobile-lvn", "landline", "landline-toll-free")
# Code, name, calling code, EUR for each part, minute and month, patterns of numbers by `TYPES` (-: none), count of
# numbers for rent, networks by MCC-MNC.
_TABLE = """
AE|United Arab Emirates|971|0.0391|0.1760|12.00|50xxxxxxx 22xxxxxx 800xxxxxx|60|42402 Etisalat,42403 du
AR|Argentina|54|0.0598|0.1350|7.50|9113xxxxxxx 114xxxxxxx 800xxxxxxx|60|722310 Claro,722070 Movistar,722340 Personal
AT|Austria|43|0.0747|0.0790|1.50|676xxxxxxx 12xxxxxxxx 800xxxxxx|90|23201 A1,23203 Magenta,23205 Drei
AU|Australia|61|0.0413|0.0590|2.40|40xxxxxxx 20xxxxxxx 1800xxxxxx|120|50501 Telstra,50502 Optus,50503 Vodafone
BE|Belgium|32|0.0785|0.0690|1.40|45xxxxxxx 10xxxxxx 8001xxxx|90|20601 Proximus,20610 Orange,20620 Base
BR|Brazil|55|0.0436|0.0850|3.20|119xxxxxxxx 112xxxxxxx 800xxxxxx|120|72405 Claro,72406 Vivo,72402 TIM
CA|Canada|1|0.0063|0.0110|0.80|6042xxxxxx 6132xxxxxx -|150|302720 Rogers,302610 Bell,302220 Telus
CH|Switzerland|41|0.0564|0.1450|4.60|79xxxxxxx 21xxxxxxx 800xxxxxx|90|22801 Swisscom,22802 Sunrise,22803 Salt
CL|Chile|56|0.0391|0.0720|5.10|92xxxxxxx 61xxxxxxx 800xxxxxx|60|73001 Entel,73002 Movistar,73003 Claro
CZ|Czechia|420|0.0419|0.0620|2.20|601xxxxxx 2xxxxxxxx 800xxxxxx|60|23001 T-Mobile,23002 O2,23003 Vodafone
DE|Germany|49|0.0754|0.0680|1.20|150xxxxxxxx 30xxxxxx 800xxxxxxxxxx|150|26201 Telekom,26202 Vodafone,26203 O2
DK|Denmark|45|0.0302|0.0410|1.60|26xxxxxx 301xxxxx 800xxxxx|60|23801 TDC,23802 Telenor,23806 3
EE|Estonia|372|0.0561|0.1120|1.90|5xxxxxxx 32xxxxx 8001xxxx|60|24801 Telia,24802 Elisa,24803 Tele2
ES|Spain|34|0.0712|0.0560|1.10|6xxxxxxxx 81xxxxxxx 800xxxxxx|120|21401 Vodafone,21403 Orange,21407 Movistar
FI|Finland|358|0.0648|0.0850|3.40|45xxxxxxxx 131xxxxxx 800xxxxxx|60|24405 Elisa,24412 DNA,24491 Telia
FR|France|33|0.0672|0.0490|1.30|61xxxxxxx 1xxxxxxxx 800xxxxxx|150|20801 Orange,20810 SFR,20820 Bouygues,20815 Free
GB|United Kingdom|44|0.0333|0.0250|0.8|741xxxxxxx 203xxxxxxx 800xxxxxxx|260|23410 O2,23415 Vodafone,23430 EE,23420 Three
GH|Ghana|233|0.0312|0.2100|9.50|24xxxxxxx 302xxxxxx 800xxxxx|60|62001 MTN,62002 Vodafone
GR|Greece|30|0.0489|0.0720|2.60|69xxxxxxxx 21xxxxxxxx 800xxxxxxx|60|20201 Cosmote,20205 Vodafone,20210 Wind
HK|Hong Kong|852|0.0514|0.0380|6.20|510xxxxx 21xxxxxx 800xxxxxx|60|45400 csl,45403 3,45406 SmarTone
HU|Hungary|36|0.0623|0.0590|2.10|20xxxxxxx 1xxxxxxx 800xxxxx|60|21601 Yettel,21630 Telekom,21670 Vodafone
ID|Indonesia|62|0.2970|0.1550|18.00|81xxxxxxxx 21xxxxxxx 800xxxxxxx|60|51010 Telkomsel,51011 XL,51001 Indosat
IE|Ireland|353|0.0572|0.0520|1.60|85xxxxxxx 1xxxxxxx 1800xxxxxx|90|27201 Vodafone,27202 Three,27203 Eir
IL|Israel|972|0.0721|0.0480|3.60|53xxxxxxx 20xxxxxx 1800xxxxxx|60|42501 Partner,42502 Cellcom,42503 Pelephone
IN|India|91|0.0712|0.0310|11.00|9xxxxxxxxx 791xxxxxxx 1800xxxxxx|60|40410 Airtel,40420 Vi,405840 Jio
IT|Italy|39|0.0695|0.0610|1.70|33xxxxxxxx 02xxxxxxxx 800xxxxxx|120|22201 TIM,22210 Vodafone,22288 WindTre,22250 Iliad
JP|Japan|81|0.0713|0.0980|7.80|901xxxxxxx 31xxxxxxx 120xxxxxx|60|44010 Docomo,44050 KDDI,44020 SoftBank
KE|Kenya|254|0.0512|0.1650|8.80|7xxxxxxxx 20xxxxxxx 8000xxxxx|60|63902 Safaricom,63903 Airtel
LT|Lithuania|370|0.0352|0.0990|1.80|6xxxxxxx 31xxxxxx 800xxxxx|60|24601 Telia,24602 Bite,24603 Tele2
MX|Mexico|52|0.0281|0.0210|2.90|55xxxxxxxx 222xxxxxxx 800xxxxxxx|90|33402 Telcel,33403 Movistar,33405 AT&T
MY|Malaysia|60|0.0415|0.0450|5.50|12xxxxxxx 38xxxxxxx 1800xxxxxx|60|50212 Maxis,50213 Celcom,50216 Digi
NA|Namibia|264|0.0627|0.1980|9.90|81xxxxxxx 632xxxxx 800xxxxxx|40|64901 MTC,64903 TN Mobile
NG|Nigeria|234|0.0448|0.1120|9.20|801xxxxxxx 201xxxxxxx 800xxxxxxxx|60|62130 MTN,62150 Glo,62120 Airtel
NL|Netherlands|31|0.0784|0.0820|1.50|61xxxxxxx 20xxxxxxx 800xxxx|120|20404 Vodafone,20408 KPN,20416 T-Mobile
NO|Norway|47|0.0493|0.0550|2.30|40xxxxxx 22xxxxxx 800xxxxx|60|24201 Telenor,24202 Telia,24214 ice
NZ|New Zealand|64|0.0918|0.0520|3.90|21xxxxxxx 32xxxxxx 800xxxxxx|60|53001 One,53005 Spark,53024 2degrees
PH|Philippines|63|0.0187|0.1420|9.10|92xxxxxxxx 23xxxxxxx 1800xxxxxxxx|60|51502 Globe,51503 Smart
PL|Poland|48|0.0242|0.0480|1.20|50xxxxxxx 12xxxxxxx 800xxxxxx|90|26001 Plus,26002 T-Mobile,26003 Orange,26006 Play
PT|Portugal|351|0.0402|0.0390|1.30|91xxxxxxx 21xxxxxxx 800xxxxxx|120|26801 Vodafone,26803 NOS,26806 MEO
RO|Romania|40|0.0554|0.0470|1.40|72xxxxxxx 21xxxxxxx 800xxxxxx|60|22601 Vodafone,22610 Orange,22603 Telekom
SE|Sweden|46|0.0524|0.0420|1.50|70xxxxxxx 8xxxxxx 20xxxxxx|90|24001 Telia,24007 Tele2,24008 Telenor
SG|Singapore|65|0.0396|0.0270|6.80|81xxxxxx 60xxxxxx 1800xxxxxxx|60|52501 Singtel,52503 M1,52505 StarHub
TH|Thailand|66|0.0228|0.0590|8.20|8xxxxxxxx 2xxxxxxx 1800xxxxxx|60|52001 AIS,52004 True,52005 dtac
US|United States|1|0.0068|0.0110|0.75|4152xxxxxx 2122xxxxxx 8002xxxxxx|320|310260 T-Mobile,310410 AT&T,311480 Verizon
ZA|South Africa|27|0.0262|0.0890|2.80|81xxxxxxx 10xxxxxxx 800xxxxxx|60|65501 Vodacom,65507 Cell C,65510 MTN
"""

# Features of local numbers, in the orders in which the API lists them.
_FEATURES = (["SMS", "VOICE"], ["VOICE", "SMS"], ["SMS"], ["VOICE"], ["VOICE", "SMS", "MMS"])


def _parse_countries() -> dict[str, Country]:
    countries = {}
    for line in _TABLE.strip().splitlines():
        code, name, prefix, sms, voice, monthly, patterns, offers, operators = line.split("|")
        networks = tuple(
            Network(mcc_mnc, operator, f"{float(sms) * (1 + 0.09 * n):.8f}", f"{float(voice) * (1 + 0.05 * n):.8f}")
            for n, (mcc_mnc, operator) in enumerate(entry.split(" ", 1) for entry in operators.split(","))
        )
        plan = {kind: each for kind, each in zip(TYPES, patterns.split(" "), strict=True) if each != "-"}
        countries[code] = Country(code, name, prefix, networks, plan, float(monthly), int(offers))
    return countries


COUNTRIES = _parse_countries()
# The United States and Canada share a calling code, so Canada is known by its area codes.
_BY_CALLING_CODE = {country.prefix: country for country in COUNTRIES.values() if country.code != "CA"}
_CANADIAN_AREAS = "204 226 236 250 403 416 418 437 514 604 613 647 778 905"
_CANADA = tuple(f"1{area}" for area in _CANADIAN_AREAS.split())


def find_country(number: str) -> Country | None:
    """Find the country of a phone number; None where the market does not have it."""
    if number.startswith(_CANADA):
        return COUNTRIES["CA"]
    return next((_BY_CALLING_CODE[number[:n]] for n in (3, 2, 1) if number[:n] in _BY_CALLING_CODE), None)


def find_network(country: Country, number: str) -> Network:
    """Find the network of a phone number in its country: by the number, so that it is always the same."""
    return country.networks[hash_to_int("network", number) % len(country.networks)]


def build_msisdn(country: Country, kind: str, tail: int) -> str:
    """Build a number of a country and type, with country code, whose free digits are the last ones of `tail`."""
    pattern = country.plan[kind]
    lead = pattern.rstrip("x")
    width = len(pattern) - len(lead)
    return f"{country.prefix}{lead}{tail % 10**width:0{width}d}"


def hash_to_int(*words: Any) -> int:
    """Derive a number of 128 bits from some words, the same in every process."""
    return int.from_bytes(hashlib.sha256("|".join(map(str, words)).encode()).digest()[:16], "big")


@lru_cache
def build_numbers_for_rent(seed: int) -> tuple[dict[str, Any], ...]:
    """Build the numbers for rent, as the wire shows them. They depend on the seed alone; copy them before a change."""
    return tuple(_build_number(country, n, seed) for country in COUNTRIES.values() for n in range(country.offers))


def _build_number(country: Country, n: int, seed: int) -> dict[str, Any]:
    dice = hash_to_int(seed, country.code, n)
    can_be_free = n % 7 == 0 and "landline-toll-free" in country.plan
    kind = ("mobile-lvn", "mobile-lvn", "landline", "landline-toll-free" if can_be_free else "landline")[dice % 4]
    # The last three digits count the offers, so that no number comes twice.
    msisdn = build_msisdn(country, kind, (dice >> 8) * 1000 + n)
    factor = {"mobile-lvn": 1.0, "landline": 1.2, "landline-toll-free": 9.0}[kind]
    features = ["VOICE"] if kind == "landline-toll-free" else _FEATURES[(dice >> 16) % len(_FEATURES)]
    if country.code in ("US", "CA") and kind == "mobile-lvn":
        features = ["VOICE", "SMS", "MMS"]
    number: dict[str, Any] = {
        "country": country.code,
        "msisdn": msisdn,
        "cost": f"{country.monthly * factor * (1 + (dice >> 24) % 3 * 0.1):.2f}",
        "initialPrice": f"{(dice >> 32) % 3 * 0.5 * factor:.2f}",
        "type": kind,
        "features": features,
    }
    if n % 11 == 0 and "SMS" in features:
        number["limitations"] = [{"feature": "SMS", "type": "OUTBOUND", "reach": "DOMESTIC"}]
    return number
