"""What is known and may be told to people: a registry of sources, in which replies look for answers.

register(KnowledgeSource("guides", search_guides))
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain, zip_longest

from telegrambot.accounts.models import TelegramUser

MAX_WORDS = 1000


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A piece of something that is known.

    Attributes:
        title: of the whole it was taken from.
        text: plain text.
        url: where the person can read the whole; empty when nowhere.
        reference: what it was taken from, as the source names it ("guide:<key>").
    """

    title: str
    text: str
    url: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class KnowledgeSource:
    """Where answers may be found.

    Attributes:
        name: unique.
        search: takes the words, the person who asks, and how many excerpts are wanted; the best come first.
            It finds only what that person may read and what is about nobody else.
    """

    name: str
    search: Callable[[str, TelegramUser, int], list[Excerpt]]


_sources: dict[str, KnowledgeSource] = {}


def register(source: KnowledgeSource) -> None:
    """Add a source.

    Raises:
        ValueError: another one has this name.
    """
    if _sources.setdefault(source.name, source) != source:
        raise ValueError(f"The knowledge source {source.name!r} is registered twice.")


def search(words: str, person: TelegramUser, *, limit: int = 5) -> list[Excerpt]:
    """The best of every source in turn.

    Args:
        words: a question as the person wrote it.
        person: who asks: nothing is found that they may not read.
        limit: how many excerpts are wanted.
    """
    words = words.replace("\x00", "").strip()[-MAX_WORDS:]
    if not words:
        return []
    found = [source.search(words, person, limit) for source in _sources.values()]
    return [excerpt for excerpt in chain.from_iterable(zip_longest(*found)) if excerpt is not None][:limit]
