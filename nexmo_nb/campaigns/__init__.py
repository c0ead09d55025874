"""Many messages: plan them, send them once, look up what got no answer, and see what was ever sent."""

from nexmo_nb.campaigns.budget import fit_budget
from nexmo_nb.campaigns.due import run_due
from nexmo_nb.campaigns.outcome import discard, forget, sent
from nexmo_nb.campaigns.plan import plan_sms
from nexmo_nb.campaigns.send import send_many
from nexmo_nb.campaigns.settle import settle
from nexmo_nb.campaigns.summary import summary

__all__ = ["discard", "fit_budget", "forget", "plan_sms", "run_due", "send_many", "sent", "settle", "summary"]
