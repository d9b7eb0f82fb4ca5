"""How good drafts are: approved or not, changed how much, answered how soon, at what cost; all in SQL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils import timezone

from telegrambot.accounts.models import TelegramUser
from telegrambot.inbox.models import Provider, SystemPrompt

# Groups of one kind that are listed, those with the most drafts.
SHOWN = 20

# An approval is a person's; what went out alone is counted apart.
_GROUPS = """
SELECT grouping(provider, model_name, prompt_id, decided_by_id) AS kind,
       provider, model_name, prompt_id, decided_by_id,
       count(*) AS made,
       count(*) FILTER (WHERE status IN ('approved', 'sent', 'failed') AND NOT is_automatic) AS approved,
       count(*) FILTER (WHERE status = 'rejected') AS rejected,
       count(*) FILTER (WHERE is_automatic) AS automatic,
       avg(edit_share) FILTER (WHERE status IN ('approved', 'sent', 'failed') AND NOT is_automatic) AS edited,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM decided_at - last_message_timestamp))
           FILTER (WHERE status IN ('approved', 'sent', 'failed')) AS seconds,
       sum(cost) AS cost
FROM inbox_draftreply WHERE created_at >= %(since)s
GROUP BY GROUPING SETS ((provider, model_name), (prompt_id), (decided_by_id), ())
ORDER BY made DESC, provider, model_name, prompt_id, decided_by_id
"""
_DAYS = """
SELECT day::date,
       count(draft.id) FILTER (WHERE status IN ('approved', 'sent', 'failed')) AS approved,
       count(draft.id) FILTER (WHERE status = 'rejected') AS rejected
FROM generate_series(%(first)s::date, %(last)s::date, interval '1 day') AS day
LEFT JOIN inbox_draftreply AS draft
     ON draft.created_at >= day::timestamp AT TIME ZONE %(zone)s
    AND draft.created_at < (day::timestamp + interval '1 day') AT TIME ZONE %(zone)s
GROUP BY day ORDER BY day
"""
# Also trials, and calls that came to nothing.
_CALLS = """
SELECT count(*), count(*) FILTER (WHERE error <> ''), coalesce(sum(cost), 0),
       coalesce(sum(tokens_in::bigint + tokens_out), 0)
FROM inbox_modelcall WHERE created_at >= %(since)s
"""
# A bit of `kind` is set where the group is not divided by that column.
_BY_MODEL, _BY_PROMPT, _BY_PERSON, _ALL = 0b0011, 0b1101, 0b1110, 0b1111


@dataclass(frozen=True, slots=True)
class Line:
    """The numbers of some drafts.

    Attributes:
        label: what they have in common; empty: nothing.
        edited: how much of an approved draft was changed on average, 0 to 1; None: none was approved.
        seconds: from the question to the decision, the median; None: none was approved.
        cost: in US dollars; None: not known, or none.
    """

    label: str
    made: int
    approved: int
    rejected: int
    automatic: int
    edited: float | None
    seconds: float | None
    cost: Decimal | None

    @property
    def rate(self) -> float | None:
        """Which part of what people decided about they approved, 0 to 1."""
        decided = self.approved + self.rejected
        return self.approved / decided if decided else None


@dataclass(frozen=True, slots=True)
class Day:
    """What became of the drafts made on a day."""

    day: date
    approved: int
    rejected: int


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers of a period.

    Attributes:
        prompts: by version of the instructions; None stands for none.
        people: by who decided.
        calls: of models, whatever for; `failed_calls` came to nothing.
        cost: of all calls, in US dollars.
    """

    total: Line
    models: list[Line]
    prompts: list[Line]
    people: list[Line]
    days: list[Day]
    calls: int
    failed_calls: int
    cost: Decimal
    tokens: int


def read(days: int, *, nothing: str, everybody: str) -> Numbers:
    """Read the numbers of the last days, today among them; the number of queries is always the same.

    Args:
        nothing: what drafts without instructions are called.
        everybody: whose the instructions are that nobody in particular has.
    """
    zone = timezone.get_default_timezone()
    today = timezone.localdate(timezone=zone)
    first = today - timedelta(days=days - 1)
    since = datetime.combine(first, time.min, tzinfo=zone)
    with connection.cursor() as cursor:
        cursor.execute(_GROUPS, {"since": since})
        rows = cursor.fetchall()
        cursor.execute(_DAYS, {"first": first, "last": today, "zone": str(zone)})
        by_day = [Day(*row) for row in cursor.fetchall()]
        cursor.execute(_CALLS, {"since": since})
        calls, failed_calls, cost, tokens = cursor.fetchone()
    groups = {kind: [row for row in rows if row[0] == kind][:SHOWN] for kind in (_BY_MODEL, _BY_PROMPT)}
    decided = [row for row in rows if row[0] == _BY_PERSON and row[4] is not None][:SHOWN]
    prompts = (
        SystemPrompt.objects.select_related("operator")
        .defer("text")
        .in_bulk([row[3] for row in groups[_BY_PROMPT] if row[3] is not None])
    )
    people = TelegramUser.objects.in_bulk([row[4] for row in decided])
    return Numbers(
        next(_line("", row) for row in rows if row[0] == _ALL),
        [_line(_model(row[1], row[2]), row) for row in groups[_BY_MODEL]],
        [_line(_prompt(prompts.get(row[3]), nothing, everybody), row) for row in groups[_BY_PROMPT]],
        [_line(str(people.get(row[4], "")), row) for row in decided],
        by_day,
        calls,
        failed_calls,
        cost,
        tokens,
    )


def _line(label: str, row: Any) -> Line:
    return Line(label, *row[5:])


def _model(provider: str, name: str) -> str:
    known = str(Provider(provider).label)
    return known if provider == Provider.BUILT_IN or not name else f"{known} · {name}"


def _prompt(prompt: SystemPrompt | None, nothing: str, everybody: str) -> str:
    return nothing if prompt is None else f"{prompt.operator or everybody} · {prompt}"
