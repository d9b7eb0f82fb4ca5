"""What happened to a row since someone looked at it."""

from __future__ import annotations

from audit import actors
from audit.models import EventLog
from projects.folding import fold
from projects.models import Feature, Project, Release
from projects.naming import names_in
from projects.wording import phrases


def changes_since(row: Project | Release | Feature, revision: int) -> str:
    """Tell in one line what changed in `row` after `revision`, and who changed it.

    Args:
        row: locked and up to date.
        revision: the one that was seen.
    """
    label = row._meta.label_lower
    # The database counts a revision and writes an event for the very same updates.
    missed = max(0, row.revision - revision)
    mine = EventLog.objects.filter(entity_type=label, entity_id=str(row.pk), action=f"{label}.changed")
    events = list(mine.order_by("-pk")[:missed])[::-1]
    changes = fold(events)
    names = names_in(changes)
    told = [phrase for change in changes for phrase in phrases(change, names)]
    people = actors.names(event.user_id for event in events)
    return f"{'; '.join(told)} ({', '.join(people.values())})"
