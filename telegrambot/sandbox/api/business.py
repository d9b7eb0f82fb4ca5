"""getBusinessConnection, deleteBusinessMessages, readBusinessMessage."""

from __future__ import annotations

from django.db import transaction

from telegrambot.sandbox import said, wire
from telegrambot.sandbox.api import access
from telegrambot.sandbox.api.call import Call, visible_message
from telegrambot.sandbox.api.editing import message_ids
from telegrambot.sandbox.api.errors import BadRequest
from telegrambot.sandbox.locks import locked
from telegrambot.sandbox.models import SandboxBusinessConnection, SandboxChat, SandboxMessage


def get_business_connection(call: Call) -> wire.Json:
    """https://core.telegram.org/bots/api#getbusinessconnection, also of one that has ended."""
    rows = SandboxBusinessConnection.objects.select_related("owner")
    connection = rows.filter(pk=call.parameters.text("business_connection_id")).first()
    if connection is None:
        raise BadRequest("business connection not found")
    return wire.business_connection(connection)


def delete_business_messages(call: Call) -> bool:
    """https://core.telegram.org/bots/api#deletebusinessmessages: all of one chat, or none."""
    ids = message_ids(call)
    with transaction.atomic():
        connection = _connection(call)
        place = SandboxMessage.objects.filter(pk__in=ids, chat__owner=connection.owner_id, deleted_at=None)
        chat = SandboxChat.objects.filter(pk__in=place.values("chat")).first()
        if chat is None:
            raise BadRequest("message to delete not found")
        chat = locked(chat)
        messages = [message for number in ids if (message := visible_message(chat, number))]
        if len(messages) < len(set(ids)):
            raise BadRequest("message to delete not found")
        for message in messages:
            access.check_right(
                connection,
                "can_delete_all_messages",
                *(["can_delete_sent_messages"] if message.is_from_bot else []),
            )
            said.erase(message)
    return True


def read_business_message(call: Call) -> bool:
    """https://core.telegram.org/bots/api#readbusinessmessage"""
    with transaction.atomic():
        connection = _connection(call)
        access.check_right(connection, "can_read_messages")
        if visible_message(call.chat(), call.parameters.integer("message_id")) is None:
            raise BadRequest("message not found")
    return True


def _connection(call: Call) -> SandboxBusinessConnection:
    connection = call.connection()
    if connection is None:
        raise BadRequest("business connection not found")
    return connection
