"""Keeps the last error of every background job, where the admin can show it."""

from __future__ import annotations

from typing import Any

from procrastinate import JobContext
from procrastinate.middleware import AsyncCallNext
from procrastinate.worker import Worker

from config.errors import DomainError
from config.redaction import redact
from telegrambot.engine.failures import describe

# Enough to recognise what went wrong; the traceback is in the log.
_LONGEST = 2000
_REMEMBER = """
INSERT INTO engine_jobfailure (job_id, error) VALUES (%(job_id)s, %(error)s)
ON CONFLICT (job_id) DO UPDATE SET error = EXCLUDED.error, failed_at = now()
"""


async def remember_failure(call_next: AsyncCallNext, context: JobContext, worker: Worker) -> Any:
    """Note the error of a job that fails, and let it fail (a middleware of the worker)."""
    try:
        return await call_next()
    except Exception as error:
        # A sentence of our own says it; what other errors say may quote what people wrote.
        told = f"{type(error).__name__}: {error}" if isinstance(error, DomainError) else describe(error)
        text = redact(told).replace("\x00", "")[:_LONGEST]
        await context.app.connector.execute_query_async(_REMEMBER, job_id=context.job.id, error=text)
        raise
