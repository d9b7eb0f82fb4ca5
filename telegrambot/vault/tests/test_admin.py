"""The settings page."""

from __future__ import annotations

import logging

import pytest
from cryptography.fernet import Fernet
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.models import EventLog
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory, UserFactory
from telegrambot.vault import settings_store
from telegrambot.vault.models import AppSetting
from telegrambot.vault.tests.declared import SECRET

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_declared")]

PAGE = reverse("admin:vault_appsetting_changelist")
OLD, FOREIGN = (Fernet.generate_key().decode() for _ in range(2))


def reset_page(key: str) -> str:
    return reverse("admin:vault_appsetting_reset", args=[key])


@pytest.fixture
def owner(client):
    person = TelegramUserFactory(role=Role.OWNER)
    client.force_login(UserFactory(person=person))
    return person


@pytest.fixture
def admin_person(client):
    person = TelegramUserFactory(role=Role.ADMIN)
    client.force_login(UserFactory(person=person))
    return person


def shown_by(client) -> dict[str, str]:
    """What a browser would send if nothing were edited."""
    form = client.get(PAGE).context["form"]
    sent = {}
    for box in form:
        value = box.value()
        if box.field.show_hidden_initial:
            sent[box.html_initial_name] = str(value)
        if value not in {False, "", None}:
            sent[box.html_name] = str(value) if value is not True else "on"
    return sent


def save(client, **edited: str):
    """Edit some boxes (`test_days` for `test.days`) and save; None unticks."""
    sent = shown_by(client) | {name.replace("_", ".", 1): value for name, value in edited.items()}
    return client.post(PAGE, {name: value for name, value in sent.items() if value is not None})


# ── Who may ───────────────────────────────────────────────────────────────────────────────────────────────


def test_an_owner_sees_every_setting_with_default_and_help(client, owner):
    settings_store.set("test.days", 7, actor=None)

    page = client.get(PAGE)

    text = page.content.decode()
    assert list(page.context["groups"]) == ["Answers", "Retention", "Secrets"]
    assert all(text_ in text for text_ in ("test.days", "Days to keep.", "30", 'value="7"', "test.token"))


def test_an_admin_sees_the_ordinary_ones_and_can_change_nothing(client, admin_person):
    settings_store.set("test.days", 7, actor=None)
    settings_store.set("test.token", SECRET, actor=None)
    AppSetting.objects.create(key="gone.token", secret=SECRET, is_sensitive=True)

    text = client.get(PAGE).content.decode()

    assert "test.days" in text
    assert "test.token" not in text
    assert "gone.token" not in text
    assert 'name="test.days"' not in text
    assert reset_page("test.days") not in text
    assert client.post(PAGE, {"test.days": "8"}).status_code == 403
    assert client.post(reset_page("test.days")).status_code == 403
    assert settings_store.get("test.days", int) == 7


@pytest.mark.parametrize("role", [Role.PUBLIC, Role.SUBSCRIBER])
def test_others_see_nothing(client, role):
    client.force_login(UserFactory(person__role=role))

    assert client.get(PAGE).status_code in {302, 403}
    assert client.post(PAGE, {"test.days": "8"}).status_code in {302, 403}
    assert not AppSetting.objects.exists()


@pytest.mark.parametrize("page", ["add", "delete"])
def test_rows_are_neither_added_nor_deleted_by_hand(client, owner, page):
    settings_store.set("test.days", 7, actor=None)
    args = [] if page == "add" else ["test.days"]

    assert client.post(reverse(f"admin:vault_appsetting_{page}", args=args), {"key": "x"}).status_code == 403
    assert AppSetting.objects.count() == 1


# ── Saving ────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_was_edited_is_saved_and_nothing_else(client, owner):
    answer = save(client, test_days="7", test_on="on", test_words="x\r\n\r\n y ", test_greeting="Привет")

    assert answer.status_code == 302
    assert settings_store.get("test.days", int) == 7
    assert settings_store.get("test.on", bool) is True
    assert settings_store.get("test.words", list[str]) == ["x", "y"]
    assert settings_store.get("test.greeting", str) == "Привет"
    assert AppSetting.objects.count() == 4
    assert AppSetting.objects.get(key="test.days").updated_by == str(owner.pk)
    assert EventLog.objects.filter(entity_type="vault.appsetting", user_id=str(owner.pk)).count() == 4


