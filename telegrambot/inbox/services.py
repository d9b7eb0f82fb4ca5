"""The life of a conversation: it opens, waits, is assigned, read, closed. Each function is one transaction.

An operator's decision locks the conversation and nothing else: dispatch, which holds the chat, may be
handling other chats in the same transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, connection, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from audit.context import current
from audit.services import record
from telegrambot.accounts.actors import actor_id
from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.engine.models import Dialog, Message
from telegrambot.inbox import notes, notices
from telegrambot.inbox.desk import superseding
from telegrambot.inbox.exceptions import AnotherIsOpen, ConversationNotFound, NotAnOperator
from telegrambot.inbox.models import Conversation

_RECEIVE = """
INSERT INTO inbox_conversation AS known
    (dialog_id, started_at, last_activity, last_inbound_at, waiting_since, unread_since,
     message_count, unread_count)
VALUES (%(dialog)s, %(moment)s, %(moment)s, %(moment)s, %(moment)s, %(moment)s, 1, 1)
ON CONFLICT (dialog_id) WHERE is_active DO UPDATE
SET last_activity = greatest(known.last_activity, EXCLUDED.last_activity),
    last_inbound_at = greatest(known.last_inbound_at, EXCLUDED.last_inbound_at),
    waiting_since = coalesce(known.waiting_since, EXCLUDED.waiting_since),
    unread_since = coalesce(known.unread_since, EXCLUDED.unread_since),
    message_count = known.message_count + 1, unread_count = known.unread_count + 1
RETURNING id, xmax = 0, waiting_since = %(moment)s
"""

# Whoever waits is not sent away: somebody has to close what nobody has answered. An array is read once; after
# IN the limit would count anew each time that the planner has the inner query repeated.
_CLOSE_QUIET = """
UPDATE inbox_conversation
SET is_active = false, closed_at = statement_timestamp(), unread_count = 0, unread_since = NULL
WHERE id = ANY (ARRAY(
    SELECT id FROM inbox_conversation
    WHERE is_active AND waiting_since IS NULL
      AND last_activity < statement_timestamp() - make_interval(secs => %(seconds)s)
    ORDER BY last_activity, id LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED))
"""


@dataclass(frozen=True, slots=True)
class Received:
    """What a message did to its conversation.

    Attributes:
        is_new: whether it opened it.
        begins_waiting: whether nobody waited there before.
    """

    conversation_id: int
    is_new: bool
    begins_waiting: bool


def find(conversation_id: int) -> Conversation:
    """Return a conversation with its chat, its person and who answers.

    Raises:
        ConversationNotFound: it was erased meanwhile.
    """
    found = Conversation.objects.select_related("dialog__person", "assigned_to").filter(pk=conversation_id)
    if (conversation := found.first()) is None:
        raise ConversationNotFound
    return conversation


def operators() -> QuerySet[TelegramUser]:
    """Who works in the inbox."""
    return TelegramUser.objects.filter(role__gte=Role.ADMIN, is_active=True).order_by("first_name", "pk")


def operator(telegram_id: int) -> TelegramUser:
    """Return the operator behind a button.

    Raises:
        NotAnOperator: they may not work in the inbox (any more).
    """
    found = operators().filter(telegram_id=telegram_id).first()
    if found is None:
        raise NotAnOperator(name=telegram_id)
    return found


# ── What people say ───────────────────────────────────────────────────────────────────────────────────────


def receive(dialog: Dialog, moment: datetime) -> Received:
    """Count a message that waits for an answer; opens a conversation where none is open.

    Args:
        dialog: the chat, locked by the caller.
        moment: when it was said.
    """
    with connection.cursor() as cursor:
        cursor.execute(_RECEIVE, {"dialog": dialog.pk, "moment": moment})
        return Received(*cursor.fetchone())


def answered_elsewhere(dialog: Dialog, moment: datetime) -> None:
    """Note that a business account's owner has answered in Telegram itself."""
    row = Conversation.objects.filter(dialog=dialog, is_active=True).first()
    if row is None:
        return
    Conversation.objects.filter(pk=row.pk).update(
        last_outbound_at=moment,
        last_activity=moment,
        waiting_since=None,
        unread_count=0,
        unread_since=None,
        message_count=F("message_count") + 1,
    )
    notices.withdraw(row)


