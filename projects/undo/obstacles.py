"""Why a change cannot be taken back: what came later stands in its way."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from typing import Any

from django.db.models import Model
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from audit import actors
from audit.models import EventLog
from projects.folding import NetChange, fold
from projects.models import Feature, Project, Release
from projects.naming import RELEASE, Key, Names, keys_in, names_of
from projects.statuses import CLOSED_RELEASE, FeatureStatus, needs_reason
from projects.undo.present import Present, Row, ids_of
from projects.wording import phrases, thing

PROJECT = Project._meta.label_lower


def obstacle(changes: Sequence[NetChange], present: Present, names: Names) -> str:
    """The first thing that stands in the way of taking `changes` back, as a sentence; "": nothing does.

    Args:
        changes: what is to be taken back, and all of it.
        present: the rows as they are.
        names: of all that occurs in `changes`.
    """
    return next(_obstacles(changes, present, names), "")


def values_of(model: type[Model], state: Any) -> dict[str, Any]:
    """A state from the log as values of fields. What is no column any more has no value."""
    fields = {field.attname: field for field in model._meta.concrete_fields}
    return {name: fields[name].to_python(value) for name, value in state.items() if name in fields}


def _obstacles(changes: Sequence[NetChange], present: Present, names: Names) -> Iterator[str]:
    returning = {(change.model, change.entity_id) for change in changes if change.after is None}
    newest = max(change.last_event_id for change in changes)
    moved = ids_of([change for change in changes if "status" in change.columns], Project)
    for change in changes:
        row, title = present.row(change), _title((change.entity_type, change.entity_id), names)
        if change.after is None and row is not None:
            yield _("{thing} exists again.").format(thing=title)
        elif change.after is not None and row is None:
            yield _("{thing} does not exist any more.").format(thing=title)
        elif row is not None and _differs(change, row):
            yield _later(change, title, names)
        yield from _missing(change, returning, present, names)
        yield from _closed(change, newest, present, names)
        yield from _archived(change, row, moved, present)
    yield from _used(changes)


def _differs(change: NetChange, row: Row) -> bool:
    # The same state by another way is the same state: whoever went there and back left nothing to protect.
    assert change.after is not None
    names = change.columns if change.before is not None else change.after
    expected = values_of(change.model, {name: change.after[name] for name in names})
    return any(getattr(row, name) != value for name, value in expected.items()) or _lacks_reason(change, row)


def _lacks_reason(change: NetChange, row: Row) -> bool:
    """Whether the feature would be left without the reason that its state needs."""
    if not isinstance(row, Feature):
        return False
    former = {name: before for name, (before, _after) in change.columns.items()}
    status, reason = former.get("status", row.status), former.get("status_reason", row.status_reason)
    return needs_reason(FeatureStatus(status)) and not reason


def _later(change: NetChange, title: str, names: Names) -> str:
    mine = EventLog.objects.filter(entity_type=change.entity_type, entity_id=change.entity_id)
    events = list(mine.filter(pk__gt=change.last_event_id).order_by("pk"))
    steps = fold(events)
    known = {**names, **names_of(keys_in(steps) - set(names))}
    told = "; ".join(phrase for step in steps for phrase in phrases(step, known))
    people = ", ".join(actors.names(event.user_id for event in events).values())
    return _("{thing} was changed later: {changes} ({people}).").format(
        thing=title, changes=told, people=people
    )


def _missing(
    change: NetChange, returning: Container[tuple[type[Model], str]], present: Present, names: Names
) -> Iterator[str]:
    """What the thing is to belong to again has to be there, or to come back with it."""
    for column, model, rows in (
        ("project_id", Project, present.projects),
        ("release_id", Release, present.releases),
    ):
        key = change.before.get(column) if change.before else None
        if key is not None and key not in rows and (model, str(key)) not in returning:
            title = _title((model._meta.label_lower, str(key)), names)
            yield _("{thing} does not exist any more.").format(thing=title)


def _archived(change: NetChange, row: Row | None, moved: Container[int], present: Present) -> Iterator[str]:
    """An archived project stays as it is, unless its status is what is taken back."""
    pk = _project_id(change, row)
    project = present.projects.get(pk) if pk is not None else None
    if project is not None and project.is_archived and pk not in moved:
        yield _("{thing} is archived.").format(thing=capfirst(thing(PROJECT, project.name)))


def _closed(change: NetChange, newest: int, present: Present, names: Names) -> Iterator[str]:
    """Nothing comes back into a release that was closed since."""
    back = change.before if change.after is None or "release_id" in change.columns else None
    release = present.releases.get(back.get("release_id", 0)) if back else None
    if release is None or release.status not in CLOSED_RELEASE:
        return
    key = (RELEASE, str(release.pk))
    later = EventLog.objects.filter(entity_type=key[0], entity_id=key[1], pk__gt=newest).order_by("pk")
    if any("status" in step.columns for step in fold(later)):
        yield _("{thing} is closed by now.").format(thing=_title(key, names))


def _project_id(change: NetChange, row: Row | None) -> int | None:
    if change.model is Project:
        return int(change.entity_id)
    if isinstance(row, Release | Feature):
        return row.project_id
    return change.before.get("project_id") if change.before else None


def _used(changes: Sequence[NetChange]) -> Iterator[str]:
    """What was created goes only if nothing else has come to belong to it."""
    created = [change for change in changes if change.before is None and change.after is not None]
    releases, projects = ids_of(created, Release), ids_of(created, Project)
    features = Feature.objects.exclude(pk__in=ids_of(changes, Feature))
    if releases:
        for key in features.filter(release__in=releases).values_list("release", flat=True)[:1]:
            yield _("{thing} is in use.").format(thing=_title((RELEASE, str(key)), {}))
    if projects:
        others = Release.objects.exclude(pk__in=ids_of(changes, Release)).filter(project__in=projects)
        inside = features.filter(project__in=projects).values_list("project", flat=True)
        for key in inside.union(others.values_list("project", flat=True))[:1]:
            yield _("{thing} is in use.").format(thing=_title((PROJECT, str(key)), {}))


def _title(key: Key, names: Names) -> str:
    name = names.get(key) or names_of({key}).get(key, f"#{key[1]}")
    return capfirst(thing(key[0], name))
