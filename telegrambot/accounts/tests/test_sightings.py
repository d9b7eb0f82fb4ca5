"""People seen in updates."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from telegrambot.accounts import sightings
from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.accounts.sightings import Sighting
from telegrambot.accounts.tests.factories import TelegramUserFactory

pytestmark = pytest.mark.django_db


def test_a_newcomer_is_created_as_telegram_describes_them():
    sightings.record([Sighting(7, "ann", "Ann", "Lee", "ru")])

    ann = TelegramUser.objects.get(telegram_id=7)
    assert (ann.username, ann.full_name, ann.language_code, ann.role) == ("ann", "Ann Lee", "ru", Role.PUBLIC)
    assert timezone.now() - ann.last_seen_at < timedelta(minutes=1)


def test_a_known_person_gets_the_new_names_and_keeps_the_rest():
    known = TelegramUserFactory(
        telegram_id=7, role=Role.ADMIN, is_friend=True, preferences={"language": "ru"}
    )

    sightings.record([Sighting(7, first_name="Anna"), Sighting(8)])

    ann = TelegramUser.objects.get(pk=known.pk)
    assert (ann.first_name, ann.username) == ("Anna", "")
    assert (ann.role, ann.is_friend, ann.preferences) == (Role.ADMIN, True, {"language": "ru"})
    assert TelegramUser.objects.count() == 2


def test_the_last_sighting_in_a_batch_counts():
    sightings.record([Sighting(7, first_name="Old"), Sighting(7, first_name="New")])

    assert TelegramUser.objects.get().first_name == "New"


def test_someone_seen_a_moment_ago_is_not_written_again():
    sightings.record([Sighting(7, first_name="Ann")])
    before = TelegramUser.objects.get().updated_at

    sightings.record([Sighting(7, first_name="Ann")])

    assert TelegramUser.objects.get().updated_at == before


def test_the_configured_owner_is_one_from_the_first_sighting(settings):
    settings.OWNER_TELEGRAM_ID = 7

    sightings.record([Sighting(7), Sighting(8)])

    assert dict(TelegramUser.objects.values_list("telegram_id", "role")) == {7: Role.OWNER, 8: Role.PUBLIC}


def test_nobody_seen_asks_no_database(django_assert_num_queries):
    with django_assert_num_queries(0):
        sightings.record([])
