"""What would be undone, and undoing it.

- A person takes back their own changes only, made in chat or in the browser, the latest first: what they undo
  three times in a row are their last three changes.
- Everything that one message, press or request changed goes back at once, or not at all.
- It goes back only to where it came from: if a column that was changed has another value by now, if something
  new depends on what was created, or if the release it would go back into was closed since, the undo is
  refused and says why.
- A project, release or feature that was created is deleted, provided that nothing belongs to it; archiving
  is undone by making the project what it was. What an undo deleted comes back with the number it had.
- An undo can be undone in turn ("bring it back"), but is not itself a "last change".
- Which project someone is busy with is no change of a project: it is neither undone nor in the way.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db import transaction
from django.utils.translation import gettext as _

from audit.context import acting
from audit.models import EventLog
from projects.exceptions import CannotUndo
from projects.folding import NetChange, fold
from projects.naming import names_in
from projects.undo.groups import group_with, is_taken_back, latest
from projects.undo.obstacles import obstacle
from projects.undo.present import present
from projects.undo.restoring import restore_state
from projects.wording import sentence
from telegrambot.accounts.models import TelegramUser


@dataclass(frozen=True, slots=True)
class UndoPlan:
    """What undoing a change would do.

    Attributes:
        event_id: the first event of the change; `undo` takes it.
        at: when the change was made.
        changes: what the person did, in sentences.
        preview: what undoing it does, in sentences.
        refusal: why it cannot be undone now; "": it can.
        is_undo: whether the change was itself an undo, so that undoing it brings something back.
    """

    event_id: int
    at: dt.datetime
    changes: Sequence[str]
    preview: Sequence[str]
    refusal: str
    is_undo: bool


@dataclass(frozen=True, slots=True)
class Undone:
    """What an undo did.

    Attributes:
        event_id: one of its events; `undo` takes it to bring everything back.
        sentences: what is different now.
    """

    event_id: int
    sentences: Sequence[str]


def last_change(person: TelegramUser) -> UndoPlan | None:
    """The person's latest change that still stands; None: there is nothing to undo. At most seven queries."""
    events = latest(person)
    return _plan(events) if events else None


def plan_of(event_id: int, person: TelegramUser) -> UndoPlan:
    """What undoing the change with this event would do, whether it was the last one or not.

    Raises:
        CannotUndo: it is not the person's own.
    """
    return _plan(_own_group(event_id, person))


@transaction.atomic
def undo(event_id: int, *, actor: TelegramUser) -> Undone:
    """Take back the change that this event is part of.

    Args:
        event_id: from an `UndoPlan`, or from an `Undone` to bring back what was undone.
        actor: who made the change.

    Raises:
        CannotUndo: it is not their own, undone already, or something newer stands in the way.
    """
    events = _own_group(event_id, actor)
    changes = _changes(events)
    rows = present(changes, is_locked=True)  # whoever undoes the same at this moment comes first or waits
    if is_taken_back(events[0].pk, actor):
        raise CannotUndo(reason=_("It has been undone already."))
    names = names_in(changes)
    with acting(undoes=events[0].pk):
        restore_state(changes, rows, names)
    newest = EventLog.objects.filter(
        entity_type=changes[0].entity_type, entity_id=changes[0].entity_id
    ).latest("pk")
    return Undone(newest.pk, [sentence(_inverse(change), names) for change in changes])


def _own_group(event_id: int, person: TelegramUser) -> list[EventLog]:
    events = group_with(event_id, person)
    if not events:
        raise CannotUndo(reason=_("It is not a change of yours."))
    return events


def _plan(events: Sequence[EventLog]) -> UndoPlan:
    changes = _changes(events)
    names = names_in(changes)
    return UndoPlan(
        events[0].pk,
        events[-1].timestamp,
        changes=[sentence(change, names) for change in changes],
        preview=[sentence(_inverse(change), names) for change in changes],
        refusal=obstacle(changes, present(changes, is_locked=False), names),
        is_undo="undoes" in events[0].details,
    )


def _changes(events: Sequence[EventLog]) -> list[NetChange]:
    changes = [change for change in fold(events) if not change.is_nothing]
    if not changes:
        raise CannotUndo(reason=_("It came to nothing in the end."))
    return changes


def _inverse(change: NetChange) -> NetChange:
    return replace(change, before=change.after, after=change.before)
