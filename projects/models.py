"""What the team builds: projects, their releases and features, and who looks at which project."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models import Count, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audit.audited import audited, not_audited
from config.schema import TimestampedModel
from projects.statuses import (
    NEEDS_REASON,
    FeatureStatus,
    ProjectStatus,
    ReleaseStatus,
    Status,
    allowed_moves,
)
from telegrambot.accounts.models import TelegramUser

HAS_TEXT = r"\S"
OPEN_FEATURE = (
    FeatureStatus.BACKLOG,
    FeatureStatus.PLANNED,
    FeatureStatus.IN_PROGRESS,
    FeatureStatus.BLOCKED,
)


class RevisedModel(TimestampedModel):
    """A row that counts its changes, so that an editor can tell whether it is still what they saw."""

    revision = models.IntegerField(_("revision"), default=1, db_default=1, editable=False)

    class Meta:
        abstract = True


# ── Projects ──────────────────────────────────────────────────────────────────────────────────────────────


class ProjectQuerySet(models.QuerySet["Project"]):
    """Projects as chat and admin list them."""

    def visible(self) -> ProjectQuerySet:
        """All but the archived."""
        return self.exclude(status=ProjectStatus.ARCHIVED)

    def with_counts(self) -> ProjectQuerySet:
        """Each with `feature_count` (dropped ones left out) and `done_count`, in the same query."""
        return self.annotate(
            feature_count=Count("features", filter=~Q(features__status=FeatureStatus.DROPPED)),
            done_count=Count("features", filter=Q(features__status=FeatureStatus.DONE)),
        )

    def by_name(self) -> ProjectQuerySet:
        """In the order of their names, whatever the case."""
        return self.order_by(Lower("name"))


@audited(noise=("revision",))
class Project(RevisedModel):
    """Something the team builds."""

    name = models.CharField(pgettext_lazy("project", "name"), max_length=200)
    description = models.TextField(_("description"), blank=True, default="", db_default="")
    status = models.CharField(
        _("status"),
        max_length=20,
        choices=ProjectStatus,
        default=ProjectStatus.ACTIVE,
        db_default=ProjectStatus.ACTIVE,
    )

    objects = ProjectQuerySet.as_manager()

    class Meta:
        db_table_comment = "What the team builds"
        verbose_name = _("project")
        verbose_name_plural = _("projects")
        constraints = [
            models.CheckConstraint(condition=Q(status__in=ProjectStatus.values), name="ck_project_status"),
            models.CheckConstraint(condition=Q(name__regex=HAS_TEXT), name="ck_project_name"),
            models.UniqueConstraint(
                Lower("name"),
                name="uq_project_name",
                violation_error_message=_("There is already a project of this name."),
            ),
        ]
        indexes = [
            models.Index("status", Lower("name"), name="ix_project_status_name"),
            models.Index("updated_at", name="ix_project_updated_at"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def allowed_moves(self) -> tuple[Status, ...]:
        """The states it can move to now."""
        return allowed_moves(ProjectStatus(self.status))

    @property
    def is_archived(self) -> bool:
        """Whether it can only be read."""
        return self.status == ProjectStatus.ARCHIVED


# ── Releases ──────────────────────────────────────────────────────────────────────────────────────────────


class ReleaseQuerySet(models.QuerySet["Release"]):
    """Releases as chat and admin list them."""

    def of(self, project: Project) -> ReleaseQuerySet:
        """Those of one project."""
        return self.filter(project=project)

    def with_progress(self) -> ReleaseQuerySet:
        """Each with `feature_count` (dropped ones left out) and `done_count`, in the same query."""
        return self.annotate(
            feature_count=Count("features", filter=~Q(features__status=FeatureStatus.DROPPED)),
            done_count=Count("features", filter=Q(features__status=FeatureStatus.DONE)),
        )

    def by_date(self) -> ReleaseQuerySet:
        """The earliest first, those without a date last."""
        return self.order_by(models.F("target_date").asc(nulls_last=True), "pk")


@audited(noise=("revision",))
class Release(RevisedModel):
    """A version of a project that goes out to its users on some day."""

    project = models.ForeignKey(
        Project,
        on_delete=models.CASCADE,
        related_name="releases",
        verbose_name=_("project"),
        db_index=False,  # the unique one begins with it
    )
    version = models.CharField(_("version"), max_length=50)
    target_date = models.DateField(_("target date"), null=True, blank=True)
    status = models.CharField(
        _("status"),
        max_length=20,
        choices=ReleaseStatus,
        default=ReleaseStatus.PLANNED,
        db_default=ReleaseStatus.PLANNED,
    )

    objects = ReleaseQuerySet.as_manager()

    class Meta:
        db_table_comment = "Versions of projects that go out to their users"
        verbose_name = _("release")
        verbose_name_plural = _("releases")
        constraints = [
            models.CheckConstraint(condition=Q(status__in=ReleaseStatus.values), name="ck_release_status"),
            models.CheckConstraint(condition=Q(version__regex=HAS_TEXT), name="ck_release_version"),
            models.UniqueConstraint(
                "project",
                Lower("version"),
                name="uq_release_project_version",
                violation_error_message=_("The project already has a release of this version."),
            ),
            # What a feature's key of release and project together points to.
            models.UniqueConstraint(fields=["id", "project"], name="uq_release_id_project"),
        ]
        indexes = [
            models.Index("project", "target_date", name="ix_release_project_date"),
            models.Index("status", name="ix_release_status"),
            models.Index("target_date", name="ix_release_target_date"),
        ]

    def __str__(self) -> str:
        return self.version

    @property
    def allowed_moves(self) -> tuple[Status, ...]:
        """The states it can move to now."""
        return allowed_moves(ReleaseStatus(self.status))


# ── Features ──────────────────────────────────────────────────────────────────────────────────────────────


class FeatureQuerySet(models.QuerySet["Feature"]):
    """Features as chat and admin list them."""

    def of(self, project: Project) -> FeatureQuerySet:
        """Those of one project."""
        return self.filter(project=project)

    def open(self) -> FeatureQuerySet:
        """Those still to be finished."""
        return self.filter(status__in=OPEN_FEATURE)

    def with_release(self) -> FeatureQuerySet:
        """Each with its project and its release, in the same query."""
        return self.select_related("project", "release")

    def by_name(self) -> FeatureQuerySet:
        """In the order of their names, whatever the case."""
        return self.order_by(Lower("name"))

    def counts_by_status(self) -> dict[str, int]:
        """How many there are in each state (0 where there are none), in one query."""
        counted = dict(self.order_by().values_list("status").annotate(Count("pk")))
        return {status: counted.get(status, 0) for status in FeatureStatus.values}


@audited(noise=("revision",))
class Feature(RevisedModel):
    """One thing a project is to be able to do."""

    project = models.ForeignKey(
        Project,
        on_delete=models.CASCADE,
        related_name="features",
        verbose_name=_("project"),
        db_index=False,  # the unique one begins with it
    )
    name = models.CharField(pgettext_lazy("project", "name"), max_length=200)
    description = models.TextField(_("description"), blank=True, default="", db_default="")
    status = models.CharField(
        _("status"),
        max_length=20,
        choices=FeatureStatus,
        default=FeatureStatus.BACKLOG,
        db_default=FeatureStatus.BACKLOG,
    )
    status_reason = models.TextField(
        _("reason"),
        blank=True,
        default="",
        db_default="",
        help_text=_("Why it is in this state. Blocked and dropped features need one."),
    )
    assigned_teams = ArrayField(
        models.CharField(max_length=100), verbose_name=_("teams"), blank=True, default=list, db_default=[]
    )
    assigned_po = models.CharField(_("product owner"), max_length=100, blank=True, default="", db_default="")
    release = models.ForeignKey(
        Release,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="features",
        verbose_name=_("release"),
    )

    objects = FeatureQuerySet.as_manager()

    class Meta:
        db_table_comment = "What projects are to be able to do"
        verbose_name = _("feature")
        verbose_name_plural = _("features")
        constraints = [
            models.CheckConstraint(condition=Q(status__in=FeatureStatus.values), name="ck_feature_status"),
            models.CheckConstraint(condition=Q(name__regex=HAS_TEXT), name="ck_feature_name"),
            models.CheckConstraint(
                condition=~Q(status__in=sorted(NEEDS_REASON)) | Q(status_reason__regex=HAS_TEXT),
                name="ck_feature_status_reason",
                violation_error_message=_("Please say why the feature is blocked or dropped."),
            ),
            models.UniqueConstraint(
                "project",
                Lower("name"),
                name="uq_feature_project_name",
                violation_error_message=_("The project already has a feature of this name."),
            ),
        ]
        indexes = [
            models.Index("project", "status", name="ix_feature_project_status"),
            models.Index("status", name="ix_feature_status"),
            models.Index("updated_at", name="ix_feature_updated_at"),
            models.Index("assigned_po", name="ix_feature_assigned_po", condition=~Q(assigned_po="")),
            GinIndex(fields=["assigned_teams"], name="ix_feature_assigned_teams"),
            # The admin searches by how the words of a name begin.
            GinIndex(SearchVector("name", config="simple"), name="ix_feature_name_words"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def allowed_moves(self) -> tuple[Status, ...]:
        """The states it can move to now."""
        return allowed_moves(FeatureStatus(self.status))


# ── People ────────────────────────────────────────────────────────────────────────────────────────────────


@audited()
class UserContext(TimestampedModel):
    """What a person is busy with."""

    user = models.OneToOneField(
        TelegramUser,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="+",
        verbose_name=_("person"),
    )
    active_project = models.ForeignKey(
        Project,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("active project"),
    )

    class Meta:
        db_table_comment = "Which project each person is busy with"
        verbose_name = _("person's context")
        verbose_name_plural = _("people's contexts")

    def __str__(self) -> str:
        return str(self.user_id)


@not_audited("Looking changes nothing.")
class ChangesSeen(models.Model):
    """Up to which moment a person knows the changes of a project."""

    user = models.ForeignKey(
        TelegramUser,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name=_("person"),
        db_index=False,  # the unique one begins with it
    )
    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="+", verbose_name=_("project")
    )
    seen_at = models.DateTimeField(_("last looked at the changes"))

    class Meta:
        db_table_comment = "When each person last looked at the changes of each project"
        verbose_name = _("look at the changes")
        verbose_name_plural = _("looks at the changes")
        constraints = [
            models.UniqueConstraint(fields=["user", "project"], name="uq_changesseen_user_project"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} · {self.project_id}"
