"""Background work (Procrastinate), inside `runbot` or in `runworker`."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from procrastinate import JobContext
from procrastinate.contrib.django import app
from procrastinate.middleware import AsyncCallNext, WorkerMiddleware
from procrastinate.worker import Worker

from audit.context import SYSTEM, acting
from audit.models import Origin
from telegrambot.engine.job_failures import remember_failure

logger = logging.getLogger(__name__)

# Jobs behind one lock start only at a poll.
_POLL_SECONDS = 0.5
_GRACE_SECONDS = 8.0


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


async def run(*, queues: Sequence[str] | None, concurrency: int, name: str, handle_signals: bool) -> None:
    """Work until cancelled (or told by a signal, with `handle_signals`); running jobs get seconds to end.

    Args:
        queues: the queues to serve; None for all.
        concurrency: how many jobs may run at once.
        name: how the worker calls itself in logs and tables.
        handle_signals: whether SIGTERM and SIGINT are the worker's own to handle.
    """
    worker_app = app.with_connector(app.connector.get_worker_connector())  # type: ignore[attr-defined]
    async with worker_app.open_async():
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
