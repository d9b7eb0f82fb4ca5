"""The log as a file: read page by page and sent event by event, so that millions need no more memory."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC
from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils import timezone, translation

from audit.models import EventLog
from audit.sentences import Told, tell
from audit.services import record
from config.admin_pagination import older_than, place_of

# An event may hold megabytes.
_AT_ONCE = 100
# What spreadsheets take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
COLUMNS = (
    "id",
    "timestamp",
    "user_id",
    "user_name",
    "action",
    "entity_type",
    "entity_id",
    "origin",
    "correlation_id",
    "sentence",
    "details",
)


def download(
    events: QuerySet[EventLog], keyset: Sequence[str], form: str, *, filters: int
) -> StreamingHttpResponse:
    """Answer with the events as a file, newest first, and record that somebody took them.

    Args:
        events: which.
        keyset: what orders them, with an index.
        form: "csv", or else "jsonl".
        filters: how many filters chose them.
    """
    form = form if form in _WRITERS else "jsonl"
    record("audit.log.exported", details={"format": form, "filters": filters})
    content_type, write = _WRITERS[form]
    # The answer is read after the request is over, when nobody's language is active any more.
    lines = write(_rows(events, keyset, translation.get_language() or "en"))
    name = f"events-{timezone.localdate().isoformat()}.{form}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingHttpResponse(lines, content_type=content_type, headers=headers)


def csv_lines(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    """CSV with a heading (RFC 4180); cells that a spreadsheet would calculate begin with an apostrophe."""
    writer = csv.writer(_Echo())
    yield writer.writerow(COLUMNS)
    for row in rows:
        yield writer.writerow([_cell(row[name]) for name in COLUMNS])


def json_lines(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    """A JSON object in each line."""
    for row in rows:
        yield f"{json.dumps(row, ensure_ascii=False)}\n"


_WRITERS: dict[str, tuple[str, Callable[[Iterable[dict[str, Any]]], Iterator[str]]]] = {
    "csv": ("text/csv; charset=utf-8", csv_lines),
    "jsonl": ("application/jsonl; charset=utf-8", json_lines),
}


def _rows(events: QuerySet[EventLog], keyset: Sequence[str], language: str) -> Iterator[dict[str, Any]]:
    place = ""
    while page := list(older_than(events, keyset, place)[:_AT_ONCE]):
        with translation.override(language), timezone.override(UTC):
            in_words = [(told, told.sentence) for told in tell(page)]
        yield from (_row(told, sentence) for told, sentence in in_words)
        place = place_of(page[-1], keyset)


def _row(told: Told, sentence: str) -> dict[str, Any]:
    event = told.event
    return {
        "id": event.pk,
        "timestamp": event.timestamp.astimezone(UTC).isoformat(),
        "user_id": event.user_id,
        "user_name": told.who,
        "action": event.action,
        "entity_type": event.entity_type,
        "entity_id": event.entity_id,
        "origin": event.origin,
        "correlation_id": event.correlation_id,
        "sentence": sentence,
        "details": event.details,
    }


def _cell(value: Any) -> Any:
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value
    return f"'{text}" if isinstance(text, str) and text.startswith(_FORMULA) else text


class _Echo:
    """A file that gives back what is written, for the csv module."""

    def write(self, text: str) -> str:
        return text
