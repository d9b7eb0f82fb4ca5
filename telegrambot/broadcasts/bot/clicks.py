"""What happens when somebody presses a button below a broadcast."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from config.errors import DomainError
from telegrambot.broadcasts import content
from telegrambot.broadcasts.models import Broadcast, BroadcastClick
from telegrambot.engine.chat import ChatRequest, Reply, button
from telegrambot.engine.handling import call, may_run
from telegrambot.engine.routing import Match, registry


@button()
def click(request: ChatRequest, broadcast_id: UUID, number: int) -> Reply | None:
    """Note the press, once for each person and button, and open what the button promises."""
    return _open(request, broadcast_id, number, counts=True)


@button()
def try_click(request: ChatRequest, broadcast_id: UUID, number: int) -> Reply | None:
    """The same below the copy that operators send to themselves; it does not count."""
    return _open(request, broadcast_id, number, counts=False)


def _open(request: ChatRequest, broadcast_id: UUID, number: int, *, counts: bool) -> Reply | None:
    broadcast = Broadcast.objects.only("buttons").filter(pk=broadcast_id).first()
    target = content.button_at(broadcast, number) if broadcast else None
    if broadcast is None or target is None:
        return Reply(toast=_("That button is no longer valid."))
    if counts:
        BroadcastClick.objects.bulk_create(
            [BroadcastClick(broadcast=broadcast, person=request.person, button=number)], ignore_conflicts=True
        )
    match = _match(target)
    if match is None or not may_run(match, request.person):
        return Reply(toast=_("This is not available to you. /help shows what is."))
    try:
        with transaction.atomic():  # a refusal takes back what the view wrote, and not the press
            reply = call(match, request)
    except DomainError as error:
        return Reply(alert=str(error))
    return None if reply is None else replace(reply, new=True)


def _match(target: dict[str, str]) -> Match | None:
    if route := registry.commands.get(target.get("command", "")):
        return Match(route)
    match = registry.deep_link_for(target["link"]) if target.get("link") else None
    return None if match is None or match.route.is_secret else match
