"""Edits and deletions by people: kept as such, beside what they change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson
from django.db import connection

from telegrambot.engine.arrivals import Arrival

# An edit of something that was said before the bot could hear it is the first of it that is known.
_EDITS = """
INSERT INTO engine_message
    (dialog_id, person_id, direction, status, operation, target_id, message_type, text, language, payload,
     external_message_id, origin, dedupe_key, timestamp)
SELECT stored.dialog_id, CASE WHEN change.is_own THEN dialog.person_id ELSE person.id END,
       CASE WHEN change.is_own THEN 'outbound' ELSE 'inbound' END,
       CASE WHEN change.is_own THEN 'sent' ELSE 'delivered' END,
       CASE WHEN original.id IS NULL THEN 'send' ELSE 'edit' END, original.id,
       change.message_type, change.text, change.language, change.media,
       CASE WHEN original.id IS NULL THEN change.message_id ELSE '' END, 'update:' || stored.id,
       CASE WHEN original.id IS NULL
            THEN concat_ws(':', 'in', change.connection, change.chat_id, change.message_id)
            ELSE concat_ws(':', 'edit', change.connection, change.chat_id, change.message_id,
                           change.edit_date) END,
       to_timestamp(CASE WHEN original.id IS NULL THEN change.date ELSE change.edit_date END)
FROM jsonb_to_recordset(%(changes)s::jsonb) AS change(
    update_id bigint, chat_id text, connection text, sender bigint, message_id text, message_type text,
    text text, language text, date bigint, media jsonb, is_own boolean, edit_date bigint)
JOIN engine_inboundupdate AS stored ON stored.bot_id = %(bot)s AND stored.update_id = change.update_id
JOIN engine_dialog AS dialog ON dialog.id = stored.dialog_id
LEFT JOIN accounts_telegramuser AS person ON person.telegram_id = change.sender
LEFT JOIN LATERAL (
    SELECT id FROM engine_message AS message
    WHERE message.dialog_id = stored.dialog_id AND message.external_message_id = change.message_id
      AND message.operation = 'send'
    ORDER BY id LIMIT 1) AS original ON true
ORDER BY stored.id
ON CONFLICT (dedupe_key) DO NOTHING
"""

_DELETIONS = """
INSERT INTO engine_message
    (dialog_id, person_id, direction, status, operation, target_id, message_type, origin, dedupe_key)
SELECT DISTINCT ON (original.id)
       stored.dialog_id, original.person_id, 'inbound', 'delivered', 'delete', original.id,
       original.message_type, 'update:' || stored.id, 'gone:' || original.id
FROM jsonb_to_recordset(%(changes)s::jsonb) AS change(update_id bigint, number text)
JOIN engine_inboundupdate AS stored ON stored.bot_id = %(bot)s AND stored.update_id = change.update_id
JOIN engine_message AS original
  ON original.dialog_id = stored.dialog_id AND original.external_message_id = change.number
 AND original.operation = 'send'
ORDER BY original.id, stored.id
ON CONFLICT (dedupe_key) DO NOTHING
"""


def record(batch: Sequence[Arrival], rows: Sequence[Mapping[str, Any]], bot_id: int) -> None:
    """Record the edits and deletions of a batch that is stored already; costs nothing when there are none.

    Args:
        batch: what arrived.
        rows: the same as it is stored, one for one: without texts where none may be kept.
        bot_id: the bot it is for.
    """
    for edits in _in_turn(row for row in rows if row["edit_date"] and row["message_id"]):
        _insert(_EDITS, [{**row, "payload": None, "sealed": None} for row in edits], bot_id)
    if gone := [
        {"update_id": arrival.update_id, "number": number} for arrival in batch for number in arrival.deleted
    ]:
        _insert(_DELETIONS, gone, bot_id)


def _in_turn(edits: Iterable[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    """Edits in runs that change no message twice: what a statement inserts, only the next one finds."""
    run: dict[tuple[str, str, str], Mapping[str, Any]] = {}
    for row in edits:
        changed = (row["connection"], row["chat_id"], row["message_id"])
        if changed in run:
            yield list(run.values())
            run = {}
        run[changed] = row
    if run:
        yield list(run.values())


def _insert(statement: str, changes: Sequence[Mapping[str, Any]], bot_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"changes": orjson.dumps(changes).decode(), "bot": bot_id})
