"""Tokens: the signed claims by which an application, not an account, is known to ``/v1/calls``."""

from __future__ import annotations

import time

from nexmo_nb.sandbox.auth import split_authorization
from nexmo_nb.sandbox.exchange import Answer, Request
from nexmo_nb.sandbox.refusals import Refusal
from nexmo_nb.sandbox.world import World

UNAUTHORIZED = Answer(401, {"type": "UNAUTHORIZED", "error_title": "Unauthorized"})
# Seconds by which the clocks of client and server may differ; for which a token is good that does not say when it
# expires; and after which none is, whatever it says.
LEEWAY = 5
DEFAULT_LIFETIME = 15 * 60
LONGEST_LIFETIME = 24 * 3600


def check_token(world: World, request: Request) -> str:
    """Check a token with the public key of the application that it names, and return that one's id.

    Its times are compared with the real time, also where the sandbox's clock is another: a client makes its tokens by
    its own. A token may be used again, as the vendor's command line has it made for a day.
    """
    import jwt

    scheme, token = split_authorization(request)
    if scheme != "bearer":
        raise Refusal(UNAUTHORIZED)
    try:
        code = str(jwt.decode(token, options={"verify_signature": False}).get("application_id"))
        claims = jwt.decode(
            token,
            world.get_public_key(world.applications[code]),
            algorithms=["RS256"],
            options={"require": ["iat", "jti", "application_id"]},
            leeway=LEEWAY,
        )
        issued = float(claims["iat"])
        lifetime = float(claims.get("exp", issued + DEFAULT_LIFETIME)) - issued
    except (jwt.PyJWTError, KeyError, ValueError, TypeError, OverflowError):
        raise Refusal(UNAUTHORIZED) from None
    if not claims["jti"] or lifetime > LONGEST_LIFETIME or time.time() > issued + lifetime + LEEWAY:
        raise Refusal(UNAUTHORIZED)
    return code
