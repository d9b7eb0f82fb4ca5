"""How far projects and releases have come: features counted by status, in one query for a whole page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.db.models import Count, F, Max, QuerySet
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from projects.models import OPEN_FEATURE, Feature, Project, Release
from projects.statuses import CLOSED_RELEASE, FeatureStatus

# The order of a bar: what is done begins it.
_BAR = (
    FeatureStatus.DONE,
    FeatureStatus.IN_PROGRESS,
    FeatureStatus.BLOCKED,
    FeatureStatus.PLANNED,
    FeatureStatus.BACKLOG,
)


@dataclass(frozen=True)
class Part:
    """The features in one state.

    Attributes:
        status: the state's own name, for addresses and colours.
        label: how people call it.
    """

    status: str
    label: str
    count: int


@dataclass(frozen=True)
class Tally:
    """Features counted by status.

    Attributes:
        counts: of each status that occurs.
        last_change: the last that any of them was changed.
    """

    counts: Mapping[str, int] = field(default_factory=dict)
    last_change: dt.datetime | None = None

    @property
    def parts(self) -> list[Part]:
        """Every status in the order of work, also those that do not occur."""
        return [Part(one, capfirst(str(one.label)), self.counts.get(one, 0)) for one in FeatureStatus]

    @property
    def bar(self) -> list[Part]:
        """What there is, in the order of a bar; nobody waits for what was dropped."""
        return [Part(one, str(one.label), self.counts[one]) for one in _BAR if self.counts.get(one)]

    @property
    def total(self) -> int:
        """How many there are, without the dropped ones."""
        return sum(part.count for part in self.bar)

    @property
    def done(self) -> int:
        """How many are done."""
        return self.counts.get(FeatureStatus.DONE, 0)

    @property
    def blocked(self) -> int:
        """How many cannot go on."""
        return self.counts.get(FeatureStatus.BLOCKED, 0)

    @property
    def left(self) -> int:
        """How many are still to be finished."""
        return sum(self.counts.get(one, 0) for one in OPEN_FEATURE)

    @property
    def percent(self) -> int:
        """How much of it is done, and never 100 before all is."""
        return self.done * 100 // self.total if self.total else 0

    def as_bar(self) -> SafeString:
        """A bar with its meaning in words, for a column of a list."""
        return render_to_string("projects/admin/bar.html", {"tally": self})


def tallies(features: QuerySet[Feature], by: str) -> dict[int, Tally]:
    """Count features by status for each value of the foreign key column `by`. One query."""
    counts: dict[int, dict[str, int]] = {}
    changes: dict[int, dt.datetime] = {}
    counted = features.order_by().values_list(by, "status").annotate(Count("pk"), Max("updated_at"))
    for key, status, count, changed_at in counted:
        counts.setdefault(key, {})[status] = count
        changes[key] = max(changes.get(key, changed_at), changed_at)
    return {key: Tally(counted, changes[key]) for key, counted in counts.items()}


def tally_of(row: Project | Release) -> Tally:
    """Count the features of one project or release. One query."""
    by = "project_id" if isinstance(row, Project) else "release_id"
    return tallies(row.features.all(), by).get(row.pk, Tally())


def next_releases(projects: Iterable[Project]) -> dict[int, Release]:
    """The next release of each project that has one: the first that is open. One query."""
    alive = [project for project in projects if not project.is_archived]
    waiting = Release.objects.filter(project__in=alive).exclude(status__in=CLOSED_RELEASE)
    first = waiting.order_by("project", F("target_date").asc(nulls_last=True), "pk").distinct("project")
    return {release.project_id: release for release in first}


def last_release_changes(projects: Iterable[Project]) -> dict[int, dt.datetime]:
    """When a release of each project was changed last. One query."""
    releases = Release.objects.filter(project__in=list(projects)).order_by()
    return dict(releases.values_list("project").annotate(Max("updated_at")))
