"""What the package shows: sorted, annotated, documented, and cheap to import."""

from __future__ import annotations

import ast
import inspect
import pickle
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest

import nexmo_nb as nx

FUNCTIONS = [name for name in nx.__all__ if inspect.isfunction(getattr(nx, name))]
LOCAL = (
    "anomalies",
    "clean_contacts",
    "connect",
    "cost_per_delivered",
    "countries",
    "sender_rules",
    "current",
    "estimate_vs_actual",
    "explain_encoding",
    "fit_budget",
    "mask",
    "number_costs",
    "opt_out_violations",
    "plot_anomalies",
    "plot_delivery",
    "plot_estimate",
    "plot_number_costs",
    "plot_prices",
    "plot_spend",
    "read_contacts",
    "read_csv",
    "read_excel",
    "report",
    "segments",
    "set_options",
    "shorter_texts",
    "show_connection",
    "spend",
    "summary",
    "to_csv",
    "to_e164",
    "to_excel",
    "to_focus",
)
NETWORK = [name for name in FUNCTIONS if name not in LOCAL]


def test_all_is_sorted_and_true() -> None:
    assert nx.__all__ == sorted(nx.__all__)
    assert all(hasattr(nx, name) for name in nx.__all__)


def test_nothing_else_is_public() -> None:
    found = {name for name, value in vars(nx).items() if not name.startswith("_") and not inspect.ismodule(value)}
    assert found | set(nx._MODULES) == set(nx.__all__)


def test_a_type_checker_is_told_of_the_same_names_in_the_same_modules() -> None:
    tree = ast.parse(inspect.getsource(nx))
    told = {
        (alias.name, node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    assert told == {(name, f"nexmo_nb.{module}") for name, module in nx._MODULES.items()}


def test_a_name_that_there_is_not_is_refused_as_by_any_module() -> None:
    with pytest.raises(AttributeError, match="module 'nexmo_nb' has no attribute 'send_smss'"):
        _ = nx.send_smss
    with pytest.raises(ImportError, match="cannot import name 'send_smss'"):
        from nexmo_nb import send_smss  # noqa: F401


@pytest.mark.parametrize("room", ["applications", pytest.param("subaccounts", marks=pytest.mark.slow)])
@pytest.mark.parametrize("order", ["import {0}.{1}", "from {0}.{1} import request", "import {0}.forms"])
def test_a_function_stays_one_where_the_room_of_its_name_is_loaded_first(room: str, order: str) -> None:
    code = f"{order.format('nexmo_nb', room)}; import nexmo_nb as nx; print(nx.{room}.__module__, callable(nx.{room}))"
    assert run_code(code) == f"nexmo_nb.{room} True"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_can_be_pickled(name: str) -> None:
    function = getattr(nx, name)
    assert pickle.loads(pickle.dumps(function)) is function


@pytest.mark.slow
def test_a_user_who_checks_types_strictly_sees_every_function_and_no_other(tmp_path: Path) -> None:
    code = """
import pandas as pd
import nexmo_nb as nx
from nexmo_nb import Session, applications, plot_spend

def list_all(session: Session) -> list[pd.DataFrame]:
    return [nx.search_numbers("GB", session=session), applications(session=session), nx.spend(nx.sent())]

nx.send_smss()
"""
    (tmp_path / "user.py").write_text(code)
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path), "user.py"]
    found = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path).stdout
    assert re.findall(r"error: (.*)", found) == [
        'Module has no attribute "send_smss"; maybe "send_sms"?  [attr-defined]'
    ]


def test_completion_offers_what_is_public_and_no_room_behind_it() -> None:
    assert dir(nx) == nx.__all__


def test_help_begins_with_what_a_user_does_and_names_every_function() -> None:
    text = nx.__doc__ or ""
    assert text.index("nx.connect(") < text.index("What you want to do")
    assert [name for name in FUNCTIONS if not re.search(rf"\b{name}\b", text)] == []


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


def read_words(annotation: Any) -> tuple[str, ...]:
    """Read the words that a parameter may have; none where it has no closed set of them."""
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    return next((words for inner in get_args(annotation) if (words := read_words(inner))), ())


