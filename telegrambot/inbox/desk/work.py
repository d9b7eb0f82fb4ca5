"""Make one draft: read the chat, ask the model, keep what it wrote. No transaction is open meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

from django.db.models.functions import Now
from django.utils import timezone

from telegrambot.engine.models import Dialog, InboundUpdate
from telegrambot.inbox import business
from telegrambot.inbox.desk import asking, choices, conversation_context, drafts, limits, queueing
from telegrambot.inbox.desk.exceptions import StillUndelivered
from telegrambot.inbox.drafting import drafts as drafting
from telegrambot.inbox.drafting.drafts import Drafted
from telegrambot.inbox.models import Conversation, DraftInProgress, DraftReply, Provider
from telegrambot.vault import settings_store

# How often what a model has written so far is shown to operators.
_SHOW_SECONDS = 0.5
_UNHANDLED_SECONDS = 0.5


def make(dialog_id: int, *, is_cancelled: Callable[[], bool] = lambda: False) -> None:
    """Draft an answer for a chat, unless there is nothing (more) to answer.

    An error of the model leaves no draft: it is kept as a call that failed, where operators see it.

    Raises:
        DraftingError: it is temporary; the job should be tried again later.
        Cancelled: `is_cancelled()` became true.
    """
    dialog = Dialog.objects.select_related("person", "owner__person").filter(pk=dialog_id).first()
    if dialog is None or not dialog.is_processing_enabled or _is_idle(dialog):
        return
    if dialog.business_connection_id and not business.is_served(dialog):
        return
    if DraftReply.objects.filter(dialog=dialog, status=DraftReply.Status.APPROVED).exists():
        return  # asked for again when it is settled, or by the sweep
    drafted: Drafted | None = None
    try:
        with asking.in_background(f"draft for chat {dialog.pk}", dialog) as call:
            call.choice = choice = choices.for_dialog(dialog)
            batch = conversation_context.read(dialog, operator=choice.operator)
            if batch is None or batch.last_message_id == dialog.last_processed_message_id:
                return
            limits.require_room()
            asked = asking.request(choice, batch.context)
            drafted = drafting.draft(asked, _Preview(dialog, is_cancelled), meter=call.meter)
        if drafted is None:
            return
        drafts.propose(dialog.pk, batch, choice, drafted, took_ms=call.milliseconds)
        if batch.leaves_behind and choice.provider != Provider.BUILT_IN:
            queueing.ask_summary(dialog.pk)
    except StillUndelivered:
        return
    finally:
        DraftInProgress.objects.filter(dialog=dialog).delete()


def _is_idle(dialog: Dialog) -> bool:
    """Whether nobody waits, or the person still writes; then the job comes again once they have stopped."""
    if InboundUpdate.objects.filter(dialog=dialog, status=InboundUpdate.Status.PENDING).exists():
        # What was stored and not handled yet belongs to the question.
        queueing.ask(dialog.pk, in_seconds=_UNHANDLED_SECONDS)
        return True
    current = Conversation.objects.filter(dialog=dialog, is_active=True).first()
    if current is None or current.waiting_since is None or current.last_inbound_at is None:
        return True
    quiet = timedelta(seconds=settings_store.get("drafting.quiet_seconds", int))
    left = (current.last_inbound_at + quiet - timezone.now()).total_seconds()
    if left <= 0.05:
        return False
    queueing.ask(dialog.pk, in_seconds=left)
    return True


class _Preview:
    """Shows what a model has written so far."""

    def __init__(self, dialog: Dialog, is_cancelled: Callable[[], bool]) -> None:
        self._dialog = dialog
        self._is_cancelled = is_cancelled
        self._shown_at = 0.0
        DraftInProgress.objects.update_or_create(dialog=dialog, defaults={"text": "", "started_at": Now()})

    def __call__(self, text: str) -> None:
        now = time.monotonic()
        if now - self._shown_at < _SHOW_SECONDS:
            return
        self._shown_at = now
        if self._is_cancelled():
            raise asking.Cancelled
        DraftInProgress.objects.filter(dialog=self._dialog).update(text=text, updated_at=Now())
