"""The roles that docs/operations.md describes: the application can work, and cannot touch the log."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import ProgrammingError, connection
from procrastinate.contrib.django.models import ProcrastinateJob
from psycopg import Connection, errors

from audit import seals, tasks
from audit.checks import check_owner
from audit.models import EventLog
from audit.tests.tampering import TABLES, findings
from telegrambot.accounts.tests.factories import TelegramUserFactory
from tests.databases import Database, project_server
from tests.processes import Processes
from tests.project import ROOT

pytestmark = pytest.mark.timeout(300)

# What may be tried on the log and around it, with the application's password.
ATTEMPTS = [
    *(
        statement.format(table)
        for table in TABLES
        for statement in (
            "DELETE FROM {}",
            "TRUNCATE {}",
            "ALTER TABLE {} DISABLE TRIGGER ALL",
            "ALTER TABLE {} DISABLE TRIGGER USER",
            "ALTER TABLE {} OWNER TO CURRENT_USER",
            "ALTER TABLE {} RENAME TO elsewhere",
            "CREATE TRIGGER forger BEFORE INSERT ON {} FOR EACH ROW EXECUTE FUNCTION set_updated_at()",
            "DROP TABLE {}",
        )
    ),
    "UPDATE audit_eventlog SET user_id = 'somebody'",
    "UPDATE audit_seal SET hash = ''",
    "UPDATE audit_sealedevent SET hash = ''",
    "INSERT INTO audit_seal SELECT * FROM audit_seal ON CONFLICT (id) DO UPDATE SET hash = ''",
    "SELECT id FROM audit_eventlog FOR UPDATE",
    "SELECT setval('audit_eventlog_id_seq', 1)",
    "DROP FUNCTION audit_refuse() CASCADE",
    "CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    "TRUNCATE accounts_telegramuser CASCADE",
    "ALTER TABLE accounts_telegramuser DISABLE TRIGGER ALL",
    "SET session_replication_role = replica",
    "SET ROLE switchboard_owner",
    # Where a table of the same name would catch the events.
    "CREATE TEMPORARY TABLE audit_eventlog (id bigint)",
    "CREATE TABLE other ()",
    "CREATE SCHEMA other",
]


@dataclass(frozen=True)
class Installation:
    """A database made as the documentation says, under names of its own."""

    owner: Database
    application: Database
    auditor: Database
    named: Callable[[str], str]


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A migrated database with both roles, and one that may only read."""
    server, password, prefix = project_server(), uuid4().hex, f"roles_{uuid4().hex[:8]}"
    if not server.value("SELECT rolsuper FROM pg_roles WHERE rolname = current_user"):
        pytest.skip("the roles can be made by a superuser only")

    def named(statement: str) -> str:
        return re.sub(r"\bswitchboard(?=\b|_)", prefix, statement)

    def connecting(role: str) -> Database:
        return Database({**server.params, "dbname": prefix, "user": f"{prefix}_{role}", "password": password})

    roles, grants = (named(block) for block in documented_sql())
    first, inside = roles.split(f"\\connect {prefix}\n")
    try:
        run(server, first.replace("LOGIN;", f"LOGIN PASSWORD '{password}';"))
        run(server.named(prefix), inside)
        made = Installation(connecting("owner"), connecting("app"), connecting("auditor"), named)
        environment = {"DATABASE_URL": made.owner.url, "DEBUG": "true", "TELEGRAM_BOT_TOKEN": ""}
        with Processes(tmp_path_factory.mktemp("owner"), environment) as processes:
            processes.run("migrate", "--verbosity", "0")
        run(made.owner, grants)
        run(server.named(prefix), f"CREATE ROLE {prefix}_auditor LOGIN PASSWORD '{password}'")
        run(server, f"GRANT CONNECT ON DATABASE {prefix} TO {prefix}_auditor")
        run(
            made.owner,
            f"GRANT USAGE ON SCHEMA public TO {prefix}_auditor;"
            f"GRANT SELECT ON {', '.join(TABLES)}, audit_eventlog_id_seq TO {prefix}_auditor",
        )
        yield made
    finally:
        run(server, f"DROP DATABASE IF EXISTS {prefix} WITH (FORCE)")
        for role in ("owner", "app", "auditor"):
            run(server, f"DROP ROLE IF EXISTS {prefix}_{role}")


def documented_sql() -> list[str]:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    section = text.split("## The audit log", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"```sql\n(.*?)```", section, flags=re.DOTALL)


def run(database: Database, statements: str) -> None:
    with database.connect() as session:
        for statement in filter(str.strip, statements.split(";")):
            session.execute(statement)


@pytest.fixture
def as_role(django_db_blocker: Any) -> Callable[[Database], AbstractContextManager[None]]:
    """Lets Django connect to a database of those above."""

    @contextmanager
    def connected(database: Database) -> Iterator[None]:
        with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
            connection.close()
            patch.delitem(connection.settings_dict, "EMBEDDED", raising=False)
            for setting, name in (
                ("NAME", "dbname"),
                ("HOST", "host"),
                ("PORT", "port"),
                ("USER", "user"),
                ("PASSWORD", "password"),
            ):
                patch.setitem(connection.settings_dict, setting, database.params.get(name, ""))
            try:
                yield
            finally:
                connection.close()

    return connected


