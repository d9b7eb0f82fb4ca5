"""When a name fits several things, or none: ask which one is meant, and go on from there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from projects.bot.context import active
from projects.bot.signs import label
from projects.exceptions import (
    FeatureGone,
    NameAmbiguous,
    NoneOfThem,
    NothingFound,
    ProjectGone,
    QuestionOver,
    ReleaseGone,
)
from projects.finding import find_feature, find_project, find_release, matches
from projects.models import Feature, Project, Release
from telegrambot.accounts.roles import Role
from telegrambot.engine.chat import Button, ChatRequest, Reply, answer, button, escape

# What is done with the thing found: it gets the request, the thing, and what was said besides.
Step = Callable[..., Reply]
F = TypeVar("F", bound=Step)

_steps: dict[str, Step] = {}


def step(view: F) -> F:
    """Register what can be done with a thing, so that it can wait for an answer."""
    _steps[view.__name__] = view
    return view


def with_project(request: ChatRequest, name: str, then: Step, **words: Any) -> Reply:
    """Do `then` with the project of that name, or with the active one if none was told."""
    try:
        project = find_project(name) if name else active(request)
    except (NameAmbiguous, NothingFound) as doubt:
        return which(request, doubt, then, **words)
    return then(request, project, **words)


def with_feature(request: ChatRequest, name: str, then: Step, **words: Any) -> Reply:
    """Do `then` with the active project's feature of that name."""
    project = active(request)
    try:
        feature = find_feature(project, name)
    except (NameAmbiguous, NothingFound) as doubt:
        return which(request, doubt, then, **words)
    return then(request, feature, **words)


def with_release(request: ChatRequest, project: Project, version: str, then: Step, **words: Any) -> Reply:
    """Do `then` with the project's release of that version."""
    try:
        release = find_release(project, version)
    except (NameAmbiguous, NothingFound) as doubt:
        return which(request, doubt, then, **words)
    return then(request, release, **words)


def which(request: ChatRequest, doubt: NameAmbiguous | NothingFound, then: Step, **words: Any) -> Reply:
    """Ask which one of several is meant, or whether it is one of those that look alike.

    Args:
        request: who is asked.
        doubt: what was found instead of one thing.
        then: what to do with the one that is chosen.
        **words: what it needs to know besides (JSON).

    Raises:
        NothingFound: the doubt itself, when nothing looks alike.
    """
    if isinstance(doubt, NameAmbiguous):
        candidates = doubt.candidates
        text = _("Which one do you mean by “{text}”?").format(text=escape(doubt.details["text"]))
    else:
        candidates = doubt.closest
        text = f"{escape(str(doubt))} " + _("Do you mean one of these?")
    if not candidates:
        raise doubt
    kind = next(name for name, model in _KINDS.items() if isinstance(candidates[0], model))
    keys = [candidate.pk for candidate in candidates]
    rows = [[Button(label(str(found)), choose, request.update_key, found.pk)] for found in candidates]
    waiting = {
        "question": request.update_key,
        "kind": kind,
        "keys": keys,
        "step": then.__name__,
        "words": words,
    }
    return Reply(text, rows, ask=hear_choice, data=waiting)


def get_project(key: int) -> Project:
    """The project with this key. Raises: ProjectGone."""
    project: Project = _get(Project, key)
    return project


def get_feature(key: int) -> Feature:
    """The feature with this key, with its project and release. Raises: FeatureGone."""
    feature: Feature = _get(Feature, key)
    return feature


def get_release(key: int) -> Release:
    """The release with this key, with its project. Raises: ReleaseGone."""
    release: Release = _get(Release, key)
    return release


@button(role=Role.ADMIN, command="projects")
def choose(request: ChatRequest, question: int, key: int) -> Reply:
    """Take the one that was pressed."""
    asked = request.data
    if asked.get("question") != question:
        raise QuestionOver
    return _go_on(request, _get(_KINDS[asked["kind"]], key))


@answer(role=Role.ADMIN, command="projects", yields=True)
def hear_choice(request: ChatRequest) -> Reply:
    """Take the one that was named, among those asked about."""
    model = _KINDS[request.data["kind"]]
    names = dict(_rows(model).filter(pk__in=request.data["keys"]).values_list("pk", _name_column(model)))
    found = matches(names, request.text)
    if len(found) != 1:
        raise NoneOfThem(text=request.text)
    return _go_on(request, _get(model, found[0]))


_KINDS: Mapping[str, type[Any]] = {"project": Project, "feature": Feature, "release": Release}
_GONE = {Project: ProjectGone, Feature: FeatureGone, Release: ReleaseGone}
_JOINED: Mapping[type[Any], tuple[str, ...]] = {
    Project: (),
    Feature: ("project", "release"),
    Release: ("project",),
}


def _go_on(request: ChatRequest, found: Project | Feature | Release) -> Reply:
    reply = _steps[request.data["step"]](request, found, **request.data["words"])
    return replace(reply, leaves=reply.ask is None)


def _rows(model: type[Any]) -> QuerySet[Any]:
    rows: QuerySet[Any] = model._default_manager.select_related(*_JOINED[model])
    return rows


def _get(model: type[Any], key: int) -> Any:
    found = _rows(model).filter(pk=key).first()
    if found is None:
        raise _GONE[model]
    return found


def _name_column(model: type[Any]) -> str:
    return "version" if model is Release else "name"
