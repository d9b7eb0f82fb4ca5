"""A person's data in the admin: handing them out as a file, and erasing the person."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from config.errors import DomainError
from telegrambot.accounts import data_export, erasure
from telegrambot.accounts.admin_cards import Card, register
from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.service_admin import actor_of

MAY_ERASE = "accounts.delete_telegramuser"
_FORMS = {
    "html": (data_export.html_of, "text/html; charset=utf-8"),
    "json": (data_export.json_of, "application/json"),
}


class OwnDataAdmin(ModelAdmin):
    """The two pages of a person's data. Each asks first: one hands out, the other destroys."""

    def get_urls(self) -> list[URLPattern]:
        """Give both an address below the person's own."""
        pages = [("export", self.export_view), ("erase", self.erase_view)]
        own = [
            path(
                f"<path:object_id>/{name}/",
                self.admin_site.admin_view(view),
                name=f"accounts_telegramuser_{name}",
            )
            for name, view in pages
        ]
        return [*own, *super().get_urls()]

    def export_view(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """Say what is in the file and that taking it is recorded; then hand it out."""
        person = self.get_object(request, unquote(object_id))
        if person is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not self.has_view_permission(request, person):
            raise PermissionDenied
        form = request.POST.get("form", "")
        if request.method != "POST" or form not in _FORMS:
            return self._page(request, person, "export", gettext("Export everything about {name}"))
        data_export.register_handing_out(person)
        write, content_type = _FORMS[form]
        # Written before the answer begins: afterwards neither language nor time zone is the operator's.
        return FileResponse(
            data_export.written(write(person)),
            as_attachment=True,
            filename=f"person-{person.pk}.{form}",
            content_type=content_type,
        )

    def erase_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Say what will be lost and wait for the word; then have the person erased."""
        person = self.get_object(request, unquote(object_id))
        if person is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not request.user.has_perm(MAY_ERASE):
            raise PermissionDenied
        title = gettext("Erase everything about {name}")
        try:
            erasure.require_erasable(person)
            if request.method != "POST":
                return self._page(request, person, "erase", title)
            if not erasure.is_confirmed(request.POST.get("word", "")):
                problem = gettext("That was not the word, so nothing was erased.")
                return self._page(request, person, "erase", title, problem=problem)
            erasure.request(person, actor=actor_of(request))
        except DomainError as refusal:
            return self._page(request, person, "erase", title, refusal=str(refusal))
        self.message_user(request, gettext("The person will be erased in a moment."), messages.SUCCESS)
        return redirect("admin:accounts_telegramuser_changelist")

    def _page(
        self, request: HttpRequest, person: TelegramUser, page: str, title: str, **more: Any
    ) -> TemplateResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": title.format(name=person),
            "person": person,
            "original": person,
            "opts": self.opts,
            "media": self.media,
            "kept": data_export.titles(person),
            "word": erasure.word(),
            **more,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, f"accounts/admin/{page}.html", context)


def _card(person: TelegramUser, request: HttpRequest) -> dict[str, Any]:
    return {"may_erase": request.user.has_perm(MAY_ERASE)}


register(Card("own_data", _("Personal data"), "accounts/admin/own_data_card.html", _card, order=60))
