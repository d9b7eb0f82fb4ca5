"""The reply desk: the queue of drafts, one of them with its conversation, and what is decided about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from config.admin_readonly import ReadOnlyAdmin
from config.admin_search import whole_number
from config.errors import DomainError
from telegrambot.accounts.service_admin import actor_of
from telegrambot.engine.admin import conversation as history
from telegrambot.engine.models import Dialog, Message
from telegrambot.inbox import business
from telegrambot.inbox.admin import desk_queue
from telegrambot.inbox.desk import drafts, summaries
from telegrambot.inbox.models import Conversation, DraftReply

# What is posted and longer than any answer is cut, so that the refusal can still count it.
_MAX_POSTED = 20_000


class DeskPages(ReadOnlyAdmin):
    """The desk's addresses, before Django's own."""

    def get_urls(self) -> list[URLPattern]:
        """The page, its parts that are read again and again, the decisions."""

        def own(route: str, view: Any, name: str) -> URLPattern:
            return path(route, self.admin_site.admin_view(view), name=f"inbox_draftreply_{name}")

        return [
            own("desk/", require_GET(self.desk_view), "desk"),
            own("desk/changes/", require_GET(self.changes_view), "changes"),
            own("desk/<int:key>/", require_GET(self.draft_view), "shown"),
            own("desk/<int:key>/approve/", require_POST(self.approve_view), "approve"),
            own("desk/<int:key>/reject/", require_POST(self.reject_view), "reject"),
            own("desk/again/<int:dialog>/", require_POST(self.again_view), "again"),
            *super().get_urls(),
        ]

    def may_decide(self, request: HttpRequest) -> bool:
        """Whether whoever is signed in decides about drafts."""
        return bool(request.user.has_perm("inbox.change_draftreply"))

    def desk_view(self, request: HttpRequest) -> HttpResponse:
        """The whole page, with the draft of the address or the one that waits longest."""
        self._require_view(request)
        queue = desk_queue.read()
        key = whole_number(request.GET.get("draft", ""))
        if key is None and queue.waiting:
            key = queue.waiting[0].draft.pk
        draft = _found(key) if key is not None else None
        context = {
            **self.admin_site.each_context(request),
            "title": _("Reply desk"),
            "media": self.media,
            "queue": queue,
            "may_decide": self.may_decide(request),
            "faults": [fault for fault in DraftReply.Fault if fault],
            **(self._shown(request, draft) if draft else {}),
        }
        return TemplateResponse(request, "inbox/desk.html", context)

    def changes_view(self, request: HttpRequest) -> JsonResponse:
        """The queue as it is now, and what became of the draft that is open."""
        self._require_view(request)
        queue = desk_queue.read()
        key = whole_number(request.GET.get("draft", ""))
        draft = _found(key) if key is not None else None
        gone = _("This draft is not there any more.") if key is not None and draft is None else ""
        context = {"queue": queue, "may_decide": self.may_decide(request)}
        return JsonResponse(
            {
                "queue": render_to_string("inbox/desk_queue.html", context, request),
                "count": queue.count,
                "standing": desk_queue.standing(draft) if draft else gone,
            }
        )

    def draft_view(self, request: HttpRequest, key: int) -> HttpResponse:
        """A draft with its conversation: a part of the page."""
        self._require_view(request)
        draft = get_object_or_404(_rows(), pk=key)
        return HttpResponse(render_to_string("inbox/desk_draft.html", self._shown(request, draft), request))

    def approve_view(self, request: HttpRequest, key: int) -> JsonResponse:
        """Send it, as it is or as it was edited."""
        self._require_decide(request)
        text = request.POST.get("text", "").replace("\r\n", "\n")[:_MAX_POSTED]
        try:
            row = drafts.approve(drafts.find(key), text=text, actor=actor_of(request))
        except DomainError as refusal:
            return _refused(refusal)
        return _done(_("It is on its way to {name}.").format(name=_name(row.dialog)))

    def reject_view(self, request: HttpRequest, key: int) -> JsonResponse:
        """Throw it away."""
        self._require_decide(request)
        fault, reason = request.POST.get("fault", ""), request.POST.get("reason", "")
        known = fault if fault in DraftReply.Fault.values else ""
        try:
            row = drafts.reject(drafts.find(key), fault=known, reason=reason, actor=actor_of(request))
        except DomainError as refusal:
            return _refused(refusal)
        return _done(_("Rejected. {name} still waits for an answer.").format(name=_name(row.dialog)))

    def again_view(self, request: HttpRequest, dialog: int) -> JsonResponse:
        """Have another draft made for a chat."""
        self._require_decide(request)
        row = get_object_or_404(Dialog.objects.select_related("person"), pk=dialog)
        try:
            drafts.redraft(row, actor=actor_of(request))
        except DomainError as refusal:
            return _refused(refusal)
        return _done(_("Another draft for {name} is being made.").format(name=_name(row)))

    def _shown(self, request: HttpRequest, draft: DraftReply) -> dict[str, Any]:
        """What the part of the page about one draft shows."""
        said = Message.objects.filter(dialog=draft.dialog_id).defer("sealed")
        page = history.read(said, ("timestamp", "pk"), "")
        current = Conversation.objects.filter(dialog=draft.dialog_id).order_by("-is_active", "-pk").first()
        heard = business.last_heard(draft.dialog)
        return {
            "draft": draft,
            "name": _name(draft.dialog),
            # What is older is on the chat's own page.
            "conversation": replace(page, older=""),
            "has_older": bool(page.older),
            "open_conversation": current,
            # In a business chat; elsewhere for ever.
            "answer_until": business.answerable_until(heard) if heard else None,
            "obstacle": _obstacle(draft.dialog, heard),
            "standing": desk_queue.standing(draft),
            "summary": summaries.current(draft.dialog) if draft.made_from.get("has_summary") else None,
            "may_decide": self.may_decide(request),
            "max_reply": drafts.MAX_REPLY,
        }

    def _require_view(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied

    def _require_decide(self, request: HttpRequest) -> None:
        if not self.may_decide(request):
            raise PermissionDenied


def _rows() -> Any:
    return DraftReply.objects.select_related("dialog__person", "decided_by", "prompt", "operator", "message")


def _found(key: int) -> DraftReply | None:
    row: DraftReply | None = _rows().filter(pk=key).first()
    return row


def _name(dialog: Dialog) -> str:
    return str(dialog.person or dialog)


def _obstacle(dialog: Dialog, heard: datetime | None) -> str:
    """Why nothing can be sent at all; empty when it can."""
    try:
        business.require_may_answer(dialog, heard)
    except DomainError as refusal:
        return str(refusal)
    return ""


def _done(sentence: str) -> JsonResponse:
    return JsonResponse({"is_done": True, "sentence": sentence})


def _refused(refusal: DomainError) -> JsonResponse:
    return JsonResponse({"is_done": False, "sentence": str(refusal)})
