"""Planning, dating, moving and renaming releases in chat."""

from __future__ import annotations

from datetime import date

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from projects import services
from projects.bot import releases
from projects.bot.asking import get_project, get_release, step, with_release
from projects.bot.changing import settled
from projects.bot.context import active
from projects.bot.signs import day, status_label
from projects.bot.speaking import said
from projects.dates import parse_date
from projects.finding import find_version, unquoted
from projects.models import Project, Release
from projects.state_words import release_goal, release_state
from projects.statuses import ReleaseStatus
from telegrambot.accounts.roles import Role
from telegrambot.engine.chat import Button, ChatRequest, Reply, answer, button, escape

# Said as a person would, and read as their words are.
OFFERED_DATES = (gettext_lazy("in a week"), gettext_lazy("in 2 weeks"), gettext_lazy("end of the month"))

# ── Planning ──────────────────────────────────────────────────────────────────────────────────────────────


@said("say_plan_release")
def say_plan_release(request: ChatRequest, version: str, date: str = "") -> Reply:
    """“Release 1.2 on March 15”: a new one, or another date for the one there is."""
    project = active(request)
    when = parse_date(date, request.language, timezone.localdate()) if date else None
    existing = find_version(project, version)
    if existing is None:
        return _create(request, project, version, when)
    return _set_date(request, existing, when) if when else releases.card(request, existing)


@said("say_set_date")
def say_set_date(request: ChatRequest, version: str, date: str) -> Reply:
    """“Move release 1.2 to March 20”."""
    when = parse_date(date, request.language, timezone.localdate())
    return with_release(request, active(request), version, set_date_of, when=when.isoformat())


@said("say_no_date")
def say_no_date(request: ChatRequest, version: str) -> Reply:
    """“Clear the date of release 1.2”."""
    return with_release(request, active(request), version, set_date_of, when="")


@step
def set_date_of(request: ChatRequest, release: Release, when: str) -> Reply:
    """Plan a release for another day (ISO), or for none."""
    return _set_date(request, release, date.fromisoformat(when) if when else None)


@button(role=Role.ADMIN, command="release")
def ask_release(request: ChatRequest, project_id: int) -> Reply:
    """Ask for the version, and perhaps the date, of a new release."""
    project = get_project(project_id)
    text = _("Which release of “{name}” shall I plan? Send me its version, or version and date: 1.2 15 March")
    back = [[Button(_("‹ Releases"), releases.show_releases, project.pk)]]
    return Reply(text.format(name=escape(project.name)), back, ask=hear_release, data={"project": project.pk})


@answer(role=Role.ADMIN, command="release")
def hear_release(request: ChatRequest) -> Reply:
    """Plan the release that was described."""
    version, _blank, when = request.text.strip().partition(" ")
    day_meant = parse_date(when, request.language, timezone.localdate()) if when.strip() else None
    return _create(request, get_project(request.data["project"]), version, day_meant)


@button(role=Role.ADMIN, command="release")
def ask_date(request: ChatRequest, release_id: int) -> Reply:
    """Offer some dates, and listen for another one."""
    release = get_release(release_id)
    today = timezone.localdate()
    rows = []
    for words in OFFERED_DATES:
        when = parse_date(str(words), request.language, today)
        rows.append(
            [Button(f"{words}: {day(when)}", set_date, release.pk, when.isoformat(), release.revision)]
        )
    if release.target_date:
        rows.append([Button(_("No date"), set_date, release.pk, "", release.revision)])
    text = _("When does release {version} go out? Choose, or send me a date such as: 15 March, next Friday.")
    return Reply(
        text.format(version=escape(release.version)),
        [*rows, [_back(release)]],
        ask=hear_date,
        data={"release": release.pk, "revision": release.revision},
    )


