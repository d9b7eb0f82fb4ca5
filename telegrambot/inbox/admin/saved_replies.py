"""Saved replies in the browser: a list, a form, and how Telegram shows them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.decorators import display

from config.admin_deletion import Summary, summary
from telegrambot.accounts.service_admin import ServiceModelAdmin, actor_of
from telegrambot.engine.admin.rendered_text import rendered
from telegrambot.engine.personal_markup import VARIABLES, fill, validate_markup
from telegrambot.inbox import saved_replies
from telegrambot.inbox.models import SavedReply

# What is typed is shown as far as this; Telegram takes less.
_MAX_TYPED = 20_000


@admin.register(SavedReply)
class SavedReplyAdmin(ServiceModelAdmin):
    """What operators answer again and again."""

    nothing_yet = _("Write an answer once, and give it again and again from the inbox.")
    list_display = ("title", "language_in_words", "times_used", "last_used_at")
    list_display_links = ("title",)
    list_filter = ("language",)
    search_fields = ("title", "text")
    search_help_text = _("A part of the title or the text")
    ordering = ("-times_used", "title")
    list_per_page = 50
    readonly_fields = ("times_used", "last_used_at")
    warn_unsaved_form = True

    class Media:
        css = {"all": ("inbox/inbox.css",)}
        js = ("inbox/inbox.preview.js",)

    def get_urls(self) -> list[URLPattern]:
        """With the address of the preview."""
        preview = self.admin_site.admin_view(require_POST(self.preview_view))
        return [path("preview/", preview, name="inbox_savedreply_preview"), *super().get_urls()]

    @display(description=_("language"), ordering="language")
    def language_in_words(self, saved: SavedReply) -> str:
        """For whom it is offered."""
        return str(saved.get_language_display())

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("inbox.add_savedreply")

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm("inbox.delete_savedreply")

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Delete nothing in bulk."""
        return {}

    def get_fieldsets(self, request: HttpRequest, obj: SavedReply | None = None) -> Any:
        """Counters only for what may have been used."""
        fields = ("title", "language", "text")
        return ((None, {"fields": fields if obj is None else (*fields, *self.readonly_fields)}),)

    def preview_view(self, request: HttpRequest) -> HttpResponse:
        """What is being typed as its reader sees it; or what is wrong with it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        text = request.POST.get("text", "")[:_MAX_TYPED].replace("\r\n", "\n")
        try:
            validate_markup(text)
            problem = ""
        except ValidationError as error:
            problem = " ".join(error.messages)
        reader = actor_of(request)
        shown = rendered(fill(text, {name: getattr(reader, name, "") for name in VARIABLES}))
        return JsonResponse({"html": shown, "problem": problem})

    def save_model(self, request: HttpRequest, obj: SavedReply, form: ModelForm, change: bool) -> None:
        """Through the services."""
        actor = actor_of(request)
        if change:
            wanted = {name: form.cleaned_data[name] for name in form.changed_data}
            saved_replies.change(obj, actor=actor, **wanted)
            return
        values = form.cleaned_data
        made = saved_replies.create(values["title"], values["text"], values["language"], actor=actor)
        obj.pk, obj._state.adding = made.pk, False

    def delete_model(self, request: HttpRequest, obj: SavedReply) -> None:
        """Through the services."""
        saved_replies.remove(obj, actor=actor_of(request))

    def get_deleted_objects(self, objs: Collection[SavedReply], request: HttpRequest) -> Summary:
        """Only what people know of: uses that were not counted yet are no loss."""
        return summary(SavedReply, objs)
