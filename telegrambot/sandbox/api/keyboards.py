"""`reply_markup`: what may stand below a message."""

from __future__ import annotations

from typing import Any

from telegrambot.engine.links import followed
from telegrambot.sandbox.api.errors import BadRequest

MAX_CALLBACK_BYTES = 64
_OTHER_MARKUP = ("keyboard", "remove_keyboard", "force_reply")
_OTHER_ACTIONS = (
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "callback_game",
    "pay",
)


def reply_markup(given: Any, *, inline_only: bool = False) -> dict[str, Any]:
    """The checked markup, empty when there is none.

    Raises:
        BadRequest: in Telegram's words.
    """
    if given in (None, {}):
        return {}
    if not isinstance(given, dict):
        raise BadRequest("object expected as reply markup")
    if "inline_keyboard" in given:
        rows = given["inline_keyboard"]
        if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
            raise BadRequest('field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays')
        checked = [[_button(button) for button in row] for row in rows if row]
        return {"inline_keyboard": checked} if checked else {}
    if inline_only:
        raise BadRequest("inline keyboard expected")
    if not any(name in given for name in _OTHER_MARKUP):
        raise BadRequest("can't parse reply keyboard markup JSON object")
    return given


def _button(given: Any) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise BadRequest("can't parse inline keyboard button: InlineKeyboardButton must be an Object")
    text = given.get("text")
    if not isinstance(text, str):
        raise BadRequest("can't parse inline keyboard button: can't find field \"text\"")
    if not text.strip():
        raise BadRequest("BUTTON_TEXT_EMPTY")
    if "callback_data" in given:
        data = given["callback_data"]
        if not isinstance(data, str) or not 1 <= len(data.encode()) <= MAX_CALLBACK_BYTES:
            raise BadRequest("BUTTON_DATA_INVALID")
    elif "url" in given:
        _check_url(str(given["url"]))
    elif not any(action in given for action in _OTHER_ACTIONS):
        raise BadRequest(
            "can't parse inline keyboard button: text buttons are unallowed in the inline keyboard"
        )
    return given


def _check_url(url: str) -> None:
    if followed(url.strip()) is None:
        raise BadRequest(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")
