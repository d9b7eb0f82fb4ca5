"""Where the bot may write, in Telegram's words when it may not."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from telegrambot.sandbox.api.errors import BadRequest, Forbidden
from telegrambot.sandbox.models import SandboxBusinessConnection, SandboxChat, SandboxMessage

# How long after a customer's last message a bot may answer: https://core.telegram.org/bots/api#businessbotrights
ANSWERABLE_FOR = timedelta(hours=24)


def check_sending(chat: SandboxChat) -> None:
    """Raises:
    Forbidden: the person has blocked the bot, or it is not in the group or channel.
    BadRequest: it may not post in the channel.
    """
    if chat.blocked_at:
        raise Forbidden("bot was blocked by the user")
    check_presence(chat)


def check_presence(chat: SandboxChat) -> None:
    """Raises:
    Forbidden: the bot is not in this group or channel.
    BadRequest: it may not post in the channel.
    """
    is_channel = chat.kind == SandboxChat.Kind.CHANNEL
    if not (chat.is_group or is_channel):
        return
    name = "channel" if is_channel else chat.kind
    if chat.bot_status == SandboxChat.BotStatus.KICKED:
        raise Forbidden(f"bot was kicked from the {name} chat")
    if not chat.has_bot:
        raise Forbidden(f"bot is not a member of the {name} chat")
    if is_channel and chat.bot_status != SandboxChat.BotStatus.ADMINISTRATOR:
        raise BadRequest("need administrator rights in the channel chat")


def check_answering(connection: SandboxBusinessConnection, chat: SandboxChat) -> None:
    """Raises:
    BadRequest: the owner does not let the bot answer, or the customer's last message is too old.
    """
    check_right(connection, "can_reply")
    written = SandboxMessage.objects.filter(chat=chat, sender_id=chat.customer_id)
    if not written.filter(sent_at__gt=timezone.now() - ANSWERABLE_FOR).exists():
        raise BadRequest("BUSINESS_PEER_USAGE_MISSING")


def check_right(connection: SandboxBusinessConnection, *rights: str) -> None:
    """Raises:
    BadRequest: the owner gave the bot none of these rights.
    """
    if not set(rights) & set(connection.rights):
        raise BadRequest("BUSINESS_CONNECTION_NOT_ALLOWED")
