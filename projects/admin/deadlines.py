"""How a release stands with its date, in words."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from projects.models import Release
from projects.statuses import CLOSED_RELEASE, ReleaseStatus


@dataclass(frozen=True)
class Deadline:
    """What is left of the time.

    Attributes:
        words: for people.
        tone: `late`, `soon`, `calm` or `over`.
    """

    words: str
    tone: str


_SOON = 7


def deadline(release: Release) -> Deadline:
    """Tell how many days are left until the release, by the calendar of whoever reads it."""
    if release.status in CLOSED_RELEASE:
        return Deadline(str(ReleaseStatus(release.status).label), "over")
    if release.target_date is None:
        return Deadline(_("no date yet"), "calm")
    days = (release.target_date - timezone.localdate()).days
    if days < 0:
        sentence = ngettext("%(count)d day overdue", "%(count)d days overdue", -days)
        return Deadline(sentence % {"count": -days}, "late")
    if days == 0:
        return Deadline(_("due today"), "soon")
    sentence = ngettext("%(count)d day left", "%(count)d days left", days) % {"count": days}
    return Deadline(sentence, "soon" if days <= _SOON else "calm")
