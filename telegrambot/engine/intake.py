"""Store what Telegram sent before Telegram is told that we have it."""

from __future__ import annotations

import html
import logging
import math
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from django.db import DataError, IntegrityError, connection, transaction

from audit.context import SYSTEM, acting
from audit.models import Origin
from telegrambot.accounts import sightings
from telegrambot.engine import arrivals, revisions, sealing, wake
from telegrambot.engine.arrivals import Arrival, Unreadable
from telegrambot.engine.models import Dialog, InboundUpdate
from telegrambot.engine.routing import registry

logger = logging.getLogger(__name__)

# The kinds Telegram is asked for; whatever else arrives is stored and closed.
ALLOWED_UPDATES = (
    "message",
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "callback_query",
    "my_chat_member",
    "business_connection",
    "business_message",
    "edited_business_message",
    "deleted_business_messages",
)

# First half of the advisory lock under which updates of one bot get their keys: so they commit in order.
INTAKE_LOCK = 0x5B0A

_OF_CHATS = ("connection", "chat_id", "chat_type", "title", "moved_from")

# No update of Telegram's is nested half as deep; of one put aside the rest is cut off.
MAX_DEPTH = 50

_KNOWN = "SELECT update_id FROM engine_inboundupdate WHERE bot_id = %s AND update_id = ANY(%s)"

# Adds the chats that are new, and lists those whose texts must not be kept. A group that moved, a business
# account that was connected anew: the chat has another row, and keeps its word. Where a business account's
# owner wrote first, the chat learns its person with their first message, or a later one if it is busy now.
_DIALOGS = """
WITH chat AS (
    SELECT * FROM jsonb_to_recordset(%(chats)s::jsonb) AS chat(
        connection text, chat_id text, chat_type text, title text, moved_from text)
), silent AS (
    SELECT business_connection_id AS connection, telegram_dialog_id AS chat_id
    FROM engine_dialog
    WHERE NOT keep_history AND platform = 'telegram' AND bot_id = %(bot)s
      AND telegram_dialog_id IN (SELECT chat_id FROM chat UNION SELECT moved_from FROM chat)
), added AS (
    INSERT INTO engine_dialog
        (bot_id, business_connection_id, telegram_dialog_id, type, title, person_id, keep_history)
    SELECT DISTINCT ON (chat.connection, chat.chat_id)
           %(bot)s, chat.connection, chat.chat_id, chat.chat_type, chat.title, person.id,
           NOT EXISTS (SELECT FROM silent WHERE silent.chat_id IN (chat.chat_id, chat.moved_from)
                                            AND (silent.connection = '') = (chat.connection = ''))
    FROM chat
    LEFT JOIN accounts_telegramuser AS person
           ON chat.chat_type = 'private' AND person.telegram_id = chat.chat_id::bigint
    WHERE NOT EXISTS (
        SELECT FROM engine_dialog AS known
        WHERE known.platform = 'telegram' AND known.bot_id = %(bot)s
          AND known.business_connection_id = chat.connection AND known.telegram_dialog_id = chat.chat_id)
    ORDER BY chat.connection, chat.chat_id, chat.moved_from DESC
    ON CONFLICT DO NOTHING
    RETURNING business_connection_id, telegram_dialog_id, keep_history
), nameless AS (
    SELECT known.id, person.id AS person
    FROM chat
    JOIN engine_dialog AS known
      ON known.platform = 'telegram' AND known.bot_id = %(bot)s
     AND known.business_connection_id = chat.connection AND known.telegram_dialog_id = chat.chat_id
    JOIN accounts_telegramuser AS person ON person.telegram_id = chat.chat_id::bigint
    WHERE chat.chat_type = 'private' AND known.person_id IS NULL
    FOR NO KEY UPDATE OF known SKIP LOCKED
), named AS (
    UPDATE engine_dialog AS dialog SET person_id = nameless.person FROM nameless WHERE dialog.id = nameless.id
)
SELECT connection, chat_id FROM silent
UNION ALL SELECT business_connection_id, telegram_dialog_id FROM added WHERE NOT keep_history
"""

