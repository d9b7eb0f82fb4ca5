"""Form fields of the admin that Django has no like of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from projects.models import Feature, Project, Release
from projects.services.features import ASSIGNEE_LIMIT
from projects.statuses import CLOSED_RELEASE

# A list to choose from; no project has more of them open.
MOST_RELEASES = 100


class TeamsField(forms.CharField):
    """Names of teams, separated by commas."""

    widget = UnfoldAdminTextInputWidget

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"help_text": _("Separated by commas."), **kwargs})

    def prepare_value(self, value: Any) -> Any:
        """Write a list as people type it."""
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        """Read the names, without the empty ones."""
        if isinstance(value, list):
            return value
        return [name for name in map(str.strip, (super().to_python(value) or "").split(",")) if name]

    def run_validators(self, value: Any) -> None:
        """Refuse what is too long to be a name."""
        for name in value:
            MaxLengthValidator(ASSIGNEE_LIMIT)(name)


class StatusField(forms.ChoiceField):
    """A status. Offers the moves that are allowed, and accepts any: the service knows which is."""

    widget = UnfoldAdminSelectWidget

    def offer(self, row: Project | Release | Feature) -> None:
        """Offer what `row` is, and what it can become."""
        moves = [(status.value, status.label) for status in row.allowed_moves]
        self.widget.choices = [(row.status, row.get_status_display()), *moves]


class ReleaseField(forms.TypedChoiceField):
    """A release. Offers some, and accepts any: the service knows which are open and of the same project."""

    widget = UnfoldAdminSelectWidget

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(coerce=self._find, empty_value=None, **kwargs)

    def offer(self, releases: Iterable[Release], chosen: Release | None) -> None:
        """Let people choose among `releases`, what is chosen already, and none."""
        offered = dict.fromkeys([*([chosen] if chosen else []), *releases])
        self.choices = [("", "–"), *((release.pk, release.version) for release in offered)]

    def prepare_value(self, value: Any) -> Any:
        """Take a release by its key."""
        return value.pk if isinstance(value, Release) else value

    def valid_value(self, value: Any) -> bool:
        """Whether it can be a key at all; a list that someone sees may be older than the database."""
        return bool(str(value).isdecimal())

    def _find(self, key: Any) -> Release:
        found = Release.objects.filter(pk=int(key)).first()
        if found is None:
            raise ValueError
        return found


def open_releases(project: Project) -> list[Release]:
    """The releases that a feature can be put into, the earliest first. One query."""
    return list(Release.objects.of(project).exclude(status__in=CLOSED_RELEASE).by_date()[:MOST_RELEASES])
