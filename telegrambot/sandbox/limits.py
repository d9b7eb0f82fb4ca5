"""Telegram's sending limits: about one message a second in a private chat, twenty a minute in
a group, thirty a second over all chats. https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this

Each is a GCRA bucket: one moment per bucket, moved forward by every message.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from telegrambot.sandbox.api.errors import TooManyRequests
from telegrambot.sandbox.models import SandboxBot, SandboxChat


@dataclass(frozen=True)
class Rate:
    """`per_second` messages on average, up to `burst` at once."""

    per_second: float
    burst: int

    def wait(self, busy_until: datetime | None, now: datetime, messages: int) -> tuple[datetime, float]:
        """The bucket's next state, and the seconds to wait before the messages fit (0 or less: now)."""
        interval = timedelta(seconds=1 / self.per_second)
        then = max(busy_until or now, now) + interval * messages
        # More at once than fits into the burst (an album) must be possible for an idle bucket.
        return then, (then - now - interval * max(self.burst, messages)).total_seconds()


OVERALL = Rate(per_second=30, burst=30)
PRIVATE_CHAT = Rate(per_second=1, burst=3)
GROUP = Rate(per_second=20 / 60, burst=20)


def spend(bot: SandboxBot, chat: SandboxChat, *, messages: int = 1) -> None:
    """Count messages that `bot` is about to send to `chat`, whose row the caller has locked.

    Raises:
        TooManyRequests: the limits are switched on and exceeded; nothing was counted.
    """
    if not bot.limits_enabled:
        return
    with transaction.atomic():
        bot = SandboxBot.objects.locked()
        now = timezone.now()
        bot.busy_until, wait = OVERALL.wait(bot.busy_until, now, messages)
        rate = GROUP if chat.is_group or chat.kind == SandboxChat.Kind.CHANNEL else PRIVATE_CHAT
        chat.busy_until, chat_wait = rate.wait(chat.busy_until, now, messages)
        wait = max(wait, chat_wait)
        if wait > 0:
            raise TooManyRequests(retry_after=math.ceil(wait))
        bot.save(update_fields=["busy_until"])
        chat.save(update_fields=["busy_until"])
