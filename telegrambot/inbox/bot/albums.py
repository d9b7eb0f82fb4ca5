"""An album with which an operator answers: Telegram brings each of its files in a message of its own."""

from __future__ import annotations

from datetime import timedelta

from telegrambot.engine.chat import ChatRequest, Reply
from telegrambot.engine.models import Message
from telegrambot.inbox import answering, services
from telegrambot.inbox.bot import speaking
from telegrambot.inbox.bot.said import said_in
from telegrambot.inbox.models import Conversation

# They bear the moment of its sending, give or take.
_AT_ONCE = timedelta(seconds=10)


def pass_on_rest(request: ChatRequest) -> Reply | None:
    """Pass a file on to whoever got the first one of its album.

    Returns:
        None: nobody did. Else a refusal, or an empty reply: what was said to the first one holds for all.
    """
    if (first := _first_of_album(said_in(request))) is None:
        return None
    who = services.who_acts(request.person)
    chats = Conversation.objects.filter(is_active=True, answered_by=who).values_list("dialog", "pk")
    known = {answering.key_of_first(chat, first.origin): key for chat, key in chats}
    answered = Message.objects.filter(dedupe_key__in=known).values_list("dedupe_key", flat=True).first()
    if answered is None:
        return None

    def passed_on(found: Conversation) -> Reply:
        speaking.send(request, found, 0)
        return Reply()

    return speaking.typed(request, lambda: services.find(known[answered]), passed_on)


def _first_of_album(said: Message | None) -> Message | None:
    group = said.payload.get("media_group_id") if said else None
    if said is None or not group:
        return None
    earlier = Message.objects.filter(
        dialog=said.dialog_id,
        timestamp__range=(said.timestamp - _AT_ONCE, said.timestamp + _AT_ONCE),
        direction=Message.Direction.INBOUND,
        pk__lt=said.pk,
        payload__media_group_id=group,
    )
    return earlier.order_by("pk").first()
