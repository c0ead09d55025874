"""The list of the examples: always the same, holding every kind of trouble, and nobody's number."""

from __future__ import annotations

import re
import subprocess
import sys
import unicodedata
from typing import Any

import pandas as pd
import pytest

from nexmo_nb import examples
from nexmo_nb.contacts.cells import PROBLEMS
from nexmo_nb.contacts.clean import clean_contacts
from nexmo_nb.contacts.fictional import is_fictional
from nexmo_nb.contacts.numbers import WARNINGS
from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.sandbox.magic_numbers import PREFIX


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return examples.contacts()


@pytest.fixture(scope="module")
def cleaned(table: pd.DataFrame) -> pd.DataFrame:
    return clean_contacts(table, "phone", region="country")


def test_the_list_is_always_the_same(table: pd.DataFrame) -> None:
    assert table.equals(examples.contacts(500, 6))
    assert not table.equals(examples.contacts(seed=7))
    assert table.shape == (500, 6)
    assert {str(dtype) for dtype in table.dtypes} == {"string"}
    assert [table.phone.iloc[0], table.phone.iloc[-1]] == [examples.contacts().phone.iloc[n] for n in (0, 499)]


@pytest.mark.parametrize("rows", [1, 30, 60, 2000])
def test_the_list_may_have_any_length(rows: int) -> None:
    assert len(examples.contacts(rows)) == rows


@pytest.mark.parametrize("wrong", [0, -1, 1.5, 10**7, None, True])
def test_other_lengths_are_refused(wrong: Any) -> None:
    with pytest.raises(InvalidRequestError, match="^rows: got"):
        examples.contacts(wrong)


def test_every_problem_occurs(cleaned: pd.DataFrame) -> None:
    assert set(PROBLEMS) - set(cleaned.problem_code.dropna()) == set()


def test_every_warning_occurs(cleaned: pd.DataFrame) -> None:
    assert set(WARNINGS) - set(cleaned.warning_code.dropna()) == set()


def test_most_of_the_list_can_be_used(cleaned: pd.DataFrame) -> None:
    assert cleaned.problem.isna().mean() > 0.8
    assert (cleaned.problem_code == "duplicate").sum() >= 15


def test_nearly_every_number_belongs_to_nobody(cleaned: pd.DataFrame) -> None:
    usable = cleaned[cleaned.problem.isna()]
    others = usable[~usable.to.map(is_fictional)]
    assert len(others) <= 20
    # Those that do not are made up, and none of them goes without a doubt.
    assert others.warning.notna().all()


def test_none_of_the_numbers_has_an_effect_in_the_sandbox() -> None:
    table = clean_contacts(examples.contacts(2000), "phone", region="country")
    assert not table.to.str.startswith(PREFIX).any()


def test_names_have_their_troubles(table: pd.DataFrame) -> None:
    names = table.name.dropna()
    assert {"#REF!", "\u200b"} <= set(names)
    assert (names != names.map(lambda name: unicodedata.normalize("NFC", name))).any()
    assert set(table.language) == {"en", "pt"}


def test_appointments_and_amounts_are_mostly_sound(table: pd.DataFrame) -> None:
    assert table.appointment.str.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d").fillna(value=False).mean() > 0.9
    assert table.amount.map(lambda cell: bool(re.fullmatch(r"\d+\.\d\d", str(cell)))).mean() > 0.9


@pytest.mark.slow
def test_the_package_does_not_load_its_examples() -> None:
    code = "import nexmo_nb, sys; print('nexmo_nb.examples' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "False"
