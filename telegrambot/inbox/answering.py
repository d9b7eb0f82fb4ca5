"""Answer a person: through the outbox, once, by somebody whose name is known."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from audit.actors import names
from audit.services import record
from telegrambot.accounts.models import TelegramUser
from telegrambot.engine import outbox
from telegrambot.engine.chat import Button, Reply
from telegrambot.engine.models import Message, Priority
from telegrambot.engine.personal_markup import validate_html
from telegrambot.engine.replies import Media
from telegrambot.engine.splitting import split
from telegrambot.inbox import business, notices, saved_replies, services
from telegrambot.inbox.desk import superseding
from telegrambot.inbox.exceptions import (
    AnotherIsOpen,
    AnsweredMeanwhile,
    KeyTooLong,
    NothingToAnswer,
    PersonBlockedBot,
    WrongAnswer,
)
from telegrambot.inbox.models import Conversation, SavedReply

# How its origin tells who wrote an answer.
AUTHOR = "operator:"
MAX_KEY = 80


@transaction.atomic
def answer(
    conversation: Conversation,
    text: str = "",
    *,
    media: Media | Sequence[Media] = (),
    buttons: Sequence[Sequence[Button]] = (),
    saved_reply: SavedReply | None = None,
    key: str,
    seen_up_to: int | None = None,
    expects_last_inbound: int | None = None,
    actor: TelegramUser | None,
) -> list[int]:
    """Send the person an answer. A closed conversation opens again, or its successor gets the answer.

    Args:
        text: Telegram HTML; empty with a saved reply: that one's own text.
        media: what goes with it.
        buttons: rows of buttons below it.
        saved_reply: which one was used.
        key: made when the form was; an answer with a known key was sent already.
        seen_up_to: the key of the last message that the operator has seen; None: all.
        expects_last_inbound: the key of the message it answers: it is not sent when the person has written
            since. None: it is sent anyway.

    Returns:
        The keys of the messages; none when the key is known.

    Raises:
        ConversationNotFound: it was erased meanwhile.
        AnsweredMeanwhile: somebody else has answered since `seen_up_to`.
        NothingToAnswer: there is neither text nor file.
        WrongAnswer: Telegram would refuse the text.
        PersonBlockedBot, AccountDisconnected, AccountNotServed, MayNotAnswer, AnsweringWindowOver: it would
            not arrive.
        KeyTooLong: the key is longer than `MAX_KEY`.
    """
    if len(key) > MAX_KEY:
        raise KeyTooLong
    row = _locked_open(conversation, actor)
    if Message.objects.filter(dedupe_key=key_of_first(row.dialog_id, key)).exists():
        return []
    who = services.who_acts(actor)
    _require_nobody_else(row, seen_up_to, who)
    _require_reachable(row)
    if saved_reply is not None and not text:
        text = saved_replies.filled(saved_reply, row.dialog.person)
    _check(text, media)
    queued = outbox.say(
        Reply(text, buttons, media),
        dialog_id=row.dialog_id,
        person_id=row.dialog.person_id,
        priority=Priority.APPROVED_REPLY,
        origin=f"{AUTHOR}{who}",
        key=_full_key(row.dialog_id, key),
        expects_last_inbound=expects_last_inbound,
    )
    if saved_reply is not None:
        saved_replies.note_use(saved_reply)
    unseen = _count(row, queued, seen_up_to, who, actor)
    # What the operator has not seen still needs its draft.
    if expects_last_inbound is None and unseen is None:
        superseding.answered_by_hand(row.dialog)
    return queued


def key_of_first(dialog_id: int, key: str) -> str:
    """The unique key of the first message of an answer; `key` as given to `answer`."""
    return f"{_full_key(dialog_id, key)}:0"


def author_of(message: Message) -> str:
    """The canonical id of the operator who wrote a message; empty for what the bot said by itself."""
    return message.origin.removeprefix(AUTHOR) if message.origin.startswith(AUTHOR) else ""


def problem_of(message: Message) -> str:
    """Why a message did not arrive, or may not have; empty when all is well."""
    reason = message.error.strip().partition("\n")[0]
    match message.status:
        case Message.Status.FAILED if "blocked" in reason.lower():
            return _("Not delivered: the person has blocked the bot.")
        case Message.Status.FAILED if "deactivated" in reason.lower():
            return _("Not delivered: the person's account does not exist any more.")
        case Message.Status.FAILED:
            return _("Not delivered: {reason}").format(reason=reason)
        case Message.Status.UNCERTAIN:
            return _("Perhaps not delivered: Telegram did not answer. Send it again if it does not show.")
        case Message.Status.CANCELLED:
            return _("Not sent: it was taken back.")
    return ""


def _full_key(dialog_id: int, key: str) -> str:
    return f"answer:{dialog_id}:{key}"


def _locked_open(conversation: Conversation, actor: TelegramUser | None) -> Conversation:
    row = services.locked(conversation)
    if row.is_active:
        return row
    try:
        services.reopen(row, actor=actor)
    except AnotherIsOpen:
        row = services.with_person(row.dialog, actor=actor)
    return services.locked(row)


def _require_nobody_else(row: Conversation, seen_up_to: int | None, who: str) -> None:
    if seen_up_to is None or row.last_answer_id is None:
        return
    if row.last_answer_id > seen_up_to and row.answered_by != who:
        raise AnsweredMeanwhile(name=names([row.answered_by])[row.answered_by])


def _require_reachable(row: Conversation) -> None:
    person = row.dialog.person
    if person is not None and person.blocked_at is not None and row.dialog.is_private_with_bot:
        raise PersonBlockedBot(name=person)
    business.require_may_answer(row.dialog, business.last_heard(row.dialog))


def _check(text: str, media: Media | Sequence[Media]) -> None:
    if not media and not split(text):
        raise NothingToAnswer
    try:
        for part in split(text):
            validate_html(part)
    except ValidationError as error:
        raise WrongAnswer(problem=" ".join(error.messages)) from None


def _count(
    row: Conversation, queued: list[int], seen_up_to: int | None, who: str, actor: TelegramUser | None
) -> datetime | None:
    """Count the answer; returns since when the person waits for another one."""
    services.mark_read(row, up_to=seen_up_to, actor=actor)
    unseen = services.first_unanswered(row, seen_up_to)
    Conversation.objects.filter(pk=row.pk).update(
        last_answer_id=queued[-1],
        answered_by=who,
        last_outbound_at=Now(),
        last_activity=Now(),
        waiting_since=unseen,
        message_count=row.message_count + len(queued),
    )
    if unseen is None:
        notices.withdraw(row)
    record("inbox.conversation.answered", row, details={"messages": queued})
    return unseen
