"""What somebody does who owns the log, and what tests need to see it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connection

from audit import seals
from audit.models import AuditSeal, EventLog
from audit.verification import Verification

TABLES = ("audit_eventlog", "audit_seal", "audit_sealedevent")


def sql(statement: str, *params: Any) -> list[Any]:
    """Run one statement; its rows, if it has any."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params or None)
        return cursor.fetchall() if cursor.description else []


def tamper(statement: str, *params: Any) -> None:
    """Do what the protection refuses: switch it off, as only the owner of the tables can, and on again."""
    triggers = sql(
        "SELECT tgrelid::regclass::text, quote_ident(tgname) FROM pg_trigger"
        " WHERE tgrelid = ANY(%s::regclass[]) AND tgenabled = 'A'",
        list(TABLES),
    )
    assert len(triggers) == 2 * len(TABLES), "not every table of the log is protected"
    sql("; ".join(f"ALTER TABLE {table} DISABLE TRIGGER ALL" for table in TABLES))
    sql(statement, *params)
    sql("; ".join(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}" for table, trigger in triggers))


def empty() -> None:
    """Let no event of the migrations get in the way."""
    tamper("; ".join(f"DELETE FROM {table}" for table in TABLES))


def write(count: int) -> list[int]:
    """Write events; their ids."""
    rows = [
        EventLog(action=f"test.thing.done{n}", entity_type="test.thing", entity_id=n) for n in range(count)
    ]
    return [event.pk for event in EventLog.objects.bulk_create(rows)]


def seal(at_most: int = seals.AT_MOST) -> int:
    """Seal what can be sealed at once; how many seals that took."""
    return seals.seal_settled(patience=timedelta(0), at_most=at_most)


def burn(count: int = 1) -> list[int]:
    """Ids that were given out and never used, as after a rollback."""
    return [
        row[0] for row in sql("SELECT nextval('audit_eventlog_id_seq') FROM generate_series(1, %s)", count)
    ]


def findings(*heads: str) -> list[str]:
    """What a verification says."""
    return [str(finding) for finding in Verification().findings(heads)]


def named(event_id: int) -> str:
    """How a finding names an event that is there."""
    event = EventLog.objects.get(pk=event_id)
    return f"{event_id} ({event.action}, {event.entity_type} {event.entity_id})"


def head() -> str:
    """The hash of the last seal."""
    return bytes(AuditSeal.objects.order_by("pk").last().hash).hex()
