"""A message's text with its entities as HTML that is safe to put into the chat page."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from telegrambot.engine.formatted_text import Entity, ordered
from telegrambot.engine.links import is_shown


def _wrapped(template: str) -> Callable[[Entity, str, SafeString], SafeString]:
    return lambda entity, plain, inner: format_html(template, inner)


def _link(entity: Entity, plain: str, inner: SafeString) -> SafeString:
    address = entity.get("url") or plain
    if entity["type"] == "email":
        address = f"mailto:{plain}"
    elif entity["type"] == "url" and "://" not in address:
        address = f"https://{address}"
    if not is_shown(address):
        return inner
    return format_html(
        '<a href="{}" title="{}" target="_blank" rel="noopener noreferrer">{}</a>', address, address, inner
    )


def _command(entity: Entity, plain: str, inner: SafeString) -> SafeString:
    return format_html('<button type="button" class="command" data-send="{}">{}</button>', plain, inner)


def _pre(entity: Entity, plain: str, inner: SafeString) -> SafeString:
    return format_html('<pre data-language="{}"><code>{}</code></pre>', entity.get("language", ""), inner)


_RENDERERS: dict[str, Callable[[Entity, str, SafeString], SafeString]] = {
    "bold": _wrapped("<b>{}</b>"),
    "italic": _wrapped("<i>{}</i>"),
    "underline": _wrapped("<u>{}</u>"),
    "strikethrough": _wrapped("<s>{}</s>"),
    "code": _wrapped("<code>{}</code>"),
    "blockquote": _wrapped("<blockquote>{}</blockquote>"),
    "expandable_blockquote": _wrapped("<blockquote>{}</blockquote>"),
    "spoiler": _wrapped('<span class="spoiler" tabindex="0">{}</span>'),
    "mention": _wrapped('<span class="mention">{}</span>'),
    "hashtag": _wrapped('<span class="mention">{}</span>'),
    "pre": _pre,
    "url": _link,
    "email": _link,
    "text_link": _link,
    "bot_command": _command,
}


def render(text: str, entities: list[Entity]) -> SafeString:
    """HTML for a text and its entities; everything that came from outside is escaped.

    Entities that overlap without nesting are cut at the end of the outer one.
    """
    units = text.encode("utf-16-le", "surrogatepass")
    return _rendered(units, 0, len(units) // 2, ordered(entities))


def _rendered(units: bytes, start: int, end: int, entities: list[Entity]) -> SafeString:
    parts: list[str] = []
    position = start
    for index, entity in enumerate(entities):
        first = entity["offset"]
        last = min(first + entity["length"], end)
        if first < position or first >= last:
            continue
        inner = _rendered(units, first, last, entities[index + 1 :])
        wrap = _RENDERERS.get(entity["type"], _wrapped("{}"))
        parts.append(format_html("{}", _plain(units, position, first)))
        parts.append(wrap(entity, _plain(units, first, last), inner))
        position = last
    parts.append(format_html("{}", _plain(units, position, end)))
    return mark_safe("".join(parts))  # noqa: S308  every part was escaped above


def _plain(units: bytes, start: int, end: int) -> str:
    return units[start * 2 : end * 2].decode("utf-16-le", "replace")
