"""The inbox in the browser: who waits, what was said, a place to answer it, and who they are.

The page reads parts of itself again and again while somebody looks at it; what has not changed is not sent.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern
from django.utils.translation import gettext as _
from django.views.decorators.http import conditional_page, require_GET, require_POST

from config.admin_search import whole_number
from config.errors import DomainError
from telegrambot.accounts.admin_cards import cards_of
from telegrambot.accounts.service_admin import actor_of
from telegrambot.engine import typing_indicator
from telegrambot.inbox import answering, notes, presence, services
from telegrambot.inbox.admin import conversation_answers, conversation_chat, conversation_lists
from telegrambot.inbox.admin.conversation_deeds import ConversationDeeds
from telegrambot.inbox.exceptions import ConversationNotFound
from telegrambot.inbox.models import Conversation

_REFUSED = 409
_GONE = 410
# The card that leads here.
OWN_CARD = "inbox"


@admin.register(Conversation)
class ConversationAdmin(ConversationDeeds):
    """The list, the chat, the person: one page."""

    class Media:
        css = {"all": ("inbox/inbox.css",)}
        js = ("inbox/inbox.js", "inbox/inbox.answer.js")

    def get_urls(self) -> list[URLPattern]:
        """Before Django's own, which take whatever is left."""
        return [
            self._own("list/", require_GET(conditional_page(self.list_view)), "list"),
            self._own("<int:key>/chat/", require_GET(conditional_page(self.chat_view)), "chat"),
            self._own("<int:key>/answer/", require_POST(self.answer_view), "answer"),
            self._own("<int:key>/read/", require_POST(self.read_view), "read"),
            self._own("<int:key>/presence/", require_POST(self.presence_view), "presence"),
            *super().get_urls(),
        ]

    # ── The page ──────────────────────────────────────────────────────────────────────────────────────────

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list alone."""
        self._require_view(request)
        return self._page(request, conversation_lists.context(request))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """A conversation beside the list."""
        self._require_view(request)
        try:
            found = services.find(whole_number(object_id) or 0)
        except ConversationNotFound as gone:
            return self.back_to_list(request, str(gone))
        return self._conversation_page(request, found)

    def _conversation_page(
        self, request: HttpRequest, found: Conversation, *, problem: str = ""
    ) -> TemplateResponse:
        person = found.dialog.person
        actor = actor_of(request)
        context = {
            **conversation_lists.context(request, found.pk),
            **conversation_chat.context(found, request),
            "box": conversation_answers.box(found, request.POST if problem else None),
            "problem": problem,
            "person": person,
            "name": str(person or found.dialog),
            "others": conversation_chat.in_words(presence.others(found, actor=actor)),
            "operators": services.operators(),
            "actor": actor,
            "notes": notes.of(found),
            "cards": [shown for shown in cards_of(person, request) if shown.card.name != OWN_CARD]
            if person
            else [],
            "may_change": request.user.has_perm("inbox.change_conversation"),
            "may_decide": request.user.has_perm("engine.change_message"),
        }
        return self._page(request, context, subtitle=context["name"], status=_REFUSED if problem else 200)

    def _page(
        self, request: HttpRequest, context: dict[str, Any], *, subtitle: str = "", status: int = 200
    ) -> TemplateResponse:
        whole = {
            **self.admin_site.each_context(request),
            "title": _("Inbox"),
            "subtitle": subtitle,
            "media": self.media,
            "is_fullwidth": "1",
            **context,
        }
        return TemplateResponse(request, "inbox/conversation_page.html", whole, status=status)

    # ── What the page asks for by itself ──────────────────────────────────────────────────────────────────

    def list_view(self, request: HttpRequest) -> HttpResponse:
        """The list as it is now."""
        self._require_view(request)
        context = conversation_lists.context(request, whole_number(request.GET.get("open", "")))
        return HttpResponse(render_to_string("inbox/conversation_list.html", context, request))

    def chat_view(self, request: HttpRequest, key: int) -> HttpResponse:
        """The newest of the chat as it is now, and who else looks at it."""
        self._require_view(request)
        try:
            found = services.find(key)
        except ConversationNotFound as gone:
            return JsonResponse({"problem": str(gone)}, status=_GONE)
        context = conversation_chat.context(found, request)
        context["may_decide"] = request.user.has_perm("engine.change_message")
        return JsonResponse(
            {
                "html": render_to_string("inbox/conversation_chat.html", context, request),
                "newest": context["newest"],
                "standing": context["standing"],
                "unread": found.unread_count,
                "others": conversation_chat.in_words(presence.others(found, actor=actor_of(request))),
            }
        )

    def read_view(self, request: HttpRequest, key: int) -> HttpResponse:
        """The person's messages were on a screen that somebody looked at."""
        self._require(request, "inbox.change_conversation")
        try:
            up_to = whole_number(request.POST.get("up_to", ""))
            services.mark_read(services.find(key), up_to=up_to, actor=actor_of(request))
        except ConversationNotFound as gone:
            return JsonResponse({"problem": str(gone)}, status=_GONE)
        return HttpResponse(status=204)

    def presence_view(self, request: HttpRequest, key: int) -> HttpResponse:
        """The actor has the page open, types, or leaves it."""
        self._require(request, "inbox.change_conversation")
        state, actor = request.POST.get("state", ""), actor_of(request)
        try:
            found = services.find(key)
        except ConversationNotFound as gone:
            return JsonResponse({"problem": str(gone)}, status=_GONE)
        if state == "left":
            presence.leave(found, actor=actor)
            return HttpResponse(status=204)
        others = presence.beat(found, is_typing=state == "typing", actor=actor)
        if state == "typing":
            typing_indicator.show(found.dialog)
        return JsonResponse({"others": conversation_chat.in_words(others)})

    # ── Answering ─────────────────────────────────────────────────────────────────────────────────────────

    def answer_view(self, request: HttpRequest, key: int) -> HttpResponse:
        """Send an answer; one that is refused stays in the box."""
        self._require(request, "inbox.change_conversation")
        is_page = "application/json" not in request.headers.get("Accept", "")
        try:
            found = services.find(key)
            answering.answer(found, **conversation_answers.read(request), actor=actor_of(request))
        except ConversationNotFound as gone:
            if is_page:
                return self.back_to_list(request, str(gone))
            return JsonResponse({"problem": str(gone)}, status=_GONE)
        except DomainError as refusal:
            if is_page:
                return self._conversation_page(request, services.find(key), problem=str(refusal))
            return JsonResponse({"problem": str(refusal)}, status=_REFUSED)
        if is_page:
            return HttpResponseRedirect(self.address(request, key))
        return JsonResponse({"key": conversation_answers.new_key()})

    def _require_view(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied
