"""Choosing people by conditions."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from telegrambot.accounts import audience
from telegrambot.accounts.exceptions import BadCondition, UnknownCondition
from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("chosen", "names"),
    [
        ({}, {"ann", "boris", "carl"}),
        ({"roles": [1, 2]}, {"boris", "carl"}),
        ({"language": "ru"}, {"boris", "carl"}),
        ({"language": "en"}, {"ann"}),
        ({"is_friend": True}, {"ann"}),
        ({"is_friend": False}, {"boris", "carl"}),
        ({"seen_within_days": 7}, {"ann"}),
        ({"unseen_for_days": 7}, {"boris", "carl"}),
        ({"joined_from": "2026-01-01", "joined_before": "2999-01-01"}, {"ann", "boris", "carl"}),
        ({"joined_before": "2020-01-01"}, set()),
        ({"language": "ru", "roles": [1]}, {"boris"}),
    ],
)
def test_who_is_chosen(chosen, names):
    now = timezone.now()
    TelegramUserFactory(username="ann", is_friend=True, last_seen_at=now)
    TelegramUserFactory(
        username="boris", role=Role.SUBSCRIBER, language_code="ru-RU", last_seen_at=now - timedelta(days=8)
    )
    TelegramUserFactory(username="carl", role=Role.ADMIN, preferences={"language": "ru"})
    TelegramUser.objects.update(created_at="2026-06-01T00:00:00Z")

    assert set(audience.people(chosen).values_list("username", flat=True)) == names


def test_the_language_chosen_is_the_one_the_person_is_answered_in():
    for code in ("ru", "ru-RU", "en", "de", "", "rux", "ru_x"):
        for own in ({}, {"language": "ru"}, {"language": "en"}, {"language": ""}):
            TelegramUserFactory(language_code=code, preferences=own)

    for language in ("en", "ru"):
        chosen = set(audience.people({"language": language}))
        assert chosen == {person for person in TelegramUser.objects.all() if person.language == language}


@pytest.mark.parametrize(
    "chosen",
    [
        {"roles": []},
        {"roles": [9]},
        {"roles": "1"},
        {"language": "xx"},
        {"is_friend": 1},
        {"seen_within_days": 0},
        {"seen_within_days": True},
        {"seen_within_days": 10**12},
        {"joined_from": "tomorrow"},
        {"joined_from": None},
    ],
)
def test_values_that_make_no_sense_are_named(chosen):
    with pytest.raises(BadCondition):
        audience.people(chosen)


def test_an_unknown_condition_is_named():
    with pytest.raises(UnknownCondition, match="shoe_size"):
        audience.people({"shoe_size": 42})


def test_a_name_is_taken_once():
    with pytest.raises(ValueError, match="registered twice"):
        audience.register("roles", "roles", list, lambda _: None)
