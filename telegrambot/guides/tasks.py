"""What runs in the background: counting who opened what."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from config.job_words import describe
from telegrambot.guides import services

RETRY = RetryStrategy(max_attempts=5, exponential_wait=2)


@app.periodic(cron="* * * * *")
@app.task(queue="system", queueing_lock="count_views", lock="count_views", retry=RETRY)
def count_guide_views(timestamp: int) -> None:
    """Move openings into the counters until none are left but those of guides that somebody is changing."""
    while services.count_views():
        pass


describe("telegrambot.guides.tasks.count_guide_views", _("Count how often each guide was opened"))
