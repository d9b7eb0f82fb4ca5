"""setMyCommands, getMyCommands, deleteMyCommands."""

from __future__ import annotations

import re
from typing import Any

from telegrambot.sandbox.announcements import announce
from telegrambot.sandbox.api.call import Call
from telegrambot.sandbox.api.errors import BadRequest
from telegrambot.sandbox.models import SandboxChat, SandboxCommandSet

MAX_COMMANDS = 100
_NAME = re.compile(r"[a-z0-9_]{1,32}")
_SCOPES = {
    "default": (),
    "all_private_chats": (),
    "all_group_chats": (),
    "all_chat_administrators": (),
    "chat": ("chat_id",),
    "chat_administrators": ("chat_id",),
    "chat_member": ("chat_id", "user_id"),
}


def set_my_commands(call: Call) -> bool:
    """https://core.telegram.org/bots/api#setmycommands"""
    commands = call.parameters.json("commands")
    if not isinstance(commands, list):
        raise BadRequest("can't parse commands specified: expected an Array of BotCommand")
    if len(commands) > MAX_COMMANDS:
        raise BadRequest("BOT_COMMANDS_TOO_MUCH")
    checked = [_command(command) for command in commands]
    if not checked:
        return delete_my_commands(call)
    SandboxCommandSet.objects.update_or_create(defaults={"commands": checked}, **_key(call))
    announce("menu")
    return True


def get_my_commands(call: Call) -> list[dict[str, str]]:
    """https://core.telegram.org/bots/api#getmycommands"""
    found = SandboxCommandSet.objects.filter(**_key(call)).first()
    return found.commands if found else []


def delete_my_commands(call: Call) -> bool:
    """https://core.telegram.org/bots/api#deletemycommands"""
    SandboxCommandSet.objects.filter(**_key(call)).delete()
    announce("menu")
    return True


def _key(call: Call) -> dict[str, Any]:
    scope = call.parameters.json("scope") or {"type": "default"}
    kind = scope.get("type") if isinstance(scope, dict) else None
    if kind not in _SCOPES:
        raise BadRequest("can't parse BotCommandScope: unsupported type specified")
    ids = [str(scope.get(name)) for name in _SCOPES[kind]]
    if not all(re.fullmatch(r"-?[0-9]{1,18}", item) for item in ids):
        raise BadRequest("can't parse BotCommandScope: chat or user is missing")
    if ids and not SandboxChat.objects.filter(pk=int(ids[0])).exists():
        raise BadRequest("chat not found")
    language = call.parameters.text("language_code")
    if language and not re.fullmatch(r"[a-z]{2}", language):
        raise BadRequest("invalid language code specified")
    return {"scope": ":".join([kind, *ids]), "language_code": language}


def _command(given: Any) -> dict[str, str]:
    if not isinstance(given, dict):
        raise BadRequest("can't parse BotCommand: expected an Object")
    name = str(given.get("command") or "").removeprefix("/")
    description = str(given.get("description") or "").strip()
    if not _NAME.fullmatch(name):
        raise BadRequest("BOT_COMMAND_INVALID")
    if not 1 <= len(description) <= 256:
        raise BadRequest("BOT_COMMAND_DESCRIPTION_INVALID")
    return {"command": name, "description": description}
