"""Whose bot this is."""

from __future__ import annotations

import pytest
from django.db import IntegrityError

from telegrambot.engine import identity
from telegrambot.engine.exceptions import ForeignDatabase
from telegrambot.engine.models import BotIdentity
from telegrambot.engine.tests.incoming import together


@pytest.mark.django_db
def test_a_database_serves_one_bot_and_follows_its_name():
    identity.remember(7, "first_name_bot")
    identity.remember(7, "second_name_bot")
    assert (BotIdentity.objects.get().bot_id, BotIdentity.objects.get().username) == (7, "second_name_bot")

    with pytest.raises(ForeignDatabase, match="@second_name_bot, not to @other_bot"):
        identity.remember(8, "other_bot")
    assert BotIdentity.objects.get().username == "second_name_bot"


@pytest.mark.django_db(transaction=True)
def test_two_processes_of_one_bot_may_start_together():
    together(*[lambda: identity.remember(7, "my_bot")] * 4)
    assert BotIdentity.objects.count() == 1


@pytest.mark.django_db
def test_there_cannot_be_a_second_one():
    with pytest.raises(IntegrityError):
        BotIdentity.objects.create(pk=2, bot_id=9, username="x", is_sandbox=True)


def test_the_offline_bot_knows_its_name():
    bot = identity.offline_bot(7, "my_bot")
    assert (bot.id, bot.username) == (7, "my_bot")
