"""What runs in the background: forgetting sessions whose time is over."""

from __future__ import annotations

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from telegrambot.sign_in import sessions

RETRY = RetryStrategy(max_attempts=5, exponential_wait=2)


@app.periodic(cron="41 3 * * *")
@app.task(queue="system", queueing_lock="forget_sessions", lock="forget_sessions", retry=RETRY)
def forget_expired_sessions(timestamp: int) -> None:
    """Delete the sessions whose time is over."""
    sessions.forget_expired()
