"""What runs in the background: quiet conversations close, uses are counted, operators hear of failures."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext_lazy as _
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from config.job_words import describe
from telegrambot.inbox import presence, saved_replies, services, undelivered
from telegrambot.inbox.desk.tasks import draft_reply, summarise_dialog, sweep_drafts
from telegrambot.vault import settings_store

__all__ = [
    "close_quiet_conversations",
    "count_saved_replies",
    "draft_reply",
    "summarise_dialog",
    "sweep_drafts",
    "tell_undelivered_answers",
]

RETRY = RetryStrategy(max_attempts=5, exponential_wait=2)
BATCH = 1000


@app.periodic(cron="*/5 * * * *")
@app.task(queue="system", queueing_lock="close_quiet_conversations", retry=RETRY)
def close_quiet_conversations(timestamp: int) -> None:
    """Close conversations in which nothing was said for long and nobody waits."""
    after = timedelta(hours=settings_store.get("inbox.close_after_hours", int))
    while services.close_quiet(after, BATCH) == BATCH:
        pass


@app.periodic(cron="*/2 * * * *")
@app.task(queue="system", queueing_lock="count_saved_replies", retry=RETRY)
def count_saved_replies(timestamp: int) -> None:
    """Bring the counters of saved replies up to date, and forget who has left a conversation."""
    while saved_replies.count_uses():
        pass
    presence.forget_gone()


@app.periodic(cron="* * * * *")
@app.task(queue="system", queueing_lock="tell_undelivered_answers", retry=RETRY)
def tell_undelivered_answers(timestamp: int) -> None:
    """Tell operators of their answers that did not arrive."""
    undelivered.tell()


describe("telegrambot.inbox.tasks.close_quiet_conversations", _("Close conversations that have gone quiet"))
describe("telegrambot.inbox.tasks.count_saved_replies", _("Count how often saved replies are used"))
describe("telegrambot.inbox.tasks.tell_undelivered_answers", _("Tell operators which answers did not arrive"))