def forget_deleted(dialog: Dialog) -> bool:
    """Count anew what waits in a chat in which somebody has deleted what they said.

    Returns:
        Whether anything is left to answer; else nobody waits any more.
    """
    row = Conversation.objects.select_for_update(no_key=True).filter(dialog=dialog, is_active=True).first()
    if row is None or row.waiting_since is None:
        return False
    left = _inbound(row).exclude(revisions__operation=Message.Operation.DELETE)
    waiting = left.filter(timestamp__gte=row.waiting_since).exclude(text__startswith="/")
    row.waiting_since = waiting.order_by("timestamp").values_list("timestamp", flat=True).first()
    if row.unread_since is not None:
        unread = left.filter(status=Message.Status.DELIVERED, timestamp__gte=row.unread_since)
        row.unread_count = min(row.unread_count, unread.count())
        row.unread_since = row.unread_since if row.unread_count else None
    row.save(update_fields=["waiting_since", "unread_count", "unread_since"])
    if row.waiting_since is None:
        notices.withdraw(row)
    return row.waiting_since is not None


# ── What operators decide ─────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def with_person(dialog: Dialog, *, actor: TelegramUser | None) -> Conversation:
    """Return the open conversation of a chat, opening one if there is none."""
    made, _is_new = Conversation.objects.get_or_create(dialog=dialog, is_active=True)
    return find(made.pk)


@transaction.atomic
def assign(
    conversation: Conversation, person: TelegramUser | None, *, note: str = "", actor: TelegramUser | None
) -> None:
    """Let `person` answer: the actor takes it, or hands it over; None: nobody in particular.

    Whoever gets it from somebody else is told, with the note.

    Raises:
        ConversationNotFound: it was erased meanwhile.
        NotAnOperator: `person` may not work in the inbox.
        NoteTooLong: the note is.
    """
    row = locked(conversation)
    if person is not None and not operators().filter(pk=person.pk).exists():
        raise NotAnOperator(name=person)
    if note.strip():
        notes.add(row, note, actor=actor)
    if row.assigned_to_id == (person.pk if person else None):
        return
    event = _kind_of_assignment(row, person, actor)
    row.assigned_to = conversation.assigned_to = person
    row.save(update_fields=["assigned_to"])
    record(event, row, details={"person": str(person.pk)} if person else None)
    if event == "inbox.conversation.handed_over" and person is not None:
        notices.tell_handed_over(row, person, note.strip(), actor)


@transaction.atomic
def close(conversation: Conversation, *, actor: TelegramUser | None) -> None:
    """Close it, also when somebody still waits, and take its draft back; does nothing when it is closed.

    Raises:
        ConversationNotFound: it was erased meanwhile.
    """
    row = locked(conversation)
    if row.is_active:
        mark_read(row, actor=actor)
        row.is_active, row.waiting_since = False, None
        Conversation.objects.filter(pk=row.pk).update(is_active=False, waiting_since=None, closed_at=Now())
        notices.withdraw(row)
        superseding.supersede(row.dialog)
        record("inbox.conversation.closed", row)


@transaction.atomic
def reopen(conversation: Conversation, *, actor: TelegramUser | None) -> None:
    """Open it again; does nothing when it is open.

    Raises:
        ConversationNotFound: it was erased meanwhile.
        AnotherIsOpen: the person has begun a newer one.
    """
    row = locked(conversation)
    if row.is_active:
        return
    try:
        with transaction.atomic():
            # Else it would close itself at once.
            Conversation.objects.filter(pk=row.pk).update(is_active=True, closed_at=None, last_activity=Now())
    except IntegrityError:
        raise AnotherIsOpen from None
    record("inbox.conversation.reopened", row)


