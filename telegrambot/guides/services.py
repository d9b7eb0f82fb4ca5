"""Everything that readers and operators change about guides. Each function is one transaction."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID, uuid4

from django.db import connection, transaction

from telegrambot.accounts.models import TelegramUser
from telegrambot.guides.exceptions import GuideNotFound, GuideNotSaved
from telegrambot.guides.models import Guide, GuideCover, GuideView, SavedGuide

# Half of an advisory lock: one process at a time counts, so that two never wait for each other's guides.
_COUNTING_LOCK = 0x5B10

# An import holds many guides, a round of updates many entries of collections, each in an order of its own.
# Whoever waited for them while holding some would wait for ever; so what is locked is left for the next time.
_COUNT = """
WITH free AS (
    SELECT id FROM guides_guide WHERE id IN (SELECT guide_id FROM guides_guideview)
    FOR NO KEY UPDATE SKIP LOCKED
), waiting AS (
    SELECT id, guide_id, reader_id FROM guides_guideview WHERE guide_id IN (SELECT id FROM free)
    ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
), free_savings AS (
    SELECT saved.id FROM guides_savedguide AS saved
    JOIN waiting ON saved.guide_id = waiting.guide_id AND saved.user_id = waiting.reader_id
    FOR NO KEY UPDATE OF saved SKIP LOCKED
), opened AS (
    DELETE FROM guides_guideview
    WHERE id IN (
        SELECT waiting.id FROM waiting LEFT JOIN guides_savedguide AS saved
            ON saved.guide_id = waiting.guide_id AND saved.user_id = waiting.reader_id
        WHERE saved.id IS NULL OR saved.id IN (SELECT id FROM free_savings))
    RETURNING guide_id, reader_id, viewed_at
), by_guide AS (
    SELECT guide_id, count(*) AS times FROM opened GROUP BY guide_id
), by_reader AS (
    SELECT guide_id, reader_id, count(*) AS times, max(viewed_at) AS last
    FROM opened GROUP BY guide_id, reader_id
), guides AS (
    UPDATE guides_guide AS guide SET views_count = guide.views_count + by_guide.times
    FROM by_guide WHERE guide.id = by_guide.guide_id
), savings AS (
    UPDATE guides_savedguide AS saved
    SET times_viewed = saved.times_viewed + by_reader.times,
        last_viewed_at = greatest(saved.last_viewed_at, by_reader.last)
    FROM by_reader WHERE saved.guide_id = by_reader.guide_id AND saved.user_id = by_reader.reader_id
)
SELECT count(*) FROM opened
"""

# ── Readers ───────────────────────────────────────────────────────────────────────────────────────────────


def open_guide(guide_id: UUID, *, actor: TelegramUser) -> Guide:
    """Return a guide for reading, and note that it was opened.

    Raises:
        GuideNotFound: there is none, or none that this person may read.
    """
    guide = _readable(guide_id, actor)
    GuideView.objects.create(guide=guide, reader=actor)
    return guide


@transaction.atomic
def save_guide(guide_id: UUID, *, actor: TelegramUser) -> Guide:
    """Put a guide into the reader's collection; does nothing when it is there.

    Raises:
        GuideNotFound: there is none, or none that this person may read.
    """
    guide = _readable(guide_id, actor)
    SavedGuide.objects.bulk_create([SavedGuide(user=actor, guide=guide)], ignore_conflicts=True)
    return guide


@transaction.atomic
def remove_guide(guide_id: UUID, *, actor: TelegramUser) -> None:
    """Take a guide out of the reader's collection; does nothing when it is not there."""
    SavedGuide.objects.filter(user=actor, guide=guide_id).delete()


@transaction.atomic
def mark_read(guide_id: UUID, is_read: bool = True, *, actor: TelegramUser) -> None:
    """Note in the reader's collection that a guide was read (or not).

    Raises:
        GuideNotSaved: it is not in the collection.
    """
    if not SavedGuide.objects.filter(user=actor, guide=guide_id).update(is_read=is_read):
        raise GuideNotSaved


# ── Operators ─────────────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def set_active(guide_ids: Iterable[UUID], is_active: bool, *, actor: TelegramUser | None) -> int:
    """Show guides to readers, or hide them; returns how many changed."""
    return Guide.objects.filter(pk__in=guide_ids).exclude(is_active=is_active).update(is_active=is_active)


@transaction.atomic
def set_cover(guide: Guide, name: str, content: bytes, *, actor: TelegramUser | None) -> None:
    """Give a guide a photo, or another one.

    Raises:
        Guide.DoesNotExist: it was deleted meanwhile.
    """
    # Else the database would refuse the photo only at the commit.
    Guide.objects.select_for_update(no_key=True).only("pk").get(pk=guide.pk)
    photo = {"name": name, "content": content, "outgoing_file": uuid4()}
    GuideCover.objects.update_or_create(guide=guide, defaults=photo)


@transaction.atomic
def remove_cover(guide: Guide, *, actor: TelegramUser | None) -> None:
    """Take a guide's photo away; does nothing when it has none."""
    GuideCover.objects.filter(guide=guide).delete()


# ── The program ───────────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def count_views(limit: int = 10_000) -> int:
    """Move at most `limit` openings into the counters, each exactly once; returns how many.

    It waits for nobody: 0 also when another process is at it, or somebody is changing all that was opened.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, 0)", [_COUNTING_LOCK])
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(_COUNT, {"limit": limit})
        return int(cursor.fetchone()[0])


def _readable(guide_id: UUID, person: TelegramUser) -> Guide:
    guide = Guide.objects.open_to(person).for_reading(person).filter(pk=guide_id).first()
    if guide is None:
        raise GuideNotFound
    return guide
