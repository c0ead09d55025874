"""What a forked process does not share."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from nexmo_nb.state.forks import close_in_forks

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


def is_true_in_child(check: Callable[[], object]) -> bool:
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if check() else 1)
        finally:
            os._exit(2)
    return os.waitpid(child, 0)[1] == 0


def is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def test_a_descriptor_is_closed_in_the_child_and_stays_open_here(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path / "lock", os.O_CREAT | os.O_RDWR)
    close_in_forks(descriptor)
    assert is_true_in_child(lambda: not is_open(descriptor))
    assert is_open(descriptor)
    os.close(descriptor)


def test_a_number_that_another_file_has_by_now_is_left_alone(tmp_path: Path) -> None:
    low = os.open(tmp_path / "lock", os.O_CREAT | os.O_RDWR)
    first = os.dup2(low, 250)  # no thread beside this one gets a number as high, for the lowest that is free is taken
    os.close(low)
    close_in_forks(first)
    other = os.open(tmp_path / "other", os.O_CREAT | os.O_RDWR)
    os.dup2(other, first)
    assert is_true_in_child(lambda: is_open(first))
    os.close(first)
    os.close(other)
    assert is_true_in_child(lambda: not is_open(first))
