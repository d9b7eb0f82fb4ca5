"""Telegram HTML as HTML of our pages. Whatever was typed is escaped."""

from __future__ import annotations

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from telegrambot.engine.formatted_text import Entity
from telegrambot.engine.html_markup import MarkupError, parse_html
from telegrambot.engine.links import is_shown

# The element of our page for what Telegram calls it.
_ELEMENTS = {
    "bold": "b",
    "italic": "i",
    "underline": "u",
    "strikethrough": "s",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "expandable_blockquote": "blockquote",
}


def rendered(source: str) -> SafeString:
    """Telegram HTML as HTML of our pages; as it was typed where Telegram would not take it."""
    try:
        formatted = parse_html(source)
    except MarkupError:
        return escape(source)
    # Entities of a text that was read from tags never overlap without nesting.
    marks: list[tuple[int, int, int, str]] = []
    for number, entity in enumerate(formatted.entities):
        opening, closing = _tags(entity)
        start, end = entity["offset"], entity["offset"] + entity["length"]
        # At one place the inner ones end before the outer ones, and all of them before others begin.
        marks += [(start, 1, number, opening), (end, 0, -number, closing)]
    units, parts, position = formatted.text.encode("utf-16-le", "surrogatepass"), [], 0
    for place, _kind, _order, tag in sorted(marks):
        parts += [_plain(units, position, place), tag]
        position = place
    parts.append(_plain(units, position, len(units) // 2))
    return mark_safe("".join(parts))  # noqa: S308  texts were escaped, tags are our own


def _tags(entity: Entity) -> tuple[str, str]:
    kind = entity["type"]
    if kind == "text_link" and is_shown(entity["url"]):
        return format_html('<a href="{}" target="_blank" rel="noopener noreferrer">', entity["url"]), "</a>"
    if kind == "spoiler":
        return '<span class="sb-spoiler" tabindex="0">', "</span>"
    name = _ELEMENTS.get(kind)
    return (f"<{name}>", f"</{name}>") if name else ("", "")


def _plain(units: bytes, start: int, end: int) -> str:
    return escape(units[start * 2 : end * 2].decode("utf-16-le", "replace"))
