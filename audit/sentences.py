"""Events as sentences: "Anna changed status of feature “Login”: planned → done".

Sentences are made for whole pages: names and titles cost the same few queries for one event and for fifty.
The translated sentences need no gender and no case, since names of people and things come as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from audit import actors, vocabulary
from audit.context import SYSTEM
from audit.diffs import FieldChange, changes, referred_rows
from audit.models import EventLog
from audit.titles import Row, called, kind_of, model_of, namesake, quoted, title_field, titles
from audit.values import NOTHING

VERBS = ("created", "changed", "deleted")
# More changes than these are only counted in a sentence.
_MOST_CHANGES = 3


@dataclass(frozen=True)
class Told:
    """An event in words.

    Attributes:
        who: the actor's name; the beginning of the id of one whom nobody knows any more.
        thing: the kind and title of what it is about; empty when it is about nothing in particular.
        changes: column by column.
        is_actor_known: whether there is still somebody of that id.
    """

    event: EventLog
    who: str
    thing: str
    changes: Sequence[FieldChange]
    is_actor_known: bool

    @cached_property
    def verb(self) -> str:
        """created, changed or deleted; empty for an event that the program recorded by itself."""
        kind, _dot, verb = self.event.action.rpartition(".")
        return verb if kind == self.event.entity_type and verb in VERBS else ""

    @cached_property
    def deed(self) -> str:
        """What happened, without who did it."""
        match self.verb:
            case "created":
                return _("created {thing}").format(thing=self.thing)
            case "deleted":
                return _("deleted {thing}").format(thing=self.thing)
            case "changed":
                return self._change
        return self._recorded

    @cached_property
    def sentence(self) -> str:
        """Who did what."""
        pattern = _("{who} {deed}") if self.verb else _("{who}: {deed}")
        return pattern.format(who=self.who, deed=self.deed)

    @property
    def is_told_whole(self) -> bool:
        """Whether the sentence says every value there is to say."""
        is_row = self.verb in {"created", "deleted"}
        is_short = len(self.changes) <= _MOST_CHANGES and not any(change.is_long for change in self.changes)
        return not self.changes or (is_short and not is_row)

    @property
    def _change(self) -> str:
        if not self.changes:
            return _("changed {thing}").format(thing=self.thing)
        if len(self.changes) > 1:
            return _("changed {thing}: {changes}").format(thing=self.thing, changes=_listed(self.changes))
        (change,) = self.changes
        words = {"field": change.label, "thing": self.thing, **_values(change)}
        if change.is_private:
            return _("changed {field} of {thing} (not kept here)").format(**words)
        if change.is_long:
            return _("changed {field} of {thing}").format(**words)
        if change.column == self._title_column and NOTHING not in (change.before, change.after):
            kind = kind_of(self.event.entity_type)
            return _("renamed {kind} {before} to {after}").format(**words, kind=kind)
        return _("changed {field} of {thing}: {before} → {after}").format(**words)

    @property
    def _recorded(self) -> str:
        label = vocabulary.declared().get(self.event.action)
        words = str(label) if label else self.event.action.rpartition(".")[2].replace("_", " ")
        if self.thing:
            words = _("{deed} – {thing}").format(deed=words, thing=self.thing)
        return (
            _("{deed}, {changes}").format(deed=words, changes=_listed(self.changes))
            if self.changes
            else words
        )

    @property
    def _title_column(self) -> str:
        model = model_of(self.event.entity_type)
        field = title_field(model) if model else None
        return str(field.column) if field else ""


def tell(events: Sequence[EventLog]) -> list[Told]:
    """Put events into words, with a bounded number of queries for all of them together."""
    names = actors.names({event.user_id for event in events})
    known = titles({row for event in events for row in (_row(event), *referred_rows(event)) if row[1]})
    return [_told(event, names, known) for event in events]


def sentence(event: EventLog) -> str:
    """One event in a sentence; for several of them `tell` asks less."""
    return tell([event])[0].sentence


def diff(event: EventLog) -> list[FieldChange]:
    """What one event changed, column by column."""
    return list(tell([event])[0].changes)


def _told(event: EventLog, names: Mapping[str, str], known: Mapping[Row, str]) -> Told:
    name, title = names[event.user_id], _own_title(event) or known.get(_row(event), "")
    is_known = name != event.user_id
    who = (capfirst(name) if event.user_id == SYSTEM else name) if is_known else called(event.user_id, None)
    thing = ""
    if event.entity_type:
        kind = kind_of(event.entity_type)
        thing = f"{kind} {called(event.entity_id, title)}" if event.entity_id else kind
    return Told(event, who, thing, changes(event, known), is_known)


def _own_title(event: EventLog) -> str:
    """The title that the event itself holds: how the thing was called then."""
    model = model_of(event.entity_type)
    field = title_field(model) if model else None
    if field is None:
        return ""
    titles_then = (event.side(name).get(str(field.column)) for name in ("before", "after"))
    return next((str(title) for title in titles_then if title), "")


def _row(event: EventLog) -> Row:
    return namesake((event.entity_type, event.entity_id))


def _listed(found: Sequence[FieldChange]) -> str:
    said = [_in_list(change) for change in found[:_MOST_CHANGES]]
    if rest := len(found) - len(said):
        said.append(ngettext("%(count)d more", "%(count)d more", rest) % {"count": rest})
    return "; ".join(said)


def _in_list(change: FieldChange) -> str:
    if change.is_private:
        return _("{field} (not kept here)").format(field=change.label)
    if change.is_long:
        return change.label
    if not (change.before and change.after):
        return _("{field} {value}").format(field=change.label, value="".join(_values(change).values()))
    return _("{field} {before} → {after}").format(field=change.label, **_values(change))


def _values(change: FieldChange) -> dict[str, str]:
    if not change.is_text:
        return {"before": change.before, "after": change.after}
    return {side: _in_quotes(getattr(change, side)) for side in ("before", "after")}


def _in_quotes(text: str) -> str:
    return text if text in ("", NOTHING) else quoted(text)
