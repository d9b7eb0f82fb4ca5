"""One call of a Bot API method, and the chat it is about."""

from __future__ import annotations

from dataclasses import dataclass

from telegrambot.sandbox.api import access
from telegrambot.sandbox.api.errors import BadRequest
from telegrambot.sandbox.api.parameters import Parameters
from telegrambot.sandbox.exceptions import MessageGone
from telegrambot.sandbox.locks import locked, message_in
from telegrambot.sandbox.models import SandboxBot, SandboxBusinessConnection, SandboxChat, SandboxMessage


@dataclass(frozen=True)
class Call:
    """Who calls, and with what."""

    bot: SandboxBot
    parameters: Parameters

    def chat(self) -> SandboxChat:
        """The chat named by `chat_id`, locked until the transaction ends.

        With `business_connection_id` it is a chat of that business account.

        Raises:
            BadRequest: none is named, or the bot does not know it.
        """
        if not self.parameters.text("chat_id"):
            raise BadRequest("chat_id is empty")
        chat_id = self.parameters.integer("chat_id")
        connection = self.connection()
        rows = SandboxChat.objects.exclude(kind=SandboxChat.Kind.BUSINESS).filter(telegram_id=chat_id)
        if connection is not None:
            rows = SandboxChat.objects.filter(owner_id=connection.owner_id, customer_id=chat_id)
        chat = rows.first()
        if chat is None:
            raise BadRequest("chat not found")
        return locked(chat)

    def connection(self) -> SandboxBusinessConnection | None:
        """The connection named by `business_connection_id`; None when the call names none.

        Raises:
            BadRequest: the bot does not know it, or it has ended.
        """
        name = self.parameters.text("business_connection_id")
        if not name:
            return None
        rows = SandboxBusinessConnection.objects.select_related("owner")
        connection = rows.filter(pk=name).first()
        if connection is None:
            raise BadRequest("business connection not found")
        if not connection.is_enabled:
            raise BadRequest("BUSINESS_CONNECTION_INVALID")
        return connection

    def open_chat(self) -> SandboxChat:
        """The same as `chat`, for sending.

        Raises:
            Forbidden: the person has blocked the bot, or it is not in the chat.
            BadRequest: it may not post in the channel, or not answer in the business account's chat.
        """
        chat = self.chat()
        connection = self.connection()
        if connection is not None:
            access.check_answering(connection, chat)
        access.check_sending(chat)
        return chat

    def message(self, *, verb: str) -> SandboxMessage:
        """The message named by `chat_id` and `message_id`, its chat locked.

        Args:
            verb: what is to be done with it, for the wording of the refusal.

        Raises:
            BadRequest: there is no such message (any more), or the bot may not write in its chat.
            Forbidden: the bot is not in its chat.
        """
        if not self.parameters.text("message_id"):
            raise BadRequest("message identifier is not specified")
        chat = self.chat()
        access.check_presence(chat)
        message = visible_message(chat, self.parameters.integer("message_id"))
        if message is None:
            raise BadRequest(f"message to {verb} not found")
        return message


def visible_message(chat: SandboxChat, message_id: object) -> SandboxMessage | None:
    """A message of this chat that was not deleted."""
    if not isinstance(message_id, int):
        return None
    try:
        return message_in(chat, message_id)
    except MessageGone:
        return None
