"""A whole session with every kind of accident; then its secrets are looked for in all that it left behind."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from inspect import isfunction
from pathlib import Path

import pytest
from leaks import find_leaks

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox

NOTEBOOKS = Path(__file__).parent.parent.parent / "notebooks"
SCRIPT = r'''
import copy, logging, os, pickle, signal, subprocess, sys, traceback, warnings
import ipywidgets
import matplotlib
import pandas as pd
import requests

matplotlib.use("Agg")
import nexmo_nb as nx
from IPython.core.ultratb import VerboseTB

logging.basicConfig(level=logging.DEBUG, filename=sys.argv[2], force=True)
warnings.simplefilter("always")
url = sys.argv[1]
URLS = dict(answer_url="https://example.org/a", event_url="https://example.org/e")


def fail(kind, **detail):
    requests.post(f"{url}/_sandbox/fail", json={"kind": kind, **detail}, timeout=60).raise_for_status()


def tell(error):
    """All that a person or a tool could make of an exception."""
    print(repr(error), str(error), getattr(error, "parts", None))
    lines = traceback.TracebackException.from_exception(error, capture_locals=True).format(chain=True)
    print("".join(lines))
    VerboseTB(ostream=sys.stdout)(type(error), error, error.__traceback__)
    try:
        print(pickle.dumps(error, 0))
    except Exception as problem:
        print(problem)


def attempt(work, name):
    try:
        print(name, work())
    except BaseException as error:
        tell(error)


def everything():
    code = nx.applications().id[0]
    number = nx.search_numbers("PT", limit=1).msisdn[0]
    owned = nx.owned_numbers().iloc[0]
    made = nx.create_application("Survey", **URLS)
    print(made.to_csv(), made.to_html(), made.to_json())
    nx.application(code)
    nx.update_application(made.id[0], name="Other")
    nx.delete_application(made.id[0])
    nx.buy_number("PT", number)
    nx.update_number("PT", number, mo_http_url="https://example.org/in")
    nx.cancel_number("PT", number)
    print(nx.send_sms("447700900123", "Ola \u20ac", sender="Demo").to_html())
    nx.send_voice("447700900123", "Hello", api="tts")
    analyst()
    return nx.send_voice("447700900123", "Hello")


def analyst():
    """The rest of the public functions; each result in every form that a notebook or a log could give it."""
    found, listed = nx.search_numbers("PT"), nx.prices("PT")
    plan = nx.plan_sms(["+351 912 345 678", "+44 7700 900000"], "Hello", sender="Demo")
    sent = nx.send_many(plan, batch="batch", progress=False)
    taken = nx.records(start="2025-03-04", end="2025-03-05")
    ordered = nx.records(start="2025-03-04", end="2025-03-05", mode="async", progress=False)
    fate, spent = nx.delivery("batch"), nx.spend(taken, freq="D")
    compared = nx.estimate_vs_actual(fate)
    bill = nx.bill("2025-03-04", "2025-03-05", progress=False)
    results = [
        nx.balance(), nx.subaccounts(), nx.price_book("PT"), nx.price_changes(), nx.summary(plan),
        nx.fit_budget(plan, 0.1), sent, ordered, nx.sent(),
        nx.settle(), fate, spent, compared, nx.cheapest_numbers("GB"), nx.idle_numbers(), nx.cost_per_delivered(taken),
        nx.shorter_texts(nx.sent()), nx.segments("Hello"), nx.countries(), nx.to_e164("912 345 678", "PT"),
        nx.sender_rules(),
        nx.clean_contacts(["+351 912 345 678"]), nx.read_contacts(nx.to_csv(found, "contacts.csv")),
        nx.explain_encoding("Ola \u20ac"), nx.read_csv(nx.to_csv(found, "found.csv")),
        nx.set_options(mask=True), nx.set_options(mask=False), nx.current(), nx.show_connection(),
        nx.plot_number_costs(nx.number_costs(found)), nx.plot_prices(listed), nx.plot_spend(spent),
        nx.mask(taken), nx.report(taken, "page.html"), nx.read_excel(nx.to_excel(found, "found.xlsx")),
        bill, nx.to_focus(bill, "focus.csv"), nx.plot_anomalies(nx.anomalies(taken)),
        nx.plot_delivery(taken), nx.plot_estimate(compared), *forms(), nx.budget(day=100),
        nx.suppress("+44 7700 900001"), nx.suppressed(), nx.unsuppress("+44 7700 900001"), nx.suppress_from(taken),
        nx.opt_out_violations(taken), nx.replies("batch"), nx.batch("batch"), nx.batches(),
        nx.retry("batch", codes="all", progress=False), nx.run_due(),
        nx.lookup(plan), nx.add_lookup(plan, nx.lookup(plan)),
        nx.discard("batch"), nx.forget(before="2100-01-01"),
    ]  # fmt: skip
    for each in results:
        print(repr(each), str(each), getattr(each, "_repr_html_", lambda: "")(), getattr(each, "attrs", ""))
        attempt(lambda: pickle.dumps(each, 0), "pickle")
        attempt(lambda: copy.deepcopy(each), "copy")
    matplotlib.pyplot.close("all")
    print("all functions were called")


def forms():
    """Every form, previewed and sent, once well and once with an accident; then all that their state holds."""
    people = pd.DataFrame({"phone": ["+44 7700 900123", "+44 7700 900124"]})
    made = [nx.sms_form(), nx.voice_form(), nx.application_form(), nx.number_form(), nx.campaign_form(people)]
    sms, voice, application, number, campaign = made
    for kind in ("", "drop-after"):
        for form in (sms, voice):
            form.to.value, form.text.value = "+44 7700 900123", "Hello"
        sms.sender.value = campaign.sender.value = "Demo"
        campaign.text.value, campaign.batch.value = "Hello", f"campaign {kind}"
        application.fields["name"].value = "Survey"
        application.fields["answer_url"].value = application.fields["event_url"].value = "https://example.org/a"
        number.search.click()
        number.pick.picked = number.confirm.value = number.found.msisdn[0]
        for form in made:
            form.preview.click()
            if kind:
                fail(kind)
            form.send.click()
            campaign.wait()
            print(form.message, vars(form))
    print(ipywidgets.Widget.get_manager_state(drop_defaults=False))
    return made


CALLS = {
    "list": lambda: nx.applications(refresh=True),
    "sms": lambda: nx.send_sms("447700900123", "Hello", sender="Demo"),
    "call": lambda: nx.send_voice("447700900123", "Hello"),
    "tts": lambda: nx.send_voice("447700900123", "Hello", api="tts"),
    "create": lambda: nx.create_application("Survey", **URLS),
    "buy": lambda: nx.buy_number("PT", "351900000000"),
}


def interrupt(*_):
    raise KeyboardInterrupt


def hidden():
    """Where a caller gets a secret from is its own affair; its line must not show the environment either."""
    return os.environ["NEXMO_API_SECRET"]


def given():
    """All credentials of the environment: an address of this machine gets only what it is given."""
    names = ("api_key", "api_secret", "signature_secret", "application_id", "private_key")
    return {name: os.environ.get(f"NEXMO_{name.upper()}") for name in names}


def renew():
    requests.post(f"{url}/_sandbox/reset", json={}, timeout=60).raise_for_status()


BEFORE = dict(os.environ)
FREE = dict.fromkeys(("sms", "calls", "numbers", "owned", "pricing", "reports"), (100000, 1))
ROOM = dict(calls=100000, limits=FREE)
ACCIDENTS = {
    "429": {}, "500": {}, "drop-before": {}, "drop-after": {}, "garbage": {}, "truncated": {}, "throttled": {},
    "no-credit": {}, "redirect": {"location": "http://127.0.0.1:9/"}, "slow": {"seconds": 1.2},
}
for signed in (True, False):
    with nx.connect(url, **given(), timeout=60, **ROOM) as patient:
        patient.pause = lambda _: None
        attempt(everything, "everything")
    session = nx.connect(url, **given(), timeout=0.3, **ROOM)
    session.pause = lambda _: None
    print(session, session.account, vars(session.account), nx.show_connection().to_html(), session.throttle.status())
    for thing in (session, session.account, session.account.api_secret):
        attempt(lambda: pickle.dumps(thing), "pickle")
        attempt(lambda: copy.copy(thing), "copy")
    for kind, detail in ACCIDENTS.items():
        for name, call in CALLS.items():
            fail(kind, times=1 if kind == "slow" else 3, **detail)
            attempt(call, name)
            renew()
    signal.signal(signal.SIGALRM, interrupt)
    for name, call in CALLS.items():
        fail("slow", seconds=1.2)
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        attempt(call, "interrupted " + name)
        signal.setitimer(signal.ITIMER_REAL, 0)
        renew()
    session.close()
    os.environ.pop("NEXMO_SIGNATURE_SECRET", None)

attempt(lambda: nx.connect(url, api_key="bad:key", api_secret=hidden()), "bad key")
attempt(lambda: nx.connect(url, api_key="abcd1234", private_key=hidden()), "bad private key")
attempt(lambda: nx.connect("http://example.org", api_secret=hidden()), "bad url")

# Credentials that the caller gave as arguments are in no environment, and so in no child's.
keys = {name: os.environ.pop(f"NEXMO_{name.upper()}") for name in ("api_key", "api_secret", "private_key")}
before = dict(os.environ)
with nx.connect(url, **keys, **ROOM) as session:
    nx.balance()
    print("environment", dict(os.environ) == before, subprocess.run(["env"], capture_output=True).stdout)
    print(open("/proc/self/cmdline").read() if sys.platform == "linux" else "")
print("done")
'''


def test_every_public_function_and_form_is_in_the_find_leaks() -> None:
    functions = [name for name in nx.__all__ if isfunction(getattr(nx, name))]
    assert functions
    assert [name for name in functions if f"nx.{name}(" not in SCRIPT] == []


@pytest.mark.slow
def test_no_secret_is_left_anywhere(sandbox: Sandbox, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    key = folder.parent / "private.key.txt"
    key.write_text(sandbox.private_key)
    secrets = {
        "NEXMO_API_KEY": sandbox.api_key,
        "NEXMO_API_SECRET": sandbox.api_secret,
        "NEXMO_SIGNATURE_SECRET": sandbox.signature_secret,
        "NEXMO_APPLICATION_ID": sandbox.application_id,
        "NEXMO_PRIVATE_KEY": str(key),
        "NEXMO_NB_STATE_DIR": str(folder / "state"),
        "PYTHONHASHSEED": "0",
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, sandbox.url, str(folder / "debug.log")],
        env={**os.environ, **secrets},
        cwd=folder,
        capture_output=True,
        timeout=1200,
    )
    (folder / "stdout").write_bytes(done.stdout)
    (folder / "stderr").write_bytes(done.stderr)
    assert done.stdout.rstrip().endswith(b"done"), done.stderr[-3000:]
    # The search means something only if the accidents happened, and were told and logged at length.
    told = done.stdout.decode()
    assert {"sms", "tts"} <= set(re.findall(r"/(sms|tts)/json", (folder / "debug.log").read_text()))
    for word in ("everything", "UnknownOutcomeError", "UnreachableError", "RateLimitedError", "KeyboardInterrupt"):
        assert word in told
    assert "environment True" in told
    assert told.count("all functions were called") == 2

    find_leaks(folder, sandbox)
