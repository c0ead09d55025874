"""A notebook of marimo: functions, frames of polars and plots. Open it with `marimo edit docs/marimo_example.py`."""

import marimo

__generated_with = "0.25.2"
app = marimo.App()


@app.cell
def _():
    import marimo as mo
    import polars as pl

    import nexmo_nb as nx

    session = nx.connect("sandbox")  # nx.connect("live") for your account
    return mo, nx, pl, session


@app.cell
def _(nx):
    numbers = nx.search_numbers(["GB", "PT", "US"], features=["SMS", "VOICE"])
    costs = nx.number_costs(numbers, by="country")
    costs
    return costs, numbers


@app.cell
def _(costs, nx):
    nx.plot_number_costs(costs)
    return


@app.cell
def _(nx, pl):
    people = pl.DataFrame({"to": ["+44 7700 900001", "+44 7700 900002", "12"], "name": ["Ana", "Rui", "Zoë"]})
    plan = nx.plan_sms(people, "Hello {name}", sender="Demo")
    plan
    return people, plan


@app.cell
def _(mo, nx, plan):
    # marimo runs a cell again whenever something above it changes. A batch sends each row once however often that is.
    sent = nx.send_many(plan, batch="hello from marimo", max_cost=1.00, progress=False)
    mo.ui.table(sent[["to", "state", "price", "currency"]])
    return (sent,)


@app.cell
def _(nx, pl, sent):
    spent = nx.spend(sent, by="country")
    spent_in_polars = pl.from_pandas(spent)
    spent_in_polars
    return spent, spent_in_polars


@app.cell
def _(nx, session):
    parts = nx.delivery("hello from marimo", session=session)
    nx.plot_delivery(parts)
    return (parts,)


if __name__ == "__main__":
    app.run()
