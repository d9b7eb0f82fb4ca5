"""What may have happened at Telegram's end when a request fails; `outcome_of` says it."""

from __future__ import annotations

import enum
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from telegram import error as telegram_error
from telegram.error import NetworkError, TimedOut


class NeverSentError(NetworkError):
    """The request got no further than this machine or its proxy: sending it again cannot double it."""


class NeverSentTimeoutError(NeverSentError, TimedOut):
    """No connection, or no free place in the pool, in time."""


class MaybeDeliveredError(NetworkError):
    """The connection failed after the request may have been written: Telegram may have acted on it."""


class MaybeDeliveredTimeoutError(MaybeDeliveredError, TimedOut):
    """Writing the request or reading the answer took too long."""


class HttpStatusError(NetworkError):
    """An answer with a status for which python-telegram-bot has no error class, such as 413 or any 5xx.

    `status` is the HTTP status; the message is Telegram's description.
    """

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status

    def __reduce__(self) -> tuple[type, tuple[Any, ...]]:
        return self.__class__, (self.message, self.status)


class Outcome(enum.Enum):
    """What a failed request may have done at Telegram's end."""

    NEVER_SENT = "never sent"
    REFUSED = "refused"
    SERVER_ERROR = "server error"
    UNKNOWN = "unknown"


def seconds_to_wait(error: telegram_error.RetryAfter) -> float:
    """How long Telegram wants to be left alone; python-telegram-bot gives an int or a timedelta."""
    wait = error.retry_after
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)


def outcome_of(error: BaseException) -> Outcome:
    """Tell what may have happened to a request that ended in `error`; what is not known for sure is UNKNOWN.

    NEVER_SENT: nothing left. REFUSED: Telegram answered with a 4xx and did nothing. SERVER_ERROR: it answered
    with a 5xx. UNKNOWN: it may have done what was asked; repeating the request may do it twice.
    """
    match error:
        case NeverSentError():
            return Outcome.NEVER_SENT
        case HttpStatusError(status=status) if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return Outcome.SERVER_ERROR
        case HttpStatusError(status=status) if status >= HTTPStatus.BAD_REQUEST:
            return Outcome.REFUSED
        case (
            telegram_error.BadRequest()
            | telegram_error.Forbidden()
            | telegram_error.RetryAfter()
            | telegram_error.ChatMigrated()
            | telegram_error.Conflict()
            | telegram_error.InvalidToken()
            | telegram_error.EndPointNotFound()
        ):
            return Outcome.REFUSED
    return Outcome.UNKNOWN
