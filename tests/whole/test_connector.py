"""The published connector, to the letter: each parameter and field of its nine actions, as `connector.yml` has it."""

from __future__ import annotations

import inspect
import itertools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from helpers import connected, tried

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox
from nexmo_nb.sandbox.exchange import Answer

HERE = Path(__file__).parent
ACTIONS = yaml.safe_load((HERE.parent / "connector.yml").read_text())
PAGE = HERE.parent.parent / "docs/comparison.md"
KEPT = "https://kept.example/"
KEYS = {
    "key",
    "type",
    "required",
    "default",
    "optional",
    "argument",
    "wire",
    "leaves",
    "with",
    "takes",
    "refuses",
    "calls",
}
TYPES = {"string": str, "number": int, "integer": int}


class Try(NamedTuple):
    """A parameter of an action, under one of the two voice APIs where it is one of them."""

    action: Mapping[str, Any]
    parameter: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.action['action']}: {self.parameter['key']}{' (calls)' if 'api' in self.given else ''}"

    @property
    def given(self) -> dict[str, Any]:
        return dict(self.parameter.get("with", {}))


@pytest.fixture
def session(sandbox: Sandbox) -> Iterator[nx.Session]:
    """A session without a cache: each call must ask."""
    with connected(sandbox, sleep=lambda _: None, cache=False) as session:
        yield session


def list_tries(action: Mapping[str, Any]) -> Iterator[Try]:
    for parameter in action["parameters"]:
        yield Try(action, parameter)
        if "calls" in parameter:
            extra = {**parameter.get("with", {}), "api": "calls"}
            yield Try(action, {**parameter, **parameter["calls"], "with": extra})


by_action = pytest.mark.parametrize("action", ACTIONS, ids=lambda action: str(action["action"]))


def expand(value: Any, sandbox: Sandbox) -> Any:
    """Write out a value of the file: a text that is filled up, or the id of an application that there is."""
    if isinstance(value, Mapping):
        return str(value["fill"]).ljust(value["to"], value.get("of", "a"))
    return sandbox.application_id if value == "demo" else value


def call(each: Try, sandbox: Sandbox, given: Mapping[str, Any]) -> tuple[Any, str | None]:
    """Call the function of an action: what it returns, or its error; and what left in the place of the parameter."""
    arguments = {**each.action["given"], **given}
    arguments = {name: expand(value, sandbox) for name, value in arguments.items() if value is not None}
    before = len(sandbox.requests)
    found = tried(lambda: getattr(nx, each.action["function"])(**arguments), "Nexmo |The server announced")
    return found, read_sent(each, sandbox.requests[before:])


def read_sent(each: Try, requests: list[dict[str, Any]]) -> str | None:
    """Read what left in the place of a parameter; None where nothing did. After a page behind the last, one follows."""
    method, path = each.action["request"].split()
    path = "/v1/calls" if each.given.get("api") == "calls" else path
    pattern = re.sub(r"\{[a-z_]+\}", "[^/]+", path)
    found = [r for r in requests if r["method"] == method and re.fullmatch(pattern, r["path"])]
    assert bool(found) is bool(requests)
    return _read_place(found[0], *each.parameter["wire"].split("/")) if found else None


def _read_place(request: Mapping[str, Any], place: str, *way: str) -> str | None:
    if place == "path":
        return str(request["path"].rpartition("/")[2])
    value = request[place]
    for name in way:
        value = value[int(name)] if isinstance(value, list) else (value or {}).get(name)
    return ",".join(value) if isinstance(value, dict) else None if value is None else str(value)


def test_the_connector_has_nine_actions_and_each_is_a_public_function() -> None:
    assert len({action["action"] for action in ACTIONS}) == 9
    assert {action["function"] for action in ACTIONS} <= set(nx.__all__)
    assert sum(len(action["parameters"]) for action in ACTIONS) == 54
    assert sum(len(action["answer"]) for action in ACTIONS) == 37


@by_action
def test_each_parameter_has_its_argument(action: Mapping[str, Any]) -> None:
    parameters = inspect.signature(getattr(nx, action["function"])).parameters
    for each in list_tries(action):
        must_be_given = parameters[each.parameter["argument"]].default is inspect.Parameter.empty
        assert must_be_given is must_have(each), str(each)
        assert each.parameter["type"] in TYPES
        assert set(each.parameter) <= KEYS


def must_have(each: Try) -> bool:
    return bool(each.parameter.get("required")) and "optional" not in each.parameter


