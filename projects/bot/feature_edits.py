"""Adding, moving, renaming and planning features in chat."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.utils.translation import gettext as _

from projects import services
from projects.bot import features, release_edits
from projects.bot.asking import get_feature, get_project, get_release, step, which, with_feature, with_release
from projects.bot.changing import settled
from projects.bot.context import active
from projects.bot.signs import RELEASE_ICONS, day, label, status_label
from projects.bot.speaking import said
from projects.exceptions import NameAmbiguous, NothingFound
from projects.finding import find_release, named, split_renaming, unquoted
from projects.models import Feature, Project, Release
from projects.state_words import feature_goal, feature_state
from projects.statuses import CLOSED_RELEASE, FeatureStatus, needs_reason
from telegrambot.accounts.roles import Role
from telegrambot.engine.chat import Button, ChatRequest, Reply, answer, button, escape, page

# ── A new one ─────────────────────────────────────────────────────────────────────────────────────────────


@said("say_add")
def say_add(request: ChatRequest, name: str = "", version: str = "") -> Reply:
    """“Add feature X”, “add feature X to release 1.2”; without a name it is asked for."""
    project = active(request)
    if not name:
        return _question_for_feature(project)
    if not version:
        return _add(request, project, name)
    return with_release(request, project, version, add_to_release, name=name)


@button(role=Role.ADMIN, command="feature")
def ask_feature(request: ChatRequest, project_id: int) -> Reply:
    """Ask for the name of a new feature."""
    return _question_for_feature(get_project(project_id))


@answer(role=Role.ADMIN, command="feature")
def hear_feature(request: ChatRequest) -> Reply:
    """Add the feature that was named."""
    return _add(request, get_project(request.data["project"]), request.text)


@step
def add_to_release(request: ChatRequest, release: Release, name: str) -> Reply:
    """Put a feature into a release; one that does not exist is added first."""
    existing = named(Feature.objects.of(release.project).with_release(), "name", name)
    if existing is not None:
        return put_into(request, release, existing.pk)
    return _add(request, release.project, name, release=release)


def _question_for_feature(project: Project) -> Reply:
    text = _("What is the new feature of “{name}” called? Send me its name.").format(
        name=escape(project.name)
    )
    back = [[Button(_("‹ Features"), features.show_features, project.pk)]]
    return Reply(text, back, ask=hear_feature, data={"project": project.pk})


def _add(request: ChatRequest, project: Project, name: str, **values: Any) -> Reply:
    feature = services.create_feature(project, unquoted(name), actor=request.person, **values)
    return features.card(request, feature, _("Feature “{name}” is added.").format(name=escape(feature.name)))


# ── From state to state ───────────────────────────────────────────────────────────────────────────────────


@button(role=Role.ADMIN, command="feature")
def move(request: ChatRequest, feature_id: int, status: str, revision: int) -> Reply:
    """Move a feature to another state; some ask why."""
    return _move(request, get_feature(feature_id), FeatureStatus(status), revision=revision)


@said("say_move")
def say_move(request: ChatRequest, name: str, state: str = "", verb: str = "", reason: str = "") -> Reply:
    """“Feature X is done”, “block feature X: no design”."""
    status = feature_state(state) if state else feature_goal(verb)
    assert status is not None, "the phrase is made of the same words"
    return with_feature(request, name, move_to, status=status, reason=reason)


@step
def move_to(request: ChatRequest, feature: Feature, status: str, reason: str) -> Reply:
    """Move a feature to another state."""
    return _move(request, feature, FeatureStatus(status), reason)


@answer(role=Role.ADMIN, command="feature")
def hear_reason(request: ChatRequest) -> Reply:
    """Take the reason, and move the feature."""
    feature, status = get_feature(request.data["feature"]), FeatureStatus(request.data["status"])
    return _do_move(request, feature, status, request.text, request.data["revision"])


def _move(
    request: ChatRequest,
    feature: Feature,
    status: FeatureStatus,
    reason: str = "",
    revision: int | None = None,
) -> Reply:
    may_move = status in feature.allowed_moves
    if not reason and may_move and needs_reason(status):
        text = _("Why does “{name}” become: {status}? Send me the reason.").format(
            name=escape(feature.name), status=status_label(status)
        )
        data = {"feature": feature.pk, "status": status, "revision": revision}
        return Reply(text, [[_back(feature)]], ask=hear_reason, data=data)
    return _do_move(request, feature, status, reason, revision)


def _do_move(
    request: ChatRequest, feature: Feature, status: FeatureStatus, reason: str, revision: int | None
) -> Reply:
    return _settled(
        request,
        feature,
        lambda: services.move_feature(
            feature, status, actor=request.person, reason=reason, expected_revision=revision
        ),
        lambda: _("“{name}” is now: {status}").format(name=escape(feature.name), status=status_label(status)),
    )


# ── Name and description ──────────────────────────────────────────────────────────────────────────────────


@button(role=Role.ADMIN, command="feature")
def ask_name(request: ChatRequest, feature_id: int, revision: int) -> Reply:
    """Ask for another name."""
    feature = get_feature(feature_id)
    text = _("What shall “{name}” be called? Send me the new name.").format(name=escape(feature.name))
    data = {"feature": feature.pk, "revision": revision}
    return Reply(text, [[_back(feature)]], ask=hear_name, data=data)


@answer(role=Role.ADMIN, command="feature")
def hear_name(request: ChatRequest) -> Reply:
    """Take another name."""
    return _rename(request, get_feature(request.data["feature"]), request.text, request.data["revision"])


@said("say_rename")
def say_rename(request: ChatRequest, both: str) -> Reply:
    """“Rename feature X to Y”."""
    name, new = split_renaming(Feature.objects.of(active(request)), both)
    return with_feature(request, name, rename, new=new)


@step
def rename(request: ChatRequest, feature: Feature, new: str) -> Reply:
    """Give a feature another name."""
    return _rename(request, feature, new)


def _rename(request: ChatRequest, feature: Feature, new: str, revision: int | None = None) -> Reply:
    return _settled(
        request,
        feature,
        lambda: services.rename_feature(
            feature, unquoted(new), actor=request.person, expected_revision=revision
        ),
        lambda: _("It is called “{name}” now.").format(name=escape(feature.name)),
    )


@button(role=Role.ADMIN, command="feature")
def ask_text(request: ChatRequest, feature_id: int, revision: int) -> Reply:
    """Ask for a description."""
    feature = get_feature(feature_id)
    text = _("What is “{name}” about? Send me the description.").format(name=escape(feature.name))
    data = {"feature": feature.pk, "revision": revision}
    return Reply(text, [[_back(feature)]], ask=hear_text, data=data)


@answer(role=Role.ADMIN, command="feature")
def hear_text(request: ChatRequest) -> Reply:
    """Take a description."""
    feature, revision = get_feature(request.data["feature"]), request.data["revision"]
    return _settled(
        request,
        feature,
        lambda: services.edit_feature(
            feature, actor=request.person, expected_revision=revision, description=request.text
        ),
        lambda: _("The description is changed."),
    )


# ── Into a release ────────────────────────────────────────────────────────────────────────────────────────


@button(role=Role.ADMIN, command="feature")
def choose_release(request: ChatRequest, feature_id: int, number: int = 0) -> Reply:
    """Offer the open releases of the feature's project."""
    feature = get_feature(feature_id)
    coming = Release.objects.of(feature.project).exclude(status__in=CLOSED_RELEASE).by_date()
    shown: Sequence[Release]
    shown, arrows = page(coming, number, choose_release, feature.pk)
    rows = [[_release_button(feature, release)] for release in shown]
    new = Button(_("New release"), release_edits.ask_release, feature.project_id)
    none = [Button(_("No release"), put, feature.pk, 0, feature.revision)] if feature.release_id else []
    text = _("Into which release shall “{name}” go?").format(name=escape(feature.name))
    if not shown:
        text += "\n" + _("No release is open.")
    return Reply(text, [*rows, arrows, [*none, new], [_back(feature)]], leaves=True)


