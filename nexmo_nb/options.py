"""Options of this process: `set_options`."""

from __future__ import annotations

from typing import Any, Literal, get_args

from nexmo_nb import masking, validation

Language = Literal["en", "pt"]
_language = "en"


def set_options(*, mask: bool | None = None, language: Language | None = None) -> dict[str, Any]:
    """Set the options of display of this process.

    Parameters
    ----------
    mask : bool, optional
        True: displayed frames, plots and forms show only the last three digits of phone numbers, so that a saved
        notebook is no phone list. False: they show every digit. Default: no change.
    language : {"en", "pt"}, optional
        The language of forms that are made from now on: English or Portuguese. Default: no change.

    Returns
    -------
    dict
        The options in force.

    Raises
    ------
    InvalidRequestError
        If `mask` is neither True nor False, or `language` is not one of those named.

    Notes
    -----
    The frames themselves do not change: what is computed, sent or written to a file has every digit. ``print(frame)``,
    values taken out of a frame, and what is typed into a form's fields are not masked. Every run of 7 to 15 digits that
    stands alone is taken for a phone number.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> nx.set_options(mask=True)
    {'mask': True, 'language': 'en'}
    >>> nx.set_options(mask=False)
    {'mask': False, 'language': 'en'}
    """
    global _language  # noqa: PLW0603 - an option of the process
    if language is not None:
        language = validation.check_choice("language", language, get_args(Language))
    if mask is not None:
        masking.set_masking(validation.check_bool("mask", mask))
    _language = language or _language
    return {"mask": masking.is_masking(), "language": _language}


def get_language() -> str:
    return _language
