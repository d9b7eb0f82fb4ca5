"""What a draft must not contain, whatever the model was talked into."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import Q

from telegrambot.accounts.models import TelegramUser
from telegrambot.engine import languages
from telegrambot.inbox.drafting import traces
from telegrambot.inbox.drafting.context import Context
from telegrambot.inbox.drafting.exceptions import (
    AnswerTooLong,
    BlankLeft,
    LinkNotAllowed,
    PromptLeaked,
    StrangerMentioned,
    WrongLanguage,
)
from telegrambot.inbox.drafting.prompts import RULES, TAGS

# So many words in a row are no accident. The operators' own instructions may hold facts that are to be told
# in just these words, so that of them only a longer run counts.
RULES_IN_A_ROW = 8
INSTRUCTIONS_IN_A_ROW = 16
MAX_NAMES = 20
# In which languages an answer can be told from one in another.
ANSWERED = frozenset({languages.RUSSIAN, languages.ENGLISH})

_WORD = re.compile(r"\w+")
_BLANK = re.compile(
    rf"</?(?:{'|'.join(TAGS)})\b|<\|[^>\n]*\|?>|\[/?INST\]|<(?:start|end)_of_turn>|</?s>|</?think>"
    r"|\{\{[^}\n]*\}\}|\{%[^%\n]*%\}|\{[A-Za-zА-Яа-яЁё_ ]{2,40}\}|<[A-Z][A-Z_ ]{2,30}>"
    r"|\[(?:your|insert|enter|customer|client|company|name|date|link|phone|ваш\w*|вставьте|укажите|введите|имя|"
    r"дата|ссылка|телефон|название)\b[^\]\n]*\](?!\()",
    re.IGNORECASE,
)


def check(text: str, context: Context, instructions: str, *, max_characters: int) -> None:
    """Refuse a draft that nobody should be tempted to send.

    Args:
        text: what the model wrote.
        context, instructions: what it was made from.

    Raises:
        AnswerTooLong, BlankLeft, WrongLanguage: it cannot be sent as it is.
        PromptLeaked, LinkNotAllowed, StrangerMentioned: it says what it must not.
    """
    if len(text) > max_characters:
        raise AnswerTooLong
    if repeats(text, RULES, RULES_IN_A_ROW) or repeats(text, instructions, INSTRUCTIONS_IN_A_ROW):
        raise PromptLeaked
    if _BLANK.search(text):
        raise BlankLeft
    ours = [instructions, *(line.text for line in context.lines if line.is_ours)]
    for excerpt in context.excerpts:
        ours += [excerpt.title, excerpt.text, excerpt.url]
    # A link that only the customer wrote may be a trap: repeated by us, it would look like ours.
    if traces.links(text) - _found(traces.links, ours):
        raise LinkNotAllowed
    known = [*ours, context.summary, *(line.text for line in context.lines if not line.is_ours)]
    if context.person:
        known += [context.person.full_name, f"@{context.person.username}"]
    if traces.contacts(text) - _found(traces.contacts, known):
        raise StrangerMentioned
    if _names_somebody(traces.full_names(text) - _found(traces.full_names, known)):
        raise StrangerMentioned
    if context.language in ANSWERED and _is_foreign(text, context.language):
        raise WrongLanguage


def _is_foreign(text: str, language: str) -> bool:
    # "OK" is a word of every language.
    return len(_WORD.findall(text)) > 2 and languages.detect(text) not in {language, languages.UNKNOWN}


def repeats(text: str, secret: str, words: int) -> bool:
    """Whether `text` has so many words in a row in common with `secret`, whatever stands between them."""
    return not _runs(text, words).isdisjoint(_runs(secret, words))


def _runs(text: str, length: int) -> set[tuple[str, ...]]:
    words = _WORD.findall(text.casefold())
    return {tuple(words[start : start + length]) for start in range(len(words) - length + 1)}


def _found(find: Callable[[str], set[Any]], texts: Iterable[str]) -> set[Any]:
    return {trace for text in texts for trace in find(text)}


def _names_somebody(pairs: set[tuple[str, str]]) -> bool:
    """Whether one of the pairs is the full name of somebody the bot knows."""
    condition = Q()
    for first, last in sorted(pairs)[:MAX_NAMES]:
        condition |= Q(first_name__iexact=first, last_name__iexact=last)
        condition |= Q(first_name__iexact=last, last_name__iexact=first)
    return bool(pairs) and TelegramUser.objects.filter(condition).exists()
