"""A person who is erased is gone from the inbox too."""

from __future__ import annotations

import pytest

from telegrambot.accounts import erasure
from telegrambot.accounts.tests.factories import TelegramUserFactory
from telegrambot.engine.models import Message
from telegrambot.engine.testing import ChatClient
from telegrambot.inbox import notes, services
from telegrambot.inbox.models import Conversation, Note, Presence
from telegrambot.inbox.tests.factories import operator

pytestmark = pytest.mark.django_db


def test_nothing_of_an_erased_person_stays_with_the_operators():
    wanda = TelegramUserFactory(first_name="Wandalina", last_name="")
    olga = operator(first_name="Olga", last_name="")
    customer, other, staff = ChatClient(wanda), ChatClient(telegram_id=970), ChatClient(olga)
    customer.send("Zebra crossing")
    other.send("Something else")
    staff.receive()
    found = Conversation.objects.get(dialog__person=wanda)
    notes.add(found, "Likes zebras", actor=olga)
    staff.send("/inbox")
    staff.press("⚪️ Wandalina · just now" if not found.unread_count else "🔵 Wandalina · just now")
    staff.press("✏️ Answer")
    staff.send("Dear Wandalina")
    services.close(found, actor=olga)
    assert Message.objects.filter(dialog__person=olga, text__contains="Zebra").exists()

    erasure.erase(wanda)

    kept = str(list(Message.objects.values_list("text", "payload")))
    assert "Zebra" not in kept
    assert "Wandalina" not in kept
    assert "Something else" in kept
    assert Conversation.objects.count() == 1
    assert not Note.objects.exists()


def test_an_erased_operator_leaves_conversations_behind():
    olga = operator()
    ChatClient(telegram_id=971).send("Hello?")
    found = Conversation.objects.get()
    services.assign(found, olga, actor=olga)
    notes.add(found, "Pays late", actor=olga)
    Presence.objects.create(conversation=found, who=str(olga.pk))
    olga.role = 0
    olga.save()

    erasure.erase(olga)

    assert Conversation.objects.get().assigned_to is None
    assert Note.objects.get().author is None
    assert not Presence.objects.exists()
