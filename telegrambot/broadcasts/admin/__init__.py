"""Broadcasts and segments in the browser."""

from __future__ import annotations

from telegrambot.broadcasts.admin import person_card  # noqa: F401  (adds its own)
from telegrambot.broadcasts.admin.broadcasts import BroadcastAdmin
from telegrambot.broadcasts.admin.segments import SegmentAdmin

__all__ = ["BroadcastAdmin", "SegmentAdmin"]
