"""Updates in, answers out."""

import os

# python-telegram-bot is moving its durations to timedelta; without this its RetryAfter warns of it at every 429.
os.environ.setdefault("PTB_TIMEDELTA", "true")
