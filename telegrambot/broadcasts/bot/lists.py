"""All broadcasts in chat, and the screen of each."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.broadcasts import services
from telegrambot.broadcasts.bot import texts
from telegrambot.broadcasts.models import Broadcast
from telegrambot.engine.chat import Button, ChatRequest, Reply, button, command, page, phrase


@phrase(r"broadcasts|рассылки", role=Role.ADMIN, command="broadcasts")
@command("broadcasts", description=gettext_lazy("Broadcasts and how far they are"), role=Role.ADMIN)
@button(role=Role.ADMIN, command="broadcasts")
def broadcasts(request: ChatRequest, number: int = 0) -> Reply:
    """A page of the list, the newest first."""
    items: Sequence[Broadcast]
    columns = ("title", "status", "needs_confirmation")
    items, arrows = page(Broadcast.objects.only(*columns).order_by("-created_at", "pk"), number, broadcasts)
    if not items:
        return Reply(_("There are no broadcasts yet. /broadcast makes one."), leaves=True)
    rows = [[Button(texts.label(item), show, item.pk)] for item in items]
    title, hint = _("Broadcasts"), _("/broadcast makes a new one.")
    return Reply(f"<b>{title}</b>\n\n{hint}", [*rows, arrows], leaves=True)


@button(role=Role.ADMIN, command="broadcasts")
def show(request: ChatRequest, broadcast_id: UUID) -> Reply:
    """Open one, whatever stage it is at."""
    return screen(services.find(broadcast_id), request.person)


def screen(broadcast: Broadcast, reader: TelegramUser, *, toast: str = "") -> Reply:
    """The screen of a broadcast: to be worked on, or under way, or over."""
    # They lead back here.
    from telegrambot.broadcasts.bot import composing, running

    reply = composing.screen(broadcast, reader) if broadcast.is_open else running.screen(broadcast)
    reply.toast = toast
    return reply


def back() -> list[Button]:
    """The row that leads to the list."""
    return [Button(_("‹ All broadcasts"), broadcasts)]
