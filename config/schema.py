"""What Django does not offer for our tables: time stamps and cascades that PostgreSQL itself keeps."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

UPDATED_AT_FUNCTION = """
CREATE OR REPLACE FUNCTION set_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := clock_timestamp();
    RETURN NEW;
END $$
"""


class TimestampedModel(models.Model):
    """A row that knows when it was created and last changed, whoever writes it (psql included)."""

    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    updated_at = models.DateTimeField(_("changed"), db_default=Now(), editable=False)

    class Meta:
        abstract = True


def updated_at_trigger(table: str) -> list[str]:
    """The statements that let the database move `updated_at` of a table."""
    trigger = f'CREATE TRIGGER {table}_updated_at BEFORE UPDATE ON "{table}" '
    return [UPDATED_AT_FUNCTION, trigger + "FOR EACH ROW EXECUTE FUNCTION set_updated_at()"]


class UpdatedAtTrigger(Operation):
    """Let the database move `updated_at` of a model's table on every UPDATE."""

    reduces_to_sql = True
    reversible = True

    def __init__(self, model_name: str) -> None:
        self.model_name = model_name

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """A trigger is not part of Django's state."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        for statement in updated_at_trigger(
            to_state.apps.get_model(app_label, self.model_name)._meta.db_table
        ):
            schema_editor.execute(statement)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        table = from_state.apps.get_model(app_label, self.model_name)._meta.db_table
        schema_editor.execute(f"DROP TRIGGER {table}_updated_at ON {schema_editor.quote_name(table)}")

    def describe(self) -> str:
        return f"Keep updated_at of {self.model_name} by trigger"


class DatabaseCascade(Operation):
    """Let the database itself delete (or null) the rows behind a foreign key when the row it points to goes.

    Django 5.2 cascades in Python only, which psql, bulk deletes and other programs never reach.

    Args:
        model_name: the model that holds the foreign key.
        field_name: the foreign key.
        action: `CASCADE` or `SET NULL`.
    """

    reduces_to_sql = True
    reversible = True

    def __init__(self, model_name: str, field_name: str, action: str = "CASCADE") -> None:
        if action not in {"CASCADE", "SET NULL"}:
            raise ValueError(f"{action!r} is neither CASCADE nor SET NULL")
        self.model_name, self.field_name, self.action = model_name, field_name, action

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """The database's own rule is not part of Django's state."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        self._replace(app_label, schema_editor, to_state, f" ON DELETE {self.action}")

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        self._replace(app_label, schema_editor, from_state, "")

    def _replace(self, app_label: str, editor: BaseDatabaseSchemaEditor, state: Any, rule: str) -> None:
        model = state.apps.get_model(app_label, self.model_name)
        field = model._meta.get_field(self.field_name)
        quote, table = editor.quote_name, model._meta.db_table
        # The constraint may still wait among the deferred statements of this very migration.
        for statement in list(editor.deferred_sql):
            is_ours = hasattr(statement, "references_column") and statement.references_column(
                table, field.column
            )
            if is_ours and "FOREIGN KEY" in str(statement):
                editor.deferred_sql.remove(statement)
                editor.execute(statement)
        with editor.connection.cursor() as cursor:
            constraints = editor.connection.introspection.get_constraints(cursor, table)
        name = next(n for n, c in constraints.items() if c["foreign_key"] and c["columns"] == [field.column])
        target = field.related_model._meta
        editor.execute(f"ALTER TABLE {quote(table)} DROP CONSTRAINT {quote(name)}")
        editor.execute(
            f"ALTER TABLE {quote(table)} ADD CONSTRAINT {quote(name)} FOREIGN KEY ({quote(field.column)}) "
            f"REFERENCES {quote(target.db_table)} ({quote(target.pk.column)}){rule} "
            "DEFERRABLE INITIALLY DEFERRED"
        )

    def describe(self) -> str:
        return f"{self.action} {self.model_name}.{self.field_name} in the database"
