"""What became of approved drafts: the sender's outcomes flow back."""

from __future__ import annotations

from django.db import connection, transaction

from telegrambot.engine.claims import OUTDATED
from telegrambot.engine.models import Message
from telegrambot.engine.rounds import every
from telegrambot.inbox import notices
from telegrambot.inbox.desk import cards, queueing
from telegrambot.inbox.models import Conversation, DraftReply, HeldText

# A message that was sent again counts by what became of its copy, and that by its own copy.
_LAST = """
WITH RECURSIVE chain AS (
    SELECT draft.id AS draft_id, message.id, message.status, message.error
    FROM inbox_draftreply AS draft JOIN engine_message AS message ON message.id = draft.message_id
    WHERE draft.status = 'approved'
    UNION ALL
    SELECT chain.draft_id, copy.id, copy.status, copy.error
    FROM chain JOIN engine_message AS copy ON copy.dedupe_key = 'again:' || chain.id
), last AS (
    SELECT DISTINCT ON (draft_id) * FROM chain ORDER BY draft_id, id DESC
)
"""

# What is uncertain stays approved until a person has decided. Who approved has ended the waiting: when the
# sender drops that answer for something nobody waits for (a command, an edit), the person waits again; also
# when it had gone out by itself and failed, but then for an operator: no other draft is made. What is stored
# and not handled yet has to say first whether somebody waits for it. No lock is waited for, since whoever
# answers and whoever handles messages lock in different orders.
_SETTLE = f"""
{_LAST}, settled AS (
    SELECT draft.id, draft.dialog_id, draft.message_id, draft.last_message_timestamp,
           conversation.id AS conversation_id, dialog.keep_history,
           last.id AS last_id, last.status, last.error,
           last.status = 'cancelled' AND last.error = %(outdated)s AS is_outdated,
           last.status = 'failed' AND draft.is_automatic AS is_lost
    FROM last
    JOIN inbox_draftreply AS draft ON draft.id = last.draft_id AND draft.status = 'approved'
    JOIN engine_dialog AS dialog ON dialog.id = draft.dialog_id
    JOIN inbox_conversation AS conversation ON conversation.id = (
        SELECT id FROM inbox_conversation WHERE dialog_id = draft.dialog_id
        ORDER BY is_active DESC, id DESC LIMIT 1)
    WHERE last.status IN ('sent', 'delivered', 'read', 'failed')
       OR last.status = 'cancelled' AND NOT (last.error = %(outdated)s AND EXISTS (
              SELECT FROM engine_inboundupdate AS unhandled
              WHERE unhandled.dialog_id = draft.dialog_id AND unhandled.status = 'pending'))
    FOR NO KEY UPDATE OF draft, dialog, conversation SKIP LOCKED
), waiting AS (
    UPDATE inbox_conversation AS conversation SET waiting_since = settled.last_message_timestamp
    FROM settled
    WHERE conversation.id = settled.conversation_id AND (settled.is_outdated OR settled.is_lost)
      AND conversation.is_active
      AND conversation.waiting_since IS NULL AND conversation.last_answer_id = settled.message_id
    RETURNING conversation.dialog_id, settled.is_lost
), undrafted AS (
    UPDATE engine_dialog AS dialog SET last_processed_message_id = NULL
    FROM waiting WHERE dialog.id = waiting.dialog_id AND NOT waiting.is_lost
)
UPDATE inbox_draftreply AS draft
SET status = CASE WHEN settled.status IN ('sent', 'delivered', 'read') THEN 'sent'
                  WHEN settled.status = 'cancelled' THEN 'superseded' ELSE 'failed' END,
    error = CASE WHEN settled.status IN ('failed', 'cancelled') THEN settled.error ELSE '' END,
    suggested_response = CASE WHEN keep_history THEN draft.suggested_response ELSE '' END,
    edited_response = CASE WHEN keep_history THEN draft.edited_response ELSE '' END
FROM settled LEFT JOIN waiting ON waiting.dialog_id = settled.dialog_id
WHERE draft.id = settled.id
RETURNING draft.id, settled.is_outdated, CASE WHEN waiting.is_lost THEN settled.last_id END
"""  # noqa: S608  (a constant)

_UNCERTAIN = f"{_LAST} SELECT draft_id, id FROM last WHERE status = 'uncertain'"  # noqa: S608  (a constant)


@every(seconds=0.5)
@transaction.atomic
def settle_drafts() -> bool:
    """Close approved drafts whose message was settled, and show that on their cards."""
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE, {"outdated": OUTDATED})
        settled = {key: (is_outdated, lost) for key, is_outdated, lost in cursor.fetchall()}
    for draft in DraftReply.objects.filter(pk__in=settled).select_related("dialog__person", "decided_by"):
        is_outdated, lost = settled[draft.pk]
        if lost is not None:
            _tell_lost(draft, lost)
        if not is_outdated:
            # Until here another draft may be wanted, of which they are all there is.
            answered = HeldText.objects.filter(dialog=draft.dialog_id)
            answered.filter(message_id__lte=draft.last_message_id).delete()
        cards.refresh(draft)
        # What was asked meanwhile got no draft while this one was on its way.
        queueing.ask(draft.dialog_id)
    return False


def _tell_lost(draft: DraftReply, message_id: int) -> None:
    """Tell whoever is on duty that what went out by itself did not arrive: nobody else would hear of it."""
    rows = Conversation.objects.select_related("dialog__person")
    conversation = rows.get(dialog=draft.dialog_id, is_active=True)
    said = Message.objects.filter(pk=draft.last_message_id).first()
    notices.tell_waiting(conversation, said, lost=Message.objects.get(pk=message_id))


def uncertain_messages() -> dict[int, int]:
    """The approved drafts of which it is not certain that they arrived, with the messages to decide about."""
    with connection.cursor() as cursor:
        cursor.execute(_UNCERTAIN)
        return dict(cursor.fetchall())
