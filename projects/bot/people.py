"""Who works on a feature: its teams and its owner, in chat."""

from __future__ import annotations

import hashlib

from django.db.models import F, Func
from django.utils.translation import gettext as _

from projects import services
from projects.bot import features
from projects.bot.asking import get_feature, step, with_feature
from projects.bot.changing import settled
from projects.bot.signs import label
from projects.bot.speaking import said
from projects.exceptions import QuestionOver
from projects.finding import unquoted
from projects.models import Feature
from telegrambot.accounts.roles import Role
from telegrambot.engine.chat import Button, ChatRequest, Reply, answer, button, escape

MOST_OFFERED = 6

# ── Teams ─────────────────────────────────────────────────────────────────────────────────────────────────


@button(role=Role.ADMIN, command="feature")
def show_teams(request: ChatRequest, feature_id: int) -> Reply:
    """The teams at work, those known in the project, and an ear for another one."""
    return _teams_screen(get_feature(feature_id))


@button(role=Role.ADMIN, command="feature")
def add_team(request: ChatRequest, feature_id: int, mark: str) -> Reply:
    """Let a team that the project knows work on it."""
    feature = get_feature(feature_id)
    services.assign_team(feature, _marked(_known_teams(feature), mark), actor=request.person)
    return _teams_screen(feature)


@button(role=Role.ADMIN, command="feature")
def drop_team(request: ChatRequest, feature_id: int, mark: str) -> Reply:
    """Let a team work on it no longer."""
    feature = get_feature(feature_id)
    services.unassign_team(feature, _marked(feature.assigned_teams, mark), actor=request.person)
    return _teams_screen(feature)


@answer(role=Role.ADMIN, command="feature")
def hear_team(request: ChatRequest) -> Reply:
    """Let the team that was named work on it."""
    return assign_team(request, get_feature(request.data["feature"]), request.text)


@said("say_assign_team")
def say_assign_team(request: ChatRequest, who: str, name: str) -> Reply:
    """“Assign team Core to feature X”."""
    return with_feature(request, name, assign_team, team=who)


@said("say_unassign_team")
def say_unassign_team(request: ChatRequest, who: str, name: str) -> Reply:
    """“Remove team Core from feature X”."""
    return with_feature(request, name, unassign_team, team=who)


@step
def assign_team(request: ChatRequest, feature: Feature, team: str) -> Reply:
    """Let a team work on a feature."""
    team = unquoted(team)
    return settled(
        request,
        lambda: services.assign_team(feature, team, actor=request.person),
        lambda headline: features.card(request, feature, headline),
        lambda: _("Team “{team}” works on “{name}” now.").format(
            team=escape(team), name=escape(feature.name)
        ),
    )


@step
def unassign_team(request: ChatRequest, feature: Feature, team: str) -> Reply:
    """Let a team work on a feature no longer."""
    team = unquoted(team)
    sentence = _("Team “{team}” no longer works on “{name}”.")
    return settled(
        request,
        lambda: services.unassign_team(feature, team, actor=request.person),
        lambda headline: features.card(request, feature, headline),
        lambda: sentence.format(team=escape(team), name=escape(feature.name)),
    )


def _teams_screen(feature: Feature) -> Reply:
    here = [Button(label(team, "✕ "), drop_team, feature.pk, _mark(team)) for team in feature.assigned_teams]
    offered = [team for team in _known_teams(feature) if team not in feature.assigned_teams][:MOST_OFFERED]
    others = [Button(label(team, "+ "), add_team, feature.pk, _mark(team)) for team in offered]
    names = escape(", ".join(feature.assigned_teams)) or _("nobody yet")
    text = _("Teams at work on “{name}”: {teams}").format(name=escape(feature.name), teams=names)
    text += "\n\n" + _("Press one to add it (+) or to take it off (✕), or send me the name of another.")
    rows = [[each] for each in (*here, *others)]
    return Reply(text, [*rows, [_back(feature)]], ask=hear_team, data={"feature": feature.pk})


def _known_teams(feature: Feature) -> list[str]:
    """All teams of the project, by name."""
    mine = Feature.objects.of(feature.project)
    teams = mine.annotate(team=Func(F("assigned_teams"), function="unnest")).order_by("team")
    return list(teams.values_list("team", flat=True).distinct())


# ── The owner ─────────────────────────────────────────────────────────────────────────────────────────────


@button(role=Role.ADMIN, command="feature")
def show_owners(request: ChatRequest, feature_id: int) -> Reply:
    """Offer the owners known in the project, and listen for another one."""
    feature = get_feature(feature_id)
    offered = [who for who in _known_owners(feature) if who != feature.assigned_po][:MOST_OFFERED]
    rows = [[Button(label(who), own, feature.pk, _mark(who))] for who in offered]
    nobody = [Button(_("Nobody"), own, feature.pk)] if feature.assigned_po else []
    text = _("Who answers for “{name}”? Choose, or send me a name.").format(name=escape(feature.name))
    return Reply(text, [*rows, [*nobody, _back(feature)]], ask=hear_owner, data={"feature": feature.pk})


@button(role=Role.ADMIN, command="feature")
def own(request: ChatRequest, feature_id: int, mark: str = "") -> Reply:
    """Take an offered owner, or nobody."""
    feature = get_feature(feature_id)
    return assign_owner(request, feature, _marked(_known_owners(feature), mark) if mark else "")


@answer(role=Role.ADMIN, command="feature")
def hear_owner(request: ChatRequest) -> Reply:
    """Take the owner that was named."""
    return assign_owner(request, get_feature(request.data["feature"]), request.text)


@said("say_assign_owner")
def say_assign_owner(request: ChatRequest, who: str, name: str) -> Reply:
    """“The owner of feature X is Ann”."""
    return with_feature(request, name, assign_owner, who=who)


@said("say_no_owner")
def say_no_owner(request: ChatRequest, name: str) -> Reply:
    """“Remove the owner of feature X”."""
    return with_feature(request, name, assign_owner, who="")


@step
def assign_owner(request: ChatRequest, feature: Feature, who: str) -> Reply:
    """Say who answers for a feature; nobody, if nobody is named."""
    who = unquoted(who)
    sentence = _("{who} answers for “{name}” now.") if who else _("Nobody answers for “{name}” now.")
    return settled(
        request,
        lambda: services.assign_po(feature, who, actor=request.person),
        lambda headline: features.card(request, feature, headline),
        lambda: sentence.format(who=escape(who), name=escape(feature.name)),
    )


def _known_owners(feature: Feature) -> list[str]:
    owned = Feature.objects.of(feature.project).exclude(assigned_po="").order_by("assigned_po")
    return list(owned.values_list("assigned_po", flat=True).distinct())


# ── Names in buttons ──────────────────────────────────────────────────────────────────────────────────────


def _mark(name: str) -> str:
    # A name may be longer than all that a button can carry.
    return hashlib.sha256(name.encode()).hexdigest()[:12]


def _marked(names: list[str], mark: str) -> str:
    for name in names:
        if _mark(name) == mark:
            return name
    raise QuestionOver


def _back(feature: Feature) -> Button:
    return Button(_("‹ Back"), features.show_feature, feature.pk)
