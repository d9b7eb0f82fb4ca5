"""What a batch of updates refers to: its chats, people and screens, each fetched with one query for all."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

from telegrambot.accounts.models import TelegramUser
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

# No view needs them, and time stamps are what costs most to read; one that does gets them on first use.
_SELDOM = ("created_at", "updated_at")


class Lookups:
    """The chats, people and screens of a batch."""

    def __init__(self, updates: Sequence[Pending]) -> None:
        self._dialogs = Dialog.objects.defer(*_SELDOM).in_bulk({update.dialog_id for update in updates})
        senders = {sender for update in updates if (sender := _sender_id(update))}
        found = TelegramUser.objects.defer(*_SELDOM, "last_seen_at").filter(telegram_id__in=senders)
        self._people = {person.telegram_id: person for person in found}
        self._screens = _screens(updates)

    def dialog(self, update: Pending) -> Dialog:
        """The chat of an update."""
        return self._dialogs[update.dialog_id]

    def person(self, update: Pending) -> TelegramUser | None:
        """Who caused an update; None for channels and other bots."""
        return self._people.get(_sender_id(update))

    def screen(self, update: Pending) -> Screen | None:
        """The message whose button was pressed: only what the bot itself offered there may be pressed."""
        return self._screens.get(_screen_key(update))


def _sender_id(update: Pending) -> int | None:
    sender = update.payload[update.kind].get("from")
    return sender["id"] if sender and not sender.get("is_bot") else None


def _screen_key(update: Pending) -> tuple[int, str]:
    message = update.payload[update.kind].get("message") if update.kind == "callback_query" else None
    return update.dialog_id, str(message.get("message_id", "")) if message else ""


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
