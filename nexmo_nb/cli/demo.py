"""The command ``demo``: the nine actions of the toolkit on the embedded sandbox."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import Any

APPLICATION_COLUMNS = "id name type answer_url answer_method"
NUMBER_COLUMNS = "country msisdn type sms voice mms monthly_cost setup_cost currency app_id"
SMS_COLUMNS = "part parts to message_id status meaning price balance currency network client_ref"


def add_demo(commands: Any) -> None:
    parser = commands.add_parser("demo", help="do all nine actions on the embedded sandbox and print each frame")
    parser.set_defaults(run=_run_demo)


def _run_demo(_: argparse.Namespace) -> int:
    import nexmo_nb as nx

    with nx.connect("sandbox", cache=False):
        _show(
            "1. Numbers for rent, several countries in one frame.",
            nx.search_numbers,
            ["GB", "PT", "US"],
            features=["SMS", "VOICE"],
            limit=2,
        )
        _show("2. Numbers that the account has.", nx.owned_numbers, limit=4, columns=NUMBER_COLUMNS)
        _show_applications(nx)
        _show(
            "8. An SMS; one row a part, with what it cost.",
            nx.send_sms,
            "+44 7700 900000",
            "Olá! Your parcel is at the door.",
            sender="Demo",
            columns=SMS_COLUMNS,
        )
        _show("9. A voice message.", nx.send_voice, "+44 7700 900000", "Your code is 1 2 3", language="en-gb")
    print("\nAll nine actions answered, and nothing was spent: this was the sandbox. Next: make lab")
    return 0


def _show_applications(nx: Any) -> None:
    """Create, read, change and delete an application."""
    created = _show(
        "3. A new application; its private key is in a file that only you can read.",
        nx.create_application,
        "Survey",
        answer_url="https://example.org/a",
        event_url="https://example.org/e",
        columns=APPLICATION_COLUMNS,
    )
    application_id = created.id[0]
    _show("4. All applications.", nx.applications, columns=APPLICATION_COLUMNS)
    _show("5. One application by its id.", nx.application, application_id, columns=APPLICATION_COLUMNS)
    _show(
        "6. A change; what is not named keeps its value.",
        nx.update_application,
        application_id,
        name="Survey 2",
        answer_method="POST",
        columns=APPLICATION_COLUMNS,
    )
    _show("7. Delete it.", nx.delete_application, application_id)


def _show(title: str, function: Callable[..., Any], *arguments: Any, columns: str = "", **options: Any) -> Any:
    """Call a public function; print the title, the call and the columns of its frame, by default all."""
    result = function(*arguments, **options)
    print(f"\n{title}\n>>> {_write_call(function.__name__, arguments, options)}")
    if result is None:
        print("(no rows)")
    else:
        shown = result[columns.split()] if columns else result
        print(shown.to_string(index=False, max_colwidth=38))
    return result


def _write_call(name: str, arguments: tuple[Any, ...], options: dict[str, Any]) -> str:
    """Write a call as a person types it; JSON has the double quotes that Python code of this project has."""
    values = [json.dumps(value, ensure_ascii=False) for value in arguments]
    values += [f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in options.items()]
    return f"nx.{name}({', '.join(values)})"