# Updates without a chat are kept, and closed at once: nobody handles them.
_UPDATES = """
WITH arrival AS (
    SELECT arrival.*, dialog.id AS dialog_id, dialog.person_id AS partner
    FROM jsonb_to_recordset(%(arrivals)s::jsonb) AS arrival(
        place bigint, update_id bigint, kind text, payload jsonb, sealed text, chat_id text, connection text,
        command text, sender bigint, message_id text, message_type text, text text, language text,
        date bigint, media jsonb, is_own boolean, edit_date bigint)
    LEFT JOIN engine_dialog AS dialog
        ON dialog.platform = 'telegram' AND dialog.bot_id = %(bot)s
       AND dialog.business_connection_id = arrival.connection AND dialog.telegram_dialog_id = arrival.chat_id
), stored AS (
    INSERT INTO engine_inboundupdate
        (bot_id, update_id, source, dialog_id, kind, command, payload, sealed, status, processed_at)
    SELECT %(bot)s, update_id, %(source)s, dialog_id, kind, command, payload, sealed,
           CASE WHEN dialog_id IS NULL THEN 'done' ELSE 'pending' END,
           CASE WHEN dialog_id IS NULL THEN statement_timestamp() END
    FROM arrival ORDER BY place
    ON CONFLICT (bot_id, update_id) DO NOTHING
    RETURNING id, update_id
), said AS (
    INSERT INTO engine_message
        (dialog_id, person_id, direction, status, message_type, text, language, payload, external_message_id,
         origin, dedupe_key, timestamp)
    SELECT arrival.dialog_id, CASE WHEN arrival.is_own THEN arrival.partner ELSE person.id END,
           CASE WHEN arrival.is_own THEN 'outbound' ELSE 'inbound' END,
           CASE WHEN arrival.is_own THEN 'sent' ELSE 'delivered' END,
           arrival.message_type, arrival.text, arrival.language,
           arrival.media, arrival.message_id, 'update:' || stored.id,
           concat_ws(':', 'in', arrival.connection, arrival.chat_id, arrival.message_id),
           to_timestamp(arrival.date)
    FROM stored JOIN arrival USING (update_id)
    LEFT JOIN accounts_telegramuser AS person ON person.telegram_id = arrival.sender
    WHERE arrival.message_id <> '' AND arrival.edit_date = 0 AND arrival.dialog_id IS NOT NULL
    ORDER BY stored.id
    ON CONFLICT (dedupe_key) DO NOTHING
)
SELECT count(*) FROM stored
"""


@acting(user_id=SYSTEM, origin=Origin.CHAT, correlation_id="")
def store(updates: Sequence[Mapping[str, Any]], *, bot_id: int, source: str) -> int:
    """Store a batch of raw updates, each once, in the order given, and commit.

    An update that the database refuses is kept aside, failed, with its error; it never holds up the others.

    Args:
        updates: as the Bot API sent them, each with an integer `update_id`.
        bot_id: the bot they are for.
        source: one of `InboundUpdate.Source`.

    Returns:
        How many of them were new.

    Raises:
        Unreadable: one has no update_id.
        django.db.Error: the database did not take them; the batch should be offered again.
    """
    readable: list[Arrival] = []
    stored = 0
    for update in updates:
        arrivals.update_key(update)
        try:
            readable.append(arrivals.read(update))
        except Unreadable as error:
            stored += _quarantine(update, str(error), bot_id, source)
    try:
        return stored + _store(readable, bot_id, source)
    except (DataError, IntegrityError, UnicodeError, orjson.JSONEncodeError):
        return stored + sum(_store_alone(arrival, bot_id, source) for arrival in readable)


def _store(batch: Sequence[Arrival], bot_id: int, source: str) -> int:
    if not batch:
        return 0
    parameters: dict[str, Any] = {"bot": bot_id, "source": source}
    with transaction.atomic(), connection.cursor() as cursor:
        lock(bot_id)
        if not (batch := _not_known(batch, bot_id)):
            return 0
        sightings.record(arrival.sender for arrival in batch if arrival.sender)
        chats = [{name: getattr(arrival, name) for name in _OF_CHATS} for arrival in batch if arrival.chat_id]
        silent: set[tuple[str, str]] = set()
        if chats:
            cursor.execute(_DIALOGS, parameters | {"chats": orjson.dumps(chats).decode()})
            silent = set(cursor.fetchall())
        rows = [
            _row(place, arrival, is_kept=(arrival.connection, arrival.chat_id) not in silent)
            for place, arrival in enumerate(batch)
        ]
        cursor.execute(_UPDATES, parameters | {"arrivals": orjson.dumps(rows).decode()})
        stored = int(cursor.fetchone()[0])
        if stored:
            revisions.record(batch, rows, bot_id)
            wake.updates()
    return stored


