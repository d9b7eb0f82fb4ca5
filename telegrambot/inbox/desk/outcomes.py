"""What became of approved drafts: the sender's outcomes flow back."""

from __future__ import annotations

from django.db import connection, transaction

from telegrambot.engine.rounds import every
from telegrambot.inbox.desk import cards, queueing
from telegrambot.inbox.models import DraftReply

# A message that was sent again counts by what became of the copy. What is uncertain stays approved until a
# person has decided.
_SETTLE = """
WITH approved AS (
    SELECT id, dialog_id, message_id FROM inbox_draftreply WHERE status = 'approved'
    ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
), outcome AS (
    SELECT approved.id, dialog.keep_history,
           coalesce(copy.status, message.status) AS status, coalesce(copy.error, message.error) AS error
    FROM approved
    JOIN engine_dialog AS dialog ON dialog.id = approved.dialog_id
    JOIN engine_message AS message ON message.id = approved.message_id
    LEFT JOIN engine_message AS copy ON copy.dedupe_key = 'again:' || message.id
)
UPDATE inbox_draftreply AS draft
SET status = CASE WHEN outcome.status IN ('sent', 'delivered', 'read') THEN 'sent'
                  WHEN outcome.status = 'cancelled' THEN 'superseded' ELSE 'failed' END,
    error = CASE WHEN outcome.status IN ('failed', 'cancelled') THEN outcome.error ELSE '' END,
    suggested_response = CASE WHEN keep_history THEN draft.suggested_response ELSE '' END,
    edited_response = CASE WHEN keep_history THEN draft.edited_response ELSE '' END
FROM outcome
WHERE draft.id = outcome.id AND outcome.status IN ('sent', 'delivered', 'read', 'failed', 'cancelled')
RETURNING draft.id
"""


@every(seconds=0.5)
@transaction.atomic
def settle_drafts() -> bool:
    """Close approved drafts whose message was settled, and show that on their cards."""
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE)
        keys = [key for (key,) in cursor.fetchall()]
    for draft in DraftReply.objects.filter(pk__in=keys).select_related("dialog__person", "decided_by"):
        cards.refresh(draft)
        # What was asked meanwhile got no draft while this one was on its way.
        queueing.ask(draft.dialog_id)
    return False
