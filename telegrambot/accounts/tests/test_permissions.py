"""What each role may do in the browser."""

from __future__ import annotations

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import AnonymousUser
from django.urls import reverse

from telegrambot.accounts.models import User
from telegrambot.accounts.permissions import RoleBackend, may
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory, UserFactory

TABLE = [
    # permission, public, subscriber, admin, owner
    ("accounts.view_telegramuser", False, False, True, True),
    ("accounts.change_telegramuser", False, False, True, True),
    ("accounts.delete_telegramuser", False, False, False, True),
    ("accounts.view_botcommand", False, False, True, True),
    ("accounts.change_botcommand", False, False, True, True),
    ("accounts.view_user", False, False, False, True),
    ("accounts.change_user", False, False, False, True),
    ("accounts.view_ownerclaim", False, False, False, True),
    ("engine.view_message", False, False, True, True),
    ("engine.change_message", False, False, True, True),
    ("engine.delete_message", False, False, False, True),
    ("projects.add_release", False, False, True, True),
    ("projects.change_feature", False, False, True, True),
    ("projects.delete_project", False, False, True, True),
    ("projects.delete_usercontext", False, False, False, True),
    ("nonsense", False, False, False, True),
]


@pytest.mark.parametrize(("permission", "public", "subscriber", "admin", "owner"), TABLE)
def test_the_table(permission, public, subscriber, admin, owner):
    assert [may(role, permission) for role in Role] == [public, subscriber, admin, owner]


@pytest.mark.django_db
@pytest.mark.parametrize("role", Role)
def test_an_account_may_what_its_person_may(role):
    user = UserFactory(person__role=role)

    assert user.has_perm("accounts.change_botcommand") == (role >= Role.ADMIN)
    assert user.has_perm("accounts.change_user") == (role >= Role.OWNER)
    assert user.has_module_perms("accounts") == (role >= Role.ADMIN)
    assert user.is_staff == (role >= Role.ADMIN)
    assert ("accounts.change_user" in user.get_all_permissions()) == (role >= Role.OWNER)
    assert bool(user.get_all_permissions()) == (role >= Role.ADMIN)


@pytest.mark.django_db
def test_an_account_without_a_person_may_nothing():
    user = UserFactory()

    assert not user.is_staff
    assert not user.has_perm("accounts.view_telegramuser")
    assert user.get_all_permissions() == set()


@pytest.mark.django_db
def test_a_superuser_may_everything_without_a_person():
    user = User.objects.create_superuser("first", password="a good password")

    assert user.is_staff
    assert user.role is Role.OWNER
    assert user.has_perm("accounts.change_user")


@pytest.mark.django_db
@pytest.mark.parametrize("change", [{"is_active": False}, {"role": Role.PUBLIC}])
def test_a_demoted_or_inactive_person_is_out_at_once(client, change):
    person = TelegramUserFactory(role=Role.OWNER)
    client.force_login(UserFactory(person=person))
    assert client.get(reverse("admin:index")).status_code == 200

    type(person).objects.update(**change)

    assert client.get(reverse("admin:index")).status_code == 302


@pytest.mark.django_db
def test_an_inactive_account_may_nothing_and_cannot_sign_in():
    user = UserFactory(person__role=Role.OWNER, is_active=False)

    assert not user.is_staff
    assert not user.has_perm("accounts.view_telegramuser")
    assert not user.has_module_perms("accounts")
    assert user.get_all_permissions() == set()
    assert RoleBackend().get_user(user.pk) is None
    assert authenticate(username=user.username, password="a good password") is None


@pytest.mark.django_db
def test_nobody_in_particular_may_nothing():
    assert not AnonymousUser().has_perm("accounts.view_telegramuser")
    assert RoleBackend().get_user(0) is None


@pytest.mark.django_db
@pytest.mark.parametrize(("role", "gets_in"), [(0, False), (1, False), (2, True), (3, True)])
def test_signing_in_with_a_password(client, role, gets_in):
    user = UserFactory(person__role=role)

    entered = {"login": user.username, "password": "a good password", "next": reverse("admin:index")}
    answer = client.post(reverse("account_login"), entered, follow=True)

    assert answer.status_code == (200 if gets_in else 403)
    assert (answer.request["PATH_INFO"] == reverse("admin:index")) == gets_in
