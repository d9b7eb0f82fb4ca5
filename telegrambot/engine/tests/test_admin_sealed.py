"""Chats without history in the browser: nothing sealed is shown, and a lost key shuts no page."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.urls import reverse

from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import UserFactory
from telegrambot.engine import outbox
from telegrambot.engine.models import Dialog, InboundUpdate, Message
from telegrambot.engine.tests.factories import DialogFactory
from telegrambot.engine.tests.incoming import said, store

pytestmark = pytest.mark.django_db

SECRET = "xylophone"


@pytest.fixture
def pages(client) -> list[str]:
    """Pages about a chat without history, with an update and an answer that wait; an admin opens them."""
    user: Any = UserFactory(is_staff=True)
    TelegramUser.objects.create(telegram_id=9_000, role=Role.ADMIN, staff=user)
    client.force_login(user)
    dialog: Any = DialogFactory(person__telegram_id=501, keep_history=False)
    store(said(SECRET, 501))
    outbox.queue([outbox.Draft(dialog.pk, dialog.person_id, SECRET)])
    InboundUpdate.objects.update(status="failed", error="RuntimeError")
    rows = [dialog, InboundUpdate.objects.get(), *Message.objects.order_by("pk")]
    names = {Dialog: "dialog", InboundUpdate: "inboundupdate", Message: "message"}
    return [
        *(reverse(f"admin:engine_{name}_changelist") for name in names.values()),
        *(reverse(f"admin:engine_{names[type(row)]}_change", args=[row.pk]) for row in rows),
    ]


@pytest.mark.parametrize("is_key_lost", [False, True])
def test_every_page_opens_and_shows_nothing_sealed(client, pages, settings, is_key_lost):
    if is_key_lost:
        settings.VAULT_KEYS = [Fernet.generate_key().decode()]
    for address in pages:
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert SECRET not in answer.content.decode()


def test_an_update_that_failed_can_be_tried_again(client, pages):
    update = InboundUpdate.objects.get()
    page = client.get(reverse("admin:engine_inboundupdate_change", args=[update.pk])).content.decode()
    assert "This chat keeps no history" in page
    assert 'value="retry"' in page or "Retry" in page


def test_a_question_in_such_a_chat_is_not_shown(client, pages):
    Dialog.objects.update(state={"sealed": "gAAAA"})
    page = client.get(reverse("admin:engine_dialog_change", args=[Dialog.objects.get().pk])).content.decode()
    assert "not kept in plain" in page
    assert "gAAAA" not in page


def test_the_conversation_says_that_nothing_is_kept(client, pages):
    page = client.get(pages[3]).content.decode()
    assert page.count("What was said here is not kept.") == 2
