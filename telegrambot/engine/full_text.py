"""Finding messages by their words, in Russian and in English."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import Q, QuerySet

if TYPE_CHECKING:
    from telegrambot.engine.models import Message

# PostgreSQL's Russian configuration stems words in Latin letters as English ones: one index serves both.
CONFIG = "russian"
SEARCH_VECTOR = SearchVector("text", config=CONFIG)
# What is still on its way would be indexed anew at every step; broadcasts say the same thousands of times.
SEARCHED = Q(status__in=["sent", "delivered", "read"], priority__lt=9)


def matching(messages: QuerySet[Message], words: str) -> QuerySet[Message]:
    """Those messages that arrived, are no broadcasts, and contain what somebody searches for.

    Args:
        messages: where to search.
        words: as people type them into a search box: all words, "a phrase", -without, this or that.
    """
    query = SearchQuery(words, config=CONFIG, search_type="websearch")
    return messages.filter(SEARCHED).alias(searched=SEARCH_VECTOR).filter(searched=query)
