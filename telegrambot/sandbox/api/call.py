"""One call of a Bot API method, and the chat it is about."""

from __future__ import annotations

from dataclasses import dataclass

from telegrambot.sandbox.api.errors import BadRequest, Forbidden
from telegrambot.sandbox.api.parameters import Parameters
from telegrambot.sandbox.models import SandboxBot, SandboxChat, SandboxMessage


@dataclass(frozen=True)
class Call:
    """Who calls, and with what."""

    bot: SandboxBot
    parameters: Parameters

    def chat(self) -> SandboxChat:
        """The chat named by `chat_id`, locked until the transaction ends.

        Raises:
            BadRequest: none is named, or the bot does not know it.
        """
        if not self.parameters.text("chat_id"):
            raise BadRequest("chat_id is empty")
        chats = SandboxChat.objects.select_related("person").select_for_update(of=("self",))
        chat = chats.filter(telegram_id=self.parameters.integer("chat_id")).first()
        if chat is None:
            raise BadRequest("chat not found")
        return chat

    def open_chat(self) -> SandboxChat:
        """The same, for sending.

        Raises:
            Forbidden: the person has blocked the bot.
        """
        chat = self.chat()
        if chat.blocked_at:
            raise Forbidden("bot was blocked by the user")
        return chat

    def message(self, *, verb: str) -> SandboxMessage:
        """The message named by `chat_id` and `message_id`, its chat locked.

        Args:
            verb: what is to be done with it, for the wording of the refusal.

        Raises:
            BadRequest: there is no such message (any more).
        """
        if not self.parameters.text("message_id"):
            raise BadRequest("message identifier is not specified")
        chat = self.chat()
        message = visible_message(chat, self.parameters.integer("message_id"))
        if message is None:
            raise BadRequest(f"message to {verb} not found")
        return message


def visible_message(chat: SandboxChat, message_id: object) -> SandboxMessage | None:
    """A message of this chat that was not deleted."""
    if not isinstance(message_id, int):
        return None
    rows = SandboxMessage.objects.select_related("sender", "file", "reply_to")
    message = rows.filter(chat=chat, pk=message_id, deleted_at=None).first()
    if message is not None:
        # The caller holds this very object locked and moves its revision.
        message.chat = chat
    return message