def list_closed_sets() -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """List the parameters of public functions whose words are a closed set, by the types of their signatures."""
    for name in FUNCTIONS:
        function = getattr(nx, name)
        for parameter, annotation in function.__annotations__.items():
            if "Axes" not in annotation and (words := read_words(eval(annotation, function.__globals__))):
                yield name, parameter, words


CLOSED_SETS = list(list_closed_sets())
# What else a function must be given before it looks at the word.
NEEDED: dict[str, tuple[Any, ...]] = {
    "cheapest_numbers": ("GB",),
    "clean_contacts": (["447700900000"],),
    "create_application": ("Survey",),
    "lookup": (["447700900000"],),
    "plan_sms": (["447700900000"], "Hello"),
    "search_numbers": ("GB",),
    "segments": ("Hello",),
    "send_sms": ("447700900000", "Hello"),
    "send_voice": ("447700900000", "Hello"),
    "suppress": ("+447700900000",),
    "unsuppress": ("+447700900000",),
    "update_application": ("78d335fa-323d-0114-9c3d-d6f0d48968cf",),
    "update_number": ("GB", "447700900000"),
}
ALSO_NEEDED: dict[str, dict[str, Any]] = {
    "create_application": {"answer_url": "https://example.org/a", "event_url": "https://example.org/e"},
    "plan_sms": {"sender": "Demo"},
    "send_sms": {"sender": "Demo"},
    "send_voice": {"api": "tts"},  # with the other one, a voice may be a number
    "update_number": {"voice_callback_value": "447700900001"},
}


def call_with(name: str, parameter: str, word: str) -> None:
    """Call a public function with a word for one of its parameters, and what it needs beside that."""
    positional = NEEDED.get(name, ())
    if name == "send_many":
        positional = (nx.plan_sms(["447700900000"], "Hello", sender="Demo"),)
    if name == "anomalies":
        positional = (nx.sent(),)
    keywords = {"batch": "b"} if name in ("send_many", "retry") else ALSO_NEEDED.get(name, {})
    getattr(nx, name)(*positional, **{**keywords, parameter: word})


@pytest.mark.parametrize(("name", "parameter", "words"), CLOSED_SETS, ids=[f"{a}-{b}" for a, b, _ in CLOSED_SETS])
def test_the_words_of_a_signature_are_those_that_are_taken(
    session: nx.Session, name: str, parameter: str, words: tuple[str, ...]
) -> None:
    with pytest.raises(nx.InvalidRequestError) as caught:
        call_with(name, parameter, "none of these")
    assert str(caught.value).startswith(f"{parameter}: got 'none of these'")
    allowed = str(caught.value).partition("allowed")[2]
    assert re.findall("'([^']+)'", allowed)[: len(words)] == list(words)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_set_of_words_that_is_documented_is_in_the_signature(name: str) -> None:
    typed = {parameter: words for function, parameter, words in CLOSED_SETS if function == name}
    documented = re.findall(r"^([\w, ]+) : (?:str, )?{(.*?)}", inspect.getdoc(getattr(nx, name)) or "", re.MULTILINE)
    for parameters, words in documented:
        shown = tuple(re.findall('"(.*?)"', words))
        for parameter in parameters.split(", "):
            if parameter != "callback":  # whose method stands beside it
                assert typed.get(parameter) == shown, parameter


HEAVY = "pandas numpy requests requests_cache ipywidgets IPython matplotlib jwt phonenumbers cryptography tqdm keyring"
NOT_CONNECTED = "requests_cache ipywidgets IPython matplotlib jwt cryptography tqdm keyring pyarrow.parquet"


HELP = """
import contextlib
from nexmo_nb.cli import main
with contextlib.suppress(SystemExit):
    main(["--help"])
"""


def run_code(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("import nexmo_nb", HEAVY),
        ("import nexmo_nb; dir(nexmo_nb)", HEAVY),
        (HELP, HEAVY),
        ("from nexmo_nb import Session, connect, plan_sms, records, search_numbers, spend, to_e164", NOT_CONNECTED),
    ],
    ids=["import", "completion", "help", "names"],
)
def test_nothing_is_loaded_before_it_is_used(code: str, names: str) -> None:
    loaded = f"import sys\nprint('loaded', sorted(set({names.split()}) & set(sys.modules)))"
    assert run_code(f"{code}\n{loaded}").splitlines()[-1] == "loaded []"
