"""Objects of the Bot API, just complete enough for a client library to parse them."""

from __future__ import annotations

import time
from typing import Any

BOT_USERNAME = "stand_in_bot"


def bot_user(bot_id: int) -> dict[str, Any]:
    """The bot itself."""
    return {"id": bot_id, "is_bot": True, "first_name": "Stand-in", "username": BOT_USERNAME}


def chat(chat_id: int) -> dict[str, Any]:
    """A private chat; its id is the person's."""
    return {"id": chat_id, "type": "private", "first_name": f"Person {chat_id}"}


def person(person_id: int) -> dict[str, Any]:
    """Somebody who writes to the bot."""
    name = {"first_name": f"Person {person_id}", "username": f"person_{person_id}"}
    return {"id": person_id, "is_bot": False, "language_code": "en", **name}


def incoming(chat_id: int, number: int, text: str) -> dict[str, Any]:
    """A text that a person wrote."""
    message: dict[str, Any] = {
        "message_id": number,
        "date": int(time.time()),
        "chat": chat(chat_id),
        "from": person(chat_id),
        "text": text,
    }
    if text.startswith("/"):
        length = len(text.split(maxsplit=1)[0])
        message["entities"] = [{"type": "bot_command", "offset": 0, "length": length}]
    return message


def outgoing(bot_id: int, method: str, chat_id: int, number: int, text: str) -> dict[str, Any]:
    """What a method that sends or edits returns."""
    message: dict[str, Any] = {
        "message_id": number,
        "date": int(time.time()),
        "chat": chat(chat_id),
        "from": bot_user(bot_id),
    }
    file = {"file_id": f"file-{number}", "file_unique_id": f"unique-{number}"}
    match method:
        case "sendMessage" | "editMessageText":
            return message | {"text": text}
        case "sendPhoto":
            message["photo"] = [file | {"width": 1, "height": 1}]
        case "sendVideo":
            message["video"] = file | {"width": 1, "height": 1, "duration": 1}
        case "sendDocument":
            message["document"] = file
    return message | {"caption": text}
