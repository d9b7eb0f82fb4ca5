"""Every migration can be taken back, and put forward again, without harm to the data that stays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from telegrambot.sandbox import demo
from tests.project import own_apps

# Everything a migration can leave behind, as PostgreSQL itself describes it.
SCHEMA = """
SELECT t.relname, 'column', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull::text,
       pg_get_expr(d.adbin, d.adrelid), a.attidentity::text, a.attgenerated::text
FROM pg_class t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef d ON d.adrelid = t.oid AND d.adnum = a.attnum
WHERE t.relnamespace = 'public'::regnamespace AND t.relkind = 'r'
UNION ALL
SELECT t.relname, 'constraint', c.conname, pg_get_constraintdef(c.oid), '', '', '', ''
FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid WHERE t.relnamespace = 'public'::regnamespace
UNION ALL
SELECT tablename, 'index', indexname, indexdef, '', '', '', '' FROM pg_indexes WHERE schemaname = 'public'
UNION ALL
SELECT t.relname, 'trigger', g.tgname, pg_get_triggerdef(g.oid), g.tgenabled::text, '', '', ''
FROM pg_trigger g JOIN pg_class t ON t.oid = g.tgrelid
WHERE t.relnamespace = 'public'::regnamespace AND NOT g.tgisinternal
UNION ALL
SELECT t.relname, 'comment', c.objsubid::text, c.description, '', '', '', ''
FROM pg_description c JOIN pg_class t ON t.oid = c.objoid AND c.classoid = 'pg_class'::regclass
WHERE t.relnamespace = 'public'::regnamespace
"""


@pytest.fixture
def empty_database(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """A database of this test's own, so that other tests keep theirs as it is."""
    own = f"{connection.settings_dict['NAME']}_migrations"
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        with connection._nodb_cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{own}" WITH (FORCE)')
            cursor.execute(f'CREATE DATABASE "{own}"')
        connection.close()
        patch.setitem(connection.settings_dict, "NAME", own)
        ContentType.objects.clear_cache()
        yield
        connection.close()
        with connection._nodb_cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{own}" WITH (FORCE)')
    ContentType.objects.clear_cache()


@pytest.mark.timeout(300)
def test_every_migration_goes_back_and_forward_over_demo_data(empty_database):
    ours = own_migrations()
    assert ours, "no migration of ours was found at all"
    call_command("migrate", verbosity=0)
    demo.fill()
    theirs = tables_of_others()
    complete = schema(theirs)
    for node in reversed(ours):
        before = schema(theirs)
        step_back(node, ours)
        step_forward(node)
        assert schema(theirs) == before, f"{node}: back and forward again left another schema"
        step_back(node, ours)
    assert schema(theirs) == set(), "going back to zero left something behind"
    call_command("migrate", verbosity=0)
    demo.fill()
    assert schema(theirs) == complete


def own_migrations() -> list[tuple[str, str]]:
    """Every migration of the project's own apps, in the order in which they are applied."""
    labels = {app.label for app in own_apps()}
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [(step.app_label, step.name) for step, _ in plan if step.app_label in labels]


def tables_of_others() -> set[str]:
    """The tables that packages brought along; going back takes some of them away too."""
    own = {app.label for app in own_apps()}
    models = apps.get_models(include_auto_created=True)
    return {"django_migrations"} | {
        model._meta.db_table for model in models if model._meta.app_label not in own
    }


def step_back(node: tuple[str, str], ours: list[tuple[str, str]]) -> None:
    earlier = [name for app, name in ours[: ours.index(node)] if app == node[0]]
    MigrationExecutor(connection).migrate([(node[0], earlier[-1] if earlier else None)])


def step_forward(node: tuple[str, str]) -> None:
    MigrationExecutor(connection).migrate([node])


def schema(left_out: set[str]) -> set[tuple[str, ...]]:
    """Every fact about every table but those `left_out`."""
    with connection.cursor() as cursor:
        cursor.execute(SCHEMA)
        return {row for row in cursor.fetchall() if row[0] not in left_out}
