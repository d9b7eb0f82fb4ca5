"""What changed in a project, and the history of one thing, in chat."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from projects import services
from projects.bot import features, projects, releases, undoing
from projects.bot.asking import get_feature, get_project, get_release, step, with_feature, with_release
from projects.bot.context import active
from projects.bot.signs import bullets
from projects.bot.speaking import said
from projects.changes import HistoryEntry, ItemChanges, changes_of, history_of
from projects.dates import parse_since
from projects.finding import is_numbered
from projects.models import Feature, Project, Release
from projects.phrases import meaning
from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.engine.chat import Button, ChatRequest, Reply, button, command, escape

# How far back a person looks who has never looked before.
FIRST_LOOK = timedelta(days=7)
FEATURE, RELEASE = "feature", "release"
OFFERED_SPANS = (
    (gettext_lazy("24 hours"), timedelta(days=1)),
    (gettext_lazy("7 days"), timedelta(days=7)),
    (gettext_lazy("30 days"), timedelta(days=30)),
)

# ── What changed in the project ───────────────────────────────────────────────────────────────────────────


@command("changes", description=gettext_lazy("What changed since you last looked"), role=Role.ADMIN)
def changes(request: ChatRequest) -> Reply:
    """`/changes`, `/changes since Monday`."""
    return say_changes(request, request.rest)


@said("say_changes")
def say_changes(request: ChatRequest, since: str = "") -> Reply:
    """“What changed?”, “what changed since Monday?”."""
    moment = parse_since(since, request.language, timezone.localtime()) if since else None
    return _look(request, active(request), moment)


@button(role=Role.ADMIN, command="changes")
def show_changes(request: ChatRequest, project_id: int, since: int = -1, number: int = 0) -> Reply:
    """A page of a project's changes since a moment (Unix time), or since the person last looked at them."""
    moment = datetime.fromtimestamp(since, UTC) if since >= 0 else None
    return _look(request, get_project(project_id), moment, number)


def _last_look(person: TelegramUser, project: Project) -> datetime:
    return services.changes_seen_at(person, project) or timezone.now() - FIRST_LOOK


def _look(request: ChatRequest, project: Project, since: datetime | None, number: int = 0) -> Reply:
    now, last_look = timezone.now(), _last_look(request.person, project)
    since = since or last_look
    found = changes_of(project, since, number)
    # Who looks back less far has not seen the rest; what is new is on the first page.
    if since <= last_look and number == 0:
        services.mark_changes_seen(request.person, project, now)
    moment = escape(_moment(since))
    title = _("Changes in “{name}” since {moment}").format(name=escape(project.name), moment=moment)
    count = ngettext("{count} thing changed", "{count} things changed", found.total).format(count=found.total)
    told = [_item(item) for item in found.items] or [_("Nothing has changed.")]
    stamp = int(since.timestamp())
    arrows = _arrows(show_changes, project.pk, stamp, number=number, last=found.last)
    spans = [
        Button(str(span), show_changes, project.pk, int((now - length).timestamp()))
        for span, length in OFFERED_SPANS
    ]
    undo = Button(_("Undo my last change"), undoing.ask_undo)
    back = [undo, Button(_("‹ Project"), projects.show_project, project.pk)]
    heading = f"<b>{title}</b>" + (f"\n{count}" if found.total else "")
    return Reply("\n\n".join([heading, *told]), [arrows, spans, back], leaves=True)


def _item(item: ItemChanges) -> str:
    people = escape(", ".join(item.people))
    lines = [f"<b>{escape(capfirst(item.title))}</b>", bullets(map(escape, item.phrases))]
    return "\n".join([*lines, f"<i>{people}, {escape(_moment(item.last_at))}</i>"])


# ── The history of one thing ──────────────────────────────────────────────────────────────────────────────


@command("history", description=gettext_lazy("What happened to a feature or a release"), role=Role.ADMIN)
def history(request: ChatRequest) -> Reply:
    """`/history` shows all of the project's, `/history X` that of a feature or a release."""
    found = meaning(f"history of {request.rest}", "history") if request.rest else None
    return say_history(request, **(found[1] if found else {}))


@said("say_history")
def say_history(request: ChatRequest, name: str = "", release: str = "") -> Reply:
    """“History of feature X”, “history of release 1.2”, “history of changes”."""
    project = active(request)
    if not name and not release:
        return _look(request, project, project.created_at)
    if release or is_numbered(name):
        return with_release(request, project, release or name, history_screen)
    return with_feature(request, name, history_screen)


@button(role=Role.ADMIN, command="history")
def show_history(request: ChatRequest, kind: str, key: int, number: int = 0) -> Reply:
    """A page of the history of a feature or a release."""
    item = get_release(key) if kind == RELEASE else get_feature(key)
    return history_screen(request, item, number)


@step
def history_screen(request: ChatRequest, item: Feature | Release, number: int = 0) -> Reply:
    """What happened to one thing, event by event, the newest first."""
    kind = RELEASE if isinstance(item, Release) else FEATURE
    found = history_of(item, number)
    title = _("History of “{name}”").format(name=escape(str(item)))
    told = [_entry(entry) for entry in found.entries] or [_("Nothing is known.")]
    back = releases.show_release if kind == RELEASE else features.show_feature
    rows = [
        _arrows(show_history, kind, item.pk, number=number, last=found.last),
        [Button(_("‹ Back"), back, item.pk)],
    ]
    return Reply("\n\n".join([f"<b>{title}</b>", *told]), rows, leaves=True)


def _entry(entry: HistoryEntry) -> str:
    who = f"<i>{escape(_moment(entry.at))}, {escape(entry.person)}</i>"
    if entry.is_undo:
        who += f" · {_('undo')}"
    return f"{who}\n{bullets(map(escape, entry.phrases))}"


def _arrows(view: Callable[..., Reply], *args: object, number: int, last: int) -> list[Button]:
    """‹ › for what is paged by the database."""
    neighbours = (("‹", number - 1), ("›", number + 1))
    return [Button(sign, view, *args, to) for sign, to in neighbours if 0 <= to <= last]


def _moment(when: datetime) -> str:
    return date_format(timezone.localtime(when), "SHORT_DATETIME_FORMAT")
