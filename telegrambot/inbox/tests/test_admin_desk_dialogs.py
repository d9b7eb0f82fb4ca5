"""Where drafts are made, where answers go out alone, what is kept: the switches of chats in the browser."""

from __future__ import annotations

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.messages import get_messages
from django.urls import reverse

from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import UserFactory
from telegrambot.engine.models import Dialog, Message
from telegrambot.engine.tests.factories import DialogFactory
from telegrambot.inbox.tests.desk.factories import decided
from telegrambot.inbox.tests.factories import said
from telegrambot.vault import settings_store

pytestmark = pytest.mark.django_db

LIST = "admin:engine_dialog_changelist"


@pytest.fixture
def admin(client):
    client.force_login(UserFactory(person__role=Role.ADMIN))
    return client


@pytest.fixture
def owner(client):
    client.force_login(UserFactory(person__role=Role.OWNER))
    return client


@pytest.fixture(autouse=True)
def three_are_enough(db):
    settings_store.set("drafting.approvals_needed", 3, actor=None)


def press(client, action, *rows, **extra):
    """Choose rows in the list and press an action; what was said about it."""
    data = {"action": action, ACTION_CHECKBOX_NAME: [row.pk for row in rows], "index": 0, "select_across": 0}
    answer = client.post(reverse(LIST), data | extra)
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


def switches(row):
    row.refresh_from_db()
    return row.is_processing_enabled, row.auto_send_enabled, row.keep_history


def test_drafts_are_switched_for_many_at_once(admin):
    first, second = DialogFactory(), DialogFactory()

    assert "for 2 more chats" in press(admin, "drafts_on", first, second)
    assert switches(first)[0]
    assert switches(second)[0]
    assert "for 1 chat any more" in press(admin, "drafts_off", first)
    assert not switches(first)[0]
    assert switches(second)[0]


def test_a_group_gets_no_drafts_and_nothing_is_changed(admin):
    private, group = DialogFactory(), DialogFactory(type=Dialog.Type.GROUP)

    assert "private chats only" in press(admin, "drafts_on", private, group)
    assert not switches(private)[0]


def test_automatic_answers_have_to_be_earned(owner):
    new, proven = DialogFactory(), DialogFactory()
    decided(proven, 3)

    told = press(owner, "automatic_on", new, proven)

    assert "in 1 more chat" in told
    assert "so far 0 of 3" in told
    assert not switches(new)[1]
    assert switches(proven)[1]


def test_an_admin_may_stop_automatic_answers_but_not_begin_them(admin):
    proven, running = DialogFactory(), DialogFactory(auto_send_enabled=True)
    decided(proven, 3)

    press(admin, "automatic_on", proven)
    press(admin, "automatic_off", running)

    assert not switches(proven)[1]
    assert not switches(running)[1]


def test_history_goes_only_after_a_yes(admin):
    dialog = DialogFactory()
    said(dialog, "A secret")

    press(admin, "history_off", dialog)
    assert switches(dialog)[2]
    assert "being erased" in press(admin, "history_off", dialog, confirmed="history_off")
    assert not switches(dialog)[2]
    assert "1 chat is kept" in press(admin, "history_on", dialog)
    assert switches(dialog)[2]


def test_the_page_of_a_chat_offers_the_other_state_and_says_what_is_earned(owner):
    dialog = DialogFactory(is_processing_enabled=True)
    decided(dialog, 2)
    page = reverse("admin:engine_dialog_change", args=[dialog.pk])

    shown = owner.get(page)

    assert [name for name, _words in shown.context["decisions"]] == [
        "drafts_off",
        "automatic_on",
        "history_off",
    ]
    assert "2 of 3 drafts in a row" in shown.content.decode()
    owner.post(reverse("admin:engine_dialog_decide", args=[dialog.pk]), {"action": "drafts_off"})
    assert not switches(dialog)[0]


def test_the_page_still_shows_the_conversation(admin):
    dialog = DialogFactory()
    said(dialog, "Is anybody there?")

    page = admin.get(reverse("admin:engine_dialog_change", args=[dialog.pk])).content.decode()

    assert "Is anybody there?" in page
    assert Message.objects.filter(dialog=dialog).count() == 1
