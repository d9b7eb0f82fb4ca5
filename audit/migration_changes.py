"""Find what the migrations have yet to learn of what the models say about the log."""

from __future__ import annotations

from django.apps import apps
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from audit.audited import Watched, audited_models, watched
from audit.operations import AuditTrigger, NoAuditTrigger, watched_in


def missing_operations(loader: MigrationLoader) -> dict[str, list[Operation]]:
    """The operations that each app's migrations lack, by the app's label.

    Args:
        loader: knows all migrations; no database is asked.
    """
    state = loader.project_state()
    missing: dict[str, list[Operation]] = {}
    for model in audited_models():
        label, name = model._meta.app_label, model.__name__
        wanted = watched(model)
        if wanted is not None and wanted != _known(label, state, name):
            named = {"columns": wanted.columns, "private": wanted.private}
            operation = AuditTrigger(name, **{key: value for key, value in named.items() if value})
            missing.setdefault(label, []).append(operation)
    for label, name in state.models:
        if watched_in(label, state, name) is not None and not _is_audited(label, name):
            missing.setdefault(label, []).append(NoAuditTrigger(state.models[label, name].name))
    return missing


def unmigrated(loader: MigrationLoader) -> list[str]:
    """The audited models that no migration has made yet: makemigrations comes first."""
    known = loader.project_state().models
    return [
        model._meta.label
        for model in audited_models()
        if (model._meta.app_label, model._meta.model_name) not in known
    ]


def _known(label: str, state: ProjectState, name: str) -> Watched | None:
    return watched_in(label, state, name) if (label, name.lower()) in state.models else None


def _is_audited(label: str, name: str) -> bool:
    try:
        return watched(apps.get_model(label, name)) is not None
    except LookupError:
        return True  # makemigrations removes the table, and its triggers with it
