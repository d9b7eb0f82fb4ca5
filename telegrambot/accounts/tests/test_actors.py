"""One id for a person, in the chat and in the browser."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils.functional import SimpleLazyObject

from telegrambot.accounts.actors import actor_id, actor_ids, names_of
from telegrambot.accounts.models import User
from telegrambot.accounts.tests.factories import TelegramUserFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_a_person_and_their_account_are_one():
    person = TelegramUserFactory()
    account = UserFactory(person=person)

    assert actor_id(person) == actor_id(account) == str(person.pk)
    assert actor_id(SimpleLazyObject(lambda: account)) == str(person.pk)
    assert actor_ids(person) == [str(person.pk), f"user:{account.pk}"]


def test_an_account_of_nobody_has_an_id_of_its_own():
    account = UserFactory()

    assert actor_id(account) == f"user:{account.pk}"
    assert actor_ids(person := TelegramUserFactory()) == [str(person.pk)]


@pytest.mark.parametrize("nobody", [None, AnonymousUser()])
def test_nobody_is_the_program(nobody):
    assert actor_id(nobody) == "system"


def test_names_are_those_of_people_and_accounts_that_exist():
    person, account = TelegramUserFactory(first_name="Ann", last_name="Lee"), UserFactory(username="olga")
    gone = UserFactory()
    User.objects.filter(pk=gone.pk).delete()

    found = names_of(
        [str(person.pk), f"user:{account.pk}", f"user:{gone.pk}", "user:x", f"user:{10**30}", "nonsense"]
    )

    assert found == {str(person.pk): "Ann Lee", f"user:{account.pk}": "olga"}


def test_names_of_nobody_cost_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert names_of(["nonsense", "user:"]) == {}
