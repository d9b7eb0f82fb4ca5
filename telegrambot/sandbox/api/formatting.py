"""Texts and captions as bots hand them in: `parse_mode`, or a list of entities."""

from __future__ import annotations

from typing import Any

from telegrambot.engine.formatted_text import FormattedText, cleaned, ordered, trimmed, utf16_length
from telegrambot.engine.html_markup import MarkupError, parse_html
from telegrambot.engine.links import followed
from telegrambot.sandbox.api.errors import BadRequest
from telegrambot.sandbox.detection import detect

# Characters (code points) after parsing, as the server counts them; entities count UTF-16 units.
MAX_TEXT = 4096
MAX_CAPTION = 1024


def formatted(written: str, parse_mode: str, entities: Any) -> FormattedText:
    """Plain text and entities of what a bot wrote.

    Raises:
        BadRequest: the markup is wrong, in Telegram's words.
    """
    mode = parse_mode.lower()
    if mode == "html":
        try:
            text = parse_html(cleaned(written))
        except MarkupError as error:
            raise BadRequest(f"can't parse entities: {error}") from None
    elif mode:
        raise BadRequest("unsupported parse_mode")
    else:
        text = FormattedText(written, _given(entities, utf16_length(written)))
    return detect(trimmed(text))


def message_text(written: str, parse_mode: str, entities: Any) -> FormattedText:
    """The text of a message, which must be there and fit."""
    text = formatted(written, parse_mode, entities)
    if not text.text:
        raise BadRequest("message text is empty")
    if len(text.text) > MAX_TEXT:
        raise BadRequest("message is too long")
    return text


def caption(written: str, parse_mode: str, entities: Any) -> FormattedText:
    """The caption of a file, which may be empty."""
    text = formatted(written, parse_mode, entities)
    if len(text.text) > MAX_CAPTION:
        raise BadRequest("message caption is too long")
    return text


def _given(entities: Any, length: int) -> list[dict[str, Any]]:
    if entities is None:
        return []
    if not isinstance(entities, list):
        raise BadRequest("can't parse entities: expected an Array")
    for entity in entities:
        if not isinstance(entity, dict) or not isinstance(entity.get("type"), str):
            raise BadRequest("can't parse entities: expected an Object of type MessageEntity")
        if not all(isinstance(entity.get(name), int) for name in ("offset", "length")):
            raise BadRequest("can't parse entities: entity has no offset or length")
        if entity["offset"] < 0 or entity["length"] < 1 or entity["offset"] + entity["length"] > length:
            raise BadRequest("can't parse entities: entity is outside of the text")
        if entity["type"] == "text_link" and followed(str(entity.get("url")).strip()) is None:
            raise BadRequest("can't parse entities: entity has a wrong URL")
    return ordered(entities)