@by_action
def test_what_is_not_given_leaves_its_default_or_nothing(
    session: nx.Session, sandbox: Sandbox, action: Mapping[str, Any]
) -> None:
    voice = sandbox.world.applications[sandbox.application_id]["capabilities"]["voice"]
    hook = {"address": KEPT, "http_method": "POST"}
    voice["webhooks"] = {"answer_url": dict(hook), "event_url": dict(hook)}  # what an update must keep
    for each in list_tries(action):
        parameter = each.parameter
        if must_have(each) or not parameter["takes"]:
            continue
        # What goes with a content of its own is left out with it.
        given = {name: value for name, value in each.given.items() if "leaves" in parameter or name == "api"}
        _, sent = call(each, sandbox, given)
        leaves = parameter.get("leaves")
        if leaves == "random":
            assert re.fullmatch("[0-9a-f]{40}", str(sent))
        elif leaves == "kept":
            assert sent == ("POST" if parameter["wire"].endswith("method") else KEPT), str(each)
        else:
            assert sent == leaves, str(each)
            if leaves is not None and "default" in parameter:
                # What is sent where nothing is given is the API's own default; the Voice API writes some otherwise.
                written = {"0": "female", "1": "0"}.get(leaves, leaves) if str(each) in OTHERWISE else leaves
                assert str(parameter["default"]).lower() == written.lower(), str(each)


OTHERWISE = ("Send a speech file: voice (calls)", "List applications: page_index")
"""Style 0 is the first voice; pages count from 0 in the connector's words, and from 1 on the wire."""


@by_action
def test_the_least_the_most_and_each_choice_leave_as_they_are_given(
    session: nx.Session, sandbox: Sandbox, action: Mapping[str, Any]
) -> None:
    for each in list_tries(action):
        for taken in each.parameter["takes"]:
            given, leaves = taken if isinstance(taken, list) else (taken, taken)
            found, sent = call(each, sandbox, {**each.given, each.parameter["argument"]: given})
            assert sent == expand(leaves, sandbox), (str(each), given, found)


@by_action
def test_a_value_out_of_range_is_refused_before_anything_is_sent(
    session: nx.Session, sandbox: Sandbox, action: Mapping[str, Any]
) -> None:
    for each in list_tries(action):
        assert each.parameter["refuses"]
        for given in each.parameter["refuses"]:
            found, _ = call(each, sandbox, {**each.given, each.parameter["argument"]: given})
            assert isinstance(found, nx.InvalidRequestError), (str(each), given, found)
            # What is too long only together with something else may be said of that.
            assert found.parameter in (each.parameter["argument"], *each.given), (str(each), given)
            assert str(found).startswith(f"{found.parameter}: got ")
            assert each.parameter["argument"] in str(found)
    assert sandbox.requests == []


def build_body(action: Mapping[str, Any]) -> Any:
    """Build an answer with the fields of an action, each at its place."""
    body: dict[str, Any] = dict(action.get("besides", {}))
    for field in action["answer"]:
        place = body
        *way, last = field["field"].split(".")
        for name in way:
            place = place.setdefault(name[:-2], [{}])[0] if name.endswith("[]") else place.setdefault(name, {})
        place[last] = field["says"]
    return body


@by_action
@pytest.mark.filterwarnings("ignore:The legacy")
def test_each_field_of_an_answer_is_shown(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, action: Mapping[str, Any]
) -> None:
    body = build_body(action)
    if body.get("id") == "demo":
        body["id"] = sandbox.application_id
    status = action.get("refusal", 200)
    monkeypatch.setattr(sandbox, "answer", lambda _request: (Answer(status, body), {}))
    given = {name: expand(value, sandbox) for name, value in action["given"].items()}
    given |= {"client_ref": "job-7"} if action["function"] == "send_sms" else {}
    run = getattr(nx, action["function"])
    if "refusal" in action:
        with pytest.raises(nx.NexmoError) as caught:
            run(**given)
        for field in action["answer"]:
            assert getattr(caught.value, field["error"]) == field["says"]
        return
    found = run(**given)
    assert len(found) == 1
    for field in action["answer"]:
        assert isinstance(field["says"], TYPES[field["type"]])
        shown = found.attrs[field["attrs"]] if "attrs" in field else found[field["column"]].iloc[0]
        expected = field.get("shows", field["says"])
        assert shown == (sandbox.application_id if expected == "demo" else expected), field["field"]


def test_a_deletion_that_succeeds_gives_nothing(session: nx.Session, sandbox: Sandbox) -> None:
    assert nx.delete_application(sandbox.application_id) is None


@pytest.mark.skipif(not PAGE.exists(), reason="runs in a checkout only")
def test_the_table_of_the_comparison_is_that_of_the_file() -> None:
    rows = [f"| {each['action']} | `{each['call']}` | {each['gives']} |" for each in ACTIONS]
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    start = lines.index("| Action | Function | Gives |")
    table = list(itertools.takewhile(lambda line: line.startswith("|"), lines[start + 2 :]))
    assert [line for line in table if not line.startswith("| |")] == rows
