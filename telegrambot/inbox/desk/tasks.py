"""What runs in the background: drafting, and looking for chats that were left without a draft."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.exceptions import JobAborted

from config.job_words import describe
from telegrambot.engine import retention
from telegrambot.engine.worker import serve_apart
from telegrambot.inbox.desk import asking, queueing, summaries, transcript, work
from telegrambot.inbox.drafting.exceptions import DraftingError
from telegrambot.inbox.models import Conversation, DraftInProgress, DraftReply, HeldText, ModelCall
from telegrambot.vault import settings_store

# A model may take a minute; nothing else should wait for it.
serve_apart(queueing.QUEUE, concurrency=lambda: settings.DRAFTING_CONCURRENCY)

# Only what passes by itself is tried again: a rate limit, trouble at the provider, a worker that is stopped.
RETRY = RetryStrategy(max_attempts=6, exponential_wait=3, retry_exceptions=[DraftingError, JobAborted])
SWEEP_RETRY = RetryStrategy(max_attempts=5, exponential_wait=2)
_SWEEP_BATCH = 500
_ABANDONED = timedelta(minutes=10)


@app.task(queue=queueing.QUEUE, retry=RETRY, pass_context=True)
def draft_reply(context: JobContext, dialog_id: int) -> None:
    """Draft an answer for a chat; twice does no harm: the second finds nothing to answer."""
    try:
        work.make(dialog_id, is_cancelled=context.should_abort)
    except asking.Cancelled:
        raise JobAborted from None


@app.task(queue=queueing.QUEUE, retry=RETRY, pass_context=True)
def summarise_dialog(context: JobContext, dialog_id: int) -> None:
    """Summarise what was said long ago in a chat; twice does no harm: the second finds nothing to add."""
    try:
        summaries.make(dialog_id, is_cancelled=context.should_abort)
    except asking.Cancelled:
        raise JobAborted from None


@app.periodic(cron="*/30 * * * *")
@app.task(queue="system", queueing_lock="sweep_drafts", lock="sweep_drafts", retry=SWEEP_RETRY)
def sweep_drafts(timestamp: int) -> None:
    """Ask for drafts where somebody waits and nobody has asked; forget what was left behind."""
    for dialog_id in unanswered():
        queueing.ask(dialog_id, in_seconds=0)
    now = timezone.now()
    DraftInProgress.objects.filter(updated_at__lt=now - _ABANDONED).delete()
    hours = settings_store.get("drafting.held_hours", int)
    HeldText.objects.filter(created_at__lt=now - timedelta(hours=hours)).delete()
    ModelCall.objects.filter(created_at__lt=retention.kept_since("drafting.calls_days")).delete()


def unanswered() -> Iterator[int]:
    """The chats with drafting on in which somebody waits, there is no open draft, and none was decided.

    Whoever has waited longest comes first. Some have said nothing that can be read; no model is asked there.
    """
    asked = transcript.asking(OuterRef("dialog"))
    found = (
        Conversation.objects.filter(waiting_since__isnull=False, dialog__is_processing_enabled=True)
        .exclude(dialog__drafts__status__in=[DraftReply.Status.PENDING_APPROVAL, DraftReply.Status.APPROVED])
        .annotate(newest=Subquery(asked.order_by("-pk").values("pk")[:1]))
        .filter(newest__gt=Coalesce(F("dialog__last_processed_message_id"), 0))
        .order_by("waiting_since", "pk")
        .values_list("waiting_since", "pk", "dialog_id")
    )
    behind = Q()
    while page := list(found.filter(behind)[:_SWEEP_BATCH]):
        yield from (dialog_id for _since, _key, dialog_id in page)
        since, key, _dialog_id = page[-1]
        behind = Q(waiting_since__gt=since) | Q(waiting_since=since, pk__gt=key)


describe("telegrambot.inbox.desk.tasks.draft_reply", _("Draft an answer for chat {dialog_id}"))
describe("telegrambot.inbox.desk.tasks.summarise_dialog", _("Summarise older messages of chat {dialog_id}"))
describe("telegrambot.inbox.desk.tasks.sweep_drafts", _("Look for chats that wait for a draft"))
