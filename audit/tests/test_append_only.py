"""Nobody changes or removes an event: neither through Python nor through the database."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from audit.exceptions import AppendOnly
from audit.models import EventLog
from audit.tests.factories import EventFactory
from audit.tests.scratch import sql
from telegrambot.accounts.models import BotCommand
from telegrambot.accounts.tests.factories import BotCommandFactory

pytestmark = pytest.mark.django_db

UPSERT = """
INSERT INTO audit_eventlog (id, action) OVERRIDING SYSTEM VALUE SELECT id, 'x' FROM audit_eventlog
ON CONFLICT (id) DO UPDATE SET user_id = 'bob'
"""


@pytest.mark.parametrize(
    "attempt",
    [
        lambda event: EventLog.objects.update(user_id="x"),
        lambda event: EventLog.objects.filter(pk=event.pk).delete(),
        lambda event: EventLog.objects.filter(pk=event.pk)._raw_delete("default"),
        lambda event: EventLog.objects.bulk_update([event], ["user_id"]),
        lambda event: EventLog.objects.update_or_create(pk=event.pk, defaults={"user_id": "x"}),
        lambda event: EventLog._base_manager.filter(pk=event.pk).update(user_id="x"),
        lambda event: EventLog._base_manager.all().delete(),
        lambda event: EventLog.objects.bulk_create(
            [event], update_conflicts=True, unique_fields=["id"], update_fields=["user_id"]
        ),
        lambda event: event.save(),
        lambda event: event.save(update_fields=["user_id"]),
        lambda event: event.delete(),
    ],
)
def test_python_refuses_before_the_database_is_asked(attempt, django_assert_num_queries):
    event = EventFactory(user_id="ann")
    event.user_id = "bob"

    with django_assert_num_queries(0), pytest.raises(AppendOnly):
        attempt(event)

    assert EventLog.objects.get(pk=event.pk).user_id == "ann"


def test_saving_a_copy_over_an_event_is_refused():
    event = EventFactory(user_id="ann")

    with pytest.raises(Exception, match="duplicate key"), transaction.atomic():
        EventLog(pk=event.pk, action="x", user_id="bob").save()

    assert EventLog.objects.get(pk=event.pk).user_id == "ann"


@pytest.mark.parametrize("role", ["origin", "local", "replica"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_eventlog SET user_id = 'bob'",
        "UPDATE audit_eventlog SET user_id = user_id",
        "DELETE FROM audit_eventlog",
        "TRUNCATE audit_eventlog",
        "TRUNCATE audit_eventlog CASCADE",
        "WITH gone AS (DELETE FROM audit_eventlog RETURNING id) SELECT count(*) FROM gone",
        "MERGE INTO audit_eventlog AS e USING (VALUES (1)) AS v (a) ON true WHEN MATCHED THEN DELETE",
        UPSERT,
    ],
)
def test_the_database_refuses(role, statement):
    EventFactory(user_id="ann")
    before = [*EventLog.objects.order_by("id").values_list()]
    sql(f"SET LOCAL session_replication_role = {role}")

    with pytest.raises(ProgrammingError, match="The audit log refuses"), transaction.atomic():
        sql(statement)

    assert [*EventLog.objects.order_by("id").values_list()] == before


def test_events_can_be_added():
    event = EventFactory()
    sql("INSERT INTO audit_eventlog (action) VALUES ('psql.was.here')")

    assert EventLog.objects.bulk_create([EventFactory.build()])[0].pk > event.pk
    assert EventLog.objects.filter(action="psql.was.here", user_id="system", origin="shell").exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round_", [1, 2])
def test_only_the_flush_after_a_test_may_empty_the_tables(round_):
    """The second round finds what the first left: the tables empty, and as well protected as before."""
    assert EventLog.objects.filter(action="left.by.test").count() == 0
    EventFactory(action="left.by.test")
    BotCommandFactory()

    for table in ("audit_eventlog", BotCommand._meta.db_table):
        with pytest.raises(ProgrammingError, match="The audit log refuses TRUNCATE"):
            sql(f"TRUNCATE {table}")


# ── What can be asked of it ───────────────────────────────────────────────────────────────────────────────


def test_events_of_one_thing():
    command, other = BotCommandFactory.create_batch(2)
    command.is_active = False
    command.save()

    events = EventLog.objects.of(command)

    assert sorted(event.action for event in events) == [
        "accounts.botcommand.changed",
        "accounts.botcommand.created",
    ]
    assert EventLog.objects.of(other).count() == 1


def test_events_by_people_in_one_go_and_since_a_moment():
    ann = EventFactory(user_id="ann", correlation_id="update:1")
    bob = EventFactory(user_id="bob", correlation_id="update:1")
    carol = EventFactory(user_id="carol", correlation_id="")
    mine = EventLog.objects.filter(pk__in=[ann.pk, bob.pk, carol.pk])

    assert [*mine.by("ann", "carol").newest_first()] == [carol, ann]
    assert [*mine.correlated("update:1").newest_first()] == [bob, ann]
    assert not mine.correlated("").exists()
    assert mine.since(timezone.now() - timedelta(minutes=1)).count() == 3
    assert not mine.since(timezone.now() + timedelta(minutes=1)).exists()


def test_every_table_of_the_log_is_protected_always():
    protected = sql(
        "SELECT tgrelid::regclass::text, tgname, tgenabled::text FROM pg_trigger"
        " WHERE tgfoid = 'audit_refuse'::regproc AND tgname LIKE %s",
        r"%\_no\_%",
    )
    tables = {"audit_eventlog", "audit_seal", "audit_sealedevent"}
    assert sorted(protected) == sorted(
        (table, f"{table}_no_{what}", "A") for table in tables for what in ("change", "truncate")
    )
    assert {table for table in connection.introspection.table_names() if table.startswith("audit_")} == tables
