"""Copies that an operator sends again one by one follow what was decided about the broadcast since."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from telegrambot.broadcasts import content, recipients
from telegrambot.broadcasts.exceptions import NotForThem, TakenBack
from telegrambot.broadcasts.markup import VARIABLES
from telegrambot.broadcasts.models import ORIGIN, Broadcast, FollowUp
from telegrambot.engine.models import Message, Priority
from telegrambot.engine.resending import Amend, before_sending_again

_ENDED = (
    Q(status=Broadcast.Status.CANCELLED)
    | (Q(status=Broadcast.Status.FAILED) & ~Q(problem=""))
    | Q(follow_ups__kind=FollowUp.Kind.RECALL)
)


@before_sending_again
def follow_the_broadcast(messages: QuerySet[Message]) -> Amend:
    """Let copies say what their broadcast says now; a pause holds them too, and one that is over goes on.

    Raises:
        TakenBack: one of the broadcasts was cancelled, stopped or taken back.
        NotForThem: some of the people get no broadcasts any more.
    """
    copies = messages.filter(
        priority=Priority.BROADCAST, operation=Message.Operation.SEND, origin__startswith=ORIGIN
    ).order_by()
    origins = copies.values_list("origin", flat=True).distinct()
    keys = [origin.removeprefix(ORIGIN) for origin in origins]
    if not keys:
        return _as_it_was
    # Before the messages: as whoever decides about a broadcast does.
    locked = Broadcast.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk")
    broadcasts = {row.origin: row for row in locked}
    if (ended := Broadcast.objects.filter(_ENDED, pk__in=keys).first()) is not None:
        raise TakenBack(title=ended.title)
    reached = recipients.reachable({}).filter(pk__in=copies.values("person"))
    people = {row["pk"]: row for row in reached.values("pk", *VARIABLES)}
    if lost := copies.exclude(person__in=people).count():
        raise NotForThem(count=lost)
    payloads = {origin: content.payload(row) for origin, row in broadcasts.items()}

    def amend(copy: Message) -> None:
        if copy.operation == Message.Operation.SEND and (row := broadcasts.get(copy.origin)) is not None:
            copy.text, copy.sealed = content.text_for(row, people[copy.person_id]), None
            copy.payload = payloads[copy.origin]
            if row.status == Broadcast.Status.PAUSED:
                copy.not_before = None
            elif row.status != Broadcast.Status.SENDING:
                # Else nothing would hold it, correct it or take it back until it has left.
                row.status, row.sent_at = Broadcast.Status.SENDING, None
                row.save(update_fields=["status", "sent_at"])

    return amend


def _as_it_was(copy: Message) -> None:
    """What belongs to no broadcast."""
