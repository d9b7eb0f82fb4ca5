"""Background work (Procrastinate), inside `runbot` or in `runworker`.

Queues whose jobs wait for somebody else (a language model) have workers of their own, lest others wait too.
Their jobs may be stopped while they run: they ask now and then whether they should.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from procrastinate import App, JobContext
from procrastinate.contrib.django import app
from procrastinate.exceptions import UniqueViolation
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager
from procrastinate.middleware import AsyncCallNext, WorkerMiddleware
from procrastinate.worker import Worker

from audit.context import SYSTEM, acting
from audit.models import Origin
from telegrambot.engine import signs_of_life
from telegrambot.engine.job_failures import remember_failure
from telegrambot.engine.threads import DatabaseThreads

logger = logging.getLogger(__name__)

# Jobs behind one lock start only at a poll.
_POLL_SECONDS = 0.5
_GRACE_SECONDS = 8.0
# How many jobs at once of all queues that are not served apart.
_CONCURRENCY = 2

_apart: dict[str, Callable[[], int]] = {}


class _JobManager(JobManager):
    """Ends a job instead of trying it again when the same work has been asked for since."""

    async def retry_job(
        self,
        job: Job,
        retry_at: datetime | None = None,
        priority: int | None = None,
        queue: str | None = None,
        lock: str | None = None,
    ) -> None:
        try:
            await super().retry_job(job, retry_at, priority, queue, lock)
        except UniqueViolation:
            # Only one job of a queueing lock may wait. This one would stay `doing`, and keep that one back.
            logger.info("Job %s is not tried again: another one waits to do the same", job.id)
            await self.finish_job(job, Status.ABORTED, delete_job=True)


async def act_as_job(call_next: AsyncCallNext, context: JobContext, worker: Worker) -> Any:
    """Let what a job changes be known as the job's (a middleware of the worker).

    A task that works for somebody takes their canonical id as `actor_id`, and what it changes is theirs:
    `build_report.defer(report_id=7, actor_id=current().user_id)`.
    """
    job = context.job
    with acting(
        user_id=str(job.task_kwargs.get("actor_id", SYSTEM)),
        origin=Origin.TASK,
        correlation_id=f"task:{job.id}",
        task=job.task_name,
    ):
        return await call_next()


# What goes on around every job, from the outside in.
MIDDLEWARE: list[WorkerMiddleware] = [act_as_job, remember_failure]


def serve_apart(queue: str, *, concurrency: Callable[[], int]) -> None:
    """Serve a queue by workers of its own, of which each runs so many jobs at once."""
    _apart[queue] = concurrency


def is_apart(queue: str) -> bool:
    """Whether a queue is served apart, so that its running jobs can be stopped."""
    return queue in _apart


async def run_all(*, name: str, concurrency: int = _CONCURRENCY) -> None:
    """Serve every queue until cancelled.

    Args:
        name: how the workers call themselves in logs and tables.
        concurrency: how many jobs of all queues that are not served apart may run at once.
    """
    usual = sorted({task.queue for task in app.tasks.values()} - _apart.keys())
    async with asyncio.TaskGroup() as workers:
        workers.create_task(run(queues=usual, concurrency=concurrency, name=name, handle_signals=False))
        for queue, apart in _apart.items():
            workers.create_task(
                run(queues=[queue], concurrency=apart(), name=f"{name}, {queue}", handle_signals=False)
            )


async def run(*, queues: Sequence[str] | None, concurrency: int, name: str, handle_signals: bool) -> None:
    """Work until cancelled (or told by a signal, with `handle_signals`); running jobs get seconds to end.

    Args:
        queues: the queues to serve; None for all.
        concurrency: how many jobs may run at once.
        name: how the worker calls itself in logs and tables.
        handle_signals: whether SIGTERM and SIGINT are the worker's own to handle.
    """
    worker_app = app_for_worker()
    async with worker_app.open_async(), _signs_of_life(queues, name):
        await worker_app.run_worker_async(
            queues=queues,  # type: ignore[arg-type]  # it takes None for all
            concurrency=concurrency,
            name=name,
            install_signal_handlers=handle_signals,
            fetch_job_polling_interval=_POLL_SECONDS,
            shutdown_graceful_timeout=_GRACE_SECONDS,
            delete_jobs="successful",
            worker_middleware=MIDDLEWARE,
        )


@asynccontextmanager
async def _signs_of_life(queues: Sequence[str] | None, name: str) -> AsyncIterator[None]:
    """Show that background work is done, unless these are only queues that are served apart."""
    if queues is not None and _apart.keys() >= set(queues):
        yield
        return
    threads = DatabaseThreads(1)
    signs = asyncio.create_task(signs_of_life.give(threads, name, lambda: {"worker": ""}))
    try:
        yield
    finally:
        signs.cancel()
        await asyncio.wait([signs])
        threads.close()


def app_for_worker() -> App:
    """The app as a worker needs it: with a connector of its own, not opened yet."""
    worker_app = app.with_connector(app.connector.get_worker_connector())  # type: ignore[attr-defined]
    worker_app.job_manager = _JobManager(worker_app.connector)
    return worker_app