@transaction.atomic
def mark_read(conversation: Conversation, *, up_to: int | None = None, actor: TelegramUser | None) -> int:
    """Mark what the person wrote as read; returns how many messages were not read before.

    Args:
        up_to: the key of the last message that was read; None: all.

    Raises:
        ConversationNotFound: it was erased meanwhile.
    """
    row = locked(conversation)
    if row.unread_since is None:
        return 0
    unread = _inbound(row).filter(status=Message.Status.DELIVERED, timestamp__gte=row.unread_since)
    read = (unread if up_to is None else unread.filter(pk__lte=up_to)).update(status=Message.Status.READ)
    # What was not waited for, such as a command, is not counted.
    newer = unread.order_by("timestamp").values_list("timestamp", flat=True)[: row.unread_count]
    left = [] if up_to is None else list(newer)
    since = left[0] if left else None
    Conversation.objects.filter(pk=row.pk).update(unread_count=len(left), unread_since=since)
    conversation.unread_count, conversation.unread_since = len(left), since
    return read


@transaction.atomic
def mark_unread(conversation: Conversation, *, actor: TelegramUser | None) -> None:
    """Mark the person's last message as not read; does nothing when there is something unread.

    Raises:
        ConversationNotFound: it was erased meanwhile.
    """
    row = locked(conversation)
    last = _inbound(row).order_by("-pk").first()
    if row.unread_since is not None or last is None:
        return
    Message.objects.filter(pk=last.pk).update(status=Message.Status.DELIVERED)
    Conversation.objects.filter(pk=row.pk).update(unread_count=1, unread_since=last.timestamp)
    conversation.unread_count, conversation.unread_since = 1, last.timestamp


def first_unanswered(row: Conversation, seen_up_to: int | None) -> datetime | None:
    """Since when the person waits once what was seen is answered; None: they do not.

    Args:
        seen_up_to: the key of the last message that the operator has seen; None: all.
    """
    if seen_up_to is None or row.waiting_since is None or row.last_inbound_at is None:
        return None
    unseen = _inbound(row).filter(pk__gt=seen_up_to, timestamp__lte=row.last_inbound_at)
    # Commands are answered by the bot.
    return unseen.exclude(text__startswith="/").order_by("pk").values_list("timestamp", flat=True).first()


# ── The program ───────────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def close_quiet(after: timedelta, limit: int = 1000) -> int:
    """Close at most `limit` conversations in which nobody waits and nothing was said for so long."""
    with connection.cursor() as cursor:
        cursor.execute(_CLOSE_QUIET, {"seconds": after.total_seconds(), "limit": limit})
        return cursor.rowcount


def locked(conversation: Conversation) -> Conversation:
    """The row as it is now, locked until the transaction ends.

    Its chat is locked before it, as by whoever handles a message: in another order both could wait for ever.

    Raises:
        ConversationNotFound: it was erased meanwhile.
    """
    Dialog.objects.select_for_update(no_key=True).filter(pk=conversation.dialog_id).first()
    rows = Conversation.objects.select_for_update(no_key=True, of=("self",))
    found = rows.select_related("dialog__person", "assigned_to").filter(pk=conversation.pk).first()
    if found is None:
        raise ConversationNotFound
    return found


def who_acts(actor: TelegramUser | None) -> str:
    """The canonical id of whoever acts; a superuser without a person has one too."""
    return actor_id(actor) if actor is not None else current().user_id


def _kind_of_assignment(row: Conversation, person: TelegramUser | None, actor: TelegramUser | None) -> str:
    if person is None:
        return "inbox.conversation.released"
    is_own = actor is not None and person.pk == actor.pk
    return "inbox.conversation.assigned" if is_own else "inbox.conversation.handed_over"


def _inbound(row: Conversation) -> QuerySet[Message]:
    return Message.objects.filter(
        dialog=row.dialog_id, direction=Message.Direction.INBOUND, operation=Message.Operation.SEND
    )
