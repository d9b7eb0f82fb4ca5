"""A drafter that needs no model: it passes on what a guide says, or says that no guide does."""

from __future__ import annotations

import re

from django.utils.translation import gettext, override

from telegrambot.engine import languages
from telegrambot.engine.knowledge import Excerpt
from telegrambot.inbox.drafting.context import Context
from telegrambot.inbox.drafting.exceptions import NothingKnown

NAME = "built-in"
MAX_QUOTED = 700
_SENTENCE_END = re.compile(r"[.!?…](?=\s|$)")


def answer(context: Context) -> tuple[str, Excerpt]:
    """What the best excerpt says, and which one it is.

    One in the person's language goes first; of one in another language only the link is passed on.

    Raises:
        NothingKnown: no source found anything to pass on.
    """
    language = context.language or languages.detect(context.question)
    language = language if language == languages.RUSSIAN else languages.ENGLISH
    suitable = {language, languages.UNKNOWN}
    readable = [excerpt for excerpt in context.excerpts if languages.detect(excerpt.text) in suitable]
    with override(language):
        for excerpt in readable:
            if text := quoted(excerpt.text):
                intro = gettext("This is what “{title}” says:").format(title=excerpt.title)
                more = gettext("More: {link}").format(link=excerpt.url) if excerpt.url else ""
                return "\n\n".join(part for part in (intro, text, more) if part), excerpt
        for excerpt in context.excerpts:
            if excerpt.url:
                sentence = gettext("You will find the answer in “{title}”: {link}")
                return sentence.format(title=excerpt.title, link=excerpt.url), excerpt
    raise NothingKnown


def quoted(text: str) -> str:
    """The beginning of a text, as many whole sentences as a reply can hold."""
    text = text.strip()
    if len(text) <= MAX_QUOTED:
        return text
    ends = [match.end() for match in _SENTENCE_END.finditer(text, 0, MAX_QUOTED)]
    return text[: ends[-1]] if ends else text[: MAX_QUOTED - 1].rstrip() + "…"
