"""Make one draft: read the chat, ask the model, keep what it wrote. No transaction is open meanwhile."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import timedelta

from django.db.models.functions import Now
from django.utils import timezone

from config.errors import DomainError
from telegrambot.engine.models import Dialog, InboundUpdate
from telegrambot.inbox.desk import choices, conversation_context, drafts, limits, queueing
from telegrambot.inbox.desk.choices import Choice
from telegrambot.inbox.desk.exceptions import StillUndelivered
from telegrambot.inbox.drafting import drafts as drafting
from telegrambot.inbox.drafting.exceptions import DraftingError
from telegrambot.inbox.drafting.prices import Spent
from telegrambot.inbox.drafting.requests import DraftRequest, Limits
from telegrambot.inbox.models import Conversation, DraftInProgress, DraftReply, ModelCall
from telegrambot.vault import settings_store

logger = logging.getLogger(__name__)

# How often what a model has written so far is shown to operators.
_SHOW_SECONDS = 0.5
_UNHANDLED_SECONDS = 0.5


class Cancelled(Exception):
    """An operator has taken the job back."""


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
    if DraftReply.objects.filter(dialog=dialog, status=DraftReply.Status.APPROVED).exists():
        return  # asked for again when it is settled, or by the sweep
    choice: Choice | None = None
    spent: Spent | None = None
    began = time.monotonic()
    try:
        choice = choices.for_dialog(dialog)
        batch = conversation_context.read(dialog, operator=choice.operator)
        if batch is None or batch.last_message_id == dialog.last_processed_message_id:
            return
        limits.require_room()
        drafted = drafting.draft(_request(choice, batch), _Preview(dialog, is_cancelled))
        spent = drafted.spent
        took = _milliseconds(began)
        _note(dialog, choice, spent, took)
        drafts.propose(dialog.pk, batch, choice, drafted, took_ms=took)
    except StillUndelivered:
        return
    except DomainError as error:
        _note(dialog, choice, getattr(error, "spent", None), _milliseconds(began), error)
        logger.warning("No draft for chat %s: %s", dialog.pk, type(error).__name__)
        if isinstance(error, DraftingError) and error.is_temporary:
            raise
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


def _request(choice: Choice, batch: conversation_context.Batch) -> DraftRequest:
    return DraftRequest(
        choice.endpoint,
        choice.model,
        batch.context,
        choice.instructions,
        choice.temperature,
        Limits(
            total_seconds=settings_store.get("drafting.timeout_seconds", int),
            max_tokens=settings_store.get("drafting.max_tokens", int),
        ),
    )


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
            raise Cancelled
        DraftInProgress.objects.filter(dialog=self._dialog).update(text=text, updated_at=Now())


def _note(
    dialog: Dialog, choice: Choice | None, spent: Spent | None, took_ms: int, error: DomainError | None = None
) -> None:
    ModelCall.objects.create(
        dialog=dialog,
        operator=choice.operator if choice else None,
        provider=choice.provider if choice else "built_in",
        model_name=choice.model if choice else "",
        prompt=choice.prompt if choice else None,
        tokens_in=spent.tokens_in if spent else 0,
        tokens_out=spent.tokens_out if spent else 0,
        cost=(spent.cost if spent else None) or 0,
        milliseconds=took_ms,
        error=type(error).__name__ if error else "",
        error_details=dict(error.details) if error else {},
    )


def _milliseconds(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
