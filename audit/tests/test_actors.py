"""Names of actors for a page of events."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser

from audit import actors
from telegrambot.accounts.tests.factories import TelegramUserFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_the_program_has_a_name_that_costs_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert actors.names(["system", "system"]) == {"system": "the program"}
        assert actors.names([]) == {}


@pytest.mark.parametrize("count", [1, 7])
def test_a_page_of_people_and_accounts_costs_two_queries(django_assert_num_queries, count):
    people, accounts = TelegramUserFactory.create_batch(count), UserFactory.create_batch(count)
    wanted = {str(person.pk): str(person) for person in people}
    wanted |= {f"user:{account.pk}": account.username for account in accounts}

    with django_assert_num_queries(2):
        found = actors.names(["system", *wanted])

    assert found == {"system": "the program"} | wanted


@pytest.mark.parametrize(
    "user_id", ["5c93aecc-0394-4e42-a7d2-72a74a466e72", "user:0", "user:", "user:x", "psql", ""]
)
def test_whom_nobody_knows_any_more_is_called_by_the_id(user_id):
    assert actors.names([user_id]) == {user_id: user_id}


def test_several_apps_may_know_names(monkeypatch):
    monkeypatch.setattr(actors, "_resolvers", actors._resolvers.copy())
    resolver = {"robot:1": "Marvin"}.items

    for _ in range(2):
        actors.register_names(lambda ids: dict(resolver()))

    assert actors.names(["robot:1", "robot:2"])["robot:1"] == "Marvin"


def test_whoever_is_signed_in_has_the_id_of_their_person():
    person = TelegramUserFactory()

    assert actors.account_id(UserFactory(person=person)) == str(person.pk)
    assert actors.account_id(account := UserFactory()) == f"user:{account.pk}"
    assert actors.account_id(AnonymousUser()) == "system"


def test_without_an_app_that_knows_accounts_it_is_the_program(monkeypatch):
    monkeypatch.setattr(actors, "_identify", None)

    assert actors.account_id(UserFactory()) == "system"
