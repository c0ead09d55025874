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
A list          read_contacts, clean_contacts, to_e164, countries; then plan_sms, summary, fit_budget, send_many,
                and run_due where it is kept for later;
                sender_rules, what countries do with a sender
A text          segments, explain_encoding, shorter_texts
What was sent   batch, batches, sent, retry, settle, delivery, records, discard, forget
Who said stop   suppress, suppressed, unsuppress, suppress_from, opt_out_violations; replies, what people wrote back
Numbers         search_numbers, cheapest_numbers, buy_number, owned_numbers, update_number, cancel_number
Applications    applications, application, create_application, update_application, delete_application
Before paying   lookup, add_lookup
Money           bill, balance, subaccounts, budget, prices, price_book, price_changes, spend, anomalies,
                number_costs, idle_numbers, cost_per_delivered, estimate_vs_actual
Plots           plot_spend, plot_delivery, plot_estimate, plot_prices, plot_number_costs, plot_anomalies;
                report, a page for a manager
Files           to_csv, read_csv, to_excel, read_excel, to_focus; mask before others see a frame

A frame that you give may be one of pandas, polars, pyarrow or DuckDB; one that you get is of pandas.

How the package is built stands in ``CONTRIBUTING.md``.
"""

import importlib
import sys
import types
import typing

if typing.TYPE_CHECKING:
    from nexmo_nb.applications import (
        application,
        applications,
        create_application,
        delete_application,
        update_application,
    )
    from nexmo_nb.campaigns import discard, fit_budget, forget, plan_sms, run_due, send_many, sent
    from nexmo_nb.campaigns.account_budget import budget
    from nexmo_nb.campaigns.batches import batch, batches
    from nexmo_nb.campaigns.lookups import add_lookup
    from nexmo_nb.campaigns.opt_outs import opt_out_violations, suppress_from
    from nexmo_nb.campaigns.replies import replies
    from nexmo_nb.campaigns.retry import retry
    from nexmo_nb.campaigns.settle import settle
    from nexmo_nb.campaigns.summary import summary
    from nexmo_nb.campaigns.suppression import suppress, suppressed, unsuppress
    from nexmo_nb.contacts.clean import clean_contacts
    from nexmo_nb.contacts.countries import countries
    from nexmo_nb.contacts.files import read_contacts
    from nexmo_nb.contacts.numbers import to_e164
    from nexmo_nb.contacts.sender_rules import sender_rules
    from nexmo_nb.costs import (
        anomalies,
        cheapest_numbers,
        cost_per_delivered,
        estimate_vs_actual,
        idle_numbers,
        number_costs,
        shorter_texts,
        spend,
    )
    from nexmo_nb.costs.bill import bill
    from nexmo_nb.csv_files import read_csv, to_csv
    from nexmo_nb.errors import (
        AuthenticationError,
        DoubtfulNumberWarning,
        DoubtfulSenderWarning,
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
    from nexmo_nb.forms import application_form, campaign_form, number_form, sms_form, voice_form
    from nexmo_nb.lookup import lookup
    from nexmo_nb.numbers import buy_number, cancel_number, owned_numbers, search_numbers, update_number
    from nexmo_nb.options import set_options
    from nexmo_nb.plots import (
        plot_anomalies,
        plot_delivery,
        plot_estimate,
        plot_number_costs,
        plot_prices,
        plot_spend,
    )
    from nexmo_nb.pricing import balance, price_changes, prices
    from nexmo_nb.pricing.book import price_book
    from nexmo_nb.pseudonyms import mask
    from nexmo_nb.report_page import report
    from nexmo_nb.reports import delivery, records
    from nexmo_nb.session import Session
    from nexmo_nb.session.connect import connect, current
    from nexmo_nb.session.settings import show_connection
    from nexmo_nb.sms import send_sms
    from nexmo_nb.subaccounts import subaccounts
    from nexmo_nb.text.gsm import Segments, segments
    from nexmo_nb.text.spelling import explain_encoding
    from nexmo_nb.voice import send_voice

__version__ = "0.2.0"

# Each public name is loaded when it is first used: what is not used costs nothing, not even pandas.
_NAMES = {
    "applications": "application applications create_application delete_application update_application",
    "campaigns": "discard fit_budget forget plan_sms run_due send_many sent",
    "campaigns.account_budget": "budget",
    "campaigns.batches": "batch batches",
    "campaigns.lookups": "add_lookup",
    "campaigns.opt_outs": "opt_out_violations suppress_from",
    "campaigns.replies": "replies",
    "campaigns.retry": "retry",
    "campaigns.settle": "settle",
    "campaigns.summary": "summary",
    "campaigns.suppression": "suppress suppressed unsuppress",
    "contacts.clean": "clean_contacts",
    "contacts.countries": "countries",
    "contacts.files": "read_contacts",
    "contacts.numbers": "to_e164",
    "contacts.sender_rules": "sender_rules",
    "costs": "anomalies cheapest_numbers cost_per_delivered estimate_vs_actual idle_numbers number_costs "
    "shorter_texts spend",
    "costs.bill": "bill",
    "csv_files": "read_csv to_csv",
    "errors": "AuthenticationError DoubtfulNumberWarning DoubtfulSenderWarning InvalidRequestError NexmoError "
    "NotFoundError "
    "PartialSendWarning RateLimitedError RejectedError UnknownOutcomeError UnreachableError",
    "excel_files": "read_excel to_excel",
    "focus": "to_focus",
    "forms": "application_form campaign_form number_form sms_form voice_form",
    "lookup": "lookup",
    "numbers": "buy_number cancel_number owned_numbers search_numbers update_number",
    "options": "set_options",
    "plots": "plot_anomalies plot_delivery plot_estimate plot_number_costs plot_prices plot_spend",
    "pricing": "balance price_changes prices",
    "pricing.book": "price_book",
    "pseudonyms": "mask",
    "report_page": "report",
    "reports": "delivery records",
    "session": "Session",
    "session.connect": "connect current",
    "session.settings": "show_connection",
    "sms": "send_sms",
    "subaccounts": "subaccounts",
    "text.gsm": "Segments segments",
    "text.spelling": "explain_encoding",
    "voice": "send_voice",
}
_MODULES = {name: module for module, names in _NAMES.items() for name in names.split()}

if not typing.TYPE_CHECKING:  # a type checker reads the imports above, and so knows which names there are

    def __getattr__(name: str) -> object:
        if name not in _MODULES:
            raise AttributeError(f"module 'nexmo_nb' has no attribute {name!r}")
        value = globals()[name] = getattr(importlib.import_module(f"nexmo_nb.{_MODULES[name]}"), name)
        return value


class _Package(types.ModuleType):
    """Keeps `applications`, `lookup` and `subaccounts` the functions, for the rooms have the same names."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _MODULES and isinstance(value, types.ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __dir__() -> list[str]:
    """List what is public, and none of the rooms behind it."""
    return list(__all__)


__all__ = [
    "AuthenticationError",
    "DoubtfulNumberWarning",
    "DoubtfulSenderWarning",
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
    "add_lookup",
    "anomalies",
    "application",
    "application_form",
    "applications",
    "balance",
    "batch",
    "batches",
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
    "lookup",
    "mask",
    "number_costs",
    "number_form",
    "opt_out_violations",
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
    "replies",
    "report",
    "retry",
    "run_due",
    "search_numbers",
    "segments",
    "send_many",
    "send_sms",
    "send_voice",
    "sender_rules",
    "sent",
    "set_options",
    "settle",
    "shorter_texts",
    "show_connection",
    "sms_form",
    "spend",
    "subaccounts",
    "summary",
    "suppress",
    "suppress_from",
    "suppressed",
    "to_csv",
    "to_e164",
    "to_excel",
    "to_focus",
    "unsuppress",
    "update_application",
    "update_number",
    "voice_form",
]
