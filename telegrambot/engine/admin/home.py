"""The home page: what waits for a person, how things are, what happened, what is still to be set up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from telegrambot.accounts.roles import Role
from telegrambot.accounts.service_admin import role_of
from telegrambot.engine import dashboard
from telegrambot.engine.admin import charts
from telegrambot.engine.first_steps import checklist
from telegrambot.engine.health import Health, Service, health

_UPDATES, _MESSAGES = "engine.inboundupdate", "engine.message"
_JOBS = "engine.backgroundjob"
_SERVICES = {
    "bot": gettext_lazy("answering and sending"),
    "poller": gettext_lazy("receiving"),
    "worker": gettext_lazy("background jobs"),
}


@dataclass(frozen=True)
class Tile:
    """A number that is a link to the rows it counts.

    Attributes:
        tone: "danger", "warning" or "calm": how much it needs a person when it is not zero.
    """

    title: str
    count: int
    note: str
    url: str
    tone: str


@dataclass(frozen=True)
class Sentence:
    """How things are, in one line."""

    text: str
    is_well: bool


def home(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Fill the home page (Unfold's DASHBOARD_CALLBACK). The number of queries does not depend on the data."""
    found = health()
    hours, days = dashboard.messages_by_hour(), dashboard.new_people_by_day()
    tiles = _waiting(request, found)
    context |= {
        "title": _("Home"),
        "tiles": tiles,
        "needs_a_person": any(tile.count and tile.tone != "calm" for tile in tiles),
        "sentence": _sentence(found),
        "database": found.database,
        "steps": checklist() if role_of(request) == Role.OWNER else [],
        "received": sum(hour.received for hour in hours),
        "sent": sum(hour.sent for hour in hours),
        "messages_chart": charts.messages(hours),
        "newcomers": sum(day.people for day in days),
        "chart_options": charts.OPTIONS,
        "people_chart": charts.people(days),
        "active": dashboard.active_people(),
        "links": _links(request),
    }
    return context


def _waiting(request: HttpRequest, found: Health) -> list[Tile]:
    jobs = {"status__exact": "failed"}
    tiles = [
        (_UPDATES, _("Failed updates"), found.updates_failed, "", {"status__exact": "failed"}, "danger"),
        (
            _UPDATES,
            _("Put aside"),
            dashboard.count_put_aside(),
            _("could not be read"),
            {"put_aside": "1"},
            "danger",
        ),
        (
            _MESSAGES,
            _("Failed messages"),
            found.messages_failed,
            "",
            {"status__exact": "failed", "waiting": "1"},
            "danger",
        ),
        (
            _MESSAGES,
            _("Uncertain messages"),
            found.messages_uncertain,
            _("may have arrived"),
            {"status__exact": "uncertain", "waiting": "1"},
            "warning",
        ),
        (_JOBS, _("Failed jobs"), found.jobs_failed, "", jobs, "danger"),
        (
            _UPDATES,
            _("Updates in the queue"),
            found.updates_waiting,
            _age(found.oldest_update),
            {"status__exact": "pending"},
            "calm",
        ),
        (
            _MESSAGES,
            _("Messages in the queue"),
            found.messages_waiting,
            _age(found.oldest_message),
            {"status__exact": "queued", "leaving": "1"},
            "calm",
        ),
    ]
    return [
        Tile(title, count, note, _list(model, **filters), tone)
        for model, title, count, note, filters, tone in tiles
        if _may_view(request, model)
    ]


def _age(oldest: datetime | None) -> str:
    return _("the oldest for {time}").format(time=timesince(oldest, depth=1)) if oldest else ""


def _sentence(found: Health) -> Sentence:
    services = found.services
    if not services:
        return Sentence(_("The bot has not run here yet. Start it: manage.py runbot"), is_well=False)
    for service in services:
        if service.problem:
            return Sentence(f"{_name(service)}: {service.problem_in_words}", is_well=False)
        if not service.is_alive:
            sentence = _("No sign of life from “{service}” for {time}. Is manage.py runbot running?")
            ago = timesince(service.beat_at, depth=1)
            return Sentence(sentence.format(service=_name(service), time=ago), is_well=False)
    names = ", ".join(_name(service) for service in services)
    return Sentence(_("Everything is running: {services}.").format(services=names), is_well=True)


def _name(service: Service) -> str:
    return str(_SERVICES.get(service.name, service.name))


def _links(request: HttpRequest) -> list[tuple[str, str, str]]:
    """Title, icon, address of where people mostly go."""
    links = [
        (_("People"), "group", "accounts.telegramuser"),
        (_("Dialogs"), "forum", "engine.dialog"),
        (_("Commands"), "terminal", "accounts.botcommand"),
    ]
    found = [(title, icon, _list(model)) for title, icon, model in links if _may_view(request, model)]
    if settings.SANDBOX:
        found.insert(0, (_("Chat in the sandbox"), "chat", reverse("sandbox:index")))
    return found


def _list(model: str, **filters: str) -> str:
    url = reverse(f"admin:{model.replace('.', '_')}_changelist")
    return f"{url}?{urlencode(filters)}" if filters else url


def _may_view(request: HttpRequest, model: str) -> bool:
    app, _dot, name = model.partition(".")
    return request.user.has_perm(f"{app}.view_{name}")
