"""What full-text search looks at in a guide, and how much each part of it weighs."""

from __future__ import annotations

from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models import Func
from django.db.models.expressions import CombinedExpression

# array_to_string may not stand in a generated column: PostgreSQL cannot know it is immutable for text.
CREATE_TAGS_AS_TEXT = """
CREATE FUNCTION guides_tags_as_text(tags varchar[]) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT array_to_string(tags, ' ') $$
"""
DROP_TAGS_AS_TEXT = "DROP FUNCTION guides_tags_as_text(varchar[])"


class TagsAsText(Func):
    """The tags, one after the other."""

    function = "guides_tags_as_text"
    output_field = models.TextField()


def search_vector(config: str) -> CombinedExpression:
    """The weighted search vector of a guide.

    Args:
        config: a text search configuration of PostgreSQL (`russian`, `english`).
    """
    return (
        SearchVector("title", weight="A", config=config)
        + SearchVector(TagsAsText("tags"), weight="A", config=config)
        + SearchVector("description", weight="B", config=config)
        + SearchVector("body", weight="C", config=config)
    )
