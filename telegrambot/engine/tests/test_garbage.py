"""The collector still works, only seldom."""

from __future__ import annotations

import gc
import weakref

import pytest

from telegrambot.engine.garbage import collect_seldom


@pytest.fixture(autouse=True)
def _as_before():
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


class Ring:
    def __init__(self) -> None:
        self.itself = self


def test_what_stays_is_not_looked_at_and_new_cycles_are_still_freed() -> None:
    collect_seldom()
    assert gc.get_freeze_count() > 0
    assert gc.isenabled()
    ring = weakref.ref(Ring())
    rings = [Ring() for _ in range(3 * gc.get_threshold()[0])]
    assert rings
    assert ring() is None
