"""What every bot process does for the inbox again and again."""

from __future__ import annotations

from telegrambot.inbox.desk.outcomes import settle_drafts

__all__ = ["settle_drafts"]
