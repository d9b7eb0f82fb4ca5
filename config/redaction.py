"""Keep bot tokens out of logs and out of what is stored."""

from __future__ import annotations

import logging
import re

_TOKEN = re.compile(r"(?<!\d)\d+(?::|%3A)[A-Za-z0-9_-]{30,}", re.IGNORECASE)


def redact(text: str) -> str:
    """Return `text` with everything that looks like a bot token replaced by `<token>`."""
    return _TOKEN.sub("<token>", text)


class TokenFilter(logging.Filter):
    """Removes bot tokens from a record's message, arguments, traceback and stack.

    Attach it to handlers: a logger's filter does not see what its child loggers pass up.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        try:
            message = record.getMessage()
        except Exception as error:  # noqa: BLE001 - a wrong log call must not break the code that made it
            record.msg, record.args = redact(f"{record.msg!r} with {record.args!r} ({error!r})"), None
        else:
            if (clean := redact(message)) != message:
                record.msg, record.args = clean, None
        if record.exc_info and record.exc_info[0]:
            traceback = logging.Formatter().formatException(record.exc_info)
            if (clean := redact(traceback)) != traceback:
                # Handlers that format the exception themselves must not find the original.
                record.exc_text, record.exc_info = clean, None
        record.exc_text = record.exc_text and redact(record.exc_text)
        record.stack_info = record.stack_info and redact(record.stack_info)
        return True
