"""Updates in, answers out."""

from __future__ import annotations

import os

# python-telegram-bot is moving its durations to timedelta; without this every RetryAfter warns of it.
os.environ.setdefault("PTB_TIMEDELTA", "true")
