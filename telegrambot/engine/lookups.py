"""What a batch of updates refers to: its chats, people and screens, each fetched with one query for all."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

from telegrambot.accounts.models import TelegramUser
from telegrambot.engine import sealing
from telegrambot.engine.handling import Screen
from telegrambot.engine.models import Dialog
from telegrambot.engine.pending import Pending

_OFFERED = """
SELECT pressed.chat, pressed.screen, message.id,
       array(SELECT button ->> 'data' FROM engine_message AS shown,
                    jsonb_path_query(shown.payload, '$.buttons[*][*]') AS button
             WHERE (shown.id = message.id OR shown.target_id = message.id) AND button ? 'data')
FROM unnest(%s::bigint[], %s::text[]) AS pressed(chat, screen)
JOIN engine_message AS message
  ON message.dialog_id = pressed.chat AND message.external_message_id = pressed.screen
 AND message.direction = 'outbound'
"""

_QUOTED = """
SELECT quoted.chat, quoted.number, message.origin
FROM unnest(%s::bigint[], %s::text[]) AS quoted(chat, number)
JOIN engine_message AS message
  ON message.dialog_id = quoted.chat AND message.external_message_id = quoted.number
 AND message.direction = 'outbound'
"""

# No view needs them, and time stamps are what costs most to read; one that does gets them on first use.
_SELDOM = ("created_at", "updated_at")


class Lookups:
    """The chats, people and screens of a batch."""

    def __init__(self, updates: Sequence[Pending]) -> None:
        self._dialogs = Dialog.objects.defer(*_SELDOM).in_bulk({update.dialog_id for update in updates})
        for dialog in self._dialogs.values():
            dialog.state = sealing.unsealed_state(dialog.state)
        senders = {sender for update in updates if (sender := _sender_id(update))}
        found = TelegramUser.objects.defer(*_SELDOM, "last_seen_at").filter(telegram_id__in=senders)
        self._people = {person.telegram_id: person for person in found}
        self._screens = _screens(updates)
        self._origins = _origins(updates)

    def dialog(self, update: Pending) -> Dialog:
        """The chat of an update."""
        return self._dialogs[update.dialog_id]

    def person(self, update: Pending) -> TelegramUser | None:
        """Who caused an update; None for channels and other bots."""
        return self._people.get(_sender_id(update))

    def screen(self, update: Pending) -> Screen | None:
        """The message whose button was pressed: only what the bot itself offered there may be pressed."""
        return self._screens.get(_screen_key(update))

    def quoted(self, update: Pending) -> str:
        """What made the bot's message that this one replies to; empty when it replies to none."""
        return self._origins.get(_quoted_key(update), "")


def _sender_id(update: Pending) -> int | None:
    body = update.payload[update.kind]
    sender = body.get("from") or body.get("user")
    return sender["id"] if sender and not sender.get("is_bot") else None


def _screen_key(update: Pending) -> tuple[int, str]:
    message = update.payload[update.kind].get("message") if update.kind == "callback_query" else None
    return update.dialog_id, str(message.get("message_id", "")) if message else ""


def _quoted_key(update: Pending) -> tuple[int, str]:
    quoted = update.payload["message"].get("reply_to_message") if update.kind == "message" else None
    return update.dialog_id, str(quoted.get("message_id", "")) if quoted else ""


def _origins(updates: Sequence[Pending]) -> dict[tuple[int, str], str]:
    quoted = [key for update in updates if (key := _quoted_key(update))[1]]
    if not quoted:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_QUOTED, [[chat for chat, _ in quoted], [number for _, number in quoted]])
        return {(chat, number): origin for chat, number, origin in cursor.fetchall()}


def _screens(updates: Sequence[Pending]) -> dict[tuple[int, str], Screen]:
    pressed = [_screen_key(update) for update in updates if update.kind == "callback_query"]
    if not pressed:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_OFFERED, [[chat for chat, _ in pressed], [screen for _, screen in pressed]])
        return {
            (chat, screen): Screen(key, frozenset(offered))
            for chat, screen, key, offered in cursor.fetchall()
        }
