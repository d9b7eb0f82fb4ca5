"""What the database writes down of a change, whoever makes it and however."""

from __future__ import annotations

import json
import uuid

import psycopg
import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from audit.models import EventLog
from audit.tests import scratch
from audit.tests.scratch import events, sql
from telegrambot.accounts.models import BotCommand, TelegramUser, User
from telegrambot.accounts.tests.factories import BotCommandFactory, TelegramUserFactory, UserFactory
from telegrambot.engine.models import Dialog
from telegrambot.engine.tests.factories import DialogFactory

pytestmark = pytest.mark.django_db

KEY = "c0ffee00-0000-4000-8000-000000000001"


@pytest.fixture
def table() -> None:
    """A watched table of this test's own."""
    scratch.make()


def of(*entities) -> list[tuple[str, dict]]:
    """What the log has of some rows: verb and details."""
    found = [event for entity in entities for event in EventLog.objects.of(entity).order_by("id")]
    return [(event.action.rpartition(".")[2], event.details) for event in found]


# ── What an event tells ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.usefixtures("table")
def test_values_are_kept_as_json_whatever_the_session_is_set_to():
    sql("SET LOCAL timezone = 'Asia/Kolkata'; SET LOCAL datestyle = 'German'")

    sql(
        "INSERT INTO audit_scratch (title, amount, starts_at, key, tags, data, secret)"
        " VALUES (%s, 12.50, '2026-01-02 03:04:05+03', %s, %s, %s, 'hidden')",
        'O\'Neil \\ "Ünï" 100% 😀\n',
        KEY,
        ["a,b", 'c"d', None],
        '{"deep": [1, null, "x"]}',
    )
    sql("UPDATE audit_scratch SET starts_at = '2026-01-02 12:00:00+00', tags = '{}', data = NULL, amount = 7")
    sql("DELETE FROM audit_scratch")
    sql("SET LOCAL datestyle = 'ISO'")

    created = {
        "title": 'O\'Neil \\ "Ünï" 100% 😀\n',
        "amount": 12.5,
        "starts_at": "2026-01-02T00:04:05+00:00",
        "key": KEY,
        "tags": ["a,b", 'c"d', None],
        "data": {"deep": [1, None, "x"]},
        "parent_id": None,
    }
    changed = {"starts_at": "2026-01-02T12:00:00+00:00", "tags": [], "data": None, "amount": 7}
    assert events() == [
        ("created", "1", {"after": created}),
        ("changed", "1", {"before": {name: created[name] for name in changed}, "after": changed}),
        ("deleted", "1", {"before": created | changed}),
    ]


def test_only_what_changed_is_told():
    command = BotCommandFactory(description_en="Old")

    command.description_en, command.is_active = "New", False
    command.save()

    assert of(command)[1:] == [
        (
            "changed",
            {
                "before": {"description_en": "Old", "is_active": True},
                "after": {"description_en": "New", "is_active": False},
            },
        )
    ]


def test_an_event_knows_its_transaction_and_its_moment():
    command = BotCommandFactory()

    event = EventLog.objects.of(command).get()

    [(transaction_id, began, clock)] = sql(
        "SELECT pg_current_xact_id()::text::bigint, now(), clock_timestamp()"
    )
    assert event.transaction_id == transaction_id
    assert began < event.created_at < event.timestamp < clock


def test_private_columns_are_told_by_name_and_only_when_they_changed():
    person = TelegramUserFactory(first_name="Ann", username="ann", role=0)
    TelegramUser.objects.filter(pk=person.pk).update(first_name="Anna", role=1)
    TelegramUser.objects.filter(pk=person.pk).update(username="anna", last_name="Secret")
    gone = TelegramUser(pk=person.pk)
    person.delete()

    found = of(gone)

    assert [verb for verb, _ in found] == ["created", "changed", "changed", "deleted"]
    assert found[1][1] == {"before": {"role": 0}, "after": {"role": 1}, "private": ["first_name"]}
    assert found[2][1] == {"before": {}, "after": {}, "private": ["username", "last_name"]}
    assert all(word not in str(found) for word in ("Ann", "anna", "Secret"))


def test_passwords_are_never_written_down():
    account = UserFactory()

    account.set_password("another good password")
    account.save()

    assert of(account)[1] == ("changed", {"before": {}, "after": {}, "private": ["password"]})
    assert "pbkdf2" not in str(of(account))


