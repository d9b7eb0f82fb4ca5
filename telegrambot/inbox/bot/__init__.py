"""The inbox in chat: what arrives, what waits, and how it is answered."""

from __future__ import annotations

from telegrambot.inbox.bot import (  # noqa: F401  (their views)
    arriving,
    auto,
    automatic_topics,
    business,
    deciding,
    listing,
    models,
    replying,
    revising,
    screens,
    speaking,
    undecided,
)
