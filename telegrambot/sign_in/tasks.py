"""What runs in the background: forgetting what has had its time."""

from __future__ import annotations

from django.db import connection
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from telegrambot.sign_in import sessions

RETRY = RetryStrategy(max_attempts=5, exponential_wait=2)


@app.periodic(cron="41 3 * * *")
@app.task(queue="system", queueing_lock="forget_sessions", lock="forget_sessions", retry=RETRY)
def forget_expired_sessions(timestamp: int) -> None:
    """Delete the sessions whose time is over."""
    sessions.forget_expired()


@app.periodic(cron="47 3 * * *")
@app.task(queue="system", queueing_lock="forget_cached", lock="forget_cached", retry=RETRY)
def forget_expired_cache(timestamp: int) -> None:
    """Delete what the cache held until its time was over: the cache itself does so only when it is full."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM switchboard_cache WHERE expires < now()")
