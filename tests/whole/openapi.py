"""Compares requests and answers with their descriptions in OpenAPI files.

This is stricter than OpenAPI: a parameter, field, status or content type that is not described is a difference, too.
Otherwise a misspelt field would pass, since the published files require so little. Formats are not compared: in OpenAPI
they are hints, and the files use some wrongly (``date`` for a time).
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import requests
import yaml

if TYPE_CHECKING:
    from jsonschema import ValidationError

Differences = dict[str, Any]
"""Each difference, in words that do not depend on the value, and the value that was seen there."""
SPECS = Path(__file__).with_name("specs")
METHODS = ("get", "post", "put", "delete")


@dataclass(frozen=True)
class Operation:
    """One method of one path, with every reference resolved and every schema made strict."""

    name: str
    address: re.Pattern[str]
    parameters: tuple[Mapping[str, Any], ...]
    body: Mapping[str, Any]
    responses: Mapping[str, Any]
    credentials: frozenset[str]


class Description:
    """The operations of all files of a folder."""

    def __init__(self, folder: Path) -> None:
        self.operations = [each for file in sorted(folder.glob("*.yml")) for each in _read_operations(file)]

    def find_operation(self, method: str, url: str) -> Operation | None:
        """Find the operation of an address; None where it is not described."""
        address = f"{method} {url.partition('?')[0]}"
        return next((each for each in self.operations if each.address.fullmatch(address)), None)


def compare_request(operation: Operation, request: requests.PreparedRequest) -> Differences:
    """Compare a request, as it left, with its description."""
    url = request.url or ""
    places = {
        "path": operation.address.fullmatch(f"{request.method} {url.partition('?')[0]}").groupdict(),  # type: ignore[union-attr]
        "query": dict(parse_qsl(urlsplit(url).query, keep_blank_values=True)),
    }
    found: Differences = {}
    for place, fields in places.items():
        listed = [each for each in operation.parameters if each["in"] == place]
        schema = {
            "properties": {each["name"]: each["schema"] for each in listed},
            "required": [each["name"] for each in listed if each.get("required")],
        }
        found |= _validate(f"request {place}", _parse_fields(fields, _make_strict(schema)), _make_strict(schema))
    found |= _compare_body(operation, request)
    scheme = request.headers.get("Authorization", "").partition(" ")[0].lower()
    if (scheme or None) not in (operation.credentials or {None}):
        found[f"request credentials: {scheme or 'none'}"] = sorted(operation.credentials)
    success = next(answer for status, answer in operation.responses.items() if status.startswith("2"))
    kinds = list(success.get("content", ()))
    if kinds and request.headers["Accept"] not in (*kinds, "*/*"):
        found["request accept"] = request.headers["Accept"]
    return found


def compare_answer(operation: Operation, status: int, headers: Mapping[str, str], body: bytes) -> Differences:
    """Compare an answer, as it came, with its description."""
    place = f"answer {status}"
    described = operation.responses.get(str(status))
    if described is None:
        return {f"{place} is not described": body[:500]}
    content = described.get("content")
    if content is None:
        # Only a 204 has no body for sure; elsewhere it is just not described.
        return {f"{place} has a body": body[:500]} if status == 204 and body else {}
    kind = headers.get("Content-Type", "").partition(";")[0]
    found: Differences = {} if kind in content else {f"{place} content: {kind}": list(content)}
    schema = content.get(kind, next(iter(content.values())))["schema"]
    try:
        value = _unpack_report(body, schema) if kind == "application/octet-stream" else json.loads(body)
    except (ValueError, zipfile.BadZipFile):
        return {**found, f"{place} cannot be read": body[:500]}
    return found | _validate(place, value, schema)


def list_fields(operation: Operation) -> set[str]:
    """List the described fields of requests and of successful JSON answers, as `side field`."""
    fields = {f"request /{each['name']}" for each in operation.parameters if each["in"] == "query"}
    for content in operation.body.get("content", {}).values():
        fields |= {f"request {field}" for field in list_schema_fields(content["schema"])}
    for status, answer in operation.responses.items():
        content = answer.get("content", {}).get("application/json")
        if status.startswith("2") and content:
            fields |= {f"answer {field}" for field in list_schema_fields(content["schema"])}
    return fields


def list_schema_fields(schema: Mapping[str, Any], above: str = "") -> set[str]:
    """List the innermost fields of a schema, each with the names above it."""
    fields: set[str] = set()
    for name, inner in schema.get("properties", {}).items():
        fields |= list_schema_fields(inner, f"{above}/{name}") or {f"{above}/{name}"}
    for inner in (*schema.get("anyOf", ()), *filter(None, [schema.get("items")])):
        fields |= list_schema_fields(inner, above)
    return fields


def list_value_fields(value: Any, above: str = "") -> set[str]:
    """List the innermost fields of a value, each with the names above it."""
    if isinstance(value, list):
        return {field for inner in value for field in list_value_fields(inner, above)}
    if isinstance(value, dict) and value:
        return {field for name, inner in value.items() for field in list_value_fields(inner, f"{above}/{name}")}
    return {above}


def list_request_fields(request: requests.PreparedRequest) -> set[str]:
    """List the fields of a request, in its query and in its body."""
    body = request.body.decode() if isinstance(request.body, bytes) else str(request.body or "")
    if request.headers.get("Content-Type") == "application/json":
        return list_value_fields(json.loads(body))
    pairs = parse_qsl(f"{urlsplit(request.url or '').query}&{body}", keep_blank_values=True)
    return {f"/{name}" for name, _ in pairs}


@cache
def _read_document(file: Path) -> Any:
    """Parse a file once; the parser in C is ten times as fast, and not in every build of PyYAML."""
    return yaml.load(file.read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def _read_operations(file: Path) -> Iterator[Operation]:
    whole = _read_document(file)
    document = _resolve_references(whole, whole, file)
    for path, item in document["paths"].items():
        for method in (name for name in METHODS if name in item):
            described = item[method]
            server = {**document, **item}["servers"][0]["url"] + path
            # The path "/" is the server's own address; the API is documented without the slash.
            server = server.rstrip("/")
            parts = re.split(r"\{(\w+)\}", server)
            pattern = "".join(f"(?P<{part}>[^/]+)" if n % 2 else re.escape(part) for n, part in enumerate(parts))
            schemes = (document["components"].get("securitySchemes") or {}).items()
            named = {name for each in {**document, **described}.get("security", ()) for name in each}
            yield Operation(
                f"{method.upper()} {urlsplit(server).path}",
                re.compile(f"{method.upper()} {pattern}"),
                (*item.get("parameters", ()), *described.get("parameters", ())),
                described.get("requestBody", {}),
                described["responses"],
                frozenset(scheme.get("scheme", scheme.get("in")) for name, scheme in schemes if name in named),
            )


def _resolve_references(node: Any, document: Any, file: Path) -> Any:
    """Replace references by their targets, and make schemas strict."""
    if isinstance(node, list):
        return [_resolve_references(each, document, file) for each in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        other, _, pointer = node["$ref"].partition("#/")
        if other:
            file = file.parent / other
            document = _read_document(file)
        found = document
        for name in pointer.split("/"):
            found = found[name]
        return _resolve_references(found, document, file)
    inner = {name: _resolve_references(each, document, file) for name, each in node.items()}
    if "discriminator" in node and "oneOf" in node:
        name = node["discriminator"]["propertyName"]
        kinds = [each["$ref"].rsplit("/", 1)[1] for each in node["oneOf"]]
        only = [{"properties": {name: {"enum": [kind]}}} for kind in kinds]
        inner["oneOf"] = [{"allOf": [each, one]} for each, one in zip(inner["oneOf"], only, strict=True)]
    if "schema" in node:
        inner["schema"] = _make_strict(inner["schema"])
    return inner


def _make_strict(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Merge the parts of a schema, and forbid properties that are not described.

    At least one of several alternatives must fit, not exactly one: the published ones overlap.
    """
    strict = {name: value for name, value in schema.items() if name not in ("allOf", "oneOf", "anyOf")}
    for part in schema.get("allOf", ()):
        strict = _merge_schemas(strict, part if "allOf" not in part else _make_strict(part))
    if "properties" in strict:
        properties = {name: _make_strict(value) for name, value in strict["properties"].items()}
        strict |= {"type": "object", "properties": properties, "additionalProperties": False}
    if "items" in strict:
        strict["items"] = _make_strict(strict["items"])
    either = schema.get("oneOf") or schema.get("anyOf")
    return {**strict, "anyOf": [_make_strict(each) for each in either]} if either else strict


