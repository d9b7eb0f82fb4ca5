"""Credentials in the browser."""

from __future__ import annotations

import json

import pytest
from cryptography.fernet import Fernet
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.tests.browsing import send
from telegrambot.accounts import authentication_data, services
from telegrambot.accounts.models import AuthenticationData, CredentialKind, User
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory, UserFactory

pytestmark = pytest.mark.django_db

PROVIDER = CredentialKind.MODEL_PROVIDER
SECRET = "sk-live-4cf0a1b2c3d4e5f6"
OLD, FOREIGN = (Fernet.generate_key().decode() for _ in range(2))
CREDENTIALS = json.dumps({"api_key": SECRET})


def page(name: str, *args: object) -> str:
    return reverse(f"admin:accounts_authenticationdata_{name}", args=args)


@pytest.fixture
def owner(client):
    person = TelegramUserFactory(role=Role.OWNER)
    client.force_login(UserFactory(person=person))
    return person


@pytest.fixture
def kept() -> AuthenticationData:
    return authentication_data.store(PROVIDER, "main", {"api_key": SECRET}, actor=None)


def opened(client, row):
    return client.get(page("change", row.pk))


def save(client, answer, **edited: str | None):
    return send(client, answer, "authenticationdata_form", edited)


def form(**edited: str) -> dict[str, str]:
    sent = {"kind": PROVIDER, "name": "main", "user": "", "is_active": "on", "credentials": CREDENTIALS}
    return sent | edited


def test_an_owner_stores_them(client, owner):
    answer = client.post(page("add"), form())

    assert answer.status_code == 302
    assert authentication_data.credentials(PROVIDER, "main") == {"api_key": SECRET}


@pytest.mark.parametrize("text", ["", "no json", "[1]", '"text"', "{'api_key': 1}", '{"a":' * 100_000])
def test_they_are_a_json_object(client, owner, text):
    answer = client.post(page("add"), form(credentials=text))

    assert answer.status_code == 200
    assert not AuthenticationData.objects.exists()


def test_a_name_that_is_taken_is_told(client, owner, kept):
    answer = client.post(page("add"), form())

    assert answer.status_code == 200
    assert AuthenticationData.objects.count() == 1
    assert SECRET not in answer.content.decode()


def test_an_empty_box_keeps_them(client, owner, kept):
    assert save(client, opened(client, kept), name="first").status_code == 302

    assert authentication_data.credentials(PROVIDER, "first") == {"api_key": SECRET}


def test_they_are_replaced_and_switched_off(client, owner, kept):
    save(client, opened(client, kept), credentials='{"api_key": "new"}')
    assert authentication_data.credentials(PROVIDER, "main") == {"api_key": "new"}

    save(client, opened(client, kept), is_active=None)
    assert not AuthenticationData.objects.get().is_active


def test_an_old_tab_does_not_switch_them_on_again(client, owner, kept):
    user = UserFactory()
    old_tab = opened(client, kept)
    authentication_data.describe(kept.pk, user=user, is_active=False, actor=owner)

    assert save(client, old_tab, name="first").status_code == 302

    changed = AuthenticationData.objects.get()
    assert (changed.name, changed.user, changed.is_active) == ("first", user, False)


def test_they_are_removed(client, owner, kept):
    client.post(page("delete", kept.pk), {"post": "yes"})

    assert not AuthenticationData.objects.exists()


DELETE_ALL = {"action": "delete_selected", "post": "yes"}


def test_several_are_removed(client, owner, kept):
    client.post(page("changelist"), DELETE_ALL | {"_selected_action": [kept.pk]})

    assert not AuthenticationData.objects.exists()


def test_who_is_no_owner_any_more_is_told_so(client, owner, kept, monkeypatch):
    TelegramUserFactory(role=Role.OWNER)
    # What may be done was asked before, and the service asks again.
    monkeypatch.setattr(User, "has_perm", lambda *_: True)
    services.change_role(owner, Role.ADMIN, actor=None)

    for answer in (
        client.post(page("delete", kept.pk), {"post": "yes"}, follow=True),
        client.post(page("changelist"), DELETE_ALL | {"_selected_action": [kept.pk]}, follow=True),
    ):
        assert "Only an owner may do this." in answer.content.decode()
    assert AuthenticationData.objects.exists()


def test_no_page_shows_them(client, owner, kept):
    refused = save(client, opened(client, kept), name="", credentials='{"api_key": "sk-new-secret"}')
    assert refused.status_code == 200
    assert "sk-new-secret" not in refused.content.decode()
    assert "initial-credentials" not in refused.content.decode()
    save(client, opened(client, kept), credentials='{"api_key": "sk-new-secret"}')

    for address in (
        page("changelist"),
        page("change", kept.pk),
        page("history", kept.pk),
        page("delete", kept.pk),
    ):
        text = client.get(address).content.decode()
        assert SECRET not in text
        assert "sk-new-secret" not in text
        assert "gAAAA" not in text


def test_a_wrong_key_keeps_no_page_from_opening(client, owner, settings):
    settings.VAULT_KEYS = [OLD]
    kept = authentication_data.store(PROVIDER, "main", {"api_key": SECRET}, actor=None)
    settings.VAULT_KEYS = [FOREIGN]

    for name in ("changelist", "change", "history", "delete"):
        assert client.get(page(name, *([] if name == "changelist" else [kept.pk]))).status_code == 200
    refused = save(client, opened(client, kept), credentials='{"api_key": "new"}')
    assert "cannot be decrypted" in refused.content.decode()
    assert save(client, opened(client, kept), name="first").status_code == 302

    settings.VAULT_KEYS = [OLD]
    assert authentication_data.credentials(PROVIDER, "first") == {"api_key": SECRET}


def test_an_unreadable_row_can_be_removed(client, owner, settings):
    settings.VAULT_KEYS = [OLD]
    kept = authentication_data.store(PROVIDER, "main", {"api_key": SECRET}, actor=None)
    settings.VAULT_KEYS = [FOREIGN]

    client.post(page("delete", kept.pk), {"post": "yes"})

    assert not AuthenticationData.objects.exists()


@pytest.mark.parametrize("role", [Role.PUBLIC, Role.SUBSCRIBER, Role.ADMIN])
def test_they_are_for_owners_alone(client, kept, role):
    client.force_login(UserFactory(person__role=role))

    for address in (page("changelist"), page("change", kept.pk), page("history", kept.pk)):
        assert client.get(address).status_code in {302, 403}
    for address in (page("add"), page("change", kept.pk), page("delete", kept.pk)):
        assert client.post(address, form(name="theirs") | {"post": "yes"}).status_code in {302, 403}

    assert authentication_data.credentials(PROVIDER, "main") == {"api_key": SECRET}
    assert AuthenticationData.objects.count() == 1


def test_the_list_asks_the_same_for_one_and_for_many(client, owner, kept):
    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            client.get(page("changelist"))
        return len(found)

    queries()
    before = queries()
    for number in range(5):
        authentication_data.store(PROVIDER, f"p{number}", {}, user=UserFactory(), actor=None)

    assert queries() == before


@pytest.mark.parametrize("debug", [False, True])
def test_error_pages_do_not_show_them(client, owner, settings, debug):
    settings.DEBUG = debug
    client.get(page("add"))
    settings.VAULT_KEYS = []
    client.raise_request_exception = False

    answer = client.post(page("add"), form())

    assert answer.status_code == 500
    assert SECRET not in answer.content.decode()
