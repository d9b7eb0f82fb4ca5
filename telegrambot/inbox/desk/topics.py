"""What people ask about again and again, and how far each topic is from being answered without a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from telegrambot.vault import settings_store

SHOWN = 100
_RECENT = timedelta(days=90)

# The same count as trust.earned, for all topics at once.
_TOPICS = """
WITH topics AS (
    SELECT DISTINCT topic FROM inbox_draftreply WHERE created_at >= %(since)s AND topic <> ''
    UNION SELECT topic FROM inbox_automatictopic
)
SELECT topics.topic, coalesce(latest.title, automatic.title, topics.topic) AS title,
       coalesce(automatic.is_active, false) AS is_active, streak.earned
FROM topics
LEFT JOIN inbox_automatictopic AS automatic USING (topic)
LEFT JOIN LATERAL (
    SELECT nullif(made_from #>> '{sources,0,title}', '') AS title FROM inbox_draftreply AS draft
    WHERE draft.topic = topics.topic AND draft.topic <> '' ORDER BY id DESC LIMIT 1
) AS latest ON true
CROSS JOIN LATERAL (
    SELECT coalesce(min(place) FILTER (WHERE is_bad) - 1, count(*)) AS earned FROM (
        SELECT row_number() OVER (ORDER BY id DESC) AS place,
               status = 'rejected' OR coalesce(edit_share, 0) > %(small)s AS is_bad
        FROM inbox_draftreply AS draft
        WHERE draft.topic = topics.topic AND draft.topic <> '' AND NOT is_automatic
          AND status IN ('approved', 'sent', 'rejected')
        ORDER BY id DESC LIMIT %(needed)s
    ) AS decisions
) AS streak
ORDER BY is_active DESC, earned DESC, title, topics.topic LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True)
class Topic:
    """Something that people ask about.

    Attributes:
        topic: as drafts name it.
        is_active: whether its answers may go out without a person.
        earned: how many of the latest drafts in a row were approved with small edits, up to what is needed.
    """

    topic: str
    title: str
    is_active: bool
    earned: int


def read() -> list[Topic]:
    """The topics of the last months and those that were ever switched on, the most trusted first."""
    parameters: dict[str, Any] = {
        "since": timezone.now() - _RECENT,
        "needed": settings_store.get("drafting.approvals_needed", int),
        "small": settings_store.get("drafting.small_edit", float),
        "most": SHOWN,
    }
    with connection.cursor() as cursor:
        cursor.execute(_TOPICS, parameters)
        return [Topic(*row) for row in cursor.fetchall()]
