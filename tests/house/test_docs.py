"""What the docstrings show is run."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import nexmo_nb


def examples() -> list[doctest.DocTest]:
    names = [module.name for module in pkgutil.walk_packages(nexmo_nb.__path__, "nexmo_nb.")]
    found = [
        test
        for name in ["nexmo_nb", *names]
        for test in doctest.DocTestFinder(exclude_empty=True).find(importlib.import_module(name))
    ]
    return [test for test in found if test.examples]


# What reads many records or draws; other tests of these are quick.
SLOW = (
    "nexmo_nb.costs.bill.bill",
    "nexmo_nb.costs.numbers.idle_numbers",
    "nexmo_nb.forms.numbers.number_form",
    "nexmo_nb.plots.",
    "nexmo_nb.report_page.",
)


@pytest.mark.parametrize(
    "example",
    [
        pytest.param(example, id=example.name, marks=[pytest.mark.slow] if example.name.startswith(SLOW) else [])
        for example in examples()
    ],
)
def test_examples_do_what_they_show(example: doctest.DocTest) -> None:
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    said: list[str] = []
    runner.run(example, out=said.append)
    assert runner.failures == 0, "".join(said)
    assert runner.tries > 0
