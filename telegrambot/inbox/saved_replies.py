"""Answers that operators give again and again."""

from __future__ import annotations

from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from telegrambot.accounts.models import TelegramUser
from telegrambot.engine.personal_markup import VARIABLES, fill
from telegrambot.inbox.exceptions import SavedReplyNotFound
from telegrambot.inbox.models import SavedReply, SavedReplyUse

_COUNT = """
WITH used AS (
    DELETE FROM inbox_savedreplyuse
    WHERE id = ANY (ARRAY(
        SELECT id FROM inbox_savedreplyuse ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED))
    RETURNING saved_reply_id, used_at
), counted AS (
    SELECT saved_reply_id, count(*) AS times, max(used_at) AS last FROM used GROUP BY saved_reply_id
), changed AS (
    UPDATE inbox_savedreply AS saved
    SET times_used = saved.times_used + counted.times,
        last_used_at = greatest(saved.last_used_at, counted.last)
    FROM counted WHERE saved.id = counted.saved_reply_id
)
SELECT count(*) FROM used
"""


def find(saved_reply_id: int) -> SavedReply:
    """Return the saved reply behind a button.

    Raises:
        SavedReplyNotFound: it was removed meanwhile.
    """
    found = SavedReply.objects.filter(pk=saved_reply_id).first()
    if found is None:
        raise SavedReplyNotFound
    return found


def offered(language: str) -> QuerySet[SavedReply]:
    """Those for a person who reads `language` ("en" or "ru"), those used most first."""
    return SavedReply.objects.filter(language__in=["", language]).order_by("-times_used", "title", "pk")


def filled(saved: SavedReply, person: TelegramUser | None) -> str:
    """The text as this person reads it: Telegram HTML."""
    return fill(saved.text, {name: getattr(person, name, "") for name in VARIABLES})


@transaction.atomic
def create(title: str, text: str, language: str = "", *, actor: TelegramUser | None) -> SavedReply:
    """Keep an answer for the next time.

    Raises:
        ValidationError: the title is taken, or the text is no Telegram HTML or too long.
    """
    made = SavedReply(title=title.strip(), text=text.strip(), language=language)
    made.full_clean()
    made.save()
    return made


@transaction.atomic
def change(saved: SavedReply, *, actor: TelegramUser | None, **values: Any) -> None:
    """Change title, text or language.

    Raises:
        SavedReplyNotFound: it was removed meanwhile.
        ValidationError: as `create`.
    """
    row = SavedReply.objects.select_for_update(no_key=True).filter(pk=saved.pk).first()
    if row is None:
        raise SavedReplyNotFound
    for name, value in values.items():
        setattr(row, name, value)
        setattr(saved, name, value)
    row.full_clean()
    row.save(update_fields=[*values])


@transaction.atomic
def remove(saved: SavedReply, *, actor: TelegramUser | None) -> None:
    """Throw it away; does nothing when it is gone. What was sent stays."""
    SavedReply.objects.filter(pk=saved.pk).delete()


def note_use(saved: SavedReply) -> None:
    """Note that it was used; a job counts."""
    SavedReplyUse.objects.create(saved_reply=saved)


@transaction.atomic
def count_uses(limit: int = 10_000) -> int:
    """Move at most `limit` uses into the counters, each exactly once; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"limit": limit})
        return int(cursor.fetchone()[0])
