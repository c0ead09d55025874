"""A stand-in for Nexmo on 127.0.0.1, written from the API's documentation and independent of the client.

``world`` is its state, ``data`` the made-up market; ``sms``, ``voice``, ``applications``, ``numbers`` and ``account``
answer; ``server`` speaks HTTP and has the accidents that tests ask for.
"""

from nexmo_nb.sandbox.server import KINDS, Sandbox, serve

__all__ = ["KINDS", "Sandbox", "serve"]
