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
from telegrambot.sandbox.models.business import (
    ALL_RIGHTS,
    SandboxBusinessConnection,
    all_rights,
    random_connection_id,
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
    SandboxMember,
    SandboxPerson,
)
from telegrambot.sandbox.models.workings import SandboxFault, SandboxLogEntry

__all__ = [
    "ALL_RIGHTS",
    "CALLBACK_LIFETIME",
    "UPDATE_LIFETIME",
    "SandboxBot",
    "SandboxBusinessConnection",
    "SandboxCallback",
    "SandboxChat",
    "SandboxCommandSet",
    "SandboxFault",
    "SandboxFile",
    "SandboxLogEntry",
    "SandboxMember",
    "SandboxMessage",
    "SandboxPerson",
    "SandboxUpdate",
    "all_rights",
    "first_update_id",
    "random_connection_id",
    "random_id",
    "random_token",
]
