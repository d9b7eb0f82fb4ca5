"""Switch the history of a chat off and on.

Off means: from the commit on nothing that is said in the chat is kept in plain, and what was kept is erased
by a background job that begins at once. Whoever stores a text looks at the switch under a lock that this
waits for (intake's; the row of the chat), so none slips through.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import orjson
from django.db import connection, transaction
from django.db.models import Max, Q, QuerySet

from telegrambot.accounts.actors import actor_id
from telegrambot.accounts.models import TelegramUser, User
from telegrambot.engine import arrivals, intake, outbox, sealing
from telegrambot.engine.models import Dialog, FetchedMedia, InboundUpdate, Message
from telegrambot.engine.routing import registry

logger = logging.getLogger(__name__)

BATCH = 500
# What other apps have kept of what was said in a chat.
Forget = Callable[[Dialog], None]
_forgetters: list[Forget] = []
# The messages of other chats in which they have shown it.
Elsewhere = Callable[[Dialog], Q]
_elsewhere: list[Elsewhere] = []
_UNFINISHED = (Message.Status.QUEUED, Message.Status.SENDING, Message.Status.UNCERTAIN)

# What was sent may still be deleted, and its buttons pressed: numbers and callback data stay.
_ERASE_MESSAGES = """
UPDATE engine_message AS message
SET text = '', error = '', payload = jsonb_strip_nulls(jsonb_build_object(
        'message_ids', payload -> 'message_ids',
        'buttons', (SELECT jsonb_build_array(jsonb_agg(jsonb_build_object('data', button -> 'data')))
                    FROM jsonb_path_query(message.payload, '$.buttons[*][*]') AS button
                    WHERE button ? 'data' HAVING count(*) > 0)))
WHERE id = ANY(%s)
"""


def when_switched_off(forget: Forget) -> Forget:
    """Register what another app erases when a chat's history is switched off, in the same transaction."""
    _forgetters.append(forget)
    return forget


def shown_elsewhere(find: Elsewhere) -> Elsewhere:
    """Register how to find messages of other chats that repeat what was said in one; they are erased with it.

    Those that name its person (`Message.about`) are found without.
    """
    _elsewhere.append(find)
    return find


@transaction.atomic
def set_keep_history(dialog: Dialog, keep: bool, *, actor: TelegramUser | User | None) -> bool:
    """Keep what is said in a chat from now on, or keep nothing and erase what was kept.

    Returns:
        Whether it was otherwise before.
    """
    # In this order: intake, which waits for the first, needs the second to commit.
    intake.lock(dialog.bot_id)
    locked = Dialog.objects.select_for_update().get(pk=dialog.pk)
    dialog.keep_history = keep
    if locked.keep_history == keep:
        return False
    locked.keep_history, state = keep, sealing.unsealed_state(locked.state)
    locked.state = state if keep else sealing.sealed_state(state)
    if not keep:
        _seal_unfinished(locked)
        for forget in _forgetters:
            forget(locked)
        _erase_later(locked)
    locked.save(update_fields=["keep_history", "state"])
    logger.info("History of chat %s %s by %s", locked.pk, "on" if keep else "off", actor_id(actor))
    return True


def erase_batch(dialog_id: int, *, updates_up_to: int, messages_up_to: int, after: int) -> int | None:
    """Erase the texts of some messages of a chat, oldest first, and those of its updates when none is left.

    What repeats them in other chats is erased with them, or encrypted while it still has to be sent.

    Args:
        updates_up_to: the newest update that was kept.
        messages_up_to: the newest message there was.
        after: the key of the last message that is done.

    Returns:
        The key to go on after; None when all is done, or the chat itself was erased meanwhile.
    """
    if (dialog := Dialog.objects.filter(pk=dialog_id).first()) is None:
        return None
    kept = Message.objects.filter(_repeating(dialog), pk__gt=after, pk__lte=messages_up_to)
    with transaction.atomic():
        found = list(kept.order_by("pk").defer("sealed").select_for_update(no_key=True)[:BATCH])
        if found:
            keys = [message.pk for message in found]
            FetchedMedia.objects.filter(message__in=keys).delete()
            # The chat's own were sealed at the switch.
            _seal_waiting(Message.objects.filter(pk__in=keys))
            settled = [message for message in found if message.status not in _UNFINISHED]
            outbox.drop_files(
                [file for message in settled for file in outbox.files_of(message.payload)],
                made_for=Q(dialog=dialog, pk__lte=messages_up_to),
            )
            with connection.cursor() as cursor:
                cursor.execute(_ERASE_MESSAGES, [[message.pk for message in settled]])
            return found[-1].pk
    while _erase_updates(dialog_id, updates_up_to):
        pass
    _erase_put_aside(dialog)
    return None


