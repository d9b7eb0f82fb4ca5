"""What the stand-in for Telegram forgets with a person."""

from __future__ import annotations

import pytest

from telegrambot.accounts import erasure
from telegrambot.accounts.tests.factories import TelegramUserFactory
from telegrambot.engine.farewells import say_farewell
from telegrambot.engine.replies import Reply
from telegrambot.engine.tests.factories import DialogFactory
from telegrambot.engine.tests.factories import MessageFactory as SentFactory
from telegrambot.sandbox.models import (
    SandboxCallback,
    SandboxFile,
    SandboxLogEntry,
    SandboxMessage,
    SandboxPerson,
    SandboxUpdate,
)
from telegrambot.sandbox.tests.factories import ChatFactory, MessageFactory, PersonFactory

pytestmark = pytest.mark.django_db
TELEGRAM_ID = 4242


@pytest.fixture
def greta():
    return PersonFactory(telegram_id=TELEGRAM_ID)


@pytest.fixture
def person(greta):
    return TelegramUserFactory(telegram_id=TELEGRAM_ID)


def test_the_account_is_called_guest_and_its_chat_is_empty(greta, person):
    chat = ChatFactory(person=greta)
    file = SandboxFile.objects.create(file_id="f", kind="photo", size=1, content=b"x")
    said = MessageFactory(chat=chat, sender=greta, file=file)
    answer = MessageFactory(chat=chat, reply_to=said)
    SandboxCallback.objects.create(chat=chat, message=answer, person=greta, data="x:1")
    kept = MessageFactory()

    erasure.erase(person)

    account = SandboxPerson.objects.get(pk=TELEGRAM_ID)
    assert (account.first_name, account.last_name, account.username) == ("Guest", "", "")
    assert account.chat == chat
    assert list(SandboxMessage.objects.all()) == [kept]
    assert kept.chat.person.first_name == "Greta"
    assert not SandboxFile.objects.exists()
    assert not SandboxCallback.objects.exists()


def test_last_words_that_have_arrived_stay(greta, person):
    chat = ChatFactory(person=greta)
    MessageFactory(chat=chat, sender=greta, text="marzipan")
    say_farewell(DialogFactory(person=person), Reply("All the best!"))
    last = MessageFactory(chat=chat, text="All the best!")

    erasure.erase(person)

    assert list(SandboxMessage.objects.all()) == [last]


def test_what_is_under_way_goes_if_it_names_them(greta, person):
    body = {"message": {"from": {"id": TELEGRAM_ID}, "text": "marzipan"}}
    other = {"message": {"from": {"id": TELEGRAM_ID + 1}, "text": "liquorice"}}
    for number, payload in enumerate((body, other)):
        SandboxUpdate.objects.create(update_id=number, payload=payload)

    erasure.erase(person)

    assert [update.payload for update in SandboxUpdate.objects.all()] == [other]


def test_a_notice_that_quotes_them_goes_from_the_operators_chat(greta, person):
    quoted, kept = MessageFactory(text="Greta asks"), MessageFactory(text="Greta is a name")
    SentFactory(dialog=DialogFactory(), about=person, external_message_id=str(quoted.pk))
    SentFactory(dialog=DialogFactory(), about=person, external_message_id="")

    erasure.erase(person)

    assert list(SandboxMessage.objects.all()) == [kept]


@pytest.mark.parametrize(("telegram_id", "left"), [(TELEGRAM_ID, 0), (TELEGRAM_ID + 1, 1)])
def test_the_log_is_emptied_for_somebody_of_the_sandbox_only(greta, telegram_id, left):
    SandboxLogEntry.objects.create(kind="call", name="sendMessage", content={"text": "Greta asks"})

    erasure.erase(TelegramUserFactory(telegram_id=telegram_id))

    assert SandboxLogEntry.objects.count() == left
