"""Answers without a person: which topics have earned them, and the switch of each."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from audit.history import HistoryAdmin
from config.admin_readonly import ReadOnlyAdmin
from config.errors import DomainError
from telegrambot.accounts.service_admin import actor_of
from telegrambot.inbox.desk import dialogs, topics
from telegrambot.inbox.models import AutomaticTopic
from telegrambot.vault import settings_store


@admin.register(AutomaticTopic)
class TopicsPage(HistoryAdmin, ReadOnlyAdmin):
    """One page in place of a list: topics appear in it before anybody has switched them on."""

    fieldsets = ((None, {"fields": ("title", "topic", "is_active", "updated_at")}),)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the topics, or switch one."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            self._switch(request)
            return HttpResponseRedirect(request.path)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Automatic answers"),
            "media": self.media,
            "topics": topics.read(),
            "needed": settings_store.get("drafting.approvals_needed", int),
            "is_on": settings_store.get("drafting.automatic", bool),
            "may_begin": request.user.has_perm("inbox.change_automatictopic"),
            "may_stop": request.user.has_perm("inbox.change_draftreply"),
        }
        return TemplateResponse(request, "inbox/desk_topics.html", context)

    def _switch(self, request: HttpRequest) -> None:
        """Whoever decides about drafts may stop it; to begin is the owners'."""
        is_on = request.POST.get("is_on") == "1"
        needed = "inbox.change_automatictopic" if is_on else "inbox.change_draftreply"
        if not request.user.has_perm(needed):
            raise PermissionDenied
        known = {topic.topic: topic for topic in topics.read()}
        found = known.get(request.POST.get("topic", ""))
        if found is None:
            self.message_user(request, _("That topic is not there any more."), messages.ERROR)
            return
        title = found.title[:200]
        try:
            dialogs.set_automatic_topic(found.topic, title, is_on, actor=actor_of(request))
        except DomainError as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
            return
        sentence = (
            _("Good answers about “{title}” go out by themselves now.")
            if is_on
            else _("A person approves every answer about “{title}” again.")
        )
        self.message_user(request, sentence.format(title=title), messages.SUCCESS)

    class Media:
        css = {"all": ["inbox/desk.css"]}