@pytest.fixture
def as_application(installation, as_role) -> Iterator[None]:
    with as_role(installation.application):
        yield


def test_the_application_does_its_work(as_application):
    person = TelegramUserFactory()
    key = str(person.pk)
    person.is_active = False
    person.save()
    person.delete()
    events = EventLog.objects.filter(entity_type="accounts.telegramuser", entity_id=key)
    assert list(events.order_by("pk").values_list("action", flat=True)) == [
        "accounts.telegramuser.created",
        "accounts.telegramuser.changed",
        "accounts.telegramuser.deleted",
    ]
    tasks.seal_events.defer(timestamp=0)
    assert ProcrastinateJob.objects.filter(task_name="audit.tasks.seal_events").exists()
    call_command("migrate", "--check", verbosity=0)


def test_the_application_seals_and_verifies(as_application):
    TelegramUserFactory()
    assert seals.seal_settled() == 1
    assert seals.seal_settled() == 0
    assert findings() == []
    out = StringIO()
    call_command("verifyaudit", stdout=out)
    assert "as it was sealed" in out.getvalue()
    assert EventLog.objects.latest("pk").action == "audit.log.verified"


def test_the_application_cannot_touch_the_log(installation):
    before = contents(installation.owner)
    with installation.application.connect() as session:
        done = [attempt for attempt in ATTEMPTS if not is_refused(session, installation.named(attempt))]
    assert done == []
    assert contents(installation.owner) == before


@pytest.mark.parametrize("arguments", [("migrate", "sandbox", "zero"), ("migrate",)])
def test_a_migration_by_the_application_is_one_sentence(installation, tmp_path, arguments):
    empty = installation.application.named("postgres") if len(arguments) == 1 else installation.application
    environment = {"DATABASE_URL": empty.url, "DEBUG": "true", "TELEGRAM_BOT_TOKEN": ""}
    with Processes(tmp_path, environment) as processes:
        migration = processes.manage(*arguments, "--verbosity", "0")
        assert migration.exit_code(seconds=60) == 1
    assert len(migration.output.splitlines()) == 1, migration.output
    assert "The database refuses this to the role in DATABASE_URL: " in migration.output
    assert "Two roles" in migration.output


def is_refused(session: Connection[Any], statement: str) -> bool:
    try:
        session.execute(statement)
    except errors.InsufficientPrivilege:
        return True
    return False


def contents(database: Database) -> list[Any]:
    return [database.rows(f"SELECT * FROM {table} ORDER BY 1") for table in TABLES]


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "TRUNCATE {}"])
def test_the_triggers_refuse_the_owner_too(installation, as_application, table, statement):
    TelegramUserFactory()
    assert seals.seal_settled() == 1
    with installation.owner.connect() as session, pytest.raises(errors.InsufficientPrivilege, match=table):
        session.execute(statement.format(table))


def test_whoever_may_only_read_can_verify(installation, as_role):
    with as_role(installation.auditor):
        count = EventLog.objects.count()
        call_command("verifyaudit", stdout=StringIO())
        assert EventLog.objects.count() == count
        with pytest.raises(ProgrammingError, match="permission denied"):
            EventLog.objects.create(action="test.thing.done")


# ── The system check ──────────────────────────────────────────────────────────────────────────────────────


def warnings() -> list[str]:
    return [str(message.id) for message in check_owner(databases=["default"])]


def test_the_check_is_content_with_the_application(as_application, settings):
    settings.DEBUG = False
    assert warnings() == []


def test_the_check_warns_of_the_owner(installation, as_role, settings):
    settings.DEBUG = False
    with as_role(installation.owner):
        (message,) = check_owner(databases=["default"])
    assert message.id == "audit.W001"
    assert (
        message.msg
        == f"The database role “{installation.owner.params['user']}” owns the audit log and could alter it."
    )
    assert "operations.md" in message.hint


@pytest.mark.django_db
def test_the_check_warns_of_a_superuser_in_production_only(settings):
    settings.DEBUG = False
    assert warnings() == ["audit.W001"]
    assert check_owner(databases=None) == []
    settings.DEBUG = True
    assert warnings() == []


def test_the_check_has_nothing_to_say_before_the_first_migration(installation, as_role, settings):
    settings.DEBUG = False
    with as_role(project_server()):
        assert warnings() == []


@pytest.mark.django_db
def test_only_deployment_checks_ask(settings):
    settings.DEBUG = False
    asked = ["check", "--tag", "database", "--database", "default"]
    for options, is_asked in ([], False), (["--deploy"], True):
        err = StringIO()
        call_command(*asked, *options, stdout=StringIO(), stderr=err)
        assert ("audit.W001" in err.getvalue()) == is_asked
