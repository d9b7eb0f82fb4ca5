"""The releases and features on a project's page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db.models import Case, Q, QuerySet, When
from django.http import HttpRequest
from django.urls import reverse, reverse_lazy
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import display
from unfold.forms import PaginationInlineFormSet

from config.admin_search import whole_number
from projects.admin.fields import open_releases
from projects.admin.forms import FeatureForm, ReleaseForm, visible
from projects.models import OPEN_FEATURE, Feature, Project, Release
from projects.statuses import CLOSED_RELEASE

# A page shows this many of each; the others are in the lists.
SHOWN = 20
# No row has this key.
_GONE = -1


class SomeRowsFormSet(PaginationInlineFormSet):
    """Shows some of a project's rows; takes back those that were shown, whichever come first by then."""

    rows: Sequence[Any] | None = None
    has_more = False

    def get_queryset(self) -> Any:
        """The rows in the order of the page; one that was deleted meanwhile keeps its place."""
        if self.rows is None:
            found = super().get_queryset()
            if self.is_bound:
                names = (f"{self.add_prefix(number)}-id" for number in range(self.initial_form_count()))
                keys = [whole_number(self.data.get(name, "")) for name in names]
                known = found.in_bulk([key for key in keys if key is not None])
                self.rows = [known.get(key) or self._gone() for key in keys]
            else:
                rows = list(found[: SHOWN + 1])
                self.rows, self.has_more = rows[:SHOWN], len(rows) > SHOWN
        return self.rows

    def add_fields(self, form: forms.Form, index: int | None) -> None:
        """Add the key of the row as a number: which rows there are was asked already, for all at once."""
        super().add_fields(form, index)
        key = form.fields["id"].initial
        form.fields["id"] = forms.IntegerField(initial=key, required=False, widget=forms.HiddenInput)

    def clean(self) -> None:
        """Leave it to the services and the database to find two rows of one name."""

    def _existing_object(self, pk: int) -> Any:
        return super()._existing_object(pk) or self._gone()

    def _gone(self) -> Any:
        row = self.model(pk=_GONE)
        row._state.adding = False
        return row


class RowsOnProject(TabularInline):
    """Some rows of a project; nothing is deleted here, since nothing would ask first."""

    formset = SomeRowsFormSet
    template_after = "projects/admin/more_rows.html"
    extra = 0
    can_delete = False
    hide_title = True
    readonly_fields = ("page_link",)
    # Where all of them are.
    list_url: Any = ""

    def get_fields(self, request: HttpRequest, obj: Project | None = None) -> Sequence[str]:
        """Leave out what only a form needs where there is none."""
        return self.fields if self.has_change_permission(request, obj) else visible(self.fields)

    def get_formset(self, request: HttpRequest, obj: Project | None = None, **kwargs: Any) -> Any:
        """Hand a refusal to the forms, and name their fields for those who do not see the columns."""
        formset = super().get_formset(request, obj, **kwargs)
        formset.form.refusal = getattr(request, "refusal", None)
        for field in formset.form.base_fields.values():
            field.widget.attrs.setdefault("aria-label", field.label)
        return formset

    @display(description=_("page"))
    def page_link(self, row: Release | Feature) -> SafeString | str:
        """What leads to the row's own page."""
        if row.pk in {None, _GONE}:
            return ""
        url = reverse(f"admin:projects_{row._meta.model_name}_change", args=[row.pk])
        return format_html(
            '<a class="sb-link" href="{}"><span class="sb-hidden">{}: </span>{}</a>', url, row, _("Open")
        )

    def has_add_permission(self, request: HttpRequest, obj: Project | None = None) -> bool:
        """Nothing is added to an archived project."""
        return not (obj and obj.is_archived) and super().has_add_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Project | None = None) -> bool:
        """Nothing in an archived project changes."""
        return not (obj and obj.is_archived) and super().has_change_permission(request, obj)


class ReleasesOnProject(RowsOnProject):
    """The releases that are open, the earliest first, and then the others."""

    model = Release
    form = ReleaseForm
    list_url = reverse_lazy("admin:projects_release_changelist")
    fields = ("version", "target_date", "status", "page_link", "seen_revision")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Release]:
        """In the order in which people look for them."""
        is_closed = Case(When(status__in=CLOSED_RELEASE, then=1), default=0)
        return super().get_queryset(request).order_by(is_closed, "target_date", "pk")


class FeaturesOnProject(RowsOnProject):
    """The features that are open, the last changed first, and then the others."""

    model = Feature
    form = FeatureForm
    list_url = reverse_lazy("admin:projects_feature_changelist")
    fields = ("name", "status", "status_reason", "release", "assigned_po", "page_link", "seen_revision")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Feature]:
        """In the order in which people work on them."""
        is_closed = Case(When(~Q(status__in=OPEN_FEATURE), then=1), default=0)
        features = super().get_queryset(request).select_related("release")
        return features.order_by(is_closed, "-updated_at", "-pk")

    def get_formset(self, request: HttpRequest, obj: Project | None = None, **kwargs: Any) -> Any:
        """Ask once for the releases that all rows offer."""
        formset = super().get_formset(request, obj, **kwargs)
        formset.form.releases = open_releases(obj) if obj else ()
        return formset
