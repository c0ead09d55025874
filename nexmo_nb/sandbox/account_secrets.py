"""The account's secrets: ``/accounts/{api_key}/secrets``. One or two of them, each of which opens the account."""

from __future__ import annotations

import re
from typing import Any

from nexmo_nb.sandbox.exchange import Accident, Answer, Request
from nexmo_nb.sandbox.parsing import drop_nulls
from nexmo_nb.sandbox.refusals import Refusal, build_invalid_key, build_problem
from nexmo_nb.sandbox.world import World

MOST = 2
KIND = "/account/secret-management#"
# At least one lower and one upper letter, and a digit.
RULE = r"(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9]).{8,25}"


def list_secrets(world: World, request: Request, _: Accident) -> Answer:
    _check_key(world, request)
    with world.lock:
        secrets = [_format_secret(request, code, each) for code, each in world.secrets.items()]
    return Answer(200, {"_links": {"self": {"href": request.path}}, "_embedded": {"secrets": secrets}})


def show_secret(world: World, request: Request, _: Accident) -> Answer:
    with world.lock:
        code = _find_secret(world, request)
        return Answer(200, _format_secret(request, code, world.secrets[code]))


def create_secret(world: World, request: Request, _: Accident) -> Answer:
    """Create a secret. Older official clients send it as a form, or end the path with a slash."""
    _check_key(world, request)
    body = request.form or drop_nulls(request.json)
    secret = body.get("secret") if isinstance(body, dict) else None
    if not isinstance(secret, str) or not re.fullmatch(RULE, secret):
        invalid = [{"name": "secret", "reason": "Does not meet complexity requirements"}]
        detail = "The request failed due to secret validation errors"
        raise Refusal(build_problem(400, f"{KIND}validation", "Bad Request", detail, invalid_parameters=invalid))
    with world.lock:
        if len(world.secrets) >= MOST:
            detail = f"Account reached maximum number [{MOST}] of allowed secrets"
            raise Refusal(build_problem(403, f"{KIND}add-excess-secret", "Secret Addition Forbidden", detail))
        code = world.new_id()
        created = world.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        world.secrets[code] = {"secret": secret, "created_at": created}
        world.note_activity("Secret created", "Account", {"id": code})
        return Answer(201, _format_secret(request, code, world.secrets[code]))


def revoke_secret(world: World, request: Request, _: Accident) -> Answer:
    with world.lock:
        code = _find_secret(world, request)
        if len(world.secrets) == 1:
            detail = "Can not delete the last secret. The account must always have at least 1 secret active at any time"
            raise Refusal(build_problem(403, f"{KIND}delete-last-secret", "Secret Deletion Forbidden", detail))
        del world.secrets[code]
        world.note_activity("Secret revoked", "Account", {"id": code})
        return Answer(204)


def _check_key(world: World, request: Request) -> None:
    key = request.path.split("/")[2]
    if key != world.api_key:
        raise Refusal(build_invalid_key(key))


def _find_secret(world: World, request: Request) -> str:
    _check_key(world, request)
    code = request.path.rsplit("/", 1)[1]
    if code not in world.secrets:
        detail = f"ID '{code}' does not exist, or you do not have access"
        raise Refusal(build_problem(404, "#not-found", "Not Found", detail))
    return code


def _format_secret(request: Request, code: str, secret: dict[str, str]) -> dict[str, Any]:
    key = request.path.split("/")[2]
    link = {"href": f"/accounts/{key}/secrets/{code}"}
    return {"_links": {"self": link}, "id": code, "created_at": secret["created_at"]}
