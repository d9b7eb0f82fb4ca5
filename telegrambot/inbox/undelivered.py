"""Answers that did not arrive: whoever wrote one is told, once, and why."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone

from telegrambot.accounts.roles import Role
from telegrambot.engine.models import Dialog, Message, Priority
from telegrambot.engine.resending import was_sent_again
from telegrambot.inbox import notices
from telegrambot.inbox.answering import AUTHOR, author_of
from telegrambot.inbox.models import Conversation

# What is older is found in the inbox.
TOLD_WITHIN = timedelta(days=1)
AT_ONCE = 200


@transaction.atomic
def tell() -> int:
    """Tell operators of their answers that failed or whose fate is uncertain; returns how many answers."""
    latest = Conversation.objects.filter(dialog=OuterRef("dialog")).order_by("-started_at").values("pk")[:1]
    lost = Message.objects.filter(
        status__in=[Message.Status.FAILED, Message.Status.UNCERTAIN],
        priority=Priority.APPROVED_REPLY,
        origin__startswith=AUTHOR,
        created_at__gte=timezone.now() - TOLD_WITHIN,
    ).exclude(was_sent_again())
    found = list(lost.annotate(conversation=Subquery(latest)).order_by("-pk")[:AT_ONCE])
    authors = {key for row in found if (key := _person(row)) is not None}
    conversations = Conversation.objects.select_related("dialog__person").in_bulk(
        {row.conversation for row in found if row.conversation}
    )
    chats = {chat.person_id: chat for chat in _chats(authors)}
    pairs = [(row, chats[key]) for row in found if (key := _person(row)) in chats]
    told = _told(pairs)
    count = 0
    for row, chat in pairs:
        conversation = conversations.get(row.conversation)
        if _key(row, chat) not in told and conversation is not None:
            notices.tell_undelivered(row, chat, conversation)
            count += 1
    return count


def _chats(people: set[UUID]) -> QuerySet[Dialog]:
    operators = Dialog.objects.filter(person__role__gte=Role.ADMIN, person__is_active=True)
    private = operators.filter(type=Dialog.Type.PRIVATE, business_connection_id="")
    return private.select_related("person").filter(person__in=people)


def _told(pairs: list[tuple[Any, Dialog]]) -> set[str | None]:
    keys = [_key(row, chat) for row, chat in pairs]
    return set(Message.objects.filter(dedupe_key__in=keys).values_list("dedupe_key", flat=True))


def _key(message: Message, chat: Dialog) -> str:
    return f"{notices.key_for(chat, notices.undelivered_key(message))}:0"


def _person(message: Message) -> UUID | None:
    try:
        return UUID(author_of(message))
    except ValueError:
        return None  # an account without a person sees it in the browser
