"""Telegram's HTML parse mode: https://core.telegram.org/bots/api#html-style

Wording and order of the errors follow the real server, because programs match on them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape

from telegrambot.engine.formatted_text import Entity, FormattedText, ordered, utf16_length
from telegrambot.engine.links import followed

ENTITY_OF_TAG = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "span": "spoiler",
    "tg-spoiler": "spoiler",
    "tg-emoji": "custom_emoji",
    "tg-time": "date_time",
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
}
# Only these four names and numbers are decoded; anything else stays as it was written.
CHARACTER = re.compile(r"&(?:lt|gt|amp|quot|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});")
_ATTRIBUTE = re.compile(
    r"""([^\s=>]*+)(\s*=\s*)?+(?(2)(?:"([^"]*)"|'([^']*)'|([A-Za-z0-9.\-]*)(?=[\s>])))""", re.ASCII
)


class MarkupError(ValueError):
    """What Telegram says after `can't parse entities: `."""


@dataclass
class _OpenTag:
    name: str
    attributes: dict[str, str]
    start: int
    offset: int
    first_part: int


class _Reader:
    """Walks over the source once, collecting plain text and closed entities."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.parts: list[str] = []
        self.offset = 0
        self.open: list[_OpenTag] = []
        self.entities: list[Entity] = []
        self.dropped: list[tuple[int, str]] = []

    def read(self) -> FormattedText:
        position = 0
        while (start := self.source.find("<", position)) >= 0:
            self._take(self.source[position:start])
            is_end = self.source.startswith("/", start + 1)
            position = self._end_tag(start) if is_end else self._start_tag(start)
        self._take(self.source[position:])
        if self.open:
            raise MarkupError(f'Can\'t find end tag corresponding to start tag "{self.open[-1].name}"')
        return FormattedText("".join(self.parts), ordered(self.entities))

    def _take(self, written: str) -> None:
        text = decoded(written)
        self.parts.append(text)
        self.offset += utf16_length(text)

    def _at(self, position: int) -> str:
        return f"at byte offset {len(self.source[:position].encode())}"

    def _start_tag(self, start: int) -> int:
        match = re.compile(r"[^\s>]*").match(self.source, start + 1)
        assert match is not None  # the pattern matches the empty string
        name, position = match.group().lower(), match.end()
        if position == len(self.source):
            raise MarkupError(f"Unclosed start tag {self._at(start)}")
        if name not in ENTITY_OF_TAG:
            raise MarkupError(f'Unsupported start tag "{name}" {self._at(start)}')
        attributes: dict[str, str] = {}
        while not self.source.startswith(">", position := self._skip_space(position)):
            position = self._attribute(name, start, position, attributes)
        if name == "span" and attributes.get("class") != "tg-spoiler":
            raise MarkupError(f'Tag "span" must have class "tg-spoiler" {self._at(start)}')
        self.open.append(_OpenTag(name, attributes, start, self.offset, len(self.parts)))
        return position + 1

    def _skip_space(self, position: int) -> int:
        while position < len(self.source) and self.source[position].isspace():
            position += 1
        return position

    def _attribute(self, tag: str, start: int, position: int, into: dict[str, str]) -> int:
        if position == len(self.source):
            raise MarkupError(f"Unclosed start tag {self._at(start)}")
        match = _ATTRIBUTE.match(self.source, position)
        if match is None:
            if re.compile(r"[^\s=>]+\s*=\s*[\"']").match(self.source, position):
                raise MarkupError(f"Unclosed start tag {self._at(start)}")
            raise MarkupError(f"Unexpected end of name token {self._at(position)}")
        name = match.group(1).lower()
        if not name:
            raise MarkupError(f'Empty attribute name in the tag "{tag}" {self._at(start)}')
        if not match.group(2) and (tag, name) != ("blockquote", "expandable"):
            raise MarkupError(
                f'Expected equal sign in declaration of an attribute of the tag "{tag}" {self._at(start)}'
            )
        into[name] = decoded(match.group(3) or match.group(4) or match.group(5) or "")
        return match.end()

    def _end_tag(self, start: int) -> int:
        if not self.open:
            raise MarkupError(f"Unexpected end tag {self._at(start)}")
        match = re.compile(r"([^\s>]*)\s*>").match(self.source, start + 2)
        if match is None:
            raise MarkupError(f"Unclosed end tag {self._at(start)}")
        tag, name = self.open[-1], match.group(1).lower()
        if name and name != tag.name:
            raise MarkupError(
                f'Unmatched end tag {self._at(start)}, expected "</{tag.name}>", found "</{name}>"'
            )
        self.open.pop()
        if self.offset > tag.offset:
            self._close(tag)
        return match.end()

    def _close(self, tag: _OpenTag) -> None:
        entity: Entity = {
            "type": ENTITY_OF_TAG[tag.name],
            "offset": tag.offset,
            "length": self.offset - tag.offset,
        }
        last = self.entities[-1] if self.entities else {}
        covers_last = (last.get("offset"), last.get("length")) == (entity["offset"], entity["length"])
        if tag.name == "a":
            address = tag.attributes.get("href") or "".join(self.parts[tag.first_part :])
            link = followed(address.strip())
            if link is None:
                self.dropped.append((tag.start, address))
                return
            entity["url"] = link
        elif tag.name == "code" and tag.attributes.get("class", "").startswith("language-"):
            entity["language"] = tag.attributes["class"].removeprefix("language-")
        elif tag.name == "pre" and covers_last and last["type"] == "code" and "language" in last:
            # A block in a language is written as code inside pre and is one entity.
            entity["language"] = self.entities.pop()["language"]
        elif tag.name == "blockquote" and "expandable" in tag.attributes:
            entity["type"] = "expandable_blockquote"
        elif tag.name == "tg-emoji":
            entity["custom_emoji_id"] = _number(
                tag.attributes.get("emoji-id", ""), "Invalid custom emoji identifier specified"
            )
        elif tag.name == "tg-time":
            unix = _number(tag.attributes.get("unix", ""), "Invalid date specified")
            entity |= {"unix_time": int(unix), "date_time_format": tag.attributes.get("format", "")}
        self.entities.append(entity)


def parse_html(source: str) -> FormattedText:
    """Turn HTML as bots write it into plain text and entities.

    Raises:
        MarkupError: the text is not what Telegram accepts; the message is Telegram's own.
    """
    formatted = _Reader(source).read()
    for entity in formatted.entities:
        if entity["type"] == "code":
            entity.pop("language", None)
    return formatted


def dropped_links(source: str) -> list[tuple[int, str]]:
    """Of which links Telegram would keep the words only: where in `source` each begins, and its address.

    Raises:
        MarkupError: as `parse_html`.
    """
    reader = _Reader(source)
    reader.read()
    return reader.dropped


def decoded(text: str) -> str:
    """What stands for a character, as Telegram reads it: it knows far fewer names than browsers do."""
    return CHARACTER.sub(lambda match: unescape(match.group()), text)


def _number(value: str, problem: str) -> str:
    if not value.isascii() or not value.isdigit():
        raise MarkupError(problem)
    return value
