"""What people say to the bot about themselves and, when they own it, about others' roles."""

from __future__ import annotations

from telegrambot.accounts.bot import own_data, preferences, roles

__all__ = ["own_data", "preferences", "roles"]
