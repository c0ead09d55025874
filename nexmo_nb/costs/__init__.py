"""What messages and numbers cost, computed from frames.

Currencies are never added: each has rows of its own. Only `bill`, `cheapest_numbers` and `idle_numbers` ask Nexmo for
anything.
"""

from nexmo_nb.costs.alarms import anomalies
from nexmo_nb.costs.bill import bill
from nexmo_nb.costs.messages import cost_per_delivered, estimate_vs_actual, spend
from nexmo_nb.costs.numbers import cheapest_numbers, idle_numbers, number_costs
from nexmo_nb.costs.texts import shorter_texts

__all__ = [
    "anomalies",
    "bill",
    "cheapest_numbers",
    "cost_per_delivered",
    "estimate_vs_actual",
    "idle_numbers",
    "number_costs",
    "shorter_texts",
    "spend",
]