def test_noise_writes_nothing():
    command = BotCommandFactory()
    dialog = DialogFactory()

    BotCommand.objects.filter(pk=command.pk).update(times_used=7, last_used_at="2026-01-01T00:00Z")
    Dialog.objects.filter(pk=dialog.pk).update(state={"view": "x"})

    assert [verb for verb, _ in of(command, dialog)] == ["created", "created"]


def test_what_was_set_to_what_it_was_writes_nothing():
    command = BotCommandFactory()

    command.save()
    BotCommand.objects.filter(pk=command.pk).update(is_active=True)
    sql("UPDATE accounts_botcommand SET is_active = false WHERE false")
    sql("DELETE FROM accounts_botcommand WHERE false")

    assert [verb for verb, _ in of(command)] == ["created"]


@pytest.mark.usefixtures("table")
def test_another_primary_key_is_a_deletion_and_a_creation():
    sql("INSERT INTO audit_scratch (id, title, secret) VALUES (1, 'a', 's'), (2, 'b', 's')")

    sql("UPDATE audit_scratch SET id = id + 10, title = upper(title), secret = 't' WHERE id = 2")

    found = sorted(events()[2:])
    assert [(verb, key) for verb, key, _ in found] == [("created", "12"), ("deleted", "2")]
    assert found[0][2] == {"after": {"title": "B"}}
    assert found[1][2] == {"before": {"title": "b"}}


@pytest.mark.usefixtures("table")
def test_a_table_of_private_columns_only_is_watched_too():
    scratch.watch(columns=[], private=["title"])

    sql("INSERT INTO audit_scratch (title) VALUES ('a')")
    sql("UPDATE audit_scratch SET title = 'b'")
    sql("UPDATE audit_scratch SET amount = 1")

    assert events() == [
        ("created", "1", {"after": {}}),
        ("changed", "1", {"before": {}, "after": {}, "private": ["title"]}),
    ]


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize("column", ["origin", "who", "stated", "extra", "row", "details", "user_id", "id"])
def test_a_column_may_be_called_what_the_trigger_calls_its_own(column):
    if column != "id":
        sql(f'ALTER TABLE audit_scratch RENAME title TO "{column}"')
        scratch.watch(columns=[column], private=[])

    sql(f'INSERT INTO audit_scratch ("{column}") VALUES (7)')

    assert [verb for verb, _, _ in events()] == ["created"]


# ── However it comes about ────────────────────────────────────────────────────────────────────────────────


def test_bulk_writes_leave_an_event_for_each_row():
    commands = BotCommand.objects.bulk_create(BotCommandFactory.build_batch(30))
    BotCommand.objects.filter(pk__in=[command.pk for command in commands[10:]]).update(is_active=False)
    for command in commands:
        command.description_ru = f"Команда {command.pk}"
    BotCommand.objects.bulk_update(commands, ["description_ru"], batch_size=7)
    BotCommand.objects.filter(pk__in=[command.pk for command in commands]).delete()

    for place, command in enumerate(commands):
        verbs = [verb for verb, _ in of(command)]
        assert verbs == ["created", *["changed"] * (1 if place < 10 else 2), "deleted"]
        assert of(command)[-2][1]["after"] == {"description_ru": f"Команда {command.pk}"}


def test_an_upsert_tells_creations_from_changes():
    old = BotCommandFactory(description_en="Old")
    rows = [
        BotCommandFactory.build(command=old.command, description_en="New"),
        BotCommandFactory.build(command="brand_new"),
    ]

    BotCommand.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["command"], update_fields=["description_en"]
    )

    assert of(old)[1:] == [
        ("changed", {"before": {"description_en": "Old"}, "after": {"description_en": "New"}})
    ]
    assert [verb for verb, _ in of(BotCommand.objects.get(command="brand_new"))] == ["created"]


def test_an_upsert_that_changes_nothing_writes_nothing():
    old = BotCommandFactory()
    before = EventLog.objects.count()

    BotCommand.objects.bulk_create([BotCommandFactory.build(command=old.command)], ignore_conflicts=True)
    BotCommand.objects.update_or_create(command=old.command, defaults={"is_active": True})

    assert EventLog.objects.count() == before
    BotCommand.objects.update_or_create(command=old.command, defaults={"is_active": False})
    assert [verb for verb, _ in of(old)] == ["created", "changed"]


