"""The settings page: every setting of the catalogue on one page, changed by owners."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from audit.history import HistoryAdmin
from config.errors import DomainError
from telegrambot.vault import settings_store, snapshots
from telegrambot.vault.catalogue import declared
from telegrambot.vault.models import AppSetting
from telegrambot.vault.setting_forms import SettingsForm
from telegrambot.vault.setting_lines import by_category, leftovers, lines

_LIST = "admin:vault_appsetting_changelist"


@admin.register(AppSetting)
class SettingsAdmin(HistoryAdmin):
    """Admins see the ordinary settings; owners see that there are secrets too, and change everything."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[AppSetting]:
        """Rows without their secrets, which need not be readable for the history.

        Of secret settings only owners learn that there are any.
        """
        found = super().get_queryset(request).defer("secret")
        if self.has_change_permission(request):
            return found
        secret = [setting.key for setting in declared().values() if setting.is_sensitive]
        return found.filter(is_sensitive=False).exclude(key__in=secret)

    def get_urls(self) -> list[URLPattern]:
        """Resetting a setting asks first, on a page of its own."""
        view = self.admin_site.admin_view(self.reset_view)
        return [path("<path:key>/reset/", view, name="vault_appsetting_reset"), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show all settings; save those that were edited, all of them or none."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        may_change = self.has_change_permission(request)
        if request.method == "POST" and not may_change:
            raise PermissionDenied
        _hide_secrets(request)
        found = lines(with_secrets=may_change)
        form = None
        if may_change:
            form = SettingsForm(
                [line.setting for line in found],
                {line.key: line.value for line in found},
                request.POST if request.method == "POST" else None,
            )
            if request.method == "POST" and form.is_valid() and self._save(request, form):
                return redirect(_LIST)
            for line in found:
                line.field = form[line.key]
        context = {
            **self.admin_site.each_context(request),
            "title": _("Settings"),
            "opts": self.opts,
            "form": form,
            "media": self.media + form.media if form else self.media,
            "groups": by_category(found),
            "leftovers": leftovers(with_secrets=may_change),
            **(extra_context or {}),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "vault/admin/settings.html", context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Lead to the setting's line on the one page."""
        return redirect(f"{reverse(_LIST)}#{quote(unquote(object_id))}")

    def reset_view(self, request: HttpRequest, key: str) -> HttpResponse:
        """Let a setting have its default again, after a question."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        key = unquote(key)
        if key not in snapshots.read(key):
            raise Http404
        if request.method == "POST":
            settings_store.reset(key, actor=_actor(request))
            self.message_user(request, _("“{key}” was reset.").format(key=key), messages.SUCCESS)
            return redirect(_LIST)
        known = {line.key: line for line in lines(with_secrets=True)}
        context = {
            **self.admin_site.each_context(request),
            "title": _("Reset “{key}”?").format(key=key),
            "opts": self.opts,
            "line": known.get(key),
            "back": reverse(_LIST),
        }
        return TemplateResponse(request, "vault/admin/reset.html", context)

    def _save(self, request: HttpRequest, form: SettingsForm) -> bool:
        """Set what was edited. A refusal is shown beside its setting, and nothing is saved."""
        edited = form.edited
        key = ""
        try:
            with transaction.atomic():
                for key in edited:
                    settings_store.set(key, edited[key], actor=_actor(request))
        except DomainError as refusal:
            form.add_error(key, str(refusal))
            return False
        sentence = ngettext("%(count)d setting was saved.", "%(count)d settings were saved.", len(edited))
        if edited:
            self.message_user(request, sentence % {"count": len(edited)}, messages.SUCCESS)
        else:
            self.message_user(request, _("Nothing was changed."), messages.INFO)
        return True


def _hide_secrets(request: HttpRequest) -> None:
    """Keep what was entered out of error reports."""
    secret = [setting.key for setting in declared().values() if setting.is_sensitive]
    request.sensitive_post_parameters = secret  # type: ignore[attr-defined]


def _actor(request: HttpRequest) -> Model | None:
    return getattr(request.user, "person", None)
