"""Small signs in lists and on cards: states, progress, labels that fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from projects.statuses import FeatureStatus, ProjectStatus, ReleaseStatus, Status
from telegrambot.engine.chat import MAX_LABEL, Button

BAR = 10

FEATURE_ICONS: Mapping[str, str] = {
    FeatureStatus.BACKLOG: "📥",
    FeatureStatus.PLANNED: "🗓",
    FeatureStatus.IN_PROGRESS: "🔧",
    FeatureStatus.BLOCKED: "⛔",
    FeatureStatus.DONE: "✅",
    FeatureStatus.DROPPED: "🗑",
}
RELEASE_ICONS: Mapping[str, str] = {
    ReleaseStatus.PLANNED: "🗓",
    ReleaseStatus.IN_PROGRESS: "🔧",
    ReleaseStatus.RELEASED: "🚀",
    ReleaseStatus.CANCELLED: "🚫",
}
PROJECT_ICONS: Mapping[str, str] = {
    ProjectStatus.ACTIVE: "▶️",
    ProjectStatus.PAUSED: "⏸",
    ProjectStatus.ARCHIVED: "🗄",
}


def label(text: str, before: str = "", after: str = "") -> str:
    """A button's label, shortened in the middle part."""
    room = MAX_LABEL - len(before) - len(after)
    return f"{before}{Truncator(text).chars(room)}{after}"


def status_label(status: Status) -> str:
    """A state with its sign."""
    icons = {FeatureStatus: FEATURE_ICONS, ReleaseStatus: RELEASE_ICONS, ProjectStatus: PROJECT_ICONS}
    return f"{icons[type(status)][status]} {status.label}"


def bar(done: int, total: int) -> str:
    """How much is done, such as ▓▓▓▓░░░░░░ 2/5."""
    # Nothing but what is finished looks finished.
    filled = BAR * done // total if total else 0
    return f"{'▓' * filled}{'░' * (BAR - filled)} {done}/{total}"


def day(when: date | None) -> str:
    """A target date, such as 15.03.2026."""
    return date_format(when, "SHORT_DATE_FORMAT") if when else _("no date")


def distance(when: date) -> str:
    """How far a day is away, such as: in 3 days."""
    days = (when - timezone.localdate()).days
    if days == 0:
        return _("today")
    if days < 0:
        return ngettext("{count} day ago", "{count} days ago", -days).format(count=-days)
    return ngettext("in {count} day", "in {count} days", days).format(count=days)


def bullets(lines: Iterable[str]) -> str:
    """Lines with a dot before each."""
    return "\n".join(f"• {line}" for line in lines)


def rows_of(buttons: Sequence[Button], width: int) -> list[Sequence[Button]]:
    """Buttons in rows of at most `width`."""
    return [buttons[start : start + width] for start in range(0, len(buttons), width)]
