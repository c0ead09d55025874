"""Which texts would need fewer parts in another spelling, and what that would save."""

from __future__ import annotations

from itertools import starmap
from typing import Any

import pandas as pd

from nexmo_nb import validation
from nexmo_nb.costs.aggregate import refuse_columns, round_amounts
from nexmo_nb.costs.parts import Counts
from nexmo_nb.costs.records import Measured, add_up, open_records, read_pieces, read_prices
from nexmo_nb.costs.sources import Frames
from nexmo_nb.costs.templates import find_templates
from nexmo_nb.frames import Column, frame
from nexmo_nb.text.gsm import segments
from nexmo_nb.text.spelling import spell_in_gsm

SAVING_COLUMNS = (
    *map(Column, ("text", "suggestion", "encoding")),
    *(Column(name, "int64") for name in ("texts", "messages", "parts", "parts_after")),
    *(Column(name, "float64") for name in ("spend", "saved")),
    Column("currency"),
)
_ADDED = ("texts", "messages", "parts", "parts_after", "spend", "saved")
ADVICE = (
    "Ask for the texts: records(…, include_message=True), which charges for these records again; the texts of what was "
    "sent from here are in sent(), for nothing."
)


def shorter_texts(messages: Frames) -> pd.DataFrame:
    """Find texts that would need fewer parts in another spelling, and what that would save, a row a campaign.

    Parameters
    ----------
    messages : DataFrame, path, frame of another library or iterable of frames
        With ``text, price, currency``: of `records` with ``include_message=True`` (one row a part), or of `sent`. What
        never left or was refused is left out, and so are rows without a text.
        Or a folder or files of Parquet, as ``records(to=…)`` writes them, also at addresses such as
        ``"s3://bucket/records"``; a frame of polars, pyarrow, DuckDB or Dask; or an iterable of frames: they are read
        piece by piece, as if they were one frame.

    Returns
    -------
    pandas.DataFrame
        One row a template and currency that would save something, the most first: ``text`` (what the texts have in
        common, with ``{}`` for what differs, such as a name; a text that is like no other is shown as it is),
        ``suggestion`` (the same in GSM-7, as `explain_encoding` spells it: read it before you send it, for it may say
        something else), ``encoding`` (text), ``texts`` (int: how many different ones), ``messages, parts`` (int: what
        was sent), ``parts_after`` (int: what the same messages would take), ``spend, saved`` (float, in ``currency``).

    Raises
    ------
    InvalidRequestError
        If a column is missing, a file cannot be read, or no row has a text.

    Notes
    -----
    Two texts are of one template where two thirds of the words of the longer stand in both, in the same order. What is
    saved is computed for each text by itself, and then added up.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> for name in ("Ana", "Rui"):
    ...     parts = nx.send_sms("+44 7700 900000", f"Olá {name}! " + "Your table is ready. " * 4, sender="Demo")
    >>> found = nx.shorter_texts(nx.sent())
    >>> found[["texts", "parts", "parts_after", "saved"]].values.tolist()
    [[2.0, 4.0, 2.0, 0.084582]]
    >>> found.text[0][:12]
    'Olá {}! Your'
    >>> nx.sent().to_parquet("sent.parquet")
    >>> nx.shorter_texts("sent.parquet")["saved"].tolist()
    [0.084582]
    """
    records = open_records(messages, ())
    if "text" not in records.columns:
        raise refuse_columns(records.columns, "a frame with a column text", ADVICE)
    records = records._replace(names=["text"])
    table = add_up(records, ["text"], starmap(_measure, read_pieces(records)), counts_once=True)
    has_text = table["text"].notna()
    if len(table) and not has_text.any():
        raise validation.invalid_argument("frame", "no text in any row", "a frame with texts", ADVICE)
    costs = table[has_text].to_dict("records")
    return _add_templates([saving for saving in map(_find_saving, costs) if saving is not None])


def _measure(rows: pd.DataFrame, counts: Counts) -> Measured:
    return Measured(rows, counts, {"spend": read_prices(rows, counts)}, {})


def _find_saving(cost: dict[Any, Any]) -> dict[str, Any] | None:
    """Compare a text with its spelling in GSM-7; None where that saves nothing."""
    text = str(cost["text"])
    before = segments(text)
    after = segments(spell_in_gsm(text)) if before.parts > 1 else before
    if after.parts >= before.parts:
        return None
    return {
        "text": text,
        "encoding": before.encoding,
        "texts": 1,
        "messages": cost["messages"],
        "parts": cost["parts"],
        "parts_after": round(cost["parts"] * after.parts / before.parts),
        "spend": cost["spend"],
        "saved": cost["spend"] * (before.parts - after.parts) / before.parts,
        "currency": None if pd.isna(cost["currency"]) else cost["currency"],
    }


def _add_templates(savings: list[dict[str, Any]]) -> pd.DataFrame:
    """Add up what texts of one template save, as a frame of `SAVING_COLUMNS`."""
    templates = find_templates([saving["text"] for saving in savings])
    sums: dict[tuple[str, Any], dict[str, Any]] = {}
    for saving, template in zip(savings, templates, strict=True):
        row = sums.setdefault((template, saving["currency"]), {**saving, **dict.fromkeys(_ADDED, 0)})
        row |= {"text": template, "suggestion": spell_in_gsm(template)}
        row |= {name: row[name] + saving[name] for name in _ADDED}
    table = round_amounts(frame(sums.values(), SAVING_COLUMNS), "spend", "saved")
    return table.sort_values("saved", ascending=False, kind="stable", ignore_index=True)
