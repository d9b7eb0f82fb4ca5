"""Questions about what was said in a chat."""

from __future__ import annotations

from telegrambot.engine.models import Message


def last_inbound(dialog_id: int) -> int | None:
    """The key of the newest message from the other side, for whoever answers it (`expects_last_inbound`)."""
    said = Message.objects.filter(dialog=dialog_id, direction=Message.Direction.INBOUND)
    return said.order_by("-pk").values_list("pk", flat=True).first()
