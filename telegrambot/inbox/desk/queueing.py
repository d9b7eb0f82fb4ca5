"""Ask for a draft: one waiting job for each chat, whoever asks and how often."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from telegrambot.vault import settings_store

TASK = "telegrambot.inbox.desk.tasks.draft_reply"
SUMMARY_TASK = "telegrambot.inbox.desk.tasks.summarise_dialog"
# Slow models must not hold up other work: workers serve this queue apart from the rest.
QUEUE = "drafting"


def ask(dialog_id: int, *, in_seconds: float | None = None, is_urgent: bool = False) -> None:
    """Have a draft made for a chat once it has been quiet for a moment; does nothing if that waits already.

    Args:
        in_seconds: None: the quiet time of the settings.
        is_urgent: an operator is waiting for it.
    """
    seconds = settings_store.get("drafting.quiet_seconds", int) if in_seconds is None else in_seconds
    _defer(TASK, f"draft:{dialog_id}", dialog_id, priority=10 if is_urgent else 0, seconds=seconds)


def ask_summary(dialog_id: int) -> None:
    """Have what was said long ago in a chat summarised, when nobody waits for a draft."""
    _defer(SUMMARY_TASK, f"summary:{dialog_id}", dialog_id, priority=-10, seconds=0)


def _defer(task: str, key: str, dialog_id: int, *, priority: int, seconds: float) -> None:
    job = app.configure_task(
        task,
        queue=QUEUE,
        lock=key,
        queueing_lock=key,
        priority=priority,
        schedule_at=timezone.now() + timedelta(seconds=seconds) if seconds else None,
    )
    try:
        # A lock that is taken would end the caller's transaction.
        with transaction.atomic():
            job.defer(dialog_id=dialog_id)
    except AlreadyEnqueued:
        return
