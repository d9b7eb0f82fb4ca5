"""What the things in events are called, whether they still exist or not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db.models import Value

from audit.models import EventLog
from projects.folding import MODELS, NetChange
from projects.models import Release

Key = tuple[str, str]  # entity type and entity id, as events hold them
Names = Mapping[Key, str]

RELEASE = Release._meta.label_lower


def names_in(changes: Iterable[NetChange]) -> dict[Key, str]:
    """The names of all that changed, and of the releases that features were put into or taken out of.

    One query, and one more if something of it is deleted. What even the log does not know is missing.
    """
    return names_of(keys_in(changes))


def keys_in(changes: Iterable[NetChange]) -> set[Key]:
    """What `names_in` names."""
    keys: set[Key] = set()
    for change in changes:
        keys.add((change.entity_type, change.entity_id))
        for state in (change.before, change.after):
            if state and (release := state.get("release_id")) is not None:
                keys.add((RELEASE, str(release)))
    return keys


def names_of(keys: set[Key]) -> dict[Key, str]:
    """The names of these things: the present ones, or the last that the deleted ones had."""
    if not keys:
        return {}
    queries = []
    for label, model in MODELS.items():
        wanted = [pk for kind, pk in keys if kind == label]
        rows = model._default_manager.filter(pk__in=wanted).order_by()
        queries.append(rows.values_list(Value(label), "pk", title_column(label)))
    found = {(kind, str(pk)): name for kind, pk, name in queries[0].union(*queries[1:], all=True)}
    if missing := keys - set(found):
        deleted = EventLog.objects.filter(
            action__in={f"{kind}.deleted" for kind, _ in missing},
            entity_type__in={kind for kind, _ in missing},
            entity_id__in={pk for _, pk in missing},
        )
        for event in deleted.order_by("pk"):
            if (key := (event.entity_type, event.entity_id)) in missing:
                found[key] = str(event.side("before").get(title_column(event.entity_type), event.entity_id))
    return found


def title_column(entity_type: str) -> str:
    """The column that holds what people call such a thing."""
    return "version" if entity_type == RELEASE else "name"
