"""Cut long Telegram HTML into messages, at paragraph ends where possible, without breaking a tag."""

from __future__ import annotations

import re
from collections.abc import Iterator

from telegrambot.engine.formatted_text import utf16_length
from telegrambot.engine.html_markup import CHARACTER, decoded

# Counted after entities are parsed, in UTF-16 units: https://core.telegram.org/bots/api#sendmessage
MAX_TEXT = 4096
MAX_CAPTION = 1024

_TOKEN = re.compile(rf"<(/?)([a-zA-Z][\w-]*)([^<>]*)>|{CHARACTER.pattern}|.", re.DOTALL)
# Where a text may be cut, best first, and how much of the room a cut may leave unused to be had.
_BREAKS = (("\n\n", 0.5), ("\n", 0.5), (". ", 0.5), (" ", 0.2))


def length(text: str) -> int:
    """How long Telegram HTML is when read, in UTF-16 units."""
    return utf16_length(_visible(text))


def split(text: str, limit: int = MAX_TEXT) -> list[str]:
    """Cut `text` into parts of at most `limit` visible UTF-16 units; open tags go on in the next part."""
    text = text.strip()
    if length(text) <= limit:
        return [text] if _visible(text).strip() else []
    return [part for part in _parts(text, limit) if _visible(part).strip()]


def _visible(text: str) -> str:
    return decoded(re.sub(r"<[^<>]+>", "", text))


def _parts(text: str, limit: int) -> Iterator[str]:
    open_tags: list[tuple[str, str]] = []
    while text:
        prefix = "".join(tag for _, tag in open_tags)
        end = _fitting(text, limit)
        if end < len(text):
            end = _good_cut(text, end)
        for match in _TOKEN.finditer(text[:end]):
            if match[2] and match[1]:
                if open_tags and open_tags[-1][0] == match[2]:
                    open_tags.pop()
            elif match[2]:
                open_tags.append((match[2], match[0]))
        closing = "".join(f"</{name}>" for name, _ in reversed(open_tags))
        yield (prefix + text[:end].strip("\n") + closing).strip()
        text = text[end:].lstrip("\n") if not open_tags else text[end:]


def _fitting(text: str, limit: int) -> int:
    """The index up to which `text` is at most `limit` units long, never inside a tag or an entity."""
    used = 0
    for match in _TOKEN.finditer(text):
        if not match[2]:
            used += utf16_length(decoded(match[0]))
        if used > limit:
            return match.start()
    return len(text)


def _good_cut(text: str, end: int) -> int:
    for mark, share in _BREAKS:
        found = text.rfind(mark, int(end * (1 - share)), end)
        # A mark inside a tag's attributes is no place to cut.
        if found > 0 and text.rfind("<", 0, found) <= text.rfind(">", 0, found):
            return found + len(mark)
    return end
