"""Make the deletions and edits that a recall or a correction takes, just ahead of the sender.

As fan-out does: one round is one transaction under the broadcast's row lock, a cursor moves over the copies
in the order of their keys, and unique keys make a second deletion or edit of the same copy impossible.
"""

from __future__ import annotations

from uuid import UUID

from django.db import connection, transaction
from django.db.models import F, Max
from django.utils import timezone

from telegrambot.broadcasts import content, ledger, pacing, withdrawals
from telegrambot.broadcasts.follow_ups import RECALLABLE_FOR
from telegrambot.broadcasts.markup import VARIABLES
from telegrambot.broadcasts.models import Broadcast, FollowUp
from telegrambot.engine import outbox, wake
from telegrambot.engine.models import Message, Priority
from telegrambot.engine.rounds import for_each

_RECALL = """
WITH chunk AS (
    SELECT id, dialog_id, person_id, status, external_message_id, timestamp FROM engine_message
    WHERE origin = %(copies)s AND priority = 9 AND id > %(after)s AND id <= %(up_to)s
    ORDER BY id LIMIT %(limit)s
), made AS (
    INSERT INTO engine_message
        (dialog_id, person_id, direction, status, operation, target_id, priority, origin, dedupe_key)
    SELECT dialog_id, person_id, 'outbound', 'queued', 'delete', id, 9, %(origin)s, %(origin)s || ':' || id
    FROM chunk
    WHERE status IN ('sent', 'delivered', 'read') AND external_message_id <> ''
      AND timestamp > statement_timestamp() - make_interval(secs => %(age)s)
    ORDER BY id
    ON CONFLICT (dedupe_key) DO NOTHING
)
SELECT count(*), max(id) FROM chunk
"""


def advance_all() -> bool:
    """Do one round for every follow-up that is not finished; tells whether there is more to do at once."""
    unfinished = FollowUp.objects.filter(finished_at=None).order_by("pk")
    return for_each(list(unfinished.values_list("pk", "broadcast_id")), lambda keys: advance(*keys))


@transaction.atomic
def advance(follow_up_id: int, broadcast_id: UUID) -> bool:
    """Do one round for a follow-up; nothing when another process is at it."""
    locked = Broadcast.objects.select_for_update(skip_locked=True, no_key=True)
    broadcast = locked.filter(pk=broadcast_id).first()
    follow_up = FollowUp.objects.filter(pk=follow_up_id, finished_at=None).first()
    if broadcast is None or follow_up is None:
        return False
    if follow_up.up_to is None and not _begin(broadcast, follow_up):
        return False
    if not (room := pacing.room(follow_up.origin)):
        return False
    work = _delete if follow_up.kind == FollowUp.Kind.RECALL else _edit
    seen, last = work(broadcast, follow_up, room)
    follow_up.cursor = last or follow_up.cursor
    if seen < room:
        follow_up.finished_at = timezone.now()
    follow_up.save(update_fields=["cursor", "up_to", "finished_at"])
    return seen == room


def _begin(broadcast: Broadcast, follow_up: FollowUp) -> bool:
    """Fix which copies it is about, once none is on its way; those that wait are made anew."""
    copies = ledger.copies(broadcast)
    if copies.filter(status=Message.Status.SENDING).exists():
        return False
    if follow_up.kind == FollowUp.Kind.CORRECTION:
        queued = copies.filter(status=Message.Status.QUEUED)
        withdrawals.make_anew(broadcast, queued, [Message.Status.QUEUED])
    follow_up.up_to = copies.aggregate(last=Max("pk"))["last"] or 0
    follow_up.save(update_fields=["up_to"])
    return True


def _delete(broadcast: Broadcast, follow_up: FollowUp, limit: int) -> tuple[int, int | None]:
    """Deletions for the next copies: how many were looked at, and the key of the last."""
    with connection.cursor() as cursor:
        cursor.execute(
            _RECALL,
            {
                "copies": broadcast.origin,
                "origin": follow_up.origin,
                "after": follow_up.cursor,
                "up_to": follow_up.up_to,
                "limit": limit,
                "age": RECALLABLE_FOR.total_seconds(),
            },
        )
        seen, last = cursor.fetchone()
    wake.messages()
    return seen, last


def _edit(broadcast: Broadcast, follow_up: FollowUp, limit: int) -> tuple[int, int | None]:
    """Edits for the next copies: how many were looked at, and the key of the last."""
    next_ones = ledger.copies(broadcast).filter(pk__gt=follow_up.cursor, pk__lte=follow_up.up_to)
    names = {name: F(f"person__{name}") for name in VARIABLES}
    columns = ("pk", "dialog_id", "person_id", "status", "external_message_id")
    copies = list(next_ones.order_by("pk").values(*columns, **names)[:limit])
    buttons = content.keyboard(broadcast)
    outbox.queue(
        [
            outbox.Draft(
                dialog_id=copy["dialog_id"],
                person_id=copy["person_id"],
                text=content.text_for(broadcast, copy),
                message_type=broadcast.message_type,
                payload=buttons,
                operation=Message.Operation.EDIT,
                target_id=copy["pk"],
                priority=Priority.BROADCAST,
                origin=follow_up.origin,
                dedupe_key=f"{follow_up.origin}:{follow_up.revision}:{copy['pk']}",
            )
            for copy in copies
            if copy["status"] in ledger.RECEIVED and copy["external_message_id"]
        ]
    )
    return len(copies), copies[-1]["pk"] if copies else None
