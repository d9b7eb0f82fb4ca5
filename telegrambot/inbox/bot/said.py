"""What somebody has just said, as the history has it."""

from __future__ import annotations

from telegrambot.engine.chat import ChatRequest
from telegrambot.engine.models import Message


def said_in(request: ChatRequest) -> Message | None:
    """The line of history of what the person just said."""
    said = Message.objects.filter(
        dialog=request.dialog,
        timestamp=request.sent_at,
        direction=Message.Direction.INBOUND,
        origin=f"update:{request.update_key}",
    )
    return said.order_by("pk").first()