def _not_known(batch: Sequence[Arrival], bot_id: int) -> list[Arrival]:
    """Leave out what is stored already: who has been erased since would be seen anew."""
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, [bot_id, [arrival.update_id for arrival in batch]])
        known = {number for (number,) in cursor.fetchall()}
    return [arrival for arrival in batch if arrival.update_id not in known]


def lock(bot_id: int) -> None:
    """Wait for whoever stores updates of this bot: keys are given and committed in order."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashint8(%s))", [INTAKE_LOCK, bot_id])


def _row(place: int, arrival: Arrival, *, is_kept: bool) -> dict[str, Any]:
    row = {
        "place": place,
        "update_id": arrival.update_id,
        "kind": arrival.kind,
        "payload": arrival.payload,
        "sealed": None,
        "chat_id": arrival.chat_id,
        "connection": arrival.connection,
        "command": arrival.command,
        "sender": arrival.sender.telegram_id if arrival.sender else None,
        "message_id": arrival.message_id,
        "message_type": arrival.message_type,
        # What goes out is HTML, whoever wrote it.
        "text": html.escape(arrival.text, quote=False) if arrival.is_own else arrival.text,
        "language": arrival.language,
        "date": arrival.date,
        "media": arrival.media,
        "is_own": arrival.is_own,
        "edit_date": arrival.edit_date,
    }
    if not is_kept:
        row |= {"payload": None, "sealed": sealing.seal(arrival.payload), "text": "", "media": {}}
        # Any word may stand behind a slash.
        row["command"] = arrival.command if arrival.command in registry.commands else ""
    return row


def _store_alone(arrival: Arrival, bot_id: int, source: str) -> int:
    try:
        return _store([arrival], bot_id, source)
    except (DataError, IntegrityError, UnicodeError, orjson.JSONEncodeError) as error:
        return _quarantine(
            arrival.payload, f"The database refused it: {type(error).__name__}", bot_id, source
        )


def _quarantine(update: Mapping[str, Any], error: str, bot_id: int, source: str) -> int:
    """Keep an update that cannot be handled for a person to look at, without what cannot be stored."""
    number = arrivals.update_key(update)
    payload = arrivals.conceal(_storable(update))
    kind = next((key for key in payload if key != "update_id"), "")
    with transaction.atomic():
        lock(bot_id)
        is_kept = _may_be_kept(payload, bot_id)
        _, created = InboundUpdate.objects.get_or_create(
            bot_id=bot_id,
            update_id=number,
            defaults={
                "source": source,
                "kind": kind[: arrivals.MAX_KIND],
                "payload": payload if is_kept else None,
                "sealed": None if is_kept else orjson.dumps(payload).decode(),
                "status": InboundUpdate.Status.FAILED,
                "error": error,
            },
        )
    logger.error("Update %s was put aside: %s", number, error)
    return int(created)


def _may_be_kept(update: Mapping[str, Any], bot_id: int) -> bool:
    """Whether an update that cannot be read is certainly of no chat without history."""
    silent = set(
        Dialog.objects.filter(bot_id=bot_id, keep_history=False).values_list("telegram_dialog_id", flat=True)
    )
    numbers = set(arrivals.chat_numbers(update)) if silent else set()
    return not silent or (bool(numbers) and numbers.isdisjoint(silent))


def _storable(value: Any, depth: int = 0) -> Any:
    """The value without NUL, half surrogate pairs, infinity, endless nesting: `jsonb` takes none.

    Numbers beyond 64 bits become strings: orjson, which writes what is sealed, takes none of these.
    """
    if isinstance(value, str):
        return value.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
    if isinstance(value, Mapping | list) and depth == MAX_DEPTH:
        return "…"
    if isinstance(value, Mapping):
        return {_storable(str(key)): _storable(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_storable(item, depth + 1) for item in value]
    if isinstance(value, int) and abs(value) >= 2**63:
        return str(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value