def test_saving_an_unedited_page_writes_nothing(client, owner):
    settings_store.set("test.words", ["a", "b"], actor=None)
    before = EventLog.objects.count()

    save(client)

    assert EventLog.objects.count() == before
    assert AppSetting.objects.count() == 1


def test_what_another_owner_changed_meanwhile_is_kept(client, owner):
    sent = shown_by(client)
    settings_store.set("test.days", 7, actor=None)

    client.post(PAGE, sent | {"test.ratio": "0.75"})

    assert settings_store.get("test.days", int) == 7
    assert settings_store.get("test.ratio", float) == 0.75


def test_a_switch_can_be_switched_off(client, owner):
    settings_store.set("test.on", True, actor=None)

    save(client, test_on=None)

    assert settings_store.get("test.on", bool) is False


@pytest.mark.parametrize(
    ("edited", "sentence"),
    [
        ({"test_days": "0"}, "0 is too little. Please choose 1 or more."),
        ({"test_days": "366"}, "Please choose 365 or less."),
        ({"test_days": "seven"}, "whole number"),
        ({"test_days": ""}, "required"),
        ({"test_even": "3"}, "Please choose an even number."),
        ({"test_ratio": "nan"}, "number"),
    ],
)
def test_what_will_not_do_is_told_and_nothing_is_saved(client, owner, edited, sentence):
    answer = save(client, test_greeting="Hi", **edited)

    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    assert not AppSetting.objects.exists()


def test_an_unknown_key_is_refused(client, owner):
    client.post(PAGE, shown_by(client) | {"test.nothing": "1"})

    assert not AppSetting.objects.exists()


# ── Resetting ─────────────────────────────────────────────────────────────────────────────────────────────


def test_resetting_asks_first(client, owner):
    settings_store.set("test.days", 7, actor=None)

    question = client.get(reset_page("test.days")).content.decode()
    assert "7" in question
    assert "30" in question
    assert settings_store.get("test.days", int) == 7

    client.post(reset_page("test.days"))
    assert settings_store.get("test.days", int) == 30


@pytest.mark.parametrize("key", ["test.days", "test.nothing", "a/b", "%00"])
def test_what_is_not_set_cannot_be_reset(client, owner, key):
    assert client.post(reset_page(key)).status_code == 404


def test_what_nobody_declares_any_more_is_shown_and_can_be_removed(client, owner):
    AppSetting.objects.create(key="gone.days", value="7")
    AppSetting.objects.create(key="gone.token", secret=SECRET, is_sensitive=True)

    text = client.get(PAGE).content.decode()
    assert "No longer in use" in text
    assert SECRET[-4:] not in text

    assert client.get(reset_page("gone.days")).status_code == 200
    client.post(reset_page("gone.days"))
    assert list(AppSetting.objects.values_list("key", flat=True)) == ["gone.token"]


# ── History and links ─────────────────────────────────────────────────────────────────────────────────────


def test_the_row_of_the_log_leads_to_the_line(client, owner):
    settings_store.set("test.days", 7, actor=None)

    answer = client.get(reverse("admin:vault_appsetting_change", args=["test.days"]))

    assert answer.url == f"{PAGE}#test.days"


def test_the_row_of_the_log_leads_to_a_line_with_several_words(client, owner):
    settings_store.set("test.other_token", SECRET, actor=None)

    answer = client.get(reverse("admin:vault_appsetting_change", args=["test.other_token"]))

    assert answer.url == f"{PAGE}#test.other_token"
    assert 'id="test.other_token"' in client.get(PAGE).content.decode()


