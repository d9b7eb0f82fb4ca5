"""Summaries of what was said in a chat too long ago to be given to a model word for word.

Nothing is ever missing between a summary and the messages that a draft is made from: the next summary is made
while the messages it takes in are still given in full.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from django.db import transaction

from telegrambot.engine import history
from telegrambot.engine.models import Dialog, Message
from telegrambot.inbox.desk import asking, choices, limits, queueing, transcript
from telegrambot.inbox.drafting import summaries as drafting
from telegrambot.inbox.drafting.context import Context
from telegrambot.inbox.drafting.summaries import Summary
from telegrambot.inbox.models import DialogSummary, Provider

# The newest messages stay out of summaries; beside them so many must have gathered to be worth a call.
KEPT, STEP = 40, 20
# What came before these is in no summary: of a chat that was long already when drafting began.
_MOST = 200


def current(dialog: Dialog) -> DialogSummary | None:
    """A chat's summary; None when there is none, or when what it tells of was edited or deleted since."""
    found = DialogSummary.objects.filter(dialog=dialog).first()
    if found is None or not dialog.keep_history:
        return None
    revised = Message.objects.filter(
        dialog=dialog,
        operation__in=[Message.Operation.EDIT, Message.Operation.DELETE],
        pk__gt=found.newest_known,
        target__lte=found.up_to,
    )
    return None if revised.exists() else found


def are_left_behind(dialog: Dialog, newest: Sequence[int], summary: DialogSummary | None) -> bool:
    """Whether it is time for another summary.

    Args:
        newest: the keys of the newest KEPT + STEP messages, in their order.
    """
    told = summary.up_to if summary else 0
    return dialog.keep_history and sum(key > told for key in newest[:-KEPT]) >= STEP


def make(dialog_id: int, *, is_cancelled: Callable[[], bool] = lambda: False) -> None:
    """Bring a chat's summary up to its newest messages but the last; without a model there is none.

    Raises:
        DraftingError: it is temporary; the job should be tried again later.
        Cancelled: `is_cancelled()` became true.
    """
    dialog = Dialog.objects.select_related("person", "owner__person").filter(pk=dialog_id).first()
    if dialog is None or not (dialog.is_processing_enabled and dialog.keep_history):
        return
    # Before anything else is read: what is edited or deleted from now on counts as unknown.
    newest = history.last_inbound(dialog.pk) or 0
    earlier = current(dialog)
    told = earlier.up_to if earlier else 0
    untold = transcript.spoken(dialog).filter(pk__gt=told)
    # What an earlier summary goes on with may be much: the model is given as much at once as it can read.
    messages = sorted(untold if earlier else untold[: KEPT + _MOST], key=lambda message: message.pk)[:-KEPT]
    found = transcript.lines(dialog, messages)
    if len(messages) < STEP or not found:
        return
    made: Summary | None = None

    def stop_if_cancelled(_text: str) -> None:
        if is_cancelled():
            raise asking.Cancelled

    with asking.in_background(f"summary of chat {dialog.pk}") as call:
        call.choice = choice = choices.for_dialog(dialog)
        if choice.provider == Provider.BUILT_IN:
            return
        limits.require_room()
        context = Context([line for _, line in found], summary=earlier.text if earlier else "")
        made = drafting.summarise(asking.request(choice, context), call.meter, stop_if_cancelled)
    if made is None:
        return
    is_whole = made.line_count == len(found)
    up_to = messages[-1].pk if is_whole else found[made.line_count - 1][0]
    since = earlier.since if earlier else messages[0].timestamp
    if _keep(dialog.pk, made, up_to=up_to, newest_known=newest, since=since) and not is_whole:
        queueing.ask_summary(dialog.pk)


@transaction.atomic
def _keep(dialog_id: int, made: Summary, *, up_to: int, newest_known: int, since: datetime) -> bool:
    """Store a summary, unless the chat was erased meanwhile, or its history switched off."""
    rows = Dialog.objects.select_for_update(no_key=True).filter(pk=dialog_id, keep_history=True)
    if (dialog := rows.first()) is None:
        return False
    DialogSummary.objects.update_or_create(
        dialog=dialog,
        defaults={
            "text": made.text,
            "model_name": made.model[:100],
            "up_to": up_to,
            "newest_known": newest_known,
            "since": since,
        },
    )
    return True
