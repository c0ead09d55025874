"""The text of each row of a plan: out of templates, a column, a Series or a function. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa

from nexmo_nb import validation
from nexmo_nb.arrow_frames import is_arrow, to_pandas
from nexmo_nb.campaigns.plain_texts import Columns
from nexmo_nb.campaigns.rows import show_label
from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.frames import Column
from nexmo_nb.sms.request import LONGEST_TEXT
from nexmo_nb.text.cells import TextProblem, check_cell
from nexmo_nb.text.content import clean_text, find_leftover_name
from nexmo_nb.text.gsm import count_segments, outside_gsm
from nexmo_nb.text.spelling import spell_in_gsm
from nexmo_nb.text.template import Template, compile_template
from nexmo_nb.text.writers import Format, make_writer, write_plain

GIVEN = "given_text"
"""The column that a Series of texts becomes, and that of the texts before they were spelled in GSM-7."""
TEXT_COLUMNS = (
    Column("text"), Column("encoding"), Column("parts", "int64"), Column("problem"), Column("problem_code"),
    Column("warning"), Column("warning_code"), Column(GIVEN),
)  # fmt: skip
"""What there is to say about the text of a row, as it would be sent."""
NO_TEXT = (None, None, 0, None, None, None, None, None)
_ALLOWED = (
    "a text, a mapping of languages to texts with language='a column', a Series, a function of a row, or recipients "
    "with a column 'text'"
)


class Source(NamedTuple):
    """The columns that the texts are made of, and the functions that write the text of a row and of many rows.

    `write` takes the values of a row. `write_many` takes an array of places, and gives an array in which a text is
    missing that is to be written by `write`, which says why it cannot be.
    """

    columns: Mapping[str, Any]
    write: Callable[[Mapping[str, Any]], str]
    write_many: Callable[[Any], pa.Array]


def choose_source(
    text: Any,
    columns: Mapping[str, Any],
    index: pd.Index[Any],
    *,
    language: str | None,
    fill: bool,
    formats: Mapping[str, Format] | None = None,
) -> Source:
    """Choose how the text of a row is written; `fill` says that texts of a column or Series are templates as well.

    `formats` are those of columns of which only a part is here, by their names.
    """
    formats = formats or {}
    if (language is not None) != isinstance(text, Mapping):
        raise validation.invalid_argument(
            "language", language, "the name of a column, together with a mapping of languages to texts"
        )
    if isinstance(text, Mapping):
        return _choose_by_language(text, columns, language, formats)
    text = _label_column(text, index)
    if text is None or isinstance(text, pd.Series):
        name = "text" if text is None else GIVEN
        if text is not None:
            columns = {**columns, GIVEN: _align(text, index)}
        if name not in columns:
            raise validation.invalid_argument("text", None, _ALLOWED)
        return _fill_column(name, columns, formats) if fill else _take_column(name, columns[name])
    if callable(text):
        # A function is called once for each row.
        return Source(columns, _make_caller(text), lambda places: pa.nulls(len(places), pa.string()))
    template = compile_template(text)
    needed = _choose_columns(template, columns)
    writers = _make_writers(needed, formats)
    many = Columns(needed, writers)
    return Source(needed, lambda row: template.fill(row, writers), lambda places: many.fill(template, places))


def check_labels(text: Any, recipients: Any, index: pd.Index[Any]) -> None:
    """Refuse a Series of texts beside a list, which has no labels, unless it counts as the list does."""
    is_list = not isinstance(recipients, (pd.DataFrame, pd.Series))
    if is_list and isinstance(text, pd.Series) and not text.index.equals(index):
        # By the labels of another frame, people would get the texts of others.
        raise validation.invalid_argument(
            "text",
            "a Series with labels, and recipients without any",
            "recipients with the index of the texts, as a frame or a Series",
            "Give the texts as text.reset_index(drop=True), if they are in the order of the list.",
        )


def check_text(source: Source, row: Mapping[str, Any], kind: str, *, spell: bool) -> tuple[Any, ...]:
    """Write the text of a row, check it, and give the values of `TEXT_COLUMNS`."""
    try:
        given = clean_text(source.write(row))
        text = spell_in_gsm(given) if spell else given
        encoding, parts = _count_parts(text, kind)
    except TextProblem as problem:
        return None, None, 0, f"text: {problem.reason}", problem.code, None, None, None
    warning, code = None, None
    if leftover := find_leftover_name(text):
        warning, code = f"text: {leftover} stands in what would be sent: is it the name of a column?", "leftover_name"
    return text, encoding, parts, None, None, warning, code, given if spell else None


def _count_parts(text: str, kind: str) -> tuple[str, int]:
    """Count the parts of a text in its encoding, or raise what is wrong with it."""
    if not text.strip():
        raise TextProblem("text_missing", "It is empty.")
    if len(text) > LONGEST_TEXT:
        raise TextProblem("text_too_long", f"It has {len(text):,} characters; allowed: 1 to {LONGEST_TEXT:,}.")
    found = count_segments(text, "ucs2" if kind == "unicode" else None)
    if kind == "text" and found.encoding != "gsm7":
        shown = " ".join(repr(c) for c in outside_gsm(text)[:10])
        raise TextProblem("text_encoding", f"Outside GSM-7 are {shown}: replace them, or plan with type='auto'.")
    return found.encoding, found.parts


def _choose_columns(template: Template, columns: Mapping[str, Any]) -> dict[str, Any]:
    return {name: columns[name] for name in template.names if name in columns}


def _choose_templates(
    name: str, choose: Callable[[Any], Template], columns: Mapping[str, Any], formats: Mapping[str, Format]
) -> Source:
    """Make a source whose templates are chosen by the values of a column."""
    writers = _make_writers(columns, formats)
    many = Columns(columns, writers)
    return Source(
        columns,
        lambda row: choose(row[name]).fill(row, writers),
        lambda places: many.fill_chosen(name, choose, places),
    )


def _make_writers(columns: Mapping[str, Any], formats: Mapping[str, Format]) -> dict[str, Callable[[Any], str]]:
    """Make the functions that write the values of each column, all in one format."""
    return {name: make_writer(column, formats.get(name)) for name, column in columns.items()}


def _take_column(name: str, column: Any) -> Source:
    write = _make_cell_writer(name)
    many = Columns({name: column}, {})
    return Source({name: column}, lambda row: write(row[name]), lambda places: many.write(name, places, write))


def _fill_column(name: str, columns: Mapping[str, Any], formats: Mapping[str, Format]) -> Source:
    write = _make_cell_writer(name)
    return _choose_templates(name, lambda value: _compile_cell(write(value)), columns, formats)


def _choose_by_language(
    texts: Mapping[Any, Any], columns: Mapping[str, Any], language: Any, formats: Mapping[str, Format]
) -> Source:
    if language not in columns:
        raise validation.invalid_argument("language", language, f"a column; there are {', '.join(columns)}")
    templates = {write_code(name): compile_template(text) for name, text in texts.items()}
    if len(templates) < len(texts):
        raise validation.invalid_argument("text", ", ".join(map(str, texts)), "one text for each language")
    needed: dict[str, Any] = {language: columns[language]}
    for template in templates.values():
        needed |= _choose_columns(template, columns)

    def choose(spoken: Any) -> Template:
        code = write_code(spoken) if isinstance(spoken, str) else ""
        # "zh-hant-tw" gets "zh-hant" before "zh".
        while code not in templates and "-" in code:
            code = code.rpartition("-")[0]
        found = templates.get(code) if code else None
        if found is None:
            shown = show_label(spoken)
            raise TextProblem("text_unknown_language", f"There is no text in the language {shown} of {language!r}.")
        return found

    return _choose_templates(language, choose, needed, formats)


def write_code(language: Any) -> str:
    """Write a code of a language in one way: pt_BR and PT-br are one."""
    return str(language).strip().casefold().replace("_", "-")


def _make_cell_writer(name: str) -> Callable[[Any], str]:
    def write(value: Any) -> str:
        check_cell(name, value)
        try:
            return write_plain(value)
        except Exception as problem:  # a value of a foreign class may raise anything
            raise TextProblem("text_format", f"It cannot be written ({type(problem).__name__}).") from None

    return write


def _make_caller(function: Callable[[dict[str, Any]], Any]) -> Callable[[Mapping[str, Any]], str]:
    def write(row: Mapping[str, Any]) -> str:
        try:
            text = function(dict(row))
        except Exception as problem:  # what the caller's function raises is a problem of the row
            raise TextProblem(
                "text_format", f"The function raised {type(problem).__name__}: {show_label(problem)}"
            ) from None
        if not isinstance(text, str):
            raise TextProblem("text_missing", f"The function gave {type(text).__name__}, no text.")
        return text

    return write


@lru_cache(maxsize=1024)
def _compile_cell(text: str) -> Template:
    try:
        return compile_template(text)
    except InvalidRequestError as problem:
        raise TextProblem("text_format", str(problem).removeprefix("text: ")) from None


def _label_column(text: Any, index: pd.Index[Any]) -> Any:
    """Give texts of another library, which have no labels, those of the recipients, in their order."""
    if not is_arrow(text):
        return text
    texts = to_pandas(text)
    if not isinstance(texts, pd.Series) or len(texts) != len(index):
        given = f"{len(texts):,} texts" if isinstance(texts, pd.Series) else f"a {type(text).__name__}"
        raise validation.invalid_argument("text", given, f"a column of {len(index):,} texts, one for each recipient")
    return texts.set_axis(index)


def _align(texts: pd.Series[Any], index: pd.Index[Any]) -> pd.Series[Any]:
    """Give a Series of texts the order of the recipients."""
    if texts.index.equals(index):
        return texts
    if texts.index.nlevels != index.nlevels:
        raise validation.invalid_argument("text", "a Series with other labels", "one with the index of the recipients")
    if not texts.index.is_unique:
        raise validation.invalid_argument(
            "text",
            "a Series whose labels repeat",
            "a Series with the index of the recipients, or labels that are unique",
        )
    return texts.reindex(index)
