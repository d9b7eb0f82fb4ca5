"""Features in chat: the list by state, and the card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db.models import Case, IntegerField, Value, When
from django.db.models.functions import Lower
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from projects.bot import changes, feature_edits, people, projects
from projects.bot.asking import get_feature, get_project, step, with_feature
from projects.bot.context import active
from projects.bot.signs import FEATURE_ICONS, day, label, rows_of, status_label
from projects.bot.speaking import said, understand
from projects.exceptions import UnknownStatus
from projects.finding import named
from projects.models import Feature, FeatureQuerySet, Project
from projects.state_words import feature_state
from projects.statuses import FeatureStatus
from telegrambot.accounts.roles import Role
from telegrambot.engine.chat import Button, ChatRequest, Reply, button, command, escape, page

# What is being worked on comes first.
ORDER = (
    FeatureStatus.BLOCKED,
    FeatureStatus.IN_PROGRESS,
    FeatureStatus.PLANNED,
    FeatureStatus.BACKLOG,
    FeatureStatus.DONE,
    FeatureStatus.DROPPED,
)

# ── The list ──────────────────────────────────────────────────────────────────────────────────────────────


@command("features", description=gettext_lazy("Features of the project, by status"), role=Role.ADMIN)
def features(request: ChatRequest) -> Reply:
    """`/features`, `/features blocked`."""
    return say_features(request, request.rest)


@said("say_features")
def say_features(request: ChatRequest, state: str = "") -> Reply:
    """“Show the blocked features”."""
    status = feature_state(state)
    if state and status is None:
        raise UnknownStatus(text=state, statuses=", ".join(str(known.label) for known in FeatureStatus))
    return _list(active(request), status or "", 0)


@button(role=Role.ADMIN, command="features")
def show_features(request: ChatRequest, project_id: int, status: str = "", number: int = 0) -> Reply:
    """A page of a project's features."""
    return _list(get_project(project_id), status, number)


def legend(counts: Mapping[str, int]) -> str:
    """How many features are in which state, line by line."""
    return "\n".join(f"{status_label(status)}: {counts[status]}" for status in ORDER if counts[status])


def in_order(features: FeatureQuerySet) -> FeatureQuerySet:
    """By state, in the order in which they matter, then by name."""
    places = [When(status=status, then=Value(place)) for place, status in enumerate(ORDER)]
    return features.order_by(Case(*places, output_field=IntegerField()), Lower("name"), "pk")


def rows_for(features: Sequence[Feature]) -> list[list[Button]]:
    """Each feature as a button that opens its card."""
    return [
        [Button(label(feature.name, f"{FEATURE_ICONS[feature.status]} "), show_feature, feature.pk)]
        for feature in features
    ]


def _list(project: Project, status: str, number: int) -> Reply:
    mine = Feature.objects.of(project)
    counts = mine.counts_by_status()
    total = sum(counts.values())
    wanted = mine.filter(status=status) if status else mine
    shown: Sequence[Feature]
    shown, arrows = page(in_order(wanted), number, show_features, project.pk, status)
    title = _("Features of “{name}”").format(name=escape(project.name))
    told = legend(counts) if total else _("There are none yet. Add the first one.")
    if status:
        title += f": {status_label(FeatureStatus(status))}"
    all_label = _("All {count}").format(count=total)
    filters = [Button(all_label if status else f"✓ {all_label}", show_features, project.pk)]
    for known in ORDER:
        if counts[known] or known == status:
            mark = "✓" if known == status else ""
            filters.append(
                Button(f"{mark}{FEATURE_ICONS[known]} {counts[known]}", show_features, project.pk, known)
            )
    more = [
        Button(_("New feature"), feature_edits.ask_feature, project.pk),
        Button(_("‹ Project"), projects.show_project, project.pk),
    ]
    rows = [*rows_for(shown), arrows, *(rows_of(filters, 4) if total else []), more]
    return Reply(f"<b>{title}</b>\n\n{told}", rows, leaves=True)


# ── One feature ───────────────────────────────────────────────────────────────────────────────────────────


@command("feature", description=gettext_lazy("Show, add or change a feature"), role=Role.ADMIN)
def feature(request: ChatRequest) -> Reply:
    """`/feature NAME`, `/feature add NAME`, and what else can be said of one: `/feature NAME is done`."""
    if not request.rest:
        return Reply(_usage(), _list(active(request), "", 0).buttons, leaves=True)
    found = named(Feature.objects.of(active(request)).with_release(), "name", request.rest)
    if found is not None:  # “Start page” may be a feature, or the start of “page”
        return card(request, found)
    return understand(request, "feature") or with_feature(request, request.rest, card)


@said("say_feature_card")
def say_feature_card(request: ChatRequest, name: str) -> Reply:
    """“Feature X”."""
    return with_feature(request, name, card)


@button(role=Role.ADMIN, command="feature")
def show_feature(request: ChatRequest, feature_id: int) -> Reply:
    """Open a feature's card."""
    return card(request, get_feature(feature_id))


@step
def card(request: ChatRequest, feature: Feature, headline: str = "") -> Reply:
    """A feature with all that is known of it, and what can be done with it. No query.

    Args:
        request: whose screen it is.
        feature: which, with its project and release.
        headline: what just happened, as HTML.
    """
    status = status_label(FeatureStatus(feature.status))
    facts = [
        f"<b>{escape(feature.name)}</b>",
        _("Project: {name}").format(name=escape(feature.project.name)),
        _("Status: {status}").format(status=status),
        _("Reason: {reason}").format(reason=escape(feature.status_reason)) if feature.status_reason else "",
        _("Product owner: {name}").format(name=escape(feature.assigned_po or "—")),
        _("Teams: {names}").format(names=escape(", ".join(feature.assigned_teams) or "—")),
        _("Release: {version}").format(version=_release(feature)),
    ]
    parts = [headline, "\n".join(filter(None, facts)), escape(feature.description)]
    return Reply("\n\n".join(filter(None, parts)), _card_buttons(feature), leaves=True)


def _release(feature: Feature) -> str:
    release = feature.release
    return f"{escape(release.version)} ({day(release.target_date)})" if release else "—"


def _card_buttons(feature: Feature) -> list[list[Button]]:
    key, revision = feature.pk, feature.revision
    moves = [
        Button(status_label(status), feature_edits.move, key, status, revision)
        for status in feature.allowed_moves
    ]
    rest = [
        Button(_("Release"), feature_edits.choose_release, key),
        Button(_("Teams"), people.show_teams, key),
        Button(_("Product owner"), people.show_owners, key),
        Button(_("Rename"), feature_edits.ask_name, key, revision),
        Button(_("Description"), feature_edits.ask_text, key, revision),
        Button(_("History"), changes.show_history, "feature", key),
    ]
    back = Button(_("‹ Features"), show_features, feature.project_id)
    return [*map(list, rows_of(moves, 2)), *map(list, rows_of(rest, 3)), [back]]


def _usage() -> str:
    return _(
        "Name a feature, or say what happens to it:\n"
        "/feature Login\n"
        "/feature add Login\n"
        "/feature Login is done\n"
        "/feature block Login: waiting for the design\n"
        "/feature move Login to release 1.2\n"
        "/feature rename Login to Sign in"
    )