@pytest.mark.parametrize("key", ["test.token", "gone.token", "test.other_token"])
def test_the_history_of_a_secret_is_for_owners(client, admin_person, key):
    settings_store.set("test.token", SECRET, actor=None)
    AppSetting.objects.create(key="gone.token", secret=SECRET, is_sensitive=True)
    AppSetting.objects.create(key="test.other_token", value="was no secret when it was stored")
    settings_store.set("test.days", 7, actor=None)

    hidden = client.get(reverse("admin:vault_appsetting_history", args=[key]))
    shown = client.get(reverse("admin:vault_appsetting_history", args=["test.days"]))

    assert hidden.status_code == 302
    assert shown.status_code == 200


def test_the_history_needs_no_secret(client, owner, settings):
    settings.VAULT_KEYS = [OLD]
    settings_store.set("test.token", SECRET, actor=None)
    settings.VAULT_KEYS = [FOREIGN]

    page = client.get(reverse("admin:vault_appsetting_history", args=["test.token"]))

    assert page.status_code == 200
    assert "test.token" in page.content.decode()
    assert SECRET not in page.content.decode()


def test_the_number_of_queries_does_not_depend_on_what_is_set(client, owner):
    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            client.get(PAGE)
        return len(found)

    queries()
    before = queries()
    for key, value in (("test.days", 7), ("test.on", True), ("test.token", SECRET), ("test.words", ["x"])):
        settings_store.set(key, value, actor=None)

    assert queries() == before


# ── Secrets ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_secret_can_be_written_and_is_never_shown(client, owner):
    save(client, test_token=SECRET)
    assert settings_store.get("test.token", str) == SECRET

    text = client.get(PAGE).content.decode()

    assert f"••••{SECRET[-4:]}" in text
    assert SECRET not in text
    assert SECRET[:-4] not in text
    assert SECRET not in client.get(reset_page("test.token")).content.decode()


def test_nothing_of_a_short_secret_is_shown(client, owner):
    settings_store.set("test.token", "hunter2", actor=None)

    text = client.get(PAGE).content.decode()

    assert "••••" in text
    assert "••••ter2" not in text


def test_an_empty_box_keeps_the_secret(client, owner):
    settings_store.set("test.token", SECRET, actor=None)

    save(client, test_token="", test_days="7")

    assert settings_store.get("test.token", str) == SECRET
    assert settings_store.get("test.days", int) == 7


def test_a_form_that_comes_back_does_not_bring_the_secret(client, owner):
    answer = save(client, test_token=SECRET, test_days="0")

    assert answer.status_code == 200
    assert SECRET not in answer.content.decode()
    assert SECRET[-4:] not in answer.content.decode()


def test_an_unreadable_secret_is_told_and_left_alone(client, owner, settings):
    settings.VAULT_KEYS = [OLD]
    settings_store.set("test.token", SECRET, actor=None)
    settings.VAULT_KEYS = [FOREIGN]

    text = client.get(PAGE).content.decode()
    assert "The stored “test.token” cannot be decrypted" in text
    assert "VAULT_KEYS" in text

    assert save(client, test_days="7", test_other_token="another").status_code == 302
    refused = save(client, test_token="new one")

    assert refused.status_code == 200
    assert "cannot be decrypted" in refused.content.decode()
    assert settings_store.get("test.days", int) == 7
    settings.VAULT_KEYS = [OLD, FOREIGN]
    assert settings_store.get("test.token", str) == SECRET
    assert settings_store.get("test.other_token", str) == "another"


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("keys", [[], None])
def test_error_pages_and_logs_do_not_show_a_secret(client, owner, settings, monkeypatch, caplog, debug, keys):
    settings.DEBUG = debug
    sent = shown_by(client) | {"test.token": SECRET, "test.days": "7"}
    if keys is None:

        def fail(*args, **kwargs):
            raise DatabaseError("No room on the disk.")

        monkeypatch.setattr(AppSetting.objects, "bulk_create", fail)
    else:
        settings.VAULT_KEYS = keys  # fails in the very middle of encrypting
    client.raise_request_exception = False

    with caplog.at_level(logging.DEBUG):
        answer = client.post(PAGE, sent)

    assert answer.status_code == 500
    assert ("Traceback" in answer.content.decode()) == debug
    assert SECRET not in answer.content.decode()
    assert SECRET not in caplog.text
