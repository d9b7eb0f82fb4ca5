"""What waits at the reply desk: drafts, what is being written, what went wrong, what nobody is certain of."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db.models import Exists, OuterRef, Subquery
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from config.errors import DomainError
from telegrambot.engine.models import Message
from telegrambot.inbox.desk import outcomes
from telegrambot.inbox.drafting.exceptions import DraftingError
from telegrambot.inbox.models import Conversation, DraftInProgress, DraftReply, ModelCall

Status = DraftReply.Status
# More than this nobody works through at once; what is left moves up.
SHOWN = 50
_MAX_QUESTION = 140


@dataclass(frozen=True, slots=True)
class Waiting:
    """A draft that waits for a decision, and what it answers."""

    draft: DraftReply
    question: str


@dataclass(frozen=True, slots=True)
class Uncertain:
    """An approved draft that may or may not have arrived, and the message to decide about: its last copy."""

    draft: DraftReply
    message_id: int


@dataclass(frozen=True, slots=True)
class Problem:
    """A chat in which somebody waits and the last try to draft an answer failed."""

    conversation: Conversation
    call: ModelCall

    @property
    def sentence(self) -> str:
        """Why, and what to do next."""
        return sentence_of(self.call)


@dataclass(frozen=True, slots=True)
class Queue:
    """All that waits, the oldest question first.

    Attributes:
        count: of all drafts that wait, also of those not listed.
    """

    waiting: list[Waiting]
    count: int
    in_progress: list[DraftInProgress]
    problems: list[Problem]
    uncertain: list[Uncertain]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do, and nothing to come."""
        return not (self.waiting or self.in_progress or self.problems or self.uncertain)


def read() -> Queue:
    """Read the queue; the number of queries does not depend on what is in it."""
    drafts = list(_drafts(Status.PENDING_APPROVAL).order_by("last_message_timestamp", "pk")[:SHOWN])
    count = len(drafts)
    if count == SHOWN:
        count = DraftReply.objects.filter(status=Status.PENDING_APPROVAL).count()
    asked = Message.objects.filter(pk__in=[draft.last_message_id for draft in drafts])
    texts = dict(asked.values_list("pk", "text"))
    return Queue(
        [Waiting(draft, _shortened(texts.get(draft.last_message_id, ""))) for draft in drafts],
        count,
        list(DraftInProgress.objects.select_related("dialog__person").order_by("started_at")[:SHOWN]),
        _problems(),
        _uncertain(),
    )


def sentence_of(call: ModelCall) -> str:
    """The sentence of an error that was kept by name."""
    kind = _errors().get(call.error, DraftingError)
    try:
        return str(kind(**call.error_details))
    except (KeyError, TypeError):  # it was kept by an earlier version of the program
        return str(DraftingError())


def standing(draft: DraftReply) -> str:
    """What became of a draft, in one sentence; empty while it waits."""
    match draft.status:
        case Status.PENDING_APPROVAL:
            return ""
        case Status.SUPERSEDED:
            return _("This draft is no longer needed: the person has written again, or was answered.")
        case Status.REJECTED:
            sentence = _("{name} has rejected this draft.")
        case Status.APPROVED:
            sentence = _("{name} has approved this draft; it is on its way.")
        case Status.SENT:
            sentence = _("{name} has approved this draft; it has arrived.")
        case _:
            sentence = _("{name} has approved this draft, but it was not delivered.")
    # An account without a person decides too.
    nobody = _("The program itself") if draft.is_automatic else _("A colleague")
    return sentence.format(name=draft.decided_by or nobody)


def _drafts(status: str) -> Any:
    rows = DraftReply.objects.filter(status=status).select_related("dialog__person", "decided_by")
    return rows.defer("suggested_response", "edited_response")


def _uncertain() -> list[Uncertain]:
    messages = outcomes.uncertain_messages()
    found = _drafts(Status.APPROVED).filter(pk__in=messages).order_by("pk")[:SHOWN]
    return [Uncertain(draft, messages[draft.pk]) for draft in found]


def _problems() -> list[Problem]:
    calls = ModelCall.objects.filter(dialog=OuterRef("dialog")).order_by("-pk")
    still_open = DraftReply.objects.filter(
        dialog=OuterRef("dialog"), status__in=["pending_approval", "approved"]
    )
    rows = (
        Conversation.objects.filter(waiting_since__isnull=False, dialog__is_processing_enabled=True)
        .exclude(Exists(still_open))
        .exclude(Exists(DraftInProgress.objects.filter(dialog=OuterRef("dialog"))))
        .annotate(call=Subquery(calls.values("pk")[:1]), last_error=Subquery(calls.values("error")[:1]))
        .exclude(last_error="")
        .filter(call__isnull=False)
        .select_related("dialog__person")
        .order_by("waiting_since", "pk")
    )
    found = list(rows[:SHOWN])
    by_key = ModelCall.objects.in_bulk([row.call for row in found])
    return [Problem(row, by_key[row.call]) for row in found if row.call in by_key]


def _shortened(text: str) -> str:
    return Truncator(" ".join(text.split())).chars(_MAX_QUESTION)


@cache
def _errors() -> dict[str, type[DomainError]]:
    return {kind.__name__: kind for kind in _subclasses(DomainError) if inspect.getdoc(kind)}


def _subclasses(parent: type[DomainError]) -> Iterator[type[DomainError]]:
    for child in parent.__subclasses__():
        yield child
        yield from _subclasses(child)
