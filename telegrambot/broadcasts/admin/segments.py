"""Segments in the browser: conditions to fill in, and how many people they are true of."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.decorators import display

from config.errors import DomainError
from telegrambot.accounts.service_admin import ServiceModelAdmin, actor_of
from telegrambot.broadcasts import recipients, segments
from telegrambot.broadcasts.admin.segment_form import TEXTS, condition_names, segment_form
from telegrambot.broadcasts.bot import texts
from telegrambot.broadcasts.bot.texts import spoken
from telegrambot.broadcasts.models import Segment


@admin.register(Segment)
class SegmentAdmin(ServiceModelAdmin):
    """Saved choices of people."""

    nothing_yet = _("Describe some people once, and write to them again and again.")
    list_display = ("name", "description", "used", "updated_at")
    list_display_links = ("name",)
    search_fields = ("name",)
    search_help_text = _("A part of the name")
    ordering = ("name",)
    list_per_page = 50
    sortable_by = ("name", "updated_at")
    change_form_before_template = "broadcasts/admin/people_count.html"
    warn_unsaved_form = True

    class Media:
        css = {"all": ("broadcasts/broadcasts.css",)}
        js = ("broadcasts/people_count.js",)

    def get_urls(self) -> list[URLPattern]:
        """With the address that counts."""
        count = self.admin_site.admin_view(require_POST(self.count_view))
        return [path("count/", count, name="broadcasts_segment_count"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Segment]:
        return super().get_queryset(request).annotate(number=Count("broadcasts"))

    @display(description=_("broadcasts"))
    def used(self, segment: Any) -> int:
        return int(segment.number)

    # ── Who may what ──────────────────────────────────────────────────────────────────────────────────────

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("broadcasts.add_segment")

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm("broadcasts.delete_segment")

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Delete nothing in bulk."""
        return {}

    # ── Form ──────────────────────────────────────────────────────────────────────────────────────────────

    def get_form(
        self, request: HttpRequest, obj: Model | None = None, change: bool = False, **kwargs: Any
    ) -> type[ModelForm]:
        return super().get_form(request, obj, change, form=segment_form(), **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Segment | None = None) -> Any:
        note = _(
            "People belong to it if all that you fill in is true of them. Leave empty what does not matter."
        )
        return (
            (None, {"fields": ("name", "description")}),
            (_("Conditions"), {"fields": condition_names(), "description": note}),
        )

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Segment | None = None,
    ) -> HttpResponse:
        """Count the people as the page is opened; its script counts again after each change."""
        context |= {
            "count_url": reverse("admin:broadcasts_segment_count"),
            "people": _counted(obj.conditions if obj else {}),
            "show_save_and_add_another": False,
            "show_save_and_continue": False,
        }
        return super().render_change_form(request, context, add, change, form_url, obj)

    def save_model(self, request: HttpRequest, obj: Segment, form: Any, change: bool) -> None:
        values = {name: form.cleaned_data[name] for name in TEXTS if name in form.changed_data}
        with spoken():
            conditions = form.edited_conditions
            count = segments.save(obj, conditions=conditions, actor=actor_of(request), **values)
        if count:
            sentence = ngettext(
                "{count} scheduled broadcast is a draft again: other people were confirmed for it.",
                "{count} scheduled broadcasts are drafts again: other people were confirmed for them.",
                count,
            )
            self.message_user(request, sentence.format(count=count), messages.WARNING)

    def count_view(self, request: HttpRequest) -> HttpResponse:
        """How many people the conditions of a form are true of that is still being filled in."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = segment_form()(request.POST, instance=Segment())
        form.is_valid()
        wrong = [str(error) for name in condition_names() for error in form.errors.get(name, [])]
        people = {"people": "", "note": " ".join(wrong)} if wrong else _counted(form.conditions)
        return JsonResponse(people)

    # ── Deletion ──────────────────────────────────────────────────────────────────────────────────────────

    def delete_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """Say so when broadcasts need it."""
        found = self.get_object(request, object_id)
        try:
            if found is not None and self.has_delete_permission(request, found):
                segments.require_unused(found)
            return super().delete_view(request, object_id, *args, **kwargs)
        except DomainError as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
            return HttpResponseRedirect(reverse("admin:broadcasts_segment_change", args=[object_id]))

    def delete_model(self, request: HttpRequest, obj: Segment) -> None:
        segments.discard(obj, actor=actor_of(request))


def _counted(conditions: dict[str, Any]) -> dict[str, str]:
    """The number in words: who is chosen, and how many of them a broadcast reaches."""
    try:
        reach = recipients.reach(conditions)
    except DomainError as error:
        return {"people": "", "note": str(error)}
    note = gettext("{count} of them would get a broadcast now.").format(count=texts.number(reach.recipients))
    return {"people": texts.people(reach.recipients + reach.left_out), "note": note}