@pytest.mark.usefixtures("table")
def test_merge_and_writing_queries_are_seen():
    sql("INSERT INTO audit_scratch (id, title) VALUES (1, 'a'), (2, 'b'), (3, 'c')")

    sql("""
    MERGE INTO audit_scratch AS row USING (VALUES (1, 'x'), (2, NULL), (9, 'n')) AS new (id, title)
    ON row.id = new.id
    WHEN MATCHED AND new.title IS NULL THEN DELETE
    WHEN MATCHED THEN UPDATE SET title = new.title
    WHEN NOT MATCHED THEN INSERT (id, title) VALUES (new.id, new.title)
    """)
    sql("WITH gone AS (DELETE FROM audit_scratch WHERE id = 3 RETURNING title) SELECT * FROM gone")

    assert sorted((verb, key) for verb, key, _ in events()[3:]) == [
        ("changed", "1"),
        ("created", "9"),
        ("deleted", "2"),
        ("deleted", "3"),
    ]


@pytest.mark.usefixtures("table")
def test_what_the_database_deletes_along_is_told():
    sql("INSERT INTO audit_scratch (id, title) VALUES (1, 'root'), (2, 'other')")
    sql("INSERT INTO audit_scratch (id, title, parent_id) VALUES (3, 'child', 1), (4, 'child', 1)")
    sql("INSERT INTO audit_scratch (id, title, parent_id) VALUES (5, 'grandchild', 3)")

    sql("DELETE FROM audit_scratch WHERE id = 1")

    gone = [(key, details) for verb, key, details in events() if verb == "deleted"]
    assert sorted(key for key, _ in gone) == ["1", "3", "4", "5"]
    assert {details["before"]["title"] for _, details in gone} == {"root", "child", "grandchild"}


def test_what_django_deletes_and_unlinks_along_is_told():
    account = UserFactory()
    person = TelegramUserFactory(staff=account)
    dialog = DialogFactory(person=person)
    account_id, person_id, dialog_id = account.pk, person.pk, dialog.pk

    account.delete()
    TelegramUser.objects.get(pk=person_id).delete()

    assert [verb for verb, _ in of(User(pk=account_id))] == ["created", "deleted"]
    assert of(TelegramUser(pk=person_id))[1:2] == [
        ("changed", {"before": {"staff_id": account_id}, "after": {"staff_id": None}})
    ]
    assert [verb for verb, _ in of(Dialog(pk=dialog_id))] == ["created", "deleted"]


def test_a_change_that_is_undone_leaves_no_event():
    command = BotCommandFactory()
    before = EventLog.objects.count()

    savepoint = transaction.savepoint()
    command.delete()
    transaction.savepoint_rollback(savepoint)

    assert EventLog.objects.count() == before


def test_a_change_that_is_refused_leaves_no_event():
    before = EventLog.objects.count()

    with pytest.raises(IntegrityError), transaction.atomic():
        BotCommand.objects.bulk_create([BotCommandFactory.build(), BotCommandFactory.build(minimum_role=-1)])

    assert EventLog.objects.count() == before


def test_a_session_that_calls_itself_a_replica_is_watched():
    sql("SET LOCAL session_replication_role = replica")

    command = BotCommandFactory()
    BotCommand.objects.filter(pk=command.pk).update(is_active=False)
    BotCommand.objects.filter(pk=command.pk).delete()

    assert [verb for verb, _ in of(command)] == ["created", "changed", "deleted"]


def test_a_temporary_table_does_not_take_the_place_of_the_log():
    sql("CREATE TEMPORARY TABLE audit_eventlog (LIKE public.audit_eventlog INCLUDING ALL) ON COMMIT DROP")

    BotCommandFactory(command="watched")

    assert sql("SELECT count(*) FROM pg_temp.audit_eventlog") == [(0,)]
    assert sql(
        "SELECT count(*) FROM public.audit_eventlog WHERE details -> 'after' ->> 'command' = 'watched'"
    ) == [(1,)]


