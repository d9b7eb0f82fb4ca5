"""What runs in the background: counting clicks, opt-outs and late outcomes."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from config.job_words import describe
from telegrambot.broadcasts import ledger

RETRY = RetryStrategy(max_attempts=5, exponential_wait=2)
# Hardly anybody presses a button of an older broadcast.
COUNTED_FOR = timedelta(days=14)


@app.periodic(cron="*/2 * * * *")
@app.task(queue="system", queueing_lock="count_broadcasts", lock="count_broadcasts", retry=RETRY)
def count_broadcasts(timestamp: int) -> None:
    """Bring the counters of recent broadcasts up to date."""
    ledger.roll_up(started_since=timezone.now() - COUNTED_FOR)


describe(
    "telegrambot.broadcasts.tasks.count_broadcasts",
    _("Count clicks, opt-outs and outcomes of recent broadcasts"),
)
