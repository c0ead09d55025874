"""Options of this process: `set_options`."""

from __future__ import annotations

from nexmo_nb import masking, validation


def set_options(*, mask: bool | None = None) -> dict[str, bool]:
    """Set the options of display of this process.

    Parameters
    ----------
    mask : bool, optional
        True: displayed frames, plots and forms show only the last three digits of phone numbers, so that a saved
        notebook is no phone list. False: they show every digit. Default: no change.

    Returns
    -------
    dict
        The options in force.

    Raises
    ------
    InvalidRequestError
        If a value is neither True nor False.

    Notes
    -----
    The frames themselves do not change: what is computed, sent or written to a file has every digit. ``print(frame)``,
    values taken out of a frame, and what is typed into a form's fields are not masked. Every run of 7 to 15 digits that
    stands alone is taken for a phone number.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> nx.set_options(mask=True)
    {'mask': True}
    >>> nx.set_options(mask=False)
    {'mask': False}
    """
    if mask is not None:
        masking.set_masking(validation.check_bool("mask", mask))
    return {"mask": masking.is_masking()}
