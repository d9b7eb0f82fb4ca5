"""Pages of a list in a chat."""

from __future__ import annotations

import pytest

from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.tests.factories import TelegramUserFactory
from telegrambot.engine.bot import show_help
from telegrambot.engine.paging import PAGE, page


@pytest.mark.parametrize(
    ("count", "number", "items", "arrows"),
    [
        (0, 0, [], []),
        (8, 0, range(8), []),
        (9, 0, range(8), ["›1"]),
        (9, 1, [8], ["‹0"]),
        (17, 1, range(8, 16), ["‹0", "›2"]),
        (17, 2, [16], ["‹1"]),
        (17, 10**9, [16], ["‹1"]),
        (17, -5, range(8), ["›1"]),
    ],
)
def test_a_page_and_the_way_to_its_neighbours(count, number, items, arrows):
    shown, row = page(range(count), number, show_help)
    assert list(shown) == list(items)
    assert [button.label + button.data.rpartition(":")[2] for button in row] == arrows


def test_arguments_go_before_the_number():
    _, row = page(range(9), 0, show_help, "a", 5)
    assert row[0].data == "engine.show_help:a:5:1"


@pytest.mark.django_db
def test_a_query_set_costs_two_statements(django_assert_num_queries):
    TelegramUserFactory.create_batch(3 * PAGE)
    with django_assert_num_queries(2):
        shown, _ = page(TelegramUser.objects.order_by("telegram_id"), 1, show_help)
    assert len(shown) == PAGE
