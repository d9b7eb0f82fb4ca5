"""Bots for the crash tests."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.conftest import SETTINGS
from tests.processes import Processes, Running, bot_environment


@pytest.fixture
def start_bot(processes: Processes, database, stand_in) -> Callable[..., Running]:
    """Starts `runbot` on this test's database; messages of dead senders turn `uncertain` in 4 s."""
    processes.environment |= bot_environment(
        database, stand_in, DJANGO_SETTINGS_MODULE=SETTINGS, SEND_LEASE_SECONDS="4"
    )

    def start(*options: str, **environment: str) -> Running:
        return processes.manage("runbot", *options, **environment)

    return start
