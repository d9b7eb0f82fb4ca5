"""What a draft is made from: this one chat, and what may be told to the person in it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from telegrambot.accounts.models import TelegramUser
from telegrambot.engine import knowledge
from telegrambot.engine.models import Dialog, Message
from telegrambot.inbox.desk import summaries, transcript
from telegrambot.inbox.drafting.context import Context, Example
from telegrambot.inbox.models import Conversation, DraftReply

# A summary goes on where these end.
MAX_LINES = summaries.KEPT + summaries.STEP
MAX_EXAMPLES = 6


@dataclass(frozen=True, slots=True)
class Batch:
    """What waits to be answered, and all that is known around it.

    Attributes:
        last_message_id: the last that the person said or edited; what comes after it outdates the draft.
        message_ids: the messages that the model is given.
        leaves_behind: whether enough messages will soon be too old to be given, and no summary tells of them.
    """

    context: Context
    last_message_id: int
    last_message_timestamp: datetime
    message_ids: tuple[int, ...]
    leaves_behind: bool = False


def read(dialog: Dialog, *, operator: TelegramUser | None) -> Batch | None:
    """Read what a draft for a chat would be made from; None when nobody there waits for an answer.

    Only this dialog's messages, only what its person may read: nothing of anybody else's.
    """
    # Before the wordings are read: what is said or edited after this asks for another draft. It may be none
    # of them: the edit of an old message comes late.
    last = transcript.asking(dialog.pk).order_by("-pk").values_list("pk", flat=True).first()
    messages = list(transcript.spoken(dialog)[:MAX_LINES])
    asked = [message for message in messages if message.direction == Message.Direction.INBOUND]
    if last is None or not asked:
        return None
    unanswered = _unanswered(dialog, asked)
    # Telegram counts whole seconds: what was asked in the second of our answer would seem to precede it. What
    # an operator had not seen when they answered follows that answer all the same.
    messages.sort(key=lambda message: (message.pk in unanswered, message.pk))
    newest = max(asked, key=lambda message: message.pk)
    keys_and_lines = transcript.lines(dialog, messages)
    lines = [line for _, line in keys_and_lines]
    if not lines or lines[-1].is_ours:
        return None
    summary = summaries.current(dialog)
    context = Context(
        lines=lines,
        language=newest.language if newest.language in {"ru", "en"} else "",
        person=dialog.person,
        summary=summary.text if summary else "",
        examples=_examples(dialog, operator),
    )
    if dialog.person is not None:
        context = replace(context, excerpts=knowledge.search(context.question, dialog.person))
    return Batch(
        context,
        last,
        newest.timestamp,
        tuple(key for key, _ in keys_and_lines),
        leaves_behind=summaries.are_left_behind(dialog, [message.pk for message in messages], summary),
    )


def _unanswered(dialog: Dialog, asked: list[Message]) -> set[int]:
    """The keys of the messages with which the person waits, from the one on with which that began."""
    found = Conversation.objects.filter(dialog=dialog, is_active=True)
    since = found.values_list("waiting_since", flat=True).first()
    # Of several in the same second those before the last may have had their answer.
    first = max((message.pk for message in asked if message.timestamp == since), default=None)
    return {message.pk for message in asked if first is not None and message.pk >= first}


def _examples(dialog: Dialog, operator: TelegramUser | None) -> list[Example]:
    """What operators made of earlier drafts, newest first.

    Of other people's drafts only what kind of fault they had: a reason in words may speak of somebody.
    """
    decided = DraftReply.objects.filter(status__in=["rejected", "sent"]).order_by("-pk")
    own = decided.filter(dialog=dialog).exclude(status="sent", edit_share=0)[:MAX_EXAMPLES]
    examples = [
        Example(
            suggested=draft.suggested_response,
            sent="" if draft.status == DraftReply.Status.REJECTED else draft.text,
            reason=draft.rejection_reason,
            is_same_person=True,
        )
        for draft in own
        if draft.suggested_response
    ]
    faults = decided.exclude(dialog=dialog).exclude(fault="").filter(status="rejected", operator=operator)
    common = {draft.fault: draft.get_fault_display() for draft in faults.only("fault")[:50]}
    return (
        examples + [Example(reason=str(fault)) for fault in common.values()][: MAX_EXAMPLES - len(examples)]
    )
