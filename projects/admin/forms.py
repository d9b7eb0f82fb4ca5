"""Forms that tell what the person changed from what changed meanwhile, and leave the rest to services."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminExpandableTextareaWidget, UnfoldAdminTextInputWidget

from config.errors import DomainError
from projects import exceptions, services
from projects.admin.fields import ReleaseField, StatusField, TeamsField, open_releases
from projects.models import Feature, Project, Release
from projects.statuses import FeatureStatus, ProjectStatus, ReleaseStatus, needs_reason
from telegrambot.accounts.models import TelegramUser

# Where a refusal is shown: the first of these fields that the form has, else above the form.
_PLACES: tuple[tuple[type[DomainError], tuple[str, ...]], ...] = (
    (exceptions.NameMissing, ("name", "version")),
    (exceptions.NameTooLong, ("name", "version")),
    (exceptions.ProjectNameTaken, ("name",)),
    (exceptions.FeatureNameTaken, ("name",)),
    (exceptions.VersionTaken, ("version",)),
    (exceptions.MoveRefused, ("status",)),
    (exceptions.ReasonMissing, ("status_reason",)),
    (exceptions.ReleaseClosed, ("release",)),
    (exceptions.ReleaseOfOtherProject, ("release",)),
    (exceptions.ReleaseGone, ("release",)),
    (exceptions.ProjectGone, ("project",)),
    (exceptions.ProjectArchived, ("project",)),
)


def visible(fields: Iterable[Any]) -> tuple[Any, ...]:
    """The fields that people see."""
    return tuple(name for name in fields if name != "seen_revision")


class Refusal(Exception):
    """A service refused what one form on a page asks for.

    Attributes:
        prefix: the form's.
        error: why.
    """

    def __init__(self, prefix: str | None, error: DomainError) -> None:
        super().__init__(str(error))
        self.prefix, self.error = prefix, error


class ServiceForm(forms.ModelForm):
    """Carries what the person saw, so that only what they changed is written, and nothing is overwritten.

    Every field brings its first value along, and the row its revision. What is allowed is the services' to
    say: this form only tells whether it can be read.
    """

    editable: ClassVar[tuple[str, ...]] = ()
    # Set by the page for its second look at a form that a service refused.
    refusal: ClassVar[Refusal | None] = None

    seen_revision = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A page may show fewer fields than are declared here.
        for name in {"status", "assigned_teams", "release"} - set(self._meta.fields or ()):
            self.fields.pop(name, None)
        self.initial["seen_revision"] = self.instance.revision
        for name in self._edited():
            self.fields[name].show_hidden_initial = True
        status = self.fields.get("status")
        if isinstance(status, StatusField) and self.instance.pk:
            status.offer(self.instance)

    def has_changed(self) -> bool:
        """Tell whether the person changed anything; what others changed meanwhile does not count."""
        return bool(self._changed())

    def clean(self) -> dict[str, Any]:
        """Say at its place why the service refused."""
        if "description" in self.cleaned_data:
            self.cleaned_data["description"] = self.cleaned_data["description"].replace("\r\n", "\n")
        refusal = self.refusal
        if refusal is not None and refusal.prefix == self.prefix:
            fields = next((names for kind, names in _PLACES if isinstance(refusal.error, kind)), ())
            place = next((name for name in fields if name in self.fields), None)
            self.add_error(place, str(refusal.error))
            if isinstance(refusal.error, exceptions.EditConflict):
                self._catch_up()
        return self.cleaned_data

    def save_through(self, actor: TelegramUser | None) -> None:
        """Let a service create or change the row.

        Raises:
            Refusal: it would not.
        """
        try:
            if self.instance.pk:
                self.change(actor, {name: self.cleaned_data[name] for name in self._changed()})
            else:
                self.instance.pk = self.create(actor)
                self.instance.refresh_from_db()
        except DomainError as error:
            raise Refusal(self.prefix, error) from error

    def create(self, actor: TelegramUser | None) -> int:
        """Call the service that creates; return the key of what it made."""
        raise NotImplementedError

    def change(self, actor: TelegramUser | None, changes: dict[str, Any]) -> None:
        """Call the service that changes."""
        raise NotImplementedError

    def _edited(self) -> Sequence[str]:
        return [name for name in self.editable if name in self.fields]

    def _changed(self) -> Sequence[str]:
        return [name for name in self._edited() if name in self.changed_data]

    def _post_clean(self) -> None:
        # The row stays as the database has it, and the services know its rules.
        pass

    def _catch_up(self) -> None:
        """Keep what the person typed and show the rest as it is by now: saved again, it is meant."""
        typed, data = set(self._changed()), dict(self.data.items())
        for name in self._edited():
            field, html_name = self.fields[name], self.add_prefix(name)
            current = field.widget.format_value(field.prepare_value(self.initial.get(name)))
            current = current[0] if isinstance(current, list) else current
            data[self.add_initial_prefix(name)] = current or ""
            if name not in typed:
                data[html_name] = current or ""
        data[self.add_prefix("seen_revision")] = str(self.instance.revision)
        self.data = data


class ProjectForm(ServiceForm):
    """A project."""

    editable = ("name", "description", "status")
    status = StatusField(label=capfirst(_("status")), choices=ProjectStatus)

    class Meta:
        model = Project
        fields = ("name", "description", "status")
        widgets = {"description": UnfoldAdminExpandableTextareaWidget}

    def create(self, actor: TelegramUser | None) -> int:
        """Make the project."""
        name, description = self.cleaned_data["name"], self.cleaned_data["description"]
        return services.create_project(name, description=description, actor=actor).pk

    def change(self, actor: TelegramUser | None, changes: dict[str, Any]) -> None:
        """Change what was edited."""
        revision = self.cleaned_data["seen_revision"]
        services.edit_project(self.instance, actor=actor, expected_revision=revision, **changes)


class ReleaseForm(ServiceForm):
    """A release."""

    editable = ("version", "target_date", "status")
    status = StatusField(label=capfirst(_("status")), choices=ReleaseStatus, initial=ReleaseStatus.PLANNED)

    class Meta:
        model = Release
        fields = ("project", "version", "target_date", "status")

    def create(self, actor: TelegramUser | None) -> int:
        """Plan the release."""
        values = {name: self.cleaned_data[name] for name in ("version", "target_date", "status")}
        return services.create_release(self.cleaned_data["project"], actor=actor, **values).pk

    def change(self, actor: TelegramUser | None, changes: dict[str, Any]) -> None:
        """Change what was edited."""
        revision = self.cleaned_data["seen_revision"]
        services.edit_release(self.instance, actor=actor, expected_revision=revision, **changes)


class FeatureForm(ServiceForm):
    """A feature."""

    editable = ("name", "description", "status", "status_reason", "assigned_teams", "assigned_po", "release")
    status = StatusField(label=capfirst(_("status")), choices=FeatureStatus, initial=FeatureStatus.BACKLOG)
    assigned_teams = TeamsField(label=capfirst(_("teams")), required=False)
    release = ReleaseField(label=capfirst(_("release")), required=False)

    class Meta:
        model = Feature
        fields = ("project", *("name", "description", "status", "status_reason", "assigned_po"))
        widgets = {
            "description": UnfoldAdminExpandableTextareaWidget,
            "status_reason": UnfoldAdminTextInputWidget,
        }

    # Set by a page with many of these forms, so that it asks once.
    releases: ClassVar[Sequence[Release] | None] = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        release = self.fields.get("release")
        if isinstance(release, ReleaseField):
            self.initial["release"] = self.instance.release
            known = self.releases if self.releases is not None else open_releases(self.instance.project)
            release.offer(known, self.instance.release)

    def create(self, actor: TelegramUser | None) -> int:
        """Write the feature down."""
        values = {name: self.cleaned_data[name] for name in self._edited()}
        return services.create_feature(self.cleaned_data["project"], actor=actor, **values).pk

    def change(self, actor: TelegramUser | None, changes: dict[str, Any]) -> None:
        """Change what was edited; a reason that stands there already counts for the new state."""
        if needs_reason(FeatureStatus(changes.get("status", FeatureStatus.BACKLOG))):
            changes.setdefault("status_reason", self.cleaned_data["status_reason"])
        revision = self.cleaned_data["seen_revision"]
        services.edit_feature(self.instance, actor=actor, expected_revision=revision, **changes)
