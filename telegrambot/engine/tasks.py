"""What runs in the background: counting, cleaning up, picking up what was left behind."""

from __future__ import annotations

from django.db import connection, transaction
from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app

from telegrambot.engine import privacy, retention
from telegrambot.engine.models import RollupCursor

# Every task may run twice and may be cut off in the middle: each does its work in steps that can be repeated.
RETRY = RetryStrategy(max_attempts=5, exponential_wait=2)

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
    """Let go what is past its time (see the settings under Retention)."""
    retention.purge()


@app.periodic(cron="*/10 * * * *")
@app.task(queue="system", queueing_lock="erase_expired", lock="erase_expired", retry=RETRY)
def erase_expired(timestamp: int) -> None:
    """Erase what was said in chats without history and could not be handled or sent in time."""
    retention.erase_expired()


@app.task(queue="system", retry=RETRY)
def erase_history(dialog_id: int, updates_up_to: int, messages_up_to: int) -> None:
    """Erase what was kept of a chat whose history was switched off."""
    after: int | None = 0
    while after is not None:
        after = privacy.erase_batch(
            dialog_id, updates_up_to=updates_up_to, messages_up_to=messages_up_to, after=after
        )


@app.periodic(cron="* * * * *")
@app.task(queue="system", queueing_lock="retry_stalled_jobs", retry=RETRY, pass_context=True)
async def retry_stalled_jobs(context: JobContext, timestamp: int) -> None:
    """Start jobs again whose worker died: they would stay `doing` for ever, and keep their lock."""
    manager = context.app.job_manager
    for job in await manager.get_stalled_jobs():
        await manager.retry_job(job)
