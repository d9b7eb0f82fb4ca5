"""Chats and messages fetched for changing: with the chat's lock, so that its revisions commit in order."""

from __future__ import annotations

from telegrambot.sandbox.exceptions import MessageGone
from telegrambot.sandbox.models import SandboxChat, SandboxMessage


def locked(chat: SandboxChat) -> SandboxChat:
    """The chat, and a channel's discussion group with it, locked until the transaction ends.

    Always the channel first and always both: who posts writes into both.
    """
    rows = SandboxChat.objects.select_related("person", "owner", "customer")
    row = rows.select_for_update(of=("self",)).get(pk=chat.pk)
    if row.discussion_id is not None:
        row.discussion = rows.select_for_update(of=("self",)).get(pk=row.discussion_id)
    return row


def message_in(chat: SandboxChat, message_id: int) -> SandboxMessage:
    """A message of this chat.

    Raises:
        MessageGone
    """
    rows = SandboxMessage.objects.select_related(
        "sender", "sender_chat", "file", "reply_to__sender", "reply_to__file", "forwarded_from"
    )
    message = rows.filter(chat=chat, pk=message_id, deleted_at=None).first()
    if message is None:
        raise MessageGone
    # The caller holds this very object locked and moves its revision.
    message.chat = chat
    return message
