"""A message in a chat, whoever wrote it: writing it down, wiping it, and whether the bot hears of it."""

from __future__ import annotations

import re
import secrets
from typing import Any

from django.utils import timezone

from telegrambot.sandbox import updates, wire
from telegrambot.sandbox.models import SandboxBot, SandboxChat, SandboxMessage


def say(
    chat: SandboxChat, *changed: str, reply_to: SandboxMessage | None = None, **content: Any
) -> SandboxMessage:
    """Add a message to a chat, whose row the caller has locked.

    Args:
        changed: fields of the chat to save with it.
        reply_to: what it answers; an answer to a copied post, or to a comment on one, is a comment.
        content: the other fields of the message.
    """
    if chat.kind == SandboxChat.Kind.CHANNEL:
        content.setdefault("sender_chat", chat)
    thread = None
    if reply_to is not None:
        thread = reply_to.thread or (reply_to if reply_to.forwarded_from_id else None)
    return SandboxMessage.objects.create(
        chat=chat, reply_to=reply_to, thread=thread, revision=chat.moved(*changed), **content
    )


def erase(message: SandboxMessage) -> None:
    """Delete a message for everybody; the caller holds its chat's lock."""
    # The row stays, empty, so that open pages learn of it.
    message.deleted_at = timezone.now()
    message.text, message.entities, message.reply_markup, message.file = "", [], {}, None
    message.revision = message.chat.moved()
    message.save()


def album_id() -> str:
    """A new `media_group_id`."""
    return str(10**16 + secrets.randbelow(9 * 10**16))


def tell_bot(message: SandboxMessage, *, edited: bool = False) -> None:
    """Queue the update about a message of a person (or a copied post), if the bot gets to see it."""
    chat, bot = message.chat, SandboxBot.objects.current()
    if chat.kind == SandboxChat.Kind.BUSINESS:
        if wire.connection_of(chat) is None:
            return
        kind = "edited_business_message" if edited else "business_message"
    elif chat.kind == SandboxChat.Kind.CHANNEL:
        if not chat.has_bot:
            return
        kind = "edited_channel_post" if edited else "channel_post"
    else:
        if chat.is_group and not _is_seen_in_group(message, bot):
            return
        kind = "edited_message" if edited else "message"
    updates.queue(kind, wire.message(message, bot))


def _is_seen_in_group(message: SandboxMessage, bot: SandboxBot) -> bool:
    """https://core.telegram.org/bots/features#privacy-mode"""
    chat = message.chat
    if not chat.has_bot:
        return False
    if chat.bot_status == SandboxChat.BotStatus.ADMINISTRATOR or not bot.privacy_mode:
        return True
    if message.reply_to is not None and message.reply_to.is_from_bot:
        return True
    command = re.match(r"/[A-Za-z0-9_]+(?:@([A-Za-z0-9_]+))?(?!\S)", message.text)
    return command is not None and (command[1] or bot.username).lower() == bot.username.lower()
