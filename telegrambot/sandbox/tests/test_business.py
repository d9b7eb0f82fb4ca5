"""A business account's chats: the bot looks into them, and answers in the owner's name."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from telegram import Bot, ReplyParameters, Update
from telegram.error import BadRequest

from telegrambot.sandbox import people
from telegrambot.sandbox.exceptions import NotConnected, NotWithOneself
from telegrambot.sandbox.models import SandboxChat, SandboxMessage, SandboxPerson, SandboxUpdate
from telegrambot.sandbox.tests.conftest import RealBot
from telegrambot.sandbox.tests.factories import PersonFactory


@pytest.fixture
def owner(transactional_db: None) -> SandboxPerson:
    return PersonFactory.create(first_name="Olga")


@pytest.fixture
def customer(transactional_db: None) -> SandboxPerson:
    return PersonFactory.create(first_name="Carl")


@pytest.fixture
def chat(owner: SandboxPerson, customer: SandboxPerson) -> SandboxChat:
    return people.open_business_chat(owner, customer)


def updates(bot: RealBot) -> tuple[Update, ...]:
    return bot(lambda b: b.get_updates())


def test_connecting_and_disconnecting_are_told(bot: RealBot, owner: SandboxPerson) -> None:
    connection = people.connect_business(owner)
    assert people.connect_business(owner) == connection
    people.set_rights(owner, ["can_reply", "nonsense"])
    people.disconnect_business(owner)
    with pytest.raises(NotConnected):
        people.disconnect_business(owner)

    first, changed, last = (update.business_connection for update in updates(bot))
    assert first
    assert changed
    assert last
    assert (first.id, first.user.id, first.user_chat_id) == (connection.pk, owner.pk, owner.pk)
    assert (first.is_enabled, last.is_enabled) == (True, False)
    assert first.rights
    assert first.rights.can_delete_all_messages
    assert changed.rights
    assert (changed.rights.can_reply, changed.rights.can_delete_all_messages) == (True, None)
    assert bot(lambda b: b.get_business_connection(connection.pk)) == last
    assert people.connect_business(owner).pk != connection.pk


def test_both_sides_are_seen_while_connected(
    bot: RealBot, owner: SandboxPerson, customer: SandboxPerson, chat: SandboxChat
) -> None:
    people.send_text(customer, "nobody listens", chat=chat)
    connection = people.connect_business(owner)
    asked = people.send_text(customer, "Are you open?", chat=chat)
    answered = people.send_text(owner, "Yes", chat=chat, reply_to=asked.pk)
    people.edit_text(customer, asked.pk, "Are you open today?")
    people.delete_message(owner, asked.pk)
    people.disconnect_business(owner)
    people.send_text(customer, "and now?", chat=chat)

    _, question, answer, edit, deletion, _ = updates(bot)
    assert question.business_message
    assert question.business_message.business_connection_id == connection.pk
    assert question.business_message.chat.id == customer.pk
    assert question.business_message.chat.first_name == "Carl"
    assert question.business_message.from_user
    assert question.business_message.from_user.id == customer.pk
    assert answer.business_message
    assert answer.business_message.from_user
    assert answer.business_message.from_user.id == owner.pk
    assert answer.business_message.sender_business_bot is None
    assert answer.business_message.message_id == answered.pk
    assert edit.edited_business_message
    assert edit.edited_business_message.text == "Are you open today?"
    assert deletion.deleted_business_messages
    assert deletion.deleted_business_messages.message_ids == (asked.pk,)
    assert deletion.deleted_business_messages.chat.id == customer.pk


def test_the_bot_answers_edits_and_deletes_in_the_owners_name(
    bot: RealBot, owner: SandboxPerson, customer: SandboxPerson, chat: SandboxChat
) -> None:
    connection = people.connect_business(owner).pk
    asked = people.send_text(customer, "Are you open?", chat=chat)
    SandboxUpdate.objects.all().delete()

    async def answer(b: Bot) -> None:
        await b.send_chat_action(customer.pk, "typing", business_connection_id=connection)
        sent = await b.send_message(
            customer.pk,
            "Yes",
            business_connection_id=connection,
            reply_parameters=ReplyParameters(asked.pk),
        )
        assert (sent.from_user.id, sent.chat.id) == (owner.pk, customer.pk)  # type: ignore[union-attr]
        assert sent.sender_business_bot
        assert sent.sender_business_bot.id == (await b.get_me()).id
        assert sent.business_connection_id == connection
        edited = await b.edit_message_text(
            "Yes, until six", customer.pk, sent.message_id, business_connection_id=connection
        )
        assert isinstance(edited, type(sent))
        assert edited.text == "Yes, until six"
        again = await b.send_message(customer.pk, "Bye", business_connection_id=connection)
        assert await b.read_business_message(connection, customer.pk, asked.pk)
        assert await b.delete_business_messages(connection, [again.message_id])

    bot(answer)

    texts = list(SandboxMessage.objects.filter(chat=chat, deleted_at=None).values_list("text", flat=True))
    assert texts == ["Are you open?", "Yes, until six"]
    # Nothing went into the customer's own chat with the bot, and the bot is not told of what it did itself.
    assert not SandboxChat.objects.filter(person=customer).exists()
    assert not SandboxUpdate.objects.exists()


def test_what_the_bot_may_not_do(
    bot: RealBot, owner: SandboxPerson, customer: SandboxPerson, chat: SandboxChat
) -> None:
    connection = people.connect_business(owner).pk

    def refusal(method: str = "sendMessage", **parameters: object) -> str:
        given = {"business_connection_id": connection, "chat_id": customer.pk, "text": "x", **parameters}
        return bot.refusal(method, given)

    assert refusal() == "Bad Request: BUSINESS_PEER_USAGE_MISSING"
    message = people.send_text(customer, "Hello", chat=chat)
    people.send_text(owner, "Hello", chat=chat)
    SandboxMessage.objects.filter(chat=chat).update(sent_at=timezone.now() - timedelta(hours=24))
    assert refusal() == "Bad Request: BUSINESS_PEER_USAGE_MISSING"
    SandboxMessage.objects.filter(pk=message.pk).update(sent_at=timezone.now() - timedelta(hours=23))
    given = {"business_connection_id": connection, "chat_id": customer.pk, "text": "x"}
    sent = bot.raw("sendMessage", given)[1]["result"]["message_id"]

    assert refusal(chat_id=4711) == "Bad Request: chat not found"
    assert refusal(business_connection_id="unknown") == "Bad Request: business connection not found"
    assert refusal("deleteBusinessMessages", message_ids=[4711]) == "Bad Request: message to delete not found"
    # The made-up key of the chat is no id that the bot could use.
    assert bot.refusal("sendMessage", {"chat_id": chat.pk, "text": "x"}) == "Bad Request: chat not found"
    assert bot.refusal("getChat", {"chat_id": chat.pk}) == "Bad Request: chat not found"

    people.set_rights(owner, ["can_delete_sent_messages"])
    assert refusal() == "Bad Request: BUSINESS_CONNECTION_NOT_ALLOWED"
    assert refusal("editMessageText", message_id=sent) == "Bad Request: BUSINESS_CONNECTION_NOT_ALLOWED"
    not_allowed = refusal("deleteBusinessMessages", message_ids=[message.pk])
    assert not_allowed == "Bad Request: BUSINESS_CONNECTION_NOT_ALLOWED"
    people.disconnect_business(owner)
    assert refusal() == "Bad Request: BUSINESS_CONNECTION_INVALID"
    with pytest.raises(BadRequest, match="Business connection not found"):
        bot(lambda b: b.get_business_connection("unknown"))
    assert SandboxMessage.objects.filter(chat=chat, deleted_at=None).count() == 3


def test_nobody_is_their_own_customer(owner: SandboxPerson) -> None:
    with pytest.raises(NotWithOneself):
        people.open_business_chat(owner, owner)
