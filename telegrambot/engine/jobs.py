"""What operators decide about background jobs, through Procrastinate's own job manager.

Every function takes keys or a queryset, and changes all of the jobs or, with a `DomainError`, none.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any

from django.db import IntegrityError, models, transaction
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.exceptions import ConnectorException

from audit.services import record_each
from telegrambot.accounts.actors import actor_id
from telegrambot.accounts.models import TelegramUser
from telegrambot.engine import worker
from telegrambot.engine.exceptions import JobNotFailed, JobNotWaiting, JobWaitsAlready, TooManyAtOnce
from telegrambot.engine.models import BackgroundJob

logger = logging.getLogger(__name__)

MAX_AT_ONCE = 1_000

Chosen = Iterable[int] | models.QuerySet[Any]


@transaction.atomic
def retry(chosen: Chosen, *, actor: TelegramUser | None) -> int:
    """Let failed jobs run once more, at once.

    Returns:
        How many.

    Raises:
        JobNotFailed: some did not fail.
        JobWaitsAlready: the same work is in the queue again already.
        TooManyAtOnce: more than `MAX_AT_ONCE`.
    """
    jobs = _lock(chosen)
    _refuse(JobNotFailed, jobs, lambda job: job.status != "failed")
    try:
        for job in jobs:
            app.job_manager.retry_job_by_id(job.pk, timezone.now())
    except (ConnectorException, IntegrityError) as error:
        # Only one job with the same queueing lock may wait.
        raise JobWaitsAlready from error
    _record("engine.job.retried", jobs, actor)
    return len(jobs)


@transaction.atomic
def cancel(chosen: Chosen, *, actor: TelegramUser | None) -> int:
    """Take jobs back that have not begun, and tell running ones to stop that can be stopped.

    Returns:
        How many.

    Raises:
        JobNotWaiting: some have begun or ended.
        TooManyAtOnce: more than `MAX_AT_ONCE`.
    """
    jobs = _lock(chosen)
    _refuse(JobNotWaiting, jobs, lambda job: job.status != "todo" and not can_be_stopped(job))
    for job in jobs:
        app.job_manager.cancel_job_by_id(job.pk, abort=job.status == "doing")
    _record("engine.job.cancelled", jobs, actor)
    return len(jobs)


def can_be_stopped(job: BackgroundJob) -> bool:
    """Whether a job is running and asks now and then whether it should stop."""
    return job.status == "doing" and worker.is_apart(job.queue_name)


def _lock(chosen: Chosen) -> list[BackgroundJob]:
    rows = BackgroundJob.objects.filter(pk__in=chosen).select_for_update(no_key=True).order_by("pk")
    jobs = list(rows[: MAX_AT_ONCE + 1])
    if len(jobs) > MAX_AT_ONCE:
        raise TooManyAtOnce(limit=MAX_AT_ONCE)
    return jobs


def _refuse(
    error: type[JobNotFailed | JobNotWaiting],
    jobs: list[BackgroundJob],
    is_wrong: Callable[[BackgroundJob], bool],
) -> None:
    if wrong := sum(map(is_wrong, jobs)):
        raise error(count=wrong)


def _record(event: str, jobs: list[BackgroundJob], actor: TelegramUser | None) -> None:
    if jobs:
        record_each(event, jobs)
        logger.info("%s by %s: %s", event, actor_id(actor), ", ".join(str(job.pk) for job in jobs[:20]))
