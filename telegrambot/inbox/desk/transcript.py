"""What was said in one chat, as it stands by now: edits applied, deleted messages left out."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import OuterRef, Q, QuerySet

from telegrambot.engine.delivery import plain
from telegrambot.engine.models import Dialog, Message, Priority
from telegrambot.inbox.drafting.context import Line
from telegrambot.inbox.models import HeldText

# What the bot says by itself (a menu, "your message has arrived") answers nobody.
_BY_PEOPLE = Q(direction=Message.Direction.INBOUND) | Q(priority=Priority.APPROVED_REPLY)
_SAID = (Message.Status.SENT, Message.Status.DELIVERED, Message.Status.READ)


def spoken(dialog: Dialog) -> QuerySet[Message]:
    """What people said to each other in a chat, newest first; nobody else's messages."""
    return (
        Message.objects.filter(_BY_PEOPLE, dialog=dialog, operation=Message.Operation.SEND, status__in=_SAID)
        .exclude(message_type="service")
        .exclude(revisions__operation=Message.Operation.DELETE)
        .exclude(direction=Message.Direction.INBOUND, text__startswith="/")  # what it told the bot itself
        .order_by("-timestamp", "-pk")
    )


def asking(dialog: int | OuterRef) -> QuerySet[Message]:
    """What may ask for an answer in a chat, edits too: no command, nothing deleted, nor the deletion."""
    said = Message.objects.filter(dialog=dialog, direction=Message.Direction.INBOUND)
    said = said.exclude(operation=Message.Operation.DELETE).exclude(message_type="service")
    return said.exclude(text__startswith="/").exclude(revisions__operation=Message.Operation.DELETE)


def lines(dialog: Dialog, messages: Sequence[Message]) -> list[tuple[int, Line]]:
    """The messages that have a text, each with its key, in the order given and in their last wording."""
    held = dict(HeldText.objects.filter(dialog=dialog).values_list("message_id", "text"))
    edits = _edited(messages)
    found = []
    for message in messages:
        if text := _text(message, held, edits):
            found.append((message.pk, Line(text, is_ours=message.direction == Message.Direction.OUTBOUND)))
    return found


def _text(message: Message, held: dict[int, str], edits: dict[int, str]) -> str:
    if message.direction == Message.Direction.INBOUND:
        return edits.get(message.pk) or message.text or held.get(message.pk, "")
    # What we said is Telegram HTML.
    return plain(edits.get(message.pk) or message.text)


def _edited(messages: Sequence[Message]) -> dict[int, str]:
    """The last wording of messages that were edited."""
    edits = Message.objects.filter(
        target__in=[message.pk for message in messages],
        operation=Message.Operation.EDIT,
        status__in=_SAID,
    )
    return dict(edits.order_by("pk").values_list("target_id", "text"))
