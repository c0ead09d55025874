"""Nexmo (Vonage) for notebooks: numbers, applications, SMS and voice as pandas DataFrames.

Connect once, then call functions; each returns one tidy frame::

    import nexmo_nb as nx

    nx.connect("sandbox")                       # no account needed; nx.connect() for your own
    nx.search_numbers(["GB", "PT"], features=["SMS", "VOICE"])
    nx.send_sms("+44 7700 900000", "Hello", sender="Demo")

What you want to do, and what does it; ``help(nx.send_sms)`` tells all of one, with an example:

Connect         connect, show_connection, current, set_options
Without code    sms_form, campaign_form, voice_form, number_form, application_form
Send            send_sms, send_voice
A list          read_contacts, clean_contacts, to_e164, countries; then plan_sms, summary, fit_budget, send_many
A text          segments, explain_encoding, shorter_texts
What was sent   sent, settle, delivery, records, discard, forget
Numbers         search_numbers, cheapest_numbers, buy_number, owned_numbers, update_number, cancel_number
Applications    applications, application, create_application, update_application, delete_application
Money           bill, balance, subaccounts, budget, prices, price_book, price_changes, spend, anomalies,
                number_costs, idle_numbers, cost_per_delivered, estimate_vs_actual
Plots           plot_spend, plot_delivery, plot_estimate, plot_prices, plot_number_costs, plot_anomalies;
                report, a page for a manager
Files           to_csv, read_csv, to_excel, read_excel, to_focus; mask before others see a frame

How the package is built stands in ``CONTRIBUTING.md``.
"""

from nexmo_nb.applications import (
    application,
    applications,
    create_application,
    delete_application,
    update_application,
)
from nexmo_nb.campaigns import discard, fit_budget, forget, plan_sms, send_many, sent, settle, summary
from nexmo_nb.campaigns.account_budget import budget
from nexmo_nb.contacts.clean import clean_contacts
from nexmo_nb.contacts.countries import countries
from nexmo_nb.contacts.files import read_contacts
from nexmo_nb.contacts.numbers import to_e164
from nexmo_nb.costs import (
    anomalies,
    bill,
    cheapest_numbers,
    cost_per_delivered,
    estimate_vs_actual,
    idle_numbers,
    number_costs,
    shorter_texts,
    spend,
)
from nexmo_nb.csv_files import read_csv, to_csv
from nexmo_nb.errors import (
    AuthenticationError,
    DoubtfulNumberWarning,
    InvalidRequestError,
    NexmoError,
    NotFoundError,
    PartialSendWarning,
    RateLimitedError,
    RejectedError,
    UnknownOutcomeError,
    UnreachableError,
)
from nexmo_nb.excel_files import read_excel, to_excel
from nexmo_nb.focus import to_focus
from nexmo_nb.numbers import buy_number, cancel_number, owned_numbers, search_numbers, update_number
from nexmo_nb.options import set_options
from nexmo_nb.pricing import balance, price_changes, prices
from nexmo_nb.pricing.book import price_book
from nexmo_nb.pseudonyms import mask
from nexmo_nb.report_page import report
from nexmo_nb.reports import delivery, records
from nexmo_nb.session import Session, connect, current, show_connection
from nexmo_nb.sms import send_sms
from nexmo_nb.subaccounts import subaccounts
from nexmo_nb.text.gsm import Segments, segments
from nexmo_nb.text.spelling import explain_encoding
from nexmo_nb.voice import send_voice

__version__ = "0.1.0"

_FORMS = ("application_form", "campaign_form", "number_form", "sms_form", "voice_form")
_PLOTS = ("plot_anomalies", "plot_delivery", "plot_estimate", "plot_number_costs", "plot_prices", "plot_spend")


def __getattr__(name: str) -> object:
    """Load forms and plots when they are first used."""
    if name in _FORMS:
        from nexmo_nb import forms

        return getattr(forms, name)
    if name in _PLOTS:
        from nexmo_nb import plots

        return getattr(plots, name)
    raise AttributeError(f"module 'nexmo_nb' has no attribute {name!r}")


def __dir__() -> list[str]:
    """List what is public, and none of the rooms behind it."""
    return list(__all__)


__all__ = [
    "AuthenticationError",
    "DoubtfulNumberWarning",
    "InvalidRequestError",
    "NexmoError",
    "NotFoundError",
    "PartialSendWarning",
    "RateLimitedError",
    "RejectedError",
    "Segments",
    "Session",
    "UnknownOutcomeError",
    "UnreachableError",
    "anomalies",
    "application",
    "application_form",
    "applications",
    "balance",
    "bill",
    "budget",
    "buy_number",
    "campaign_form",
    "cancel_number",
    "cheapest_numbers",
    "clean_contacts",
    "connect",
    "cost_per_delivered",
    "countries",
    "create_application",
    "current",
    "delete_application",
    "delivery",
    "discard",
    "estimate_vs_actual",
    "explain_encoding",
    "fit_budget",
    "forget",
    "idle_numbers",
    "mask",
    "number_costs",
    "number_form",
    "owned_numbers",
    "plan_sms",
    "plot_anomalies",
    "plot_delivery",
    "plot_estimate",
    "plot_number_costs",
    "plot_prices",
    "plot_spend",
    "price_book",
    "price_changes",
    "prices",
    "read_contacts",
    "read_csv",
    "read_excel",
    "records",
    "report",
    "search_numbers",
    "segments",
    "send_many",
    "send_sms",
    "send_voice",
    "sent",
    "set_options",
    "settle",
    "shorter_texts",
    "show_connection",
    "sms_form",
    "spend",
    "subaccounts",
    "summary",
    "to_csv",
    "to_e164",
    "to_excel",
    "to_focus",
    "update_application",
    "update_number",
    "voice_form",
]
