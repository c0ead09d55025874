"""Plots of costs and deliveries for notebooks and slides; matplotlib is imported with the first one."""

from nexmo_nb.plots.anomalies import plot_anomalies
from nexmo_nb.plots.delivery import plot_delivery
from nexmo_nb.plots.estimate import plot_estimate
from nexmo_nb.plots.number_costs import plot_number_costs
from nexmo_nb.plots.prices import plot_prices
from nexmo_nb.plots.spend import plot_spend

__all__ = ["plot_anomalies", "plot_delivery", "plot_estimate", "plot_number_costs", "plot_prices", "plot_spend"]
