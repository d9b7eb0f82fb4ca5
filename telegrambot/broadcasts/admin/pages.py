"""The pages of a broadcast beside its form: decisions, progress, files, the preview of what is typed."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from config.errors import DomainError
from telegrambot.accounts.service_admin import ServiceModelAdmin, actor_of
from telegrambot.broadcasts import content, files
from telegrambot.broadcasts.admin.bubble import Bubble, ShownFile, bubble_of, files_of, typed
from telegrambot.broadcasts.admin.button_editor import ButtonsWidget
from telegrambot.broadcasts.admin.decisions import DECISIONS, Decision, sensible
from telegrambot.broadcasts.admin.questions import QuestionForm
from telegrambot.broadcasts.admin.standing import Reach, Standing, obstacle, reach_of
from telegrambot.broadcasts.exceptions import ConfirmationNeeded
from telegrambot.broadcasts.fingerprints import fingerprint
from telegrambot.broadcasts.models import Broadcast, BroadcastMedia
from telegrambot.engine.formatted_text import utf16_length
from telegrambot.engine.outbox import MAX_ALBUM
from telegrambot.engine.splitting import MAX_CAPTION, MAX_TEXT, length

# What is typed is shown as far as this; Telegram takes less.
_MAX_TYPED = 20_000
_EVERY_SECONDS = 2


class BroadcastPages(ServiceModelAdmin):
    """What may be looked at and decided, under the broadcast's own address."""

    def get_urls(self) -> list[URLPattern]:
        """Before Django's own, which take whatever is left."""

        def own(route: str, view: Any, name: str, *, cacheable: bool = False) -> URLPattern:
            guarded = self.admin_site.admin_view(view, cacheable=cacheable)
            return path(route, guarded, name=f"broadcasts_broadcast_{name}")

        return [
            own("preview/", require_POST(self.preview_view), "preview"),
            own("<uuid:key>/decide/<slug:name>/", self.decide_view, "decide"),
            own("<uuid:key>/progress/", require_GET(self.progress_view), "progress"),
            own("<uuid:key>/files/<int:file>/", require_GET(self.file_view), "file", cacheable=True),
            *super().get_urls(),
        ]

    # ── Decisions ─────────────────────────────────────────────────────────────────────────────────────────

    def offered(self, request: HttpRequest, standing: Standing) -> list[Decision]:
        """What whoever is signed in may decide now."""
        return [found for found in sensible(standing) if request.user.has_perm(found.permission)]

    def decide_view(self, request: HttpRequest, key: UUID, name: str) -> HttpResponse:
        """Ask, and do what was confirmed; nothing is ever done by a mere look at an address."""
        broadcast = self._find(request, key)
        decision = DECISIONS.get(name)
        if decision is None:
            raise Http404
        if not request.user.has_perm(decision.permission):
            raise PermissionDenied
        page = reverse("admin:broadcasts_broadcast_change", args=[key])
        if request.method != "POST":
            if not decision.question:  # somebody came back to the address of a button
                return HttpResponseRedirect(page)
            if decision.is_sensible(Standing(broadcast)):
                return self._ask(request, broadcast, decision)
            sentence = _("“{label}” is not possible now: “{title}” is {status}.").format(
                label=decision.label, title=broadcast.title, status=broadcast.get_status_display()
            )
            self.message_user(request, sentence, messages.WARNING)
            return HttpResponseRedirect(page)
        reach = reach_of(broadcast) if decision.is_about_reach and broadcast.is_open else None
        form = self._form(decision, broadcast, reach, request.POST)
        if not form.is_valid():
            return self._ask(request, broadcast, decision, form, reach)
        try:
            shown, sentence = decision.act(broadcast, form.cleaned_data, actor_of(request))
        except (DomainError, ValidationError) as error:
            sentence = " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
            fresh = self._find(request, key)
            if not decision.form.base_fields or not decision.is_sensible(Standing(fresh)):
                self.message_user(request, sentence, messages.ERROR)
                return HttpResponseRedirect(page)
            place = "confirmed" if isinstance(error, ConfirmationNeeded) else None
            # Counted anew: the audience may have changed meanwhile.
            reach = reach_of(fresh) if reach is not None else None
            # What is shown now is what the next answer is about.
            form = self._form(decision, fresh, reach, request.POST.dict() | {"seen": fingerprint(fresh)})
            form.is_valid()
            form.add_error(place if place in form.fields else None, sentence)
            return self._ask(request, fresh, decision, form, reach)
        self.message_user(request, sentence, messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:broadcasts_broadcast_change", args=[shown.pk]))

    def _form(
        self, decision: Decision, broadcast: Broadcast, reach: Reach | None, data: Any = None
    ) -> QuestionForm:
        needed = reach.found if reach else None
        number = needed.reach.recipients if needed and needed.needs_number else None
        return decision.form(data, broadcast=broadcast, recipients=number)

    def _ask(
        self,
        request: HttpRequest,
        broadcast: Broadcast,
        decision: Decision,
        form: QuestionForm | None = None,
        reach: Reach | None = None,
    ) -> TemplateResponse:
        if decision.is_about_reach and reach is None:
            reach = reach_of(broadcast)
        problem = obstacle(broadcast) if decision.is_about_reach else ""
        context = {
            **self.admin_site.each_context(request),
            "title": str(decision.question).format(title=broadcast.title),
            "opts": self.opts,
            "original": broadcast,
            "media": self.media,
            "decision": decision,
            "fact": decision.fact(broadcast) if decision.fact else "",
            "form": form or self._form(decision, broadcast, reach),
            "reach": reach,
            "problem": problem or (reach.problem if reach else ""),
            "can_go": not problem and (reach is None or reach.recipients > 0),
            "bubble": bubble_of(broadcast, actor_of(request)),
            "preview_url": reverse("admin:broadcasts_broadcast_preview"),
            "back": reverse("admin:broadcasts_broadcast_change", args=[broadcast.pk]),
        }
        return TemplateResponse(request, "broadcasts/admin/question.html", context)

    # ── What the page asks for by itself ──────────────────────────────────────────────────────────────────

    def progress_view(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """How far it is: a part of the page, read again and again while it runs."""
        standing = Standing(self._find(request, key))
        answer = HttpResponse(render_to_string("broadcasts/admin/progress.html", {"standing": standing}))
        answer["X-State"] = standing.state
        return answer

    def preview_view(self, request: HttpRequest) -> HttpResponse:
        """What is being typed as Telegram shows it; or what is wrong with it, and where."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        text = request.POST.get("message_text", request.POST.get("text", ""))[:_MAX_TYPED]
        text = text.replace("\r\n", "\n")
        shown = self._files(request)
        message_type = files.type_of([file.kind for file in shown])
        problem, offset = _mistake(text, message_type)
        buttons = json.loads(ButtonsWidget().value_from_datadict(request.POST, {}, "buttons"))
        bubble = Bubble(typed(text, actor_of(request)), shown, buttons)
        return JsonResponse(
            {
                "html": render_to_string("broadcasts/admin/bubble.html", {"bubble": bubble}),
                "problem": problem,
                "offset": offset,
                "count": _("{length} of {most} characters").format(
                    length=length(text), most=MAX_TEXT if message_type == Broadcast.Type.TEXT else MAX_CAPTION
                ),
            }
        )

    def _files(self, request: HttpRequest) -> list[ShownFile]:
        """The files that were chosen, by name; else those it has."""
        kinds, names = request.POST.getlist("kind")[:MAX_ALBUM], request.POST.getlist("name")
        if kinds:
            known = set(BroadcastMedia.Kind.values)
            return [ShownFile(kind, name) for kind, name in zip(kinds, names, strict=False) if kind in known]
        try:
            found = Broadcast.objects.filter(pk=UUID(request.POST.get("broadcast", ""))).first()
        except ValueError:
            return []
        return files_of(found) if found and "remove_files" not in request.POST else []

    def file_view(self, request: HttpRequest, key: UUID, file: int) -> HttpResponse:
        """A photo or video, for whoever may look at the broadcast."""
        found = get_object_or_404(BroadcastMedia, pk=file, broadcast=self._find(request, key))
        data = bytes(found.content)
        answer = HttpResponse(data, content_type=files.content_type(data) or "application/octet-stream")
        answer["Cache-Control"] = "private, max-age=3600"
        return answer

    def _find(self, request: HttpRequest, key: UUID) -> Broadcast:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return get_object_or_404(Broadcast.objects.select_related("segment"), pk=key)


def _mistake(text: str, message_type: Broadcast.Type) -> tuple[str, int | None]:
    try:
        content.check_text(Broadcast(message_type=message_type), text)
    except ValidationError as error:
        offset = (getattr(error, "params", None) or {}).get("offset")
        # Browsers count in UTF-16.
        return " ".join(error.messages), None if offset is None else utf16_length(text[:offset])
    return "", None
