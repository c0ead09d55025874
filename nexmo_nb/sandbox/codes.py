"""What the API's codes mean: statuses of a send, and error codes of a delivery receipt."""

from __future__ import annotations

STATUS_TEXTS = {
    1: "Throttled", 2: "Missing parameter", 3: "Invalid parameter", 4: "Bad Credentials", 5: "Server Error",
    6: "Unroutable message - rejected", 7: "Number barred.", 8: "Partner account barred",
    9: "Quota Exceeded - rejected", 10: "Too many existing binds", 11: "Account not enabled for HTTP",
    12: "Message too long", 14: "Invalid Signature", 15: "Illegal Sender Address - rejected",
    17: "Message blocked by provider", 22: "Invalid network code", 23: "Invalid callback url",
    29: "Non White-listed Destination - rejected", 32: "Signature And API Secret Disallowed",
    33: "Number De-activated",
}  # fmt: skip
RECEIPT_ERRORS = {
    0: "Delivered", 1: "Unknown", 2: "Absent Subscriber - Temporary", 3: "Absent Subscriber - Permanent",
    4: "Call Barred by User", 5: "Portability Error", 6: "Anti-Spam Rejection", 7: "Handset Busy", 8: "Network Error",
    9: "Illegal Number", 10: "Illegal Message", 11: "Unroutable", 12: "Destination Unreachable",
    13: "Subscriber Age Restriction", 14: "Number Blocked by Carrier", 15: "Prepaid Insufficient Funds",
    16: "Gateway Quota Exceeded", 50: "Entity Filter", 51: "Header Filter", 52: "Content Filter",
    53: "Consent Filter", 54: "Regulation Error", 99: "General Error",
}  # fmt: skip
