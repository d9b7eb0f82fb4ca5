"""A Telegram reply to a notice answers the person it tells of."""

from __future__ import annotations

from telegrambot.accounts.roles import Role
from telegrambot.engine.chat import ChatRequest, Reply, reply_to
from telegrambot.inbox.bot import speaking
from telegrambot.inbox.notices import ORIGIN


@reply_to(ORIGIN, role=Role.ADMIN, command="inbox")
def reply_to_notice(request: ChatRequest, about: str) -> Reply:
    """Send what the operator replied to a notice; what came after it goes on waiting."""
    conversation_id, _colon, seen_up_to = about.partition(":")
    return speaking.pass_on(request, int(conversation_id), int(seen_up_to or 0))
