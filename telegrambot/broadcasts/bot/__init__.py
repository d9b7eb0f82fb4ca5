"""Broadcasts in chat: compose, check, start, watch, take back; and the buttons below the copies."""

from __future__ import annotations

from telegrambot.broadcasts.bot import clicks, composing, lists, running, starting  # noqa: F401  (their views)
