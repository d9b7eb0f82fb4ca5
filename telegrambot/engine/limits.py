"""The rate budget that all sender processes share.

GCRA, the generic cell rate algorithm (ITU-T I.371): a bucket holds the theoretical arrival time of its next
message. A message may leave when that time is no later than now plus the tolerance, and moves it one
interval forward.
Telegram's limits: https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
"""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

# The bucket of all chats together.
OVERALL = "overall"
# All chats together may catch up this much (seconds' worth of messages) after a pause, one private chat this
# many messages; short bursts are what Telegram itself allows.
OVERALL_BURST_SECONDS = 0.1
CHAT_BURST_MESSAGES = 3
GROUP_BURST_MESSAGES = 5


@dataclass(frozen=True, slots=True)
class Budget:
    """Intervals and tolerances in seconds; an interval of 0 means no limit."""

    overall_interval: float
    overall_tolerance: float
    chat_interval: float
    chat_tolerance: float
    group_interval: float
    group_tolerance: float

    @classmethod
    def from_settings(cls) -> Budget:
        """The budget of this installation; a rate of 0 switches a limit off."""
        overall = _interval(settings.MESSAGES_PER_SECOND)
        chat = _interval(settings.MESSAGES_PER_SECOND_IN_CHAT)
        group = _interval(settings.MESSAGES_PER_MINUTE_IN_GROUP / 60)
        return cls(
            overall,
            max(OVERALL_BURST_SECONDS, overall) if overall else 0.0,
            chat,
            chat * (CHAT_BURST_MESSAGES - 1),
            group,
            group * (GROUP_BURST_MESSAGES - 1),
        )

    def slots(self, lag: float, limit: int) -> int:
        """How many messages, at most `limit`, may leave when the overall bucket is `lag` seconds ahead."""
        if lag > self.overall_tolerance:
            return 0
        if not self.overall_interval:
            return limit
        return min(limit, int((self.overall_tolerance - lag) / self.overall_interval) + 1)


def _interval(rate: float) -> float:
    return 1 / rate if rate else 0.0
