"""What runs in the background: counting, cleaning up, picking up what was left behind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app

from telegrambot.engine import outbox
from telegrambot.engine.models import RollupCursor

# Every task may run twice and may be cut off in the middle: each does its work in steps that can be repeated.
RETRY = RetryStrategy(max_attempts=5, exponential_wait=2)
PURGE_BATCH = 5_000
EPOCH = datetime.fromtimestamp(0, UTC)
FILES_KEPT = timedelta(days=7)

_PURGE_PAYLOADS = """
WITH purged AS (
    UPDATE engine_inboundupdate SET payload = NULL
    WHERE id IN (SELECT id FROM engine_inboundupdate
                 WHERE payload IS NOT NULL AND status <> 'pending' AND received_at >= %s AND received_at < %s
                 ORDER BY received_at LIMIT %s)
    RETURNING received_at
)
SELECT count(*), max(received_at) FROM purged
"""

# Keys are given and committed in order (see engine.intake), so a high-water mark misses none.
_COUNT_COMMANDS = """
WITH used AS (
    SELECT command, count(*) AS times, max(received_at) AS last
    FROM engine_inboundupdate WHERE id > %(after)s AND id <= %(up_to)s AND command <> '' GROUP BY command
)
UPDATE accounts_botcommand AS row
SET times_used = row.times_used + used.times, last_used_at = used.last
FROM used WHERE row.command = used.command
"""


@app.periodic(cron="* * * * *")
@app.task(queue="system", queueing_lock="count_commands", lock="count_commands", retry=RETRY)
def count_commands(timestamp: int) -> None:
    """Roll up how often each command was used since the last time."""
    with transaction.atomic(), connection.cursor() as cursor:
        mark, _ = RollupCursor.objects.select_for_update().get_or_create(name="commands")
        cursor.execute("SELECT coalesce(max(id), 0) FROM engine_inboundupdate")
        newest = cursor.fetchone()[0]
        cursor.execute(_COUNT_COMMANDS, {"after": mark.position, "up_to": newest})
        mark.position = newest
        mark.save()


@app.periodic(cron="17 3 * * *")
@app.task(queue="system", queueing_lock="purge", lock="purge", retry=RETRY)
def purge(timestamp: int) -> None:
    """Drop raw updates and sent files after their time, in small batches."""
    before = timezone.now() - timedelta(days=settings.PAYLOAD_RETENTION_DAYS)
    # Each batch goes on where the one before ended, instead of passing over what is empty already again.
    purged, reached = PURGE_BATCH, EPOCH
    while purged == PURGE_BATCH:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_PURGE_PAYLOADS, [reached, before, PURGE_BATCH])
            purged, reached = cursor.fetchone()
    outbox.forget_files(FILES_KEPT)


@app.periodic(cron="* * * * *")
@app.task(queue="system", queueing_lock="retry_stalled_jobs", retry=RETRY, pass_context=True)
async def retry_stalled_jobs(context: JobContext, timestamp: int) -> None:
    """Start jobs again whose worker died: they would stay `doing` for ever, and keep their lock."""
    for job in await context.app.job_manager.get_stalled_jobs():
        await context.app.job_manager.retry_job(job)