@button(role=Role.ADMIN, command="release")
def set_date(request: ChatRequest, release_id: int, when: str, revision: int) -> Reply:
    """Take an offered date, or none."""
    return _set_date(request, get_release(release_id), date.fromisoformat(when) if when else None, revision)


@answer(role=Role.ADMIN, command="release")
def hear_date(request: ChatRequest) -> Reply:
    """Take a date that was typed."""
    when = parse_date(request.text, request.language, timezone.localdate())
    return _set_date(request, get_release(request.data["release"]), when, request.data["revision"])


def _create(request: ChatRequest, project: Project, version: str, when: date | None) -> Reply:
    release = services.create_release(project, unquoted(version), actor=request.person, target_date=when)
    headline = _("Release {version} is planned.").format(version=escape(release.version))
    return releases.card(request, release, headline)


def _set_date(
    request: ChatRequest, release: Release, when: date | None, revision: int | None = None
) -> Reply:
    sentence = _("Release {version} goes out on: {date}") if when else _("Release {version} has no date now.")
    return settled(
        request,
        lambda: services.set_target_date(release, when, actor=request.person, expected_revision=revision),
        lambda headline: releases.card(request, release, headline),
        lambda: sentence.format(version=escape(release.version), date=day(when)),
    )


# ── State and version ─────────────────────────────────────────────────────────────────────────────────────


@button(role=Role.ADMIN, command="release")
def move_release(request: ChatRequest, release_id: int, status: str, revision: int) -> Reply:
    """Move a release to another state."""
    return _move(request, get_release(release_id), ReleaseStatus(status), revision)


@said("say_move_release")
def say_move_release(request: ChatRequest, version: str, state: str = "", verb: str = "") -> Reply:
    """“Release 1.2 is out”, “ship release 1.2”."""
    status = release_state(state) if state else release_goal(verb)
    assert status is not None, "the phrase is made of the same words"
    return with_release(request, active(request), version, move_release_to, status=status)


@step
def move_release_to(request: ChatRequest, release: Release, status: str) -> Reply:
    """Move a release to another state."""
    return _move(request, release, ReleaseStatus(status))


@button(role=Role.ADMIN, command="release")
def ask_version(request: ChatRequest, release_id: int, revision: int) -> Reply:
    """Ask for another version."""
    release = get_release(release_id)
    text = _("What shall release {version} be called? Send me the new version.")
    data = {"release": release.pk, "revision": revision}
    return Reply(
        text.format(version=escape(release.version)), [[_back(release)]], ask=hear_version, data=data
    )


@answer(role=Role.ADMIN, command="release")
def hear_version(request: ChatRequest) -> Reply:
    """Take another version."""
    return _rename(request, get_release(request.data["release"]), request.text, request.data["revision"])


@said("say_rename_release")
def say_rename_release(request: ChatRequest, version: str, new: str) -> Reply:
    """“Rename release 1.2 to 1.3”."""
    return with_release(request, active(request), version, rename_release, new=new)


@step
def rename_release(request: ChatRequest, release: Release, new: str) -> Reply:
    """Give a release another version."""
    return _rename(request, release, new)


def _move(
    request: ChatRequest, release: Release, status: ReleaseStatus, revision: int | None = None
) -> Reply:
    sentence = _("Release {version} is now: {status}")
    return settled(
        request,
        lambda: services.move_release(release, status, actor=request.person, expected_revision=revision),
        lambda headline: releases.card(request, release, headline),
        lambda: sentence.format(version=escape(release.version), status=status_label(status)),
    )


def _rename(request: ChatRequest, release: Release, new: str, revision: int | None = None) -> Reply:
    return settled(
        request,
        lambda: services.rename_release(
            release, unquoted(new), actor=request.person, expected_revision=revision
        ),
        lambda headline: releases.card(request, release, headline),
        lambda: _("It is called “{name}” now.").format(name=escape(release.version)),
    )


def _back(release: Release) -> Button:
    return Button(_("‹ Back"), releases.show_release, release.pk)
