"""Masking: no phone number in what is shown, every digit in what is kept."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
from form_helpers import read_html

import nexmo_nb as nx
from nexmo_nb.masking import mask_numbers
from nexmo_nb.sandbox import Sandbox


@pytest.fixture(autouse=True)
def unmasked() -> Iterator[None]:
    yield
    nx.set_options(mask=False)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("447700900123", "•••••••••123"),
        ("+447700900123", "•••••••••123"),
        ("call +44 7700 900123 now", "call •••••••••123 now"),
        ("447700900123, 351912345678.", "•••••••••123, •••••••••678."),
        ("Could not update 447700900123: no such number", "Could not update •••••••••123: no such number"),
        ("tel:+447700900123", "tel:•••••••••123"),
        ("{'to':447700900123}", "{'to':•••••••••123}"),
        ("from 447700900123 - Hello", "from •••••••••123 - Hello"),
        ("+1 415-555-0100", "••••••••100"),
        ("12345678-1234-4567-8901-1234567890ab", "12345678-1234-4567-8901-1234567890ab"),
        ("2026-11-24 15:30:00+00:00", "2026-11-24 15:30:00+00:00"),
        ("2026-11-24 15:30:00", "2026-11-24 15:30:00"),
        ("d0a1b2c3-1234-4567-8901-123456789012", "d0a1b2c3-1234-4567-8901-123456789012"),
        ("0C00000012345678", "0C00000012345678"),
        ("12345.678901234", "12345.678901234"),
        ("447700900123.000000", "•••••••••123.000000"),
        ("123456", "123456"),
        ("abc1234567890", "abc1234567890"),
    ],
)
def test_phone_numbers_are_hidden_and_nothing_else(text: str, shown: str) -> None:
    assert mask_numbers(text) == text
    nx.set_options(mask=True)
    assert mask_numbers(text) == shown


def test_options_are_returned_and_checked() -> None:
    assert nx.set_options() == {
        **{"mask": False, "language": "en", "progress": True},
        **{"report_budget": None, "report_price": None},
    }
    assert nx.set_options(mask=True) == nx.set_options()
    with pytest.raises(nx.InvalidRequestError, match="mask"):
        nx.set_options(mask="yes")  # type: ignore[arg-type]


IN_A_NOTEBOOK = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
import pandas as pd, nexmo_nb as nx
from IPython.display import HTML
to = pd.array(["447700900123", None], dtype="string")
frame = pd.DataFrame({"to": to, "n": [447700900124, 1], "price": [0.5, 1.0]}, index=["447700900125", "x"])
twice = pd.DataFrame([["447700900126", "447700900127"]], columns=["a", "a"])
grouped = pd.DataFrame({"k": ["447700900128"], "c": ["x"], "v": [1]}).groupby(["k", "c"]).sum()
counts = frame.to.value_counts()
named = frame.to.rename("447700900129").rename_axis("447700900120")
nested = pd.DataFrame({"rows": [["447700900121"], {"to": 447700900122}]})
missing = pd.DataFrame({"n": [447700900123.0, None]})
values = (frame, frame.to, twice, grouped, counts, named, nested, missing, frame.style, missing.style.format("{:.1f}"),
          HTML(frame.to_html()), frame.to_html(), frame.to.iloc[0], 447700900123, {"to": ["447700900123"]}, frame.index)
def show(value):
    data, _ = shell.display_formatter.format(value)
    return data["text/plain"] + (data.get("text/html") or "")
plain = [show(value) for value in values]
assert all("4477009001" in text or "4.477009e+11" in text for text in plain), plain
nx.set_options(mask=True)
hidden = [show(value) for value in values]
assert not any("4477009001" in text or "4.477009e+11" in text for text in hidden), hidden
assert "•••••••••123" in hidden[0] and "0.5" in hidden[0] and "•••••••••125" in hidden[0]
assert frame.to.iloc[0] == "447700900123" and frame.index[0] == "447700900125"
assert show(1234567) == "1234567" and show(HTML("<script>x = 447700900123</script>")).count("447700900123") == 1
nx.set_options(mask=True)
nx.set_options(mask=False)
assert "dtype: string" in hidden[1] or "dtype: str" in hidden[1]
assert counts.index.tolist() == ["447700900123"] and named.name == "447700900129"
again = [show(value) for value in values]
ids = __import__('re').compile('T_[0-9a-f]+|0x[0-9a-f]+')
assert [ids.sub('', text) for text in again] == [ids.sub('', text) for text in plain]
print("done")
"""


@pytest.mark.slow
def test_a_notebook_shows_masked_frames_and_then_again_as_they_are() -> None:
    run = subprocess.run([sys.executable, "-c", IN_A_NOTEBOOK], capture_output=True, text=True, timeout=60)
    assert run.stdout.strip() == "done", run.stderr


def test_forms_show_masked_numbers_and_send_to_the_whole_one(session: nx.Session, sandbox: Sandbox) -> None:
    nx.set_options(mask=True)
    form = nx.sms_form()
    form.sender.value, form.to.value, form.text.value = "Demo", "+44 7700 900123", "Hello"
    form.preview.click()
    assert "•••••••••123" in form._preview_area.value
    form.send.click()
    said = read_html(form)
    assert "447700900123" not in said
    assert "•••••••••123" in said
    assert sandbox.messages[0]["to"] == "447700900123"


def test_frames_keep_every_digit(session: nx.Session) -> None:
    nx.set_options(mask=True)
    assert nx.send_sms("+44 7700 900123", "Hello", sender="Demo").to.tolist() == ["447700900123"]
