"""Who looks at a conversation right now, so that two operators do not answer it at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from audit.actors import names
from telegrambot.accounts.models import TelegramUser
from telegrambot.inbox.models import Conversation, Presence
from telegrambot.inbox.services import who_acts

# Pages tell that they are open every ten seconds; one that has been silent for so long is closed.
TTL = timedelta(seconds=30)

_BEAT = """
INSERT INTO inbox_presence AS presence (conversation_id, who, is_typing)
SELECT id, %(who)s, %(typing)s FROM inbox_conversation WHERE id = %(conversation)s
ON CONFLICT (conversation_id, who) DO UPDATE
SET seen_at = statement_timestamp(), is_typing = EXCLUDED.is_typing
"""


@dataclass(frozen=True, slots=True)
class Present:
    """Another operator who has the conversation open.

    Attributes:
        who: the canonical id.
    """

    who: str
    name: str
    is_typing: bool


@transaction.atomic
def beat(conversation: Conversation, *, is_typing: bool = False, actor: TelegramUser | None) -> list[Present]:
    """Tell that the actor has it open; returns who else has. Does nothing when it was erased."""
    with connection.cursor() as cursor:
        who = who_acts(actor)
        cursor.execute(_BEAT, {"conversation": conversation.pk, "who": who, "typing": is_typing})
    return others(conversation, actor=actor)


def others(conversation: Conversation, *, actor: TelegramUser | None) -> list[Present]:
    """Who else has it open, by name."""
    rows = Presence.objects.filter(conversation=conversation, seen_at__gt=timezone.now() - TTL)
    found = list(rows.exclude(who=who_acts(actor)).order_by("who"))
    called = names(row.who for row in found)
    return [Present(row.who, called[row.who], row.is_typing) for row in found]


def leave(conversation: Conversation, *, actor: TelegramUser | None) -> None:
    """Tell that the actor has closed the page."""
    Presence.objects.filter(conversation=conversation, who=who_acts(actor)).delete()


def forget_gone(older_than: timedelta = TTL) -> int:
    """Delete those who left without saying so; returns how many."""
    return Presence.objects.filter(seen_at__lt=timezone.now() - older_than).delete()[0]