def _repeating(dialog: Dialog) -> Q:
    """Whatever says what was said in a chat. Of a person's chats nobody knows which one is repeated."""
    found = Q(dialog=dialog)
    if dialog.person_id is not None:
        found |= Q(about=dialog.person_id)
    for find in _elsewhere:
        found |= find(dialog)
    return found


def _seal_unfinished(dialog: Dialog) -> None:
    """Encrypt what still has to be handled or sent."""
    updates = InboundUpdate.objects.filter(dialog=dialog, payload__isnull=False).order_by("pk")
    for update in updates.exclude(status=InboundUpdate.Status.DONE).iterator(BATCH):
        update.sealed, update.payload = orjson.dumps(update.payload).decode(), None
        update.command = update.command if update.command in registry.commands else ""
        update.save(update_fields=["sealed", "payload", "command"])
    files = _seal_waiting(Message.objects.filter(dialog=dialog))
    for stored in outbox.unneeded_files().filter(pk__in=files, is_sealed=False).iterator(1):
        stored.content, stored.is_sealed, stored.name = sealing.seal_file(bytes(stored.content)), True, ""
        stored.save(update_fields=["content", "is_sealed", "name"])


def _seal_waiting(messages: QuerySet[Message]) -> list[str]:
    """Encrypt those that still have to be sent; returns the files that they name."""
    waiting = messages.filter(sealed__isnull=True, status__in=_UNFINISHED).exclude(text="", payload={})
    files: list[str] = []
    # The sender may be settling one of them just now.
    for message in waiting.order_by("pk").select_for_update(no_key=True).iterator(BATCH):
        files += outbox.files_of(message.payload)
        seal_message(message)
        message.save(update_fields=["sealed", "text", "payload", "error"])
    return files


def seal_message(message: Message) -> None:
    """Move what a message says into its sealed content; the caller saves it."""
    message.error = sealing.without_quotation(message.error)
    message.sealed = orjson.dumps({"text": message.text, "payload": message.payload}).decode()
    message.text, message.payload = "", sealing.skeleton(message.payload)


def _erase_later(dialog: Dialog) -> None:
    from telegrambot.engine import tasks  # it calls this module

    last_update = InboundUpdate.objects.filter(dialog=dialog).aggregate(key=Max("pk"))["key"]
    last_message = Message.objects.aggregate(key=Max("pk"))["key"]
    tasks.erase_history.defer(
        dialog_id=dialog.pk, updates_up_to=last_update or 0, messages_up_to=last_message or 0
    )


def _erase_updates(dialog_id: int, up_to: int) -> int:
    kept = InboundUpdate.objects.filter(dialog=dialog_id, pk__lte=up_to, payload__isnull=False)
    keys = list(kept.order_by("-pk").values_list("pk", flat=True)[:BATCH])
    erased = InboundUpdate.objects.filter(pk__in=keys)
    erased.exclude(command__in=registry.commands).update(command="")
    return erased.update(payload=None)


def _erase_put_aside(dialog: Dialog) -> None:
    """Erase updates that could not be read and name the chat: they belong to none."""
    aside = InboundUpdate.objects.filter(
        status=InboundUpdate.Status.FAILED, dialog=None, bot_id=dialog.bot_id, payload__isnull=False
    )
    for update in aside.order_by("-pk").iterator(BATCH):
        if dialog.telegram_dialog_id in arrivals.chat_numbers(update.payload):
            InboundUpdate.objects.filter(pk=update.pk).update(payload=None)
