"""Guides in the browser: write with a preview, show and hide."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.widgets import UnfoldAdminFileFieldWidget

from audit.history import HistoryAdmin
from config.admin_deletion import Summary, summary
from telegrambot.accounts.admin_editing import EditingAdmin
from telegrambot.accounts.admin_questions import AskingAdmin
from telegrambot.accounts.service_admin import actor_of
from telegrambot.engine.models import BotIdentity
from telegrambot.engine.splitting import split
from telegrambot.guides import services
from telegrambot.guides.covers import CoverField
from telegrambot.guides.file_admin import GuideFilesAdmin
from telegrambot.guides.markdown import to_telegram_html
from telegrambot.guides.models import MAX_BODY, Difficulty, Guide, GuideCategory, GuideQuerySet, SavedGuide

_COLOURS = {"BEGINNER": "success", "INTERMEDIATE": "warning", "ADVANCED": "danger"}


@admin.register(GuideCategory)
class GuideCategoryAdmin(EditingAdmin, HistoryAdmin, ModelAdmin):
    """What guides are sorted by."""

    list_display = ("name_en", "name_ru", "slug", "position", "guides")
    ordering = ("position", "pk")
    prepopulated_fields = {"slug": ("name_en",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[GuideCategory]:
        return super().get_queryset(request).annotate(number=Count("guides"))

    @display(description=_("guides"), ordering="number")
    def guides(self, category: Any) -> int:
        return int(category.number)


class GuideForm(forms.ModelForm):
    """A guide with its photo."""

    cover_photo = CoverField(
        label=_("cover photo"),
        required=False,
        widget=UnfoldAdminFileFieldWidget,
        help_text=_("JPEG, PNG or WebP, at most 5 MB. Telegram shows it above the text."),
    )
    remove_cover = forms.BooleanField(label=_("remove the photo"), required=False)

    class Meta:
        model = Guide
        fields = (
            "title",
            "description",
            "category",
            "difficulty_level",
            "minimum_role",
            "tags",
            "body",
            "content_url",
            "is_active",
        )


@admin.register(Guide)
class GuideAdmin(EditingAdmin, HistoryAdmin, AskingAdmin, GuideFilesAdmin):
    """What the bot teaches."""

    form = GuideForm
    nothing_yet = _("Write a guide: readers find it with /guides.")
    list_display = ("title", "category", "level", "minimum_role", "is_active", "views_count", "saved")
    list_filter = ("category", "difficulty_level", "minimum_role", "is_active")
    list_select_related = ("category",)
    list_per_page = 50
    ordering = ("-created_at",)
    search_fields = ("title",)
    search_help_text = _("Words of the guide, in Russian or English")
    actions = ("show", "hide")
    readonly_fields = ("link", "current_cover", "views_count")
    fieldsets = (
        (None, {"fields": ("title", "description", "category", "difficulty_level", "minimum_role", "tags")}),
        (_("Content"), {"fields": ("body", "content_url")}),
        (_("Photo"), {"fields": ("current_cover", "cover_photo", "remove_cover")}),
        (_("Readers"), {"fields": ("is_active", "link", "views_count")}),
    )

    class Media:
        js = ("guides/preview.js",)
        css = {"all": ("guides/preview.css",)}

    def get_urls(self) -> list[URLPattern]:
        preview = self.admin_site.admin_view(require_POST(self.preview))
        return [path("preview/", preview, name="guides_guide_preview"), *super().get_urls()]

    def preview(self, request: HttpRequest) -> HttpResponse:
        """The text as Telegram shows it, message by message."""
        if not self.has_view_permission(request):
            return JsonResponse({"parts": []}, status=403)
        text = request.POST.get("text", "")[:MAX_BODY]
        return JsonResponse({"parts": split(to_telegram_html(text))})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Guide]:
        return super().get_queryset(request).defer("search_russian", "search_english")

    def get_search_results(
        self, request: HttpRequest, queryset: GuideQuerySet, search_term: str
    ) -> tuple[GuideQuerySet, bool]:
        words = search_term.strip()
        return (queryset.matching(words) if words else queryset), False

    @display(description=_("difficulty"), ordering="difficulty_level", label=_COLOURS)
    def level(self, guide: Guide) -> tuple[str, str]:
        return Difficulty(guide.difficulty_level).name, guide.get_difficulty_level_display()

    @display(description=_("saved"))
    def saved(self, guide: Guide) -> int:
        return int(guide.number_saved)  # type: ignore[attr-defined]

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changes = super().get_changelist_instance(request)
        # Counted for the page alone, in one query.
        keys = [guide.pk for guide in changes.result_list]
        counts = dict(
            Guide.objects.filter(pk__in=keys).annotate(number=Count("savings")).values_list("pk", "number")
        )
        for guide in changes.result_list:
            guide.number_saved = counts.get(guide.pk, 0)
        return changes

    @display(description=_("link"))
    def link(self, guide: Guide) -> str:
        username = BotIdentity.objects.values_list("username", flat=True).first()
        if guide._state.adding or not username:
            return "–"
        return f"https://t.me/{username}?start=guide_{guide.pk}"

    @display(description=_("photo now"))
    def current_cover(self, guide: Guide) -> str:
        cover = None if guide._state.adding else getattr(guide, "cover", None)
        return format_html("{}", cover.name) if cover else "–"

    def save_model(self, request: HttpRequest, obj: Guide, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        actor = actor_of(request)
        if uploaded := form.cleaned_data["cover_photo"]:
            services.set_cover(obj, uploaded.name, uploaded.read(), actor=actor)
        elif form.cleaned_data["remove_cover"]:
            services.remove_cover(obj, actor=actor)

    def get_deleted_objects(self, objs: Collection[Guide], request: HttpRequest) -> Summary:
        """How many readers keep it, not who; openings that were not counted yet are no loss."""
        return summary(Guide, objs, SavedGuide.objects.filter(guide__in=objs))

    @admin.action(description=_("Show to readers"), permissions=["change"])
    def show(self, request: HttpRequest, queryset: QuerySet[Guide]) -> None:
        self._tell(request, queryset, is_active=True)

    @admin.action(description=_("Hide from readers"), permissions=["change"])
    def hide(self, request: HttpRequest, queryset: QuerySet[Guide]) -> None:
        self._tell(request, queryset, is_active=False)

    def _tell(self, request: HttpRequest, queryset: QuerySet[Guide], *, is_active: bool) -> None:
        count = services.set_active(queryset.values_list("pk", flat=True), is_active, actor=actor_of(request))
        sentence = ngettext("%(count)d guide changed.", "%(count)d guides changed.", count)
        self.tell(
            request, sentence % {"count": count}, shown_by={"is_active__exact": "1" if is_active else "0"}
        )
