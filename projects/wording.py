"""How changes of projects, releases and features are told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import models
from django.utils.formats import date_format
from django.utils.text import Truncator, capfirst
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from projects.folding import NetChange
from projects.models import Feature, Project, Release
from projects.naming import RELEASE, Names

LONGEST_TEXT = 80
NOTHING = "—"
# Other languages than English have more than one word for it.
ADDED = {
    Project: pgettext_lazy("project", "added"),
    Release: pgettext_lazy("release", "added"),
    Feature: pgettext_lazy("feature", "added"),
}
DELETED = {
    Project: pgettext_lazy("project", "deleted"),
    Release: pgettext_lazy("release", "deleted"),
    Feature: pgettext_lazy("feature", "deleted"),
}
# Either nobody cares, or the event's verb and the thing's name tell it already.
UNTOLD = frozenset({"id", "project_id", "revision", "created_at", "updated_at"})


def thing(entity_type: str, name: str) -> str:
    """What kind of thing it is, and its name, such as: feature “Login”."""
    if entity_type == Project._meta.label_lower:
        return _("project “{name}”").format(name=name)
    if entity_type == Release._meta.label_lower:
        return _("release {version}").format(version=name)
    return _("feature “{name}”").format(name=name)


def sentence(change: NetChange, names: Names) -> str:
    """What happened to one thing, such as: Feature “Login”: status: planned → done; product owner: — → Ann.

    Args:
        change: what its events come to.
        names: of it, and of the releases in it (see `names_in`).
    """
    name = names.get((change.entity_type, change.entity_id), f"#{change.entity_id}")
    return told(change.entity_type, name, phrases(change, names))


def told(entity_type: str, name: str, changes: Iterable[str]) -> str:
    """A thing and what happened to it, in one sentence."""
    return _("{thing}: {changes}").format(
        thing=capfirst(thing(entity_type, name)), changes="; ".join(changes)
    )


def phrases(change: NetChange, names: Names) -> list[str]:
    """What happened to one thing, each in a few words."""
    if change.is_nothing:
        return [_("changed, and changed back")]
    if change.before is None:
        return [str(ADDED[change.model])]
    if change.after is None:
        return [str(DELETED[change.model])]
    return [
        _phrase(field, change.columns, names)
        for field in change.model._meta.concrete_fields
        if field.attname in change.columns
        and field.attname not in UNTOLD
        and not (field.attname == "status_reason" and "status" in change.columns)  # told along with it
    ]


def _phrase(field: models.Field[Any, Any], columns: Mapping[str, tuple[Any, Any]], names: Names) -> str:
    label = str(field.verbose_name)
    if field.name == "description":
        return _("{field}: new text").format(field=label)
    before, after = (_shown(field, value, names) for value in columns[field.attname])
    phrase = _("{field}: {before} → {after}").format(field=label, before=before, after=after)
    reason = columns.get("status_reason", ("", ""))[1] if field.name == "status" else ""
    if reason:
        return _("{phrase} ({reason})").format(phrase=phrase, reason=Truncator(reason).chars(LONGEST_TEXT))
    return phrase


def _shown(field: models.Field[Any, Any], value: Any, names: Names) -> str:
    if value in (None, "", []):
        return NOTHING
    if isinstance(field, models.ForeignKey):
        return names.get((RELEASE, str(value)), f"#{value}")
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(field, models.DateField):
        return date_format(dt.date.fromisoformat(value), "DATE_FORMAT")
    return Truncator(", ".join(value) if isinstance(value, list) else str(value)).chars(LONGEST_TEXT)