@button(role=Role.ADMIN, command="feature")
def put(request: ChatRequest, feature_id: int, release_id: int, revision: int) -> Reply:
    """Put a feature into a release; 0 stands for none."""
    return _put(request, get_feature(feature_id), get_release(release_id) if release_id else None, revision)


@said("say_put")
def say_put(request: ChatRequest, name: str, version: str) -> Reply:
    """“Put feature X into release 1.2”."""
    return with_feature(request, name, put_by_version, version=version)


@said("say_take_out")
def say_take_out(request: ChatRequest, name: str, version: str = "") -> Reply:
    """“Remove feature X from the release”, “remove feature X from release 1.2”."""
    return with_feature(request, name, take_out, version=version)


@step
def put_by_version(request: ChatRequest, feature: Feature, version: str) -> Reply:
    """Find the release a feature goes into."""
    try:
        release = find_release(feature.project, version)
    except (NameAmbiguous, NothingFound) as doubt:
        return which(request, doubt, put_into, feature=feature.pk)
    return _put(request, feature, release)


@step
def put_into(request: ChatRequest, release: Release, feature: int) -> Reply:
    """Put a feature, told by its key, into a release."""
    return _put(request, get_feature(feature), release)


@step
def take_out(request: ChatRequest, feature: Feature, version: str = "") -> Reply:
    """Take a feature out of its release, or of the one that was named."""
    if version:
        return with_release(request, feature.project, version, take_out_of, feature=feature.pk)
    return _put(request, feature, None)


@step
def take_out_of(request: ChatRequest, release: Release, feature: int) -> Reply:
    """Take a feature, told by its key, out of a release, if it is in that one."""
    found = get_feature(feature)
    if found.release_id == release.pk:
        return _put(request, found, None, found.revision)
    sentence = _("“{name}” is not in release {version}.")
    headline = sentence.format(name=escape(found.name), version=escape(release.version))
    return features.card(request, found, headline)


def _release_button(feature: Feature, release: Release) -> Button:
    mark = "✓ " if release.pk == feature.release_id else f"{RELEASE_ICONS[release.status]} "
    text = label(release.version, mark, f" · {day(release.target_date)}")
    return Button(text, put, feature.pk, release.pk, feature.revision)


def _put(
    request: ChatRequest, feature: Feature, release: Release | None, revision: int | None = None
) -> Reply:
    def done() -> str:
        if release is None:
            return _("“{name}” is in no release now.").format(name=escape(feature.name))
        sentence = _("“{name}” goes into release {version}.")
        return sentence.format(name=escape(feature.name), version=escape(release.version))

    return _settled(
        request,
        feature,
        lambda: services.put_into_release(feature, release, actor=request.person, expected_revision=revision),
        done,
    )


def _settled(
    request: ChatRequest, feature: Feature, change: Callable[[], bool], done: Callable[[], str]
) -> Reply:
    return settled(request, change, lambda headline: features.card(request, feature, headline), done)


def _back(feature: Feature) -> Button:
    return Button(_("‹ Back"), features.show_feature, feature.pk)
