"""Migration operations: let a table be watched, let rows only ever be added to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ModelState, ProjectState
from django.db.models import DateTimeField, Model

from audit.audited import Watched
from audit.triggers import WatchedTable, no_refusing_triggers, refusing_triggers

# Django passes over the options of a model's state that begin so, and hands them on from state to state.
_OPTION = "_audited"


class _Watching(Operation):
    """Brings the triggers of a model's table in line with what the state says of them."""

    reduces_to_sql = True
    reversible = True

    def __init__(self, model_name: str) -> None:
        self.model_name = model_name

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        watched = watched_in(app_label, to_state, self.model_name)
        model = to_state.apps.get_model(app_label, self.model_name)
        table = watched_table(model, watched or Watched(), schema_editor.connection)
        _execute(schema_editor, table.create() if watched else table.drop())

    # Going back, too, `to_state` is what there will be.
    database_backwards = database_forwards


class AuditTrigger(_Watching):
    """Let every change of a model's table be logged, or be logged otherwise than before.

    Args:
        model_name: the model.
        columns: the columns whose values are kept.
        private: the columns of which only the change is told.
    """

    def __init__(self, model_name: str, columns: Sequence[str] = (), private: Sequence[str] = ()) -> None:
        super().__init__(model_name)
        self.columns, self.private = columns, private

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Remember it in the model's state, so that going back knows what was before."""
        watched = Watched(tuple(self.columns), tuple(self.private))
        _model_state(app_label, state, self.model_name).options[_OPTION] = watched

    def describe(self) -> str:
        return f"Log the changes of {self.model_name}"


class NoAuditTrigger(_Watching):
    """Cease to log the changes of a model's table."""

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Forget what was remembered."""
        _model_state(app_label, state, self.model_name).options.pop(_OPTION, None)

    def describe(self) -> str:
        return f"Cease to log the changes of {self.model_name}"


class RefreshedAuditTriggers(Operation):
    """Make the functions anew that log the changes of the tables there are, after audit/triggers.py changed.

    Tables that are made later have them from there. Going back keeps them: they write the same log.
    """

    reduces_to_sql = True
    reversible = True

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """A function is not part of Django's state."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        for label, name in from_state.models:
            if (watched := watched_in(label, from_state, name)) is not None:
                model = from_state.apps.get_model(label, name)
                table = watched_table(model, watched, schema_editor.connection)
                _execute(schema_editor, [table.create_function()])

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        """Nothing."""

    def describe(self) -> str:
        return "Make the functions anew that log changes"


class AppendOnlyTable(Operation):
    """Let the database refuse to change or remove rows of a model's table."""

    reduces_to_sql = True
    reversible = True

    def __init__(self, model_name: str) -> None:
        self.model_name = model_name

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """A trigger is not part of Django's state."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        _execute(schema_editor, refusing_triggers(_table(app_label, to_state, self.model_name)))

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        _execute(schema_editor, no_refusing_triggers(_table(app_label, from_state, self.model_name)))

    def describe(self) -> str:
        return f"Only ever add rows to {self.model_name}"


def watched_table(model: type[Model], watched: Watched, connection: BaseDatabaseWrapper) -> WatchedTable:
    """A model's table and what is to be kept of it, as the SQL needs it.

    Args:
        connection: the tables are in the schema in which it creates them.
    """
    meta = model._meta
    with connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(current_schema())")
        (schema,) = cursor.fetchone()
    return WatchedTable(
        log=f"{schema}.audit_eventlog",
        table=meta.db_table,
        entity=meta.label_lower,
        pk=str(meta.pk.column),
        columns=watched.columns,
        private=watched.private,
        has_moments=any(
            isinstance(field, DateTimeField) and field.column in watched.columns
            for field in meta.concrete_fields
        ),
    )


def watched_in(app_label: str, state: ProjectState, model_name: str) -> Watched | None:
    """What the log keeps of a model's table after all migrations in `state`; None: nothing."""
    found: Watched | None = _model_state(app_label, state, model_name).options.get(_OPTION)
    return found


def _model_state(app_label: str, state: ProjectState, model_name: str) -> ModelState:
    return state.models[app_label, model_name.lower()]


def _table(app_label: str, state: ProjectState, model_name: str) -> str:
    return str(state.apps.get_model(app_label, model_name)._meta.db_table)


def _execute(editor: BaseDatabaseSchemaEditor, statements: Sequence[str]) -> None:
    for statement in statements:
        editor.execute(statement, params=None)  # a percent sign in them stands for itself
