"""The lists of the inbox, each by an index, whatever there is in the tables."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db import connection
from django.db.models import CharField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.search import called
from telegrambot.engine.full_text import matching
from telegrambot.engine.models import Dialog, Message, Priority
from telegrambot.inbox.models import Conversation

# A search that finds more than this is asked again in other words.
MAX_MATCHES = 200
COUNTED_UP_TO = 1000

_COUNTS = """
SELECT (SELECT count(*) FROM (SELECT FROM inbox_conversation WHERE waiting_since IS NOT NULL
                              LIMIT %(most)s) AS waiting),
       (SELECT count(*) FROM (SELECT FROM inbox_conversation WHERE assigned_to_id = %(person)s AND is_active
                              LIMIT %(most)s) AS mine),
       (SELECT count(*) FROM (SELECT FROM inbox_conversation WHERE unread_count > 0
                              LIMIT %(most)s) AS unread)
"""


class Tab(StrEnum):
    """What may be listed."""

    WAITING = "waiting"
    MINE = "mine"
    UNREAD = "unread"
    OPEN = "open"
    CLOSED = "closed"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Counts:
    """How many conversations there are of a kind, at most `COUNTED_UP_TO`."""

    waiting: int
    mine: int
    unread: int


def listed(tab: Tab, *, actor: TelegramUser | None, words: str = "") -> QuerySet[Conversation]:
    """The conversations of a tab: who has waited longest first, otherwise the latest first.

    Args:
        words: a person's name, username or id, or words that were said; empty: all. Of more than
            `MAX_MATCHES` people or messages some are left out.

    Returns:
        Rows with chat, person and assignee, and as `last_text`, `last_type` and `last_direction` what was
        said last (nothing in a chat without history).
    """
    chosen = _of(tab, actor)
    if words.strip():
        # By key: asked for the latest of a few chats, PostgreSQL would go through all that was ever said.
        inside = Conversation.objects.filter(chosen, dialog__in=_dialogs(words.strip()))
        chosen = Q(pk__in=list(inside.order_by().values_list("pk", flat=True)))
    found = Conversation.objects.select_related("dialog__person", "assigned_to").filter(chosen)
    order = ("waiting_since", "pk") if tab is Tab.WAITING else ("-last_activity", "-pk")
    return _with_last_message(found).order_by(*order)


def counts(actor: TelegramUser | None) -> Counts:
    """What waits, what is the actor's, what nobody has read."""
    parameters = {"person": actor.pk if actor else None, "most": COUNTED_UP_TO}
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, parameters)
        return Counts(*cursor.fetchone())


def _of(tab: Tab, actor: TelegramUser | None) -> Q:
    match tab:
        case Tab.WAITING:
            return Q(waiting_since__isnull=False)
        case Tab.MINE:
            return Q(assigned_to=actor.pk, is_active=True) if actor else Q(pk__in=[])
        case Tab.UNREAD:
            return Q(unread_count__gt=0)
        case Tab.OPEN:
            return Q(is_active=True)
        case Tab.CLOSED:
            return Q(is_active=False)
    return Q()


def _dialogs(words: str) -> list[int]:
    """The chats of people of this name, and those in which these words were said."""
    people = TelegramUser.objects.filter(called(words)).values_list("pk", flat=True)[:MAX_MATCHES]
    dialogs = set(Dialog.objects.filter(person__in=list(people)).values_list("pk", flat=True)[:MAX_MATCHES])
    said = matching(Message.objects.order_by(), words).values_list("dialog", flat=True)
    return [*dialogs, *set(said[:MAX_MATCHES])]


def _with_last_message(found: QuerySet[Conversation]) -> QuerySet[Any]:
    # What the bot says by itself ("your message has arrived") is not what the conversation is about.
    by_people = Q(direction=Message.Direction.INBOUND) | Q(priority=Priority.APPROVED_REPLY)
    said = Message.objects.filter(by_people, dialog=OuterRef("dialog"), operation=Message.Operation.SEND)
    last = said.order_by("-timestamp", "-pk")

    def of_last(column: str) -> Coalesce:
        return Coalesce(Subquery(last.values(column)[:1]), Value(""), output_field=CharField())

    return found.annotate(
        last_text=of_last("text"), last_type=of_last("message_type"), last_direction=of_last("direction")
    )