@pytest.mark.usefixtures("table")
def test_a_temporary_type_does_not_take_the_place_of_another():
    sql("CREATE DOMAIN pg_temp.text AS varchar(1)")
    sql("CREATE DOMAIN pg_temp.jsonb AS pg_catalog.jsonb CHECK (VALUE IS NULL)")

    sql("INSERT INTO audit_scratch (id, title) VALUES (4711, 'old')")
    sql("UPDATE audit_scratch SET title = 'new', secret = 's'")
    sql("UPDATE audit_scratch SET id = 4712")
    sql("DELETE FROM audit_scratch")

    assert [(verb, key) for verb, key, _ in events()] == [
        ("created", "4711"),
        ("changed", "4711"),
        ("deleted", "4711"),
        ("created", "4712"),
        ("deleted", "4712"),
    ]
    assert events()[1][2] == {"before": {"title": "old"}, "after": {"title": "new"}, "private": ["secret"]}


def test_the_search_path_does_not_matter():
    sql("SET LOCAL search_path = pg_catalog")

    sql("DELETE FROM public.accounts_botcommand")

    assert sql("SELECT count(*) > 0 FROM public.audit_eventlog WHERE action LIKE '%.deleted'") == [(True,)]


@pytest.mark.parametrize("model", [BotCommand, TelegramUser, Dialog])
def test_emptying_a_watched_table_at_once_is_refused(model):
    statement = f"TRUNCATE {model._meta.db_table} CASCADE"

    for role in ("origin", "replica"):
        sql(f"SET LOCAL session_replication_role = {role}")
        with pytest.raises(ProgrammingError, match="The audit log refuses TRUNCATE"), transaction.atomic():
            sql(statement)


# ── Whose doing it is said to be ──────────────────────────────────────────────────────────────────────────


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize("stated", [None, "", "{}", '{"user_id": null, "extra": null}'])
def test_what_nobody_stated_was_done_by_the_system(stated):
    cursor = psycopg.ClientCursor(connection.connection)
    if stated is not None:
        cursor.execute("SELECT set_config('audit.context', %s, true)", [stated])

    cursor.execute("INSERT INTO audit_scratch (title) VALUES ('x')")

    event = EventLog.objects.get(entity_type="test.scratch")
    assert (event.user_id, event.origin, event.correlation_id) == ("system", "shell", "")
    assert list(event.details) == ["after"]


@pytest.mark.usefixtures("table")
def test_what_psql_states_is_believed_as_far_as_it_fits():
    cursor = psycopg.ClientCursor(connection.connection)
    stated = {"user_id": "u" * 101, "origin": "task", "correlation_id": "c" * 101, "extra": {"undoes": 3}}
    cursor.execute("SELECT set_config('audit.context', %s, true)", [json.dumps(stated)])

    cursor.execute("INSERT INTO audit_scratch (title) VALUES ('x')")
    cursor.execute("UPDATE audit_scratch SET title = 'y'")

    for event in EventLog.objects.filter(entity_type="test.scratch"):
        assert (event.user_id, event.origin, event.correlation_id) == ("u" * 100, "task", "c" * 100)
        assert event.details["undoes"] == 3
        assert event.details["after"]["title"] in {"x", "y"}


@pytest.mark.usefixtures("table")
def test_an_origin_that_there_is_not_is_the_databases_own():
    cursor = psycopg.ClientCursor(connection.connection)
    cursor.execute("SELECT set_config('audit.context', %s, true)", [json.dumps({"origin": "elsewhere"})])

    cursor.execute("INSERT INTO audit_scratch (title) VALUES ('x')")

    assert EventLog.objects.get(entity_type="test.scratch").origin == "shell"


@pytest.mark.usefixtures("table")
def test_columns_are_told_under_their_names_whatever_these_are():
    sql('ALTER TABLE audit_scratch RENAME title TO "kept"')
    sql("""ALTER TABLE audit_scratch RENAME amount TO "a""b'c" """)
    scratch.watch(columns=["kept", "a\"b'c"], private=["secret", "other secret"])

    sql("INSERT INTO audit_scratch VALUES (1, 'x', 2)")
    sql('UPDATE audit_scratch SET kept = NULL, "a""b\'c" = 3, "other secret" = \'s\'')

    before, after = {"kept": "x", "a\"b'c": 2}, {"kept": None, "a\"b'c": 3}
    assert events() == [
        ("created", "1", {"after": before}),
        ("changed", "1", {"before": before, "after": after, "private": ["other secret"]}),
    ]


def test_a_key_of_any_kind_names_its_row():
    person = TelegramUserFactory()

    assert EventLog.objects.of(person).get().entity_id == str(uuid.UUID(str(person.pk)))
