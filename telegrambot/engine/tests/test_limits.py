"""How the settings become a budget, and a budget becomes places."""

from __future__ import annotations

import pytest

from telegrambot.engine.limits import Budget


@pytest.fixture
def budget(settings) -> Budget:
    settings.MESSAGES_PER_SECOND = 20
    settings.MESSAGES_PER_SECOND_IN_CHAT = 2
    settings.MESSAGES_PER_MINUTE_IN_GROUP = 30
    return Budget.from_settings()


def test_rates_become_intervals_and_bursts_tolerances(budget) -> None:
    assert budget.overall_interval == pytest.approx(0.05)
    assert budget.overall_tolerance == pytest.approx(0.1)
    assert (budget.chat_interval, budget.chat_tolerance) == (0.5, 1.0)
    assert (budget.group_interval, budget.group_tolerance) == (2.0, 8.0)


def test_a_rate_of_zero_is_no_limit(settings) -> None:
    settings.MESSAGES_PER_SECOND = settings.MESSAGES_PER_SECOND_IN_CHAT = 0
    settings.MESSAGES_PER_MINUTE_IN_GROUP = 0
    budget = Budget.from_settings()
    assert budget == Budget(0, 0, 0, 0, 0, 0)
    assert budget.slots(0.0, 1000) == 1000
    assert budget.slots(0.01, 1000) == 0  # Telegram itself said to wait


def test_a_slow_bot_may_always_send_one(settings) -> None:
    settings.MESSAGES_PER_SECOND = 0.5
    budget = Budget.from_settings()
    assert budget.slots(0.0, 10) == 2
    assert budget.slots(2.0, 10) == 1
    assert budget.slots(2.01, 10) == 0


@pytest.mark.parametrize(("lag", "slots"), [(0.0, 3), (0.049, 2), (0.06, 1), (0.11, 0)])
def test_places_shrink_as_the_bucket_runs_ahead(budget, lag, slots) -> None:
    assert budget.slots(lag, 64) == slots


def test_never_more_places_than_asked_for(budget) -> None:
    assert budget.slots(0.0, 2) == 2
