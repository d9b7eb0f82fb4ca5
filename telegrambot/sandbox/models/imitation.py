"""Why the log does not watch the sandbox."""

from __future__ import annotations

IMITATION = "It stands for Telegram's own memory, in development only."
