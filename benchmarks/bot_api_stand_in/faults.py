"""What can go wrong on purpose: refusals, faults, limits."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any


class RefusedError(Exception):
    """An answer with `ok: false`."""

    def __init__(self, code: int, description: str, **parameters: Any) -> None:
        super().__init__(description)
        self.code, self.description, self.parameters = code, description, parameters

    @classmethod
    def flood(cls, seconds: int) -> RefusedError:
        """Telegram's "slow down"."""
        return cls(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)


@dataclass
class Fault:
    """What goes wrong with every `every`-th call that sends or edits (0: nothing).

    Attributes:
        kind: `error` (HTTP 500), `refuse` (400), `flood` (429), `drop` (connection lost) or `hang` (500
            after `seconds`).
        recorded: whether the message was "delivered" all the same.
        seconds: the 429's `retry_after`, or how long a call hangs.
    """

    every: int = 0
    kind: str = "error"
    recorded: bool = False
    seconds: float = 1.0
    calls: int = 0

    def strikes(self) -> bool:
        """Count a call; whether it is one that goes wrong."""
        self.calls += 1
        return bool(self.every) and self.calls % self.every == 0


@dataclass
class Bucket:
    """A token bucket: `rate` tokens per second, at most `size` at once."""

    rate: float
    size: float
    tokens: float = field(init=False)
    at: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.tokens = self.size

    def take(self) -> float:
        """Take a token; the seconds to wait if there is none."""
        now = time.monotonic()
        self.tokens, self.at = min(self.size, self.tokens + (now - self.at) * self.rate), now
        if self.tokens < 1:
            return (1 - self.tokens) / self.rate
        self.tokens -= 1
        return 0.0


@dataclass
class Limits:
    """Telegram's limits on sending, in messages per second (0: none); one chat may get `burst` at once.

    `refused` counts the calls that came too fast.
    """

    per_second: float = 0
    per_second_in_chat: float = 0
    burst: float = 1
    overall: Bucket | None = None
    chats: dict[int, Bucket] = field(default_factory=dict)
    refused: int = 0

    def check(self, chat: int) -> None:
        """Count a message to a chat; raises RefusedError when it is one too many."""
        wait = 0.0
        if self.per_second:
            self.overall = self.overall or Bucket(self.per_second, self.per_second)
            wait = self.overall.take()
        if self.per_second_in_chat:
            bucket = self.chats.setdefault(chat, Bucket(self.per_second_in_chat, self.burst))
            wait = max(wait, bucket.take())
        if wait:
            self.refused += 1
            raise RefusedError.flood(int(wait) + 1)
