"""`manage.py makeaudit` writes what the migrations have yet to learn; they can be taken back."""

from __future__ import annotations

import importlib.util
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.writer import MigrationWriter

from audit import audited as module
from audit.audited import audited, not_audited
from audit.models import EventLog
from audit.operations import AppendOnlyTable, AuditTrigger, NoAuditTrigger
from audit.tests.scratch import sql
from telegrambot.accounts.models import BotCommand
from telegrambot.accounts.tests.factories import BotCommandFactory
from telegrambot.engine.models import FailureKind


@pytest.fixture(autouse=True)
def lists(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lists of models, for each test to write on."""
    monkeypatch.setattr(module, "_audited", module._audited.copy())
    monkeypatch.setattr(module, "_reasons", module._reasons.copy())


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where migrations are written instead of into the apps."""
    monkeypatch.setattr(MigrationWriter, "basedir", str(tmp_path))
    return tmp_path


def run(*arguments: str) -> str:
    out, errors = StringIO(), StringIO()
    try:
        call_command("makeaudit", *arguments, stdout=out, stderr=errors)
    finally:
        run.errors = errors.getvalue()
    return out.getvalue()


def read(path: Path) -> type[Migration]:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded.Migration


def audit_instead(model: type, **rules: list[str]) -> None:
    module._reasons.pop(model, None)
    audited(**rules)(model)


def test_there_is_nothing_to_do(folder):
    assert run() == "Nothing to do.\n"
    assert run("--check") == ""
    assert [*folder.iterdir()] == []


def test_a_changed_model_gets_a_migration(folder):
    audit_instead(BotCommand, private=["description_ru"], noise=["code_role", "times_used", "last_used_at"])
    leaf = MigrationLoader(None).graph.leaf_nodes("accounts")[0]

    with pytest.raises(CommandError, match=r"run manage\.py makeaudit"):
        run("--check")
    assert run.errors == "accounts: Log the changes of BotCommand\n"
    run()

    [path] = folder.iterdir()
    migration = read(path)
    assert path.name == f"{int(leaf[1][:4]) + 1:04d}_audit.py"
    assert migration.dependencies == [leaf, ("audit", "0001_initial")]
    [operation] = migration.operations
    assert isinstance(operation, AuditTrigger)
    assert operation.columns == ("command", "description_en", "minimum_role", "is_active")
    assert operation.private == ("description_ru",)


def test_a_model_that_is_watched_no_more_gets_a_migration(folder):
    del module._audited[BotCommand]
    not_audited("Never mind.")(BotCommand)

    with pytest.raises(CommandError):
        run("--check")
    run("accounts")

    [operation] = read(next(folder.iterdir())).operations
    assert isinstance(operation, NoAuditTrigger)
    assert operation.model_name == "BotCommand"


def test_only_the_named_apps_are_looked_at(folder):
    audit_instead(BotCommand)

    assert run("engine") == "Nothing to do.\n"
    run("engine", "--check")
    assert [*folder.iterdir()] == []


def test_a_model_of_which_nothing_is_said_fails_the_check():
    del module._reasons[FailureKind]

    with pytest.raises(CommandError, match=r"engine\.FailureKind"):
        run("--check")


def test_a_table_that_no_migration_makes_has_to_wait(folder, monkeypatch):
    audit_instead(FailureKind)
    monkeypatch.setattr(
        "audit.management.commands.makeaudit.unmigrated", lambda loader: ["engine.FailureKind"]
    )

    with pytest.raises(CommandError, match="run makemigrations first"):
        run()

    assert [*folder.iterdir()] == []


# ── The operations ────────────────────────────────────────────────────────────────────────────────────────


def states(operations: list[Operation]) -> list:
    """The state before the operations, and after each."""
    state = MigrationLoader(None).project_state()
    found = [state]
    for operation in operations:
        state = state.clone()
        operation.state_forwards("accounts", state)
        found.append(state)
    return found


def forwards(operation: Operation, before, after) -> None:
    with connection.schema_editor() as editor:
        operation.database_forwards("accounts", editor, before, after)


def backwards(operation: Operation, before, after) -> None:
    with connection.schema_editor() as editor:
        operation.database_backwards("accounts", editor, after, before)


def changed(**values) -> dict:
    """What the log says of a change of a command."""
    command = BotCommandFactory()
    BotCommand.objects.filter(pk=command.pk).update(**values)
    event = EventLog.objects.of(command).newest_first().first()
    return event.details if event and event.action.endswith("changed") else {}


@pytest.mark.django_db
def test_going_back_brings_back_what_was_before():
    narrow, nothing = (
        AuditTrigger("BotCommand", ["is_active"], ["description_en"]),
        NoAuditTrigger("BotCommand"),
    )
    before, narrowed, ended = states([narrow, nothing])
    new = {"description_en": "x", "description_ru": "y", "is_active": False}
    all_of_it = changed(**new)
    assert all_of_it["after"] == new

    forwards(narrow, before, narrowed)
    some_of_it = changed(**new)
    assert some_of_it == {
        "before": {"is_active": True},
        "after": {"is_active": False},
        "private": ["description_en"],
    }
    forwards(nothing, narrowed, ended)
    assert changed(**new) == {}
    assert sql("SELECT to_regproc('audit_accounts_botcommand')") == [(None,)]
    sql("TRUNCATE accounts_botcommand")
    backwards(nothing, narrowed, ended)
    assert changed(**new) == some_of_it
    backwards(narrow, before, narrowed)
    assert changed(**new) == all_of_it


@pytest.mark.django_db
def test_a_table_that_may_only_grow_can_be_let_go():
    operation = AppendOnlyTable("OwnerClaim")
    before, after = states([operation])
    sql("INSERT INTO accounts_ownerclaim (code_hash, expires_at) VALUES ('x', now())")
    connection.check_constraints()

    forwards(operation, before, after)
    with pytest.raises(Exception, match="The audit log refuses DELETE"), connection.schema_editor() as editor:
        editor.execute("DELETE FROM accounts_ownerclaim")
    backwards(operation, before, after)

    assert sql("DELETE FROM accounts_ownerclaim RETURNING code_hash") == [("x",)]
    assert operation.describe() == "Only ever add rows to OwnerClaim"


def test_operations_can_be_written_down():
    for operation in (AuditTrigger("A", ["x"], ["y"]), NoAuditTrigger("A"), AppendOnlyTable("A")):
        text, imports = MigrationWriter(Migration("x", "accounts")).serialize(operation)
        assert type(operation).__name__ in text
        assert "import audit.operations" in imports
