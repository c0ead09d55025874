"""Where one run of a batch stands: the messages that it has, and what became of them so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from nexmo_nb.campaigns import refusals
from nexmo_nb.campaigns.decisions import Backoff, Estimate, Prices
from nexmo_nb.campaigns.openings import ALWAYS, Opening
from nexmo_nb.campaigns.waiting import Waiting
from nexmo_nb.campaigns.workers import Result
from nexmo_nb.errors import NexmoError
from nexmo_nb.session import Attempt
from nexmo_nb.state.budgets import Room


class Message(NamedTuple):
    fields: Mapping[str, str]  # of its request
    digest: str  # of them
    estimate: Estimate
    opening: Opening = ALWAYS  # in which it may leave


@dataclass
class RunState:
    """Where a run stands; the ids of their rows in the ledger stand for messages."""

    waiting: Waiting  # not sent yet
    prices: Prices
    backoff: Backoff = field(default_factory=Backoff)
    in_flight: dict[str, Attempt] = field(default_factory=dict)  # with the workers
    alone: str = ""  # the message that left last, if none was in flight then
    results: list[Result] = field(default_factory=list)  # came back, and are not recorded yet
    seconds: float | None = None  # that a message takes, on average
    sent: int = 0  # accepted in this run; what follows is of this run as well
    refused: int = 0
    unknown: int = 0
    elsewhere: int = 0  # taken by another run of the batch
    cost: float = 0.0
    alike: refusals.Row = field(default_factory=refusals.Row)  # the newest refusals
    throttled: dict[str, refusals.Tries] = field(default_factory=dict)  # messages that were, and how often
    error: NexmoError | None = None  # why the batch stopped
    fault: BaseException | None = None  # is no NexmoError; it stops the run and is raised
    kept_by: Room | None = None  # the cap or budget that kept the next message back; nothing came back since then
    is_capped: bool = False  # the run ended because the next message could pass the cap
