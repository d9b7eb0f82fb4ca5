"""Releases in chat: the list, the card with its progress, and dates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from projects.bot import changes, features, projects, release_edits
from projects.bot.asking import get_project, get_release, step, with_release
from projects.bot.context import active
from projects.bot.signs import RELEASE_ICONS, bar, day, distance, label, rows_of, status_label
from projects.bot.speaking import said, understand
from projects.finding import find_version, is_numbered
from projects.models import Feature, Project, Release
from projects.statuses import CLOSED_RELEASE, FeatureStatus, ReleaseStatus
from telegrambot.accounts.roles import Role
from telegrambot.engine.chat import Button, ChatRequest, Reply, button, command, escape, page

# ── The list ──────────────────────────────────────────────────────────────────────────────────────────────


@said("say_releases")
@command("releases", description=gettext_lazy("Releases of the project, and their dates"), role=Role.ADMIN)
def releases(request: ChatRequest) -> Reply:
    """`/releases`."""
    return _list(active(request), 0)


@button(role=Role.ADMIN, command="releases")
def show_releases(request: ChatRequest, project_id: int, number: int = 0) -> Reply:
    """A page of a project's releases."""
    return _list(get_project(project_id), number)


def _list(project: Project, number: int) -> Reply:
    rows = Release.objects.of(project).with_progress().by_date()
    shown: Sequence[Any]
    shown, arrows = page(rows, number, show_releases, project.pk)
    lines = [
        f"{RELEASE_ICONS[release.status]} <b>{escape(release.version)}</b> · {day(release.target_date)}\n"
        f"{bar(release.done_count, release.feature_count)}"
        for release in shown
    ]
    title = _("Releases of “{name}”").format(name=escape(project.name))
    told = "\n\n".join(lines) or _("There are none yet. Plan the first one.")
    more = [
        Button(_("New release"), release_edits.ask_release, project.pk),
        Button(_("‹ Project"), projects.show_project, project.pk),
    ]
    opening = [[Button(label(release.version), show_release, release.pk)] for release in shown]
    return Reply(f"<b>{title}</b>\n\n{told}", [*opening, arrows, more], leaves=True)


# ── One release ───────────────────────────────────────────────────────────────────────────────────────────


@command("release", description=gettext_lazy("Show, plan or change a release"), role=Role.ADMIN)
def release(request: ChatRequest) -> Reply:
    """`/release 1.2`, `/release 1.2 15 March`, and all that can be said of a release."""
    if not request.rest:
        return _list(active(request), 0)
    # “New Year” may be a release, or a new one called “Year”.
    found = None if is_numbered(request.rest) else find_version(active(request), request.rest)
    if found is not None:
        return card(request, found)
    return understand(request, "release") or with_release(request, active(request), request.rest, card)


@said("say_release_card")
def say_release_card(request: ChatRequest, version: str) -> Reply:
    """“Release 1.2”, “what is in release 1.2?”."""
    return with_release(request, active(request), version, card)


@button(role=Role.ADMIN, command="release")
def show_release(request: ChatRequest, release_id: int, number: int = 0) -> Reply:
    """Open a release's card, with a page of what is in it."""
    return card(request, get_release(release_id), number=number)


@step
def card(request: ChatRequest, release: Release, headline: str = "", number: int = 0) -> Reply:
    """A release with its date, its progress and what is in it (three queries).

    Args:
        request: whose screen it is.
        release: which, with its project.
        headline: what just happened, as HTML.
        number: the page of its features.
    """
    mine = Feature.objects.of(release.project).filter(release=release)
    counts = mine.counts_by_status()
    total = sum(counts.values()) - counts[FeatureStatus.DROPPED]
    shown: Sequence[Feature]
    shown, arrows = page(features.in_order(mine), number, show_release, release.pk)
    facts = [
        f"<b>{escape(release.version)}</b>",
        _("Project: {name}").format(name=escape(release.project.name)),
        _("Status: {status}").format(status=status_label(ReleaseStatus(release.status))),
        _("Date: {date}").format(date=_dated(release)),
        _("Done: {progress}").format(progress=bar(counts[FeatureStatus.DONE], total)),
    ]
    told = features.legend(counts) or _("Nothing is in it yet.")
    text = "\n\n".join(filter(None, [headline, "\n".join(facts), told]))
    return Reply(text, [*features.rows_for(shown), arrows, *_card_buttons(release)], leaves=True)


def _dated(release: Release) -> str:
    when = release.target_date
    if when is None or release.status in CLOSED_RELEASE:
        return day(when)
    return f"{day(when)} ({distance(when)})"


def _card_buttons(release: Release) -> list[list[Button]]:
    key, revision = release.pk, release.revision
    moves = [
        Button(status_label(status), release_edits.move_release, key, status, revision)
        for status in release.allowed_moves
    ]
    rest = [
        Button(_("Date"), release_edits.ask_date, key),
        Button(_("Rename"), release_edits.ask_version, key, revision),
        Button(_("History"), changes.show_history, "release", key),
    ]
    return [*map(list, rows_of(moves, 2)), rest, [Button(_("‹ Releases"), show_releases, release.project_id)]]
