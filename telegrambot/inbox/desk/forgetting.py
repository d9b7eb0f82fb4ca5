"""What the desk lets go of what was said, with the messages themselves."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from telegrambot.engine.models import Dialog
from telegrambot.engine.privacy import when_switched_off
from telegrambot.engine.retention import with_messages
from telegrambot.inbox.models import DialogSummary

BATCH = 1000

# What is still to be decided or sent loses its words then.
_WORDS = """
UPDATE inbox_draftreply SET suggested_response = '', edited_response = '', rejection_reason = ''
WHERE id = ANY (ARRAY(
    SELECT id FROM inbox_draftreply
    WHERE {which} AND status NOT IN ('pending_approval', 'approved')
      AND (suggested_response <> '' OR edited_response <> '' OR rejection_reason <> '')
    ORDER BY id LIMIT %s FOR NO KEY UPDATE))
"""
_OF_DIALOG = _WORDS.format(which="dialog_id = %s")
_OLD = _WORDS.format(which="created_at < %s")


@when_switched_off
def forget_dialog(dialog: Dialog) -> None:
    """Forget what was made of a chat whose history is kept no longer."""
    DialogSummary.objects.filter(dialog=dialog).delete()
    while _run(_OF_DIALOG, dialog.pk) == BATCH:
        pass


@with_messages
def forget_old(before: datetime) -> None:
    """Forget what was made of messages from before a moment; numbers and decisions stay."""
    DialogSummary.objects.filter(since__lt=before).delete()
    while _run(_OLD, before) == BATCH:
        pass


def _run(statement: str, value: int | datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, [value, BATCH])
        return cursor.rowcount
