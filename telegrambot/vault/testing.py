"""Settings in tests: each test begins with the defaults, whatever the one before has left behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from telegrambot.vault import snapshots


@contextmanager
def all_settings_at_their_defaults() -> Iterator[None]:
    """Take the table for empty until a setting is set, without a query; no thread asks by itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(snapshots, "_snapshot", snapshots._Snapshot({}, float("inf")))
        patch.setattr(snapshots, "_forgotten_at", snapshots._NEVER)
        patch.setattr(snapshots, "_start_keeper", lambda: None)
        yield
