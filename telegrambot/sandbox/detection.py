"""What Telegram marks in any text by itself: commands, mentions, hashtags, links, mail addresses."""

from __future__ import annotations

import re

from telegrambot.engine.formatted_text import Entity, FormattedText, ordered, utf16_length

# The first kind that claims a stretch of text keeps it.
_PATTERNS = (
    (
        "url",
        re.compile(r"(?<![\w@])(?:(?:https?|ftp|tg)://|www\.|t\.me/)[^\s<>\"]*[^\s<>\".,:;!?)\]}'»”]", re.I),
    ),
    ("email", re.compile(r"(?<![\w.+-])[\w.+-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}\b", re.I | re.ASCII)),
    ("bot_command", re.compile(r"(?<![\w/<>@])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/<>])")),
    ("mention", re.compile(r"(?<!\w)@[A-Za-z0-9_]{3,32}(?!\w)")),
    ("hashtag", re.compile(r"(?<![\w#])#\w*[^\W\d_]\w*")),
)
# Inside these nothing is detected.
_OPAQUE = {"code", "pre", "text_link", "text_mention", "custom_emoji", "date_time"}


def detect(formatted: FormattedText) -> FormattedText:
    """The same text with the entities added that Telegram finds by itself."""
    text = formatted.text
    taken = [
        (entity["offset"], entity["offset"] + entity["length"])
        for entity in formatted.entities
        if entity["type"] in _OPAQUE
    ]
    found: list[Entity] = []
    for kind, pattern in _PATTERNS:
        for match in pattern.finditer(text):
            start = utf16_length(text[: match.start()])
            stop = start + utf16_length(match.group())
            if all(stop <= begin or end <= start for begin, end in taken):
                taken.append((start, stop))
                found.append({"type": kind, "offset": start, "length": stop - start})
    return FormattedText(text, ordered(formatted.entities + found))
