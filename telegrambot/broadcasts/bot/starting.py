"""Start a broadcast from the chat, now or at a time; a large audience has to be typed as a number."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from telegrambot.accounts.roles import Role
from telegrambot.broadcasts import moments, preflight, services
from telegrambot.broadcasts.bot import lists, texts
from telegrambot.broadcasts.exceptions import ChangedMeanwhile, ConfirmationNeeded, NobodyToTell, NoNumber
from telegrambot.broadcasts.fingerprints import fingerprint
from telegrambot.broadcasts.models import Broadcast
from telegrambot.engine.chat import Button, ChatRequest, Reply, answer, button, escape

# What people put between thousands.
_BETWEEN_THOUSANDS = re.compile(r"[\s.,'’_]")


def rows(found: Broadcast) -> list[list[Button]]:
    """The buttons that let a broadcast go, below what it says."""
    seen = fingerprint(found)
    start = Button(_("▶️ Start"), ask_start, found.pk, seen)
    if found.status == Broadcast.Status.SCHEDULED:
        return [
            [start, Button(_("🗓 Other time"), ask_time, found.pk, 0, seen)],
            [Button(_("Take off the schedule"), leave, found.pk)],
        ]
    return [[start, Button(_("🗓 Schedule"), ask_time, found.pk, 0, seen)]]


@button(role=Role.ADMIN, command="broadcast")
def ask_start(request: ChatRequest, broadcast_id: UUID, seen: str = "") -> Reply:
    """Ask before it starts; a large audience has to be typed.

    Args:
        seen: the fingerprint of what the operator looked at; empty below a notice.
    """
    found = services.find(broadcast_id)
    checked = preflight.check(found)
    if not checked.reach.recipients:
        raise NobodyToTell(title=found.title)
    seen = seen or fingerprint(found)
    if checked.needs_number:
        return _ask_number(found, checked.reach.recipients, {"seen": seen})
    people = texts.people(checked.reach.recipients)
    question = _("Send “{title}” to {people} now?").format(title=escape(found.title), people=people)
    yes = Button(_("Yes, send to {people}").format(people=people), start, found.pk, seen)
    return Reply(question, [[yes], [Button(_("No"), lists.show, found.pk)]], leaves=True)


@button(role=Role.ADMIN, command="broadcast")
def start(request: ChatRequest, broadcast_id: UUID, seen: str = "") -> Reply:
    """Start it; the operator confirmed it."""
    return _let_go(request, Broadcast(pk=broadcast_id), {"seen": seen}, None, toast=_("It is on its way."))


@button(role=Role.ADMIN, command="broadcast")
def ask_time(request: ChatRequest, broadcast_id: UUID, is_local: int = 0, seen: str = "") -> Reply:
    """Ask when it should start.

    Args:
        seen: the fingerprint of what the operator looked at; empty below a notice.
    """
    found = services.find(broadcast_id)
    seen = seen or fingerprint(found)
    label = ("☑️ " if is_local else "⬜️ ") + _("By each recipient's own clock")
    own_clock = Button(label, ask_time, found.pk, int(not is_local), seen)
    text = _(
        "When should “{title}” start? Send me a time such as 2026-03-15 18:30, 15.03 18:30 or tomorrow 9:00. "
        "Your clock shows {now} ({zone})."
    ).format(
        title=escape(found.title),
        now=date_format(timezone.localtime(), "DATETIME_FORMAT"),
        zone=timezone.get_current_timezone_name(),
    )
    data = {"id": str(found.pk), "is_local": bool(is_local), "seen": seen}
    return Reply(text, [[own_clock], [Button(_("‹ Back"), lists.show, found.pk)]], ask=hear_time, data=data)


@answer(role=Role.ADMIN, command="broadcast")
def hear_time(request: ChatRequest) -> Reply:
    """Take the time; a large audience has to be typed as a number next."""
    moment = moments.parse(request.text, timezone.now(), timezone.get_current_timezone())
    found = Broadcast(pk=UUID(request.data["id"]))
    wanted = request.data | {"moment": moment.isoformat()}
    try:
        return _let_go(request, found, wanted, None)
    except ConfirmationNeeded as needed:
        return _ask_number(services.find(found.pk), needed.details["count"], wanted)


@answer(role=Role.ADMIN, command="broadcast")
def hear_number(request: ChatRequest) -> Reply:
    """Take the number of recipients as the confirmation of a large audience."""
    typed = _BETWEEN_THOUSANDS.sub("", request.text)
    if not (typed.isascii() and typed.isdecimal()) or len(typed) > 9:
        raise NoNumber
    return _let_go(request, Broadcast(pk=UUID(request.data["id"])), request.data, int(typed))


@button(role=Role.ADMIN, command="broadcast")
def leave(request: ChatRequest, broadcast_id: UUID) -> Reply:
    """Take it off the schedule."""
    found = Broadcast(pk=broadcast_id)
    services.unschedule(found, actor=request.person)
    return lists.screen(found, request.person, toast=_("It is a draft again."))


def _let_go(
    request: ChatRequest, found: Broadcast, wanted: dict[str, Any], confirmed: int | None, *, toast: str = ""
) -> Reply:
    """Start it, or schedule it if a moment is wanted; show it again if it was changed meanwhile."""
    seen = wanted.get("seen", "")
    try:
        with texts.spoken():
            if "moment" in wanted:
                services.schedule(
                    found,
                    datetime.fromisoformat(wanted["moment"]),
                    is_local_time=wanted["is_local"],
                    confirmed=confirmed,
                    seen=seen,
                    actor=request.person,
                )
            else:
                services.start(found, confirmed=confirmed, seen=seen, actor=request.person)
    except ChangedMeanwhile as error:
        found, toast = services.find(found.pk), str(error)
    return lists.screen(found, request.person, toast=toast)


def _ask_number(found: Broadcast, count: int, wanted: dict[str, Any]) -> Reply:
    text = _("“{title}” goes to {people}. Please type that number to confirm.").format(
        title=escape(found.title), people=f"<b>{texts.people(count)}</b>"
    )
    back = [Button(_("No"), lists.show, found.pk)]
    return Reply(text, [back], ask=hear_number, data={"id": str(found.pk), **wanted})
