"""What the package shows: sorted, annotated, documented, and cheap to import."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

import nexmo_nb as nx

FUNCTIONS = [name for name in nx.__all__ if inspect.isfunction(getattr(nx, name))]
LOCAL = (
    "clean_contacts",
    "connect",
    "cost_per_delivered",
    "countries",
    "current",
    "estimate_vs_actual",
    "explain_encoding",
    "fit_budget",
    "number_costs",
    "plot_delivery",
    "plot_estimate",
    "plot_number_costs",
    "plot_prices",
    "plot_spend",
    "read_contacts",
    "read_csv",
    "segments",
    "set_options",
    "shorter_texts",
    "show_connection",
    "spend",
    "summary",
    "to_csv",
    "to_e164",
)
NETWORK = [name for name in FUNCTIONS if name not in LOCAL]


def test_all_is_sorted_and_true() -> None:
    assert nx.__all__ == sorted(nx.__all__)
    assert all(hasattr(nx, name) for name in nx.__all__)


def test_nothing_else_is_public() -> None:
    found = {name for name, value in vars(nx).items() if not name.startswith("_") and not inspect.ismodule(value)}
    assert found | set(nx._FORMS) | set(nx._PLOTS) == set(nx.__all__)


@pytest.mark.parametrize("name", nx.__all__)
def test_everything_says_what_it_is(name: str) -> None:
    assert (inspect.getdoc(getattr(nx, name)) or "").strip()


@pytest.mark.parametrize("name", [name for name in nx.__all__ if inspect.isclass(getattr(nx, name))])
def test_methods_of_public_classes_say_what_they_do(name: str) -> None:
    methods = {key: value for key, value in vars(getattr(nx, name)).items() if not key.startswith("_")}
    assert [key for key, value in methods.items() if callable(value) and not inspect.getdoc(value)] == []


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_have_complete_docstrings(name: str) -> None:
    function = getattr(nx, name)
    text = inspect.getdoc(function) or ""
    signature = inspect.signature(function)
    wanted = ["Raises", "Examples"] + ["Parameters"] * bool(signature.parameters)
    wanted += ["Returns"] * (signature.return_annotation not in (None, "None"))
    wanted += ["Notes"] * (name in NETWORK)
    for section in wanted:
        assert f"\n{section}\n{'-' * len(section)}\n" in text, section
    for parameter in signature.parameters:
        assert parameter in text
    assert name not in NETWORK or "https://developer.vonage.com" in text


@pytest.mark.parametrize("name", FUNCTIONS)
def test_signatures_are_annotated_and_end_with_the_session(name: str) -> None:
    signature = inspect.signature(getattr(nx, name))
    assert signature.return_annotation is not inspect.Signature.empty
    assert all(p.annotation is not inspect.Parameter.empty for p in signature.parameters.values())
    if name in NETWORK:
        named = [p for p in signature.parameters.values() if p.kind is not inspect.Parameter.VAR_KEYWORD]
        last = named[-1]
        assert (last.name, last.default, last.kind) == ("session", None, inspect.Parameter.KEYWORD_ONLY)
        positional = [p for p in signature.parameters.values() if p.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD]
        assert len(positional) <= 2


@pytest.mark.slow
def test_importing_brings_no_heavy_library() -> None:
    names = "ipywidgets IPython matplotlib jwt phonenumbers cryptography tqdm keyring pyarrow.parquet nexmo_nb.sandbox"
    heavy = set(names.split())
    code = f"import nexmo_nb, sys; print(sorted({heavy} & set(sys.modules)))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "[]"


def test_the_package_says_which_version_it_is() -> None:
    from importlib.metadata import version

    assert nx.__version__ == version("nexmo_nb")