def _merge_schemas(one: Mapping[str, Any], two: Mapping[str, Any]) -> dict[str, Any]:
    """Merge two schemas that must both fit; the second is the narrower one."""
    both = {**one.get("properties", {}), **two.get("properties", {})}
    for name in one.get("properties", {}).keys() & two.get("properties", {}).keys():
        both[name] = _merge_schemas(one["properties"][name], two["properties"][name])
    required = [*one.get("required", ()), *two.get("required", ())]
    merged = {**one, **two, "required": required}
    return {**merged, "properties": both} if both else merged


def _compare_body(operation: Operation, request: requests.PreparedRequest) -> Differences:
    described = operation.body.get("content", {})
    body = request.body.decode() if isinstance(request.body, bytes) else str(request.body or "")
    kind = request.headers.get("Content-Type")
    if not body or kind not in described:
        return {"request body": kind} if body or operation.body.get("required") else {}
    schema = described[kind]["schema"]
    form = kind == "application/x-www-form-urlencoded"
    value = _parse_fields(dict(parse_qsl(body, keep_blank_values=True)), schema) if form else json.loads(body)
    return _validate("request body", value, schema)


def _parse_fields(fields: Mapping[str, str], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Convert fields that are sent as text to their described types; what cannot be converted stays text."""
    typed: dict[str, Any] = {}
    for name, text in fields.items():
        kind = schema["properties"].get(name, {}).get("type")
        typed[name] = text
        if kind == "boolean":
            typed[name] = {"true": True, "false": False}.get(text, text)
        elif kind in ("integer", "number") and re.fullmatch(r"-?\d+" if kind == "integer" else r"-?[\d.]+", text):
            typed[name] = int(text) if kind == "integer" else float(text)
    return typed


def _unpack_report(body: bytes, schema: Mapping[str, Any]) -> dict[str, Any]:
    """Parse a report's file as the rows that its schema describes; an empty cell counts as an absent field."""
    rows: list[dict[str, Any]] = []
    known: dict[str, Any] = {}
    for each in schema["properties"]["report"]["items"]["anyOf"]:
        known |= each["properties"]
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        for name in archive.namelist():
            for row in csv.DictReader(io.StringIO(archive.read(name).decode())):
                filled = {field: cell for field, cell in row.items() if cell or field not in known}
                rows.append(_parse_fields(filled, {"properties": known}))
    return {"report": rows}


def _validate(place: str, value: Any, schema: Mapping[str, Any]) -> Differences:
    found: Differences = {}
    from jsonschema import Draft202012Validator  # two seconds that only its tests need

    for error in Draft202012Validator(schema).iter_errors(value):
        found |= _describe_error(place, error)
    return found


def _describe_error(place: str, error: ValidationError) -> Differences:
    """Describe an error in words; of several alternatives, the one that fits best."""
    if error.validator == "anyOf" and error.context:
        alternatives: dict[Any, Differences] = {}
        for each in error.context:
            told = alternatives.setdefault(each.relative_schema_path[0], {})
            told |= _describe_error(place, each)
        return min(alternatives.values(), key=len)
    steps = ["*" if isinstance(step, int) else str(step) for step in error.absolute_path]
    where = "/".join((place, *steps))
    if error.validator == "additionalProperties":
        extra = sorted(set(error.instance) - set(error.schema["properties"]))
        return {f"{where}/{name} is not described": error.instance[name] for name in extra}
    if error.validator == "required":
        missing = [name for name in error.validator_value if name not in error.instance]
        return {f"{where}/{name} is missing": error.instance for name in missing}
    return {f"{where} breaks {error.validator}": error.instance}
