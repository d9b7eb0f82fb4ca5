"""What a draft is made from: this one chat, and what may be told to the person in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from html import unescape

from django.db.models import Q
from django.utils.html import strip_tags

from telegrambot.accounts.models import TelegramUser
from telegrambot.engine import knowledge
from telegrambot.engine.models import Dialog, Message, Priority
from telegrambot.inbox.drafting.context import Context, Example, Line
from telegrambot.inbox.models import DraftReply, HeldText

MAX_LINES = 60
MAX_EXAMPLES = 6
# What the bot says by itself (a menu, "your message has arrived") answers nobody.
_BY_PEOPLE = Q(direction=Message.Direction.INBOUND) | Q(priority=Priority.APPROVED_REPLY)
_SAID = (Message.Status.SENT, Message.Status.DELIVERED, Message.Status.READ)


@dataclass(frozen=True, slots=True)
class Batch:
    """What waits to be answered, and all that is known around it.

    Attributes:
        last_message_id: the person's last message, the one the draft answers.
        message_ids: the messages that the model is given.
    """

    context: Context
    last_message_id: int
    last_message_timestamp: datetime
    message_ids: tuple[int, ...]


def read(dialog: Dialog, *, operator: TelegramUser | None) -> Batch | None:
    """Read what a draft for a chat would be made from; None when nobody there waits for an answer.

    Only this dialog's messages, only what its person may read: nothing of anybody else's.
    """
    messages = list(
        Message.objects.filter(_BY_PEOPLE, dialog=dialog, operation=Message.Operation.SEND, status__in=_SAID)
        .exclude(message_type="service")
        .exclude(revisions__operation=Message.Operation.DELETE)
        .exclude(direction=Message.Direction.INBOUND, text__startswith="/")  # what it told the bot itself
        .order_by("-timestamp", "-pk")[:MAX_LINES]
    )
    # Telegram counts whole seconds: what was asked in the second of our answer would seem to precede it.
    messages.sort(key=lambda message: message.pk)
    asked = [message for message in messages if message.direction == Message.Direction.INBOUND]
    if not asked:
        return None
    newest = max(asked, key=lambda message: message.pk)
    # Asked before the wordings are read: an edit after this one asks for another draft.
    last_edit = (
        Message.objects.filter(
            dialog=dialog,
            direction=Message.Direction.INBOUND,
            operation=Message.Operation.EDIT,
            pk__gt=newest.pk,
        )
        .order_by("-pk")
        .values_list("pk", flat=True)
        .first()
    )
    held = dict(HeldText.objects.filter(dialog=dialog).values_list("message_id", "text"))
    edits = _edited(messages)
    lines, keys = [], []
    for message in messages:
        text = _text(message, held, edits)
        if text:
            lines.append(Line(text, is_ours=message.direction == Message.Direction.OUTBOUND))
            keys.append(message.pk)
    if not lines or lines[-1].is_ours:
        return None
    person = dialog.person
    context = Context(
        lines=lines,
        language=newest.language if newest.language in {"ru", "en"} else "",
        person=person,
        examples=_examples(dialog, operator),
    )
    if person is not None:
        found = knowledge.search(context.question, person)
        context = Context(context.lines, context.language, person, "", found, context.examples)
    return Batch(context, last_edit or newest.pk, newest.timestamp, tuple(keys))


def _text(message: Message, held: dict[int, str], edits: dict[int, str]) -> str:
    if message.direction == Message.Direction.INBOUND:
        return edits.get(message.pk) or message.text or held.get(message.pk, "")
    # What we said is Telegram HTML.
    return unescape(strip_tags(edits.get(message.pk) or message.text))


def _edited(messages: list[Message]) -> dict[int, str]:
    """The last wording of messages that were edited."""
    edits = Message.objects.filter(
        target__in=[message.pk for message in messages],
        operation=Message.Operation.EDIT,
        status__in=_SAID,
    )
    return dict(edits.order_by("pk").values_list("target_id", "text"))


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
