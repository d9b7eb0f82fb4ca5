"""A text with formatting, as the Bot API carries it: characters plus entities counted in UTF-16 units."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

Entity = dict[str, Any]

# Telegram turns control characters into spaces and drops carriage returns (tdlib, clean_input_string).
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f]")


@dataclass
class FormattedText:
    """Plain `text` and its `entities` in Bot API form, ordered by offset, outer ones first."""

    text: str = ""
    entities: list[Entity] = field(default_factory=list)


def utf16_length(text: str) -> int:
    """Length in UTF-16 code units, in which Telegram counts entity offsets."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def cleaned(text: str) -> str:
    """The text as Telegram stores it: no carriage returns, no control characters (U+0000 included)."""
    return _CONTROL.sub(" ", text.replace("\r", ""))


def trimmed(formatted: FormattedText) -> FormattedText:
    """Without white space at both ends, entities moved and cut to match."""
    text = formatted.text.strip()
    shift = utf16_length(formatted.text[: len(formatted.text) - len(formatted.text.lstrip())])
    end = utf16_length(text)
    entities = []
    for entity in formatted.entities:
        start = max(entity["offset"] - shift, 0)
        stop = min(entity["offset"] + entity["length"] - shift, end)
        if start < stop:
            entities.append({**entity, "offset": start, "length": stop - start})
    return FormattedText(text, ordered(entities))


def ordered(entities: list[Entity]) -> list[Entity]:
    """Entities by offset, the longer (outer) one first."""
    return sorted(entities, key=lambda entity: (entity["offset"], -entity["length"]))
