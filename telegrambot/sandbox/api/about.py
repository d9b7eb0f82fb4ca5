"""getMe, getChat, getFile."""

from __future__ import annotations

from telegrambot.sandbox import wire
from telegrambot.sandbox.api.call import Call
from telegrambot.sandbox.api.errors import BadRequest
from telegrambot.sandbox.models import SandboxChat, SandboxFile

MAX_DOWNLOAD_BYTES = 20 * 1024 * 1024


def get_me(call: Call) -> wire.Json:
    """https://core.telegram.org/bots/api#getme"""
    return wire.bot_self(call.bot)


def get_chat(call: Call) -> wire.Json:
    """https://core.telegram.org/bots/api#getchat"""
    if not call.parameters.text("chat_id"):
        raise BadRequest("chat_id is empty")
    chats = SandboxChat.objects.exclude(kind=SandboxChat.Kind.BUSINESS).select_related("person")
    chat = chats.filter(pk=call.parameters.integer("chat_id")).first()
    if chat is None:
        raise BadRequest("chat not found")
    return wire.chat_full_info(chat)


def get_file(call: Call) -> wire.Json:
    """https://core.telegram.org/bots/api#getfile"""
    file_id = call.parameters.text("file_id")
    if not file_id:
        raise BadRequest("file_id not specified")
    file = SandboxFile.objects.defer("content").filter(file_id=file_id).first()
    if file is None:
        raise BadRequest("wrong file_id or the file is temporarily unavailable")
    if file.size > MAX_DOWNLOAD_BYTES:
        raise BadRequest("file is too big")
    return wire.file(file)
