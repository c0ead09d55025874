"""How far a batch is, in counts and words."""

from __future__ import annotations

import pytest

from nexmo_nb.campaigns.progress import Progress, count_done


def test_it_says_all_of_it_in_one_line() -> None:
    progress = Progress(1000, accepted=400, refused=12, cost=13.316, currency="EUR", cap=40)
    said = "412 of 1,000 done: 400 accepted, 12 refused, 0 unknown, 588 left · EUR 13.32 of at most 40.00"
    assert progress.to_text() == said


def test_what_is_seldom_is_said_only_where_there_is_some() -> None:
    progress = Progress(10, not_found=1, elsewhere=2, currency="EUR")
    assert progress.list_facts() == (
        "0 accepted, 0 refused, 0 unknown, 1 not found, 2 taken by another run, 7 left · EUR 0.00"
    )


@pytest.mark.parametrize(
    ("state", "done"),
    [
        ("planned", Progress(3)),
        ("sending", Progress(3, elsewhere=1)),
        ("accepted", Progress(3, accepted=1)),
        ("partial", Progress(3, accepted=1)),
        ("rejected", Progress(3, refused=1)),
        ("unknown", Progress(3, unknown=1)),
        ("not_found", Progress(3, not_found=1)),
    ],
)
def test_each_state_of_the_ledger_counts_as_one_thing(state: str, done: Progress) -> None:
    assert count_done([state], 3) == done
    assert done.done + done.left == 3
