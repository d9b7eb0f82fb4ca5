"""Credentials of other services."""

from __future__ import annotations

import json

import pytest
from cryptography.fernet import Fernet
from django.db import IntegrityError, connection, transaction

from audit.models import EventLog
from telegrambot.accounts import authentication_data
from telegrambot.accounts.exceptions import CredentialsTaken, NoCredentials, OwnersOnly
from telegrambot.accounts.models import AuthenticationData, CredentialKind, User
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory, UserFactory
from telegrambot.vault.exceptions import UnreadableSecret

pytestmark = pytest.mark.django_db

PROVIDER = CredentialKind.MODEL_PROVIDER
SECRET = "sk-live-4cf0a1b2c3d4e5f6"
OLD, FOREIGN = (Fernet.generate_key().decode() for _ in range(2))


@pytest.fixture
def kept() -> AuthenticationData:
    return authentication_data.store(PROVIDER, "main", {"api_key": SECRET}, actor=None)


def stored(row: AuthenticationData) -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT encrypted_credentials FROM accounts_authenticationdata WHERE id = %s", [row.pk]
        )
        return cursor.fetchone()[0]


def test_what_was_stored_is_encrypted_and_comes_back(kept):
    assert SECRET not in stored(kept)
    assert authentication_data.credentials(PROVIDER, "main") == {"api_key": SECRET}


@pytest.mark.parametrize(("kind", "name"), [(CredentialKind.PLATFORM, "main"), (PROVIDER, "other")])
def test_there_are_none_of_another_kind_or_name(kept, kind, name):
    with pytest.raises(NoCredentials):
        authentication_data.credentials(kind, name)


def test_what_is_switched_off_is_not_used(kept):
    authentication_data.describe(kept.pk, is_active=False, actor=None)

    with pytest.raises(NoCredentials):
        authentication_data.credentials(PROVIDER, "main")


def test_they_can_be_replaced_and_removed(kept):
    authentication_data.replace(kept.pk, {"api_key": "another"}, actor=None)
    assert authentication_data.credentials(PROVIDER, "main") == {"api_key": "another"}

    authentication_data.remove(kept.pk, actor=None)
    authentication_data.remove(kept.pk, actor=None)
    assert not AuthenticationData.objects.exists()


def test_a_name_serves_once_in_each_kind(kept):
    other = authentication_data.store(PROVIDER, "other", {}, actor=None)

    with pytest.raises(CredentialsTaken):
        authentication_data.store(PROVIDER, "main", {}, actor=None)
    with pytest.raises(CredentialsTaken):
        authentication_data.describe(other.pk, name="main", actor=None)

    assert authentication_data.credentials(PROVIDER, "main") == {"api_key": SECRET}


@pytest.mark.parametrize("role", [Role.PUBLIC, Role.SUBSCRIBER, Role.ADMIN])
def test_only_owners_write_them(kept, role):
    someone = TelegramUserFactory(role=role)

    for attempt in (
        lambda: authentication_data.store(PROVIDER, "new", {}, actor=someone),
        lambda: authentication_data.replace(kept.pk, {}, actor=someone),
        lambda: authentication_data.describe(kept.pk, name="x", actor=someone),
        lambda: authentication_data.remove(kept.pk, actor=someone),
    ):
        with pytest.raises(OwnersOnly):
            attempt()

    assert authentication_data.credentials(PROVIDER, "main") == {"api_key": SECRET}
    authentication_data.remove(kept.pk, actor=TelegramUserFactory(role=Role.OWNER))
    assert not AuthenticationData.objects.exists()


def test_a_superuser_writes_them_whatever_their_role(kept):
    superuser = TelegramUserFactory(role=Role.ADMIN, staff=UserFactory(is_superuser=True))

    authentication_data.store(PROVIDER, "new", {}, actor=superuser)
    authentication_data.describe(kept.pk, name="first", actor=superuser)
    authentication_data.replace(kept.pk, {"api_key": "another"}, actor=superuser)
    assert authentication_data.credentials(PROVIDER, "first") == {"api_key": "another"}

    authentication_data.remove(kept.pk, actor=superuser)
    assert AuthenticationData.objects.get().name == "new"


@pytest.mark.parametrize(
    "write",
    [
        lambda pk: authentication_data.describe(pk, name="x", actor=None),
        lambda pk: authentication_data.replace(pk, {}, actor=None),
    ],
)
def test_what_is_gone_is_not_written(kept, write):
    authentication_data.remove(kept.pk, actor=None)

    with pytest.raises(AuthenticationData.DoesNotExist):
        write(kept.pk)


def test_a_wrong_key_raises_and_nothing_is_lost(settings):
    settings.VAULT_KEYS = [OLD]
    kept = authentication_data.store(PROVIDER, "main", {"api_key": SECRET}, actor=None)
    before = stored(kept)
    settings.VAULT_KEYS = [FOREIGN]

    with pytest.raises(UnreadableSecret):
        authentication_data.credentials(PROVIDER, "main")
    with pytest.raises(UnreadableSecret):
        authentication_data.replace(kept.pk, {}, actor=None)
    authentication_data.describe(kept.pk, name="first", actor=None)

    assert stored(kept) == before
    settings.VAULT_KEYS = [OLD]
    assert authentication_data.credentials(PROVIDER, "first") == {"api_key": SECRET}


def test_unreadable_ones_can_be_given_up(settings):
    settings.VAULT_KEYS = [OLD]
    kept = authentication_data.store(PROVIDER, "main", {"api_key": SECRET}, actor=None)
    settings.VAULT_KEYS = [FOREIGN]

    authentication_data.remove(kept.pk, actor=None)

    assert not AuthenticationData.objects.exists()


def test_the_audit_log_tells_that_they_changed_and_nothing_more(kept):
    authentication_data.replace(kept.pk, {"api_key": "another"}, actor=None)
    authentication_data.describe(kept.pk, name="Anna's", is_active=False, actor=None)
    authentication_data.remove(kept.pk, actor=None)

    events = list(EventLog.objects.filter(entity_type="accounts.authenticationdata").order_by("id"))
    assert len(events) == 4
    assert events[1].details["private"] == ["encrypted_credentials"]
    everything = json.dumps([event.details for event in events])
    assert not any(text in everything for text in (SECRET, "another", "gAAAA", "Anna"))


def test_the_table_knows_the_kinds_and_follows_its_account(kept):
    with pytest.raises(IntegrityError), transaction.atomic():
        AuthenticationData.objects.update(kind="other")

    theirs = authentication_data.store(PROVIDER, "theirs", {}, user=UserFactory(), actor=None)
    User.objects.filter(pk=theirs.user_id)._raw_delete("default")

    assert list(AuthenticationData.objects.values_list("pk", flat=True)) == [kept.pk]
