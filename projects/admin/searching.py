"""Search in names, by the index on their words."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import QuerySet


def with_words(rows: QuerySet[Any], column: str, term: str) -> QuerySet[Any]:
    """Those that have, for each word of `term`, a word in `column` that begins so.

    Args:
        rows: a row's `column` has an index on `SearchVector(column, config="simple")`, where there are many.
        column: a text.
        term: as it was typed; nothing finds everything.
    """
    words = [word for word in term.translate({ord("\\"): " ", ord("'"): " ", 0: " "}).split() if word]
    if not words:
        return rows
    beginnings = SearchQuery(" & ".join(f"'{word}':*" for word in words), search_type="raw", config="simple")
    return rows.annotate(words=SearchVector(column, config="simple")).filter(words=beginnings)
