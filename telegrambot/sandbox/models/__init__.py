"""What the stand-in for Telegram's servers remembers."""

from __future__ import annotations

from telegrambot.sandbox.models.bot import (
    UPDATE_LIFETIME,
    SandboxBot,
    SandboxCommandSet,
    SandboxUpdate,
    first_update_id,
    random_token,
)
from telegrambot.sandbox.models.messages import (
    CALLBACK_LIFETIME,
    SandboxCallback,
    SandboxFile,
    SandboxMessage,
    random_id,
)
from telegrambot.sandbox.models.people import (
    SandboxChat,
    SandboxPerson,
)

__all__ = [
    "CALLBACK_LIFETIME",
    "UPDATE_LIFETIME",
    "SandboxBot",
    "SandboxCallback",
    "SandboxChat",
    "SandboxCommandSet",
    "SandboxFile",
    "SandboxMessage",
    "SandboxPerson",
    "SandboxUpdate",
    "first_update_id",
    "random_id",
    "random_token",
]
