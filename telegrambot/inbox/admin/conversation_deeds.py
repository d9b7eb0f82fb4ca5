"""What operators do in the inbox: each button is a POST, tells the outcome, and leads back to the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from config.errors import DomainError
from telegrambot.accounts.models import User
from telegrambot.accounts.service_admin import ServiceModelAdmin, actor_of
from telegrambot.engine import services as engine_services
from telegrambot.engine.models import Dialog, Message
from telegrambot.engine.privacy import set_keep_history
from telegrambot.inbox import notes, services
from telegrambot.inbox.exceptions import ConversationNotFound, NoteNotFound
from telegrambot.inbox.models import Conversation, Note

# What happened, in a sentence; nothing where one sees it anyway.
Deed = Callable[..., str]
_CHANGE = "inbox.change_conversation"
_MESSAGES = "engine.change_message"
_MESSAGE_DEEDS = {
    "send_again": engine_services.send_again,
    "count_as_sent": engine_services.count_as_sent,
}


class ConversationDeeds(ServiceModelAdmin):
    """The buttons beside and below the chat."""

    def get_urls(self) -> list[URLPattern]:
        """Before Django's own, which take whatever is left."""
        return [
            self._deed("take", self.take),
            self._deed("assign", self.assign),
            self._deed("close", self.close),
            self._deed("reopen", self.reopen),
            self._deed("unread", self.mark_unread),
            self._deed("note_add", self.add_note, permission="inbox.add_note"),
            self._deed("note_change", self.change_note, "<int:note>/", permission="inbox.change_note"),
            self._deed("note_remove", self.remove_note, "<int:note>/", permission="inbox.delete_note"),
            self._deed("message", self.decide_message, "<int:message>/<slug:name>/", permission=_MESSAGES),
            self._own("<int:key>/history/keep/", self.keep_history_view, "keep_history"),
            self._own("write/<int:dialog>/", require_POST(self.write_view), "write"),
            *super().get_urls(),
        ]

    # ── Who answers ───────────────────────────────────────────────────────────────────────────────────────

    def take(self, request: HttpRequest, found: Conversation) -> str:
        """The actor answers."""
        if (actor := actor_of(request)) is None:
            raise PermissionDenied
        services.assign(found, actor, actor=actor)
        return _("It is yours now.")

    def assign(self, request: HttpRequest, found: Conversation) -> str:
        """Somebody else answers, or nobody in particular."""
        person = None
        if chosen := request.POST.get("person", ""):
            try:
                key = UUID(chosen)
            except ValueError:
                raise Http404 from None
            person = get_object_or_404(services.operators(), pk=key)
        services.assign(found, person, note=request.POST.get("note", ""), actor=actor_of(request))
        if person is None:
            return _("It is assigned to nobody now.")
        return _("It is assigned to {name} now.").format(name=person)

    def close(self, request: HttpRequest, found: Conversation) -> str:
        """It is done."""
        services.close(found, actor=actor_of(request))
        return _("The conversation is closed. It opens again when they write.")

    def reopen(self, request: HttpRequest, found: Conversation) -> str:
        """It is not done."""
        services.reopen(found, actor=actor_of(request))
        return _("The conversation is open again.")

    def mark_unread(self, request: HttpRequest, found: Conversation) -> str:
        """Somebody should look again."""
        services.mark_unread(found, actor=actor_of(request))
        return _("It counts as unread now.")

    # ── Notes ─────────────────────────────────────────────────────────────────────────────────────────────

    def add_note(self, request: HttpRequest, found: Conversation) -> str:
        """Keep something in mind."""
        notes.add(found, request.POST.get("text", ""), actor=actor_of(request))
        return ""

    def change_note(self, request: HttpRequest, found: Conversation, note: int) -> str:
        """Say it in other words."""
        notes.change(self._note(found, note), request.POST.get("text", ""), actor=actor_of(request))
        return ""

    def remove_note(self, request: HttpRequest, found: Conversation, note: int) -> str:
        """Throw it away."""
        notes.remove(self._note(found, note), actor=actor_of(request))
        return _("The note is deleted.")

    # ── Messages that did not arrive ──────────────────────────────────────────────────────────────────────

    def decide_message(self, request: HttpRequest, found: Conversation, message: int, name: str) -> str:
        """Send it again, or say that it arrived."""
        if name not in _MESSAGE_DEEDS:
            raise Http404
        row = get_object_or_404(Message.objects.only("pk"), pk=message, dialog=found.dialog_id)
        done = _MESSAGE_DEEDS[name]([row.pk], actor=actor_of(request))
        if not done:
            return _("That message was sent again before; nothing was queued.")
        return _("It is queued again.") if name == "send_again" else _("It counts as sent now.")

    # ── Pages that are not just a button ──────────────────────────────────────────────────────────────────

    def keep_history_view(self, request: HttpRequest, key: int) -> HttpResponse:
        """Ask before what was said is erased; or keep it again."""
        self._require(request, _CHANGE)
        try:
            found = services.find(key)
        except ConversationNotFound as gone:
            return self.back_to_list(request, str(gone))
        if request.method != "POST":
            context = {
                **self.admin_site.each_context(request),
                "title": _("Keep no history of this chat?")
                if found.dialog.keep_history
                else _("Keep the history of this chat again?"),
                "opts": self.opts,
                "conversation": found,
                "back": self.address(request, key),
            }
            return TemplateResponse(request, "inbox/conversation_history.html", context)
        wanted = request.POST.get("keep") == "yes"
        set_keep_history(found.dialog, wanted, actor=actor_of(request) or cast("User", request.user))
        sentence = (
            _("What is said here is kept from now on.")
            if wanted
            else _("What was said here is being erased, and nothing is kept from now on.")
        )
        self.message_user(request, sentence, messages.SUCCESS)
        return HttpResponseRedirect(self.address(request, key))

    def write_view(self, request: HttpRequest, dialog: int) -> HttpResponse:
        """Open a conversation with somebody who did not ask."""
        self._require(request, _CHANGE)
        chat = get_object_or_404(Dialog, pk=dialog, type=Dialog.Type.PRIVATE)
        found = services.with_person(chat, actor=actor_of(request))
        return HttpResponseRedirect(self.address(request, found.pk))

    # ── What all have in common ───────────────────────────────────────────────────────────────────────────

    def address(self, request: HttpRequest, key: int) -> str:
        """The page of a conversation, with the list beside it as it was."""
        url = reverse("admin:inbox_conversation_change", args=[key])
        return f"{url}?{request.GET.urlencode()}" if request.GET else url

    def back_to_list(self, request: HttpRequest, sentence: str) -> HttpResponse:
        """Where people go whose conversation is gone."""
        self.message_user(request, sentence, messages.WARNING)
        return HttpResponseRedirect(reverse("admin:inbox_conversation_changelist"))

    def _own(self, route: str, view: Any, name: str) -> URLPattern:
        return path(route, self.admin_site.admin_view(view), name=f"inbox_conversation_{name}")

    def _deed(self, name: str, deed: Deed, more: str = "", permission: str = _CHANGE) -> URLPattern:
        @require_POST
        def view(request: HttpRequest, key: int, **rest: Any) -> HttpResponse:
            self._require(request, permission)
            try:
                sentence = deed(request, services.find(key), **rest)
            except ConversationNotFound as gone:
                return self.back_to_list(request, str(gone))
            except DomainError as refusal:
                self.message_user(request, str(refusal), messages.ERROR)
            else:
                if sentence:
                    self.message_user(request, sentence, messages.SUCCESS)
            return HttpResponseRedirect(self.address(request, key))

        return self._own(f"<int:key>/{name}/{more}", view, name)

    def _require(self, request: HttpRequest, permission: str) -> None:
        if not request.user.has_perm("inbox.view_conversation") or not request.user.has_perm(permission):
            raise PermissionDenied

    def _note(self, found: Conversation, key: int) -> Note:
        note = notes.of(found).filter(pk=key).first()
        if note is None:
            raise NoteNotFound
        return note
