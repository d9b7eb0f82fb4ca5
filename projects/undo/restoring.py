"""Putting rows back into a former state.

The one way to write that does not ask the table of statuses: by an undo, a feature that is done can become
planned again, although nobody could move it there. What the database holds to be impossible stays impossible.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import models, transaction
from django.db.models import Count, Min, Q
from django.utils.translation import gettext as _

from audit.models import EventLog
from projects.exceptions import CannotUndo
from projects.folding import NetChange
from projects.models import Feature, Project, Release
from projects.naming import Names
from projects.services.editing import unique_name
from projects.undo.obstacles import obstacle, values_of
from projects.undo.present import Present, ids_of


@transaction.atomic
def restore_state(changes: Sequence[NetChange], rows: Present, names: Names) -> None:
    """Take each thing from the state after its change back to the state before it.

    What was created is deleted, what was deleted exists again under its old number, and of what was changed
    only the columns that the change touched are written.

    Args:
        changes: what is to be taken back.
        rows: what exists of it, locked.
        names: of all that occurs in it.

    Raises:
        CannotUndo: something later stands in the way; nothing was written.
    """
    if reason := obstacle(changes, rows, names):
        raise CannotUndo(reason=reason)
    with unique_name(CannotUndo(reason=_("Its name belongs to something else by now."))):
        # Names are free before others take them; keys are looked at when all is over.
        _delete([change for change in changes if change.before is None])
        _update([change for change in changes if change.columns])
        _insert([change for change in changes if change.after is None])


def _delete(changes: Sequence[NetChange]) -> None:
    for model in (Feature, Release, Project):
        if keys := ids_of(changes, model):
            model._default_manager.filter(pk__in=keys).delete()


def _update(changes: Sequence[NetChange]) -> None:
    for change in changes:
        former = {name: before for name, (before, _after) in change.columns.items()}
        rows = change.model._default_manager.filter(pk=int(change.entity_id))
        rows.update(**values_of(change.model, former))


def _insert(changes: Sequence[NetChange]) -> None:
    if not changes:
        return
    keys: dict[str, list[str]] = {}
    for change in changes:
        keys.setdefault(change.entity_type, []).append(change.entity_id)
    mine = Q()
    for entity_type, entity_ids in keys.items():
        mine |= Q(entity_type=entity_type, entity_id__in=entity_ids)
    past = EventLog.objects.filter(mine).values("entity_type", "entity_id")
    lives = {
        (life["entity_type"], life["entity_id"]): life
        for life in past.order_by().annotate(events=Count("pk"), began=Min("created_at"))
    }
    for model in (Project, Release, Feature):
        rows: list[Any] = []
        for change in changes:
            if change.model is model:
                life = lives[change.entity_type, change.entity_id]
                row = model(pk=int(change.entity_id), **values_of(model, change.before))
                row.created_at = life["began"]
                # More than it ever had, so that nobody takes it for what they saw in its former life.
                row.revision = life["events"] + 1
                rows.append(row)
        manager: models.Manager[Any] = model._default_manager
        manager.bulk_create(rows)
