"""The notebooks that come with the package, and a list to try them with, copied to where a person can change them."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from nexmo_nb.errors import InvalidRequestError

LIST = "people.csv"
"""The file of made-up contacts beside the notebooks: what `campaign_form` can be given."""
# In a wheel they stand in the package; in a clone, where they exist once as well, beside it.
_PLACES = (Path(__file__).with_name("notebooks"), Path(__file__).parents[2] / "notebooks")


class Copied(NamedTuple):
    """The names of the files that were written, and of those that were there already and stay as they are."""

    written: list[str]
    kept: list[str]


def list_notebooks() -> list[Path]:
    """List the notebooks that the package ships, in the order in which they are read."""
    return next((found for place in _PLACES if (found := sorted(place.glob("*.ipynb")))), [])


def copy_examples(folder: Path) -> Copied:
    """Copy the notebooks and the list into a folder, which is made if it is not there, and over nothing.

    Raises
    ------
    InvalidRequestError
        If the folder or a file cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        copied = Copied([], [])
        for path in list_notebooks():
            _write_new(folder / path.name, path.read_bytes(), copied)
        if not (folder / LIST).exists():
            from nexmo_nb.examples.lists import contacts

            _write_new(folder / LIST, contacts().to_csv(index=False).encode(), copied)
        else:
            copied.kept.append(LIST)
    except OSError as problem:
        reason = problem.strerror or str(problem)
        raise InvalidRequestError(
            f"folder: {str(folder)!r} cannot be written ({reason}); allowed: a folder of yours. Change to one, or name "
            "one that exists.",
            parameter="folder",
        ) from None
    return copied


def _write_new(path: Path, content: bytes, copied: Copied) -> None:
    """Write a file unless there is one, also where one comes to be meanwhile."""
    try:
        file = path.open("xb")
    except FileExistsError:
        copied.kept.append(path.name)
        return
    try:
        with file:
            file.write(content)
    except OSError:
        path.unlink()  # half a notebook would be kept the next time
        raise
    copied.written.append(path.name)
