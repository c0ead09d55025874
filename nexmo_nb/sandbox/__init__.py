"""A stand-in for Nexmo on 127.0.0.1, written from the API's documentation and independent of the client.

From the bottom up, each module imports only from those above it here:

- ``exchange`` (a request and its answer), ``parsing``, ``validation``, ``segments``
- ``codes`` (what statuses mean), ``magic_numbers`` (numbers with an effect), ``receipts`` (what becomes of a message)
- ``data`` (the made-up market), ``refusals`` (answers that endpoints share), ``failures`` (for what fails before one)
- ``clock`` (which can be moved and frozen), ``world`` (state), ``traffic_months`` (the made-up year)
- ``signatures``, ``webhook_queue`` (what is posted when), ``webhooks`` (in which words), ``inbound`` (who writes to us)
- ``auth``, ``tokens``, ``traffic`` (reports' view of that year)
- ``shapes``, ``call_endpoints``, ``ncco``, ``call_checks`` (what a call may be told), ``call_course`` (how it goes on)
- ``sms``, ``tts``, ``calls``, ``call_control``, ``capabilities``, ``applications``, ``account``, ``account_secrets``,
  ``subaccounts``, ``numbers``, ``conversions``, ``reports`` (the endpoints)
- ``accidents`` (failures that tests schedule), ``request_log``,
  ``inbox_feed`` (what the inbox shows)
- ``world_state`` and ``state_file`` (snapshots, and what the next run goes on with)
- ``routes`` (which endpoint answers what), ``control`` (the inbox, and ``/_sandbox/...``)
- ``tls`` (a certificate), ``http`` (the server), ``postman`` (posts webhooks)
- ``sandbox`` (the class `Sandbox`)
"""

from nexmo_nb.sandbox.accidents import KINDS
from nexmo_nb.sandbox.sandbox import Sandbox, serve

__all__ = ["KINDS", "Sandbox", "serve"]
