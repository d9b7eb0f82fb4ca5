"""The chat page: people on one side, the chosen person's chat with the bot on the other."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from telegrambot.sandbox import chat_page, people, webhooks
from telegrambot.sandbox.exceptions import InvalidPerson
from telegrambot.sandbox.guard import on_this_machine_only
from telegrambot.sandbox.models import SandboxBot, SandboxFile, SandboxPerson

# Everything comes from our own static files; nothing inline, nothing from elsewhere.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page for a browser on this machine, under the strict content security policy."""

    @wraps(view)
    def with_policy(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response["Content-Security-Policy"] = PAGE_POLICY
        return response

    return on_this_machine_only(never_cache(with_policy))


@page
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Choose a person."""
    return render(request, "sandbox/index.html", _everybody())


@page
@require_GET
def chat(request: HttpRequest, person_id: int) -> HttpResponse:
    """A person's chat with the bot."""
    person = get_object_or_404(SandboxPerson, pk=person_id)
    row = chat_page.chat_of(person)
    context = _everybody() | {
        "person": person,
        "chat": row,
        "messages": chat_page.opening_messages(row),
        "languages": SandboxPerson.Language.choices,
    }
    return render(request, "sandbox/chat.html", context)


@page
@require_GET
def changes(request: HttpRequest, person_id: int) -> JsonResponse:
    """What happened in a chat since the revision that the page has seen."""
    person = get_object_or_404(SandboxPerson, pk=person_id)
    since = request.GET.get("since", "")
    seen = int(since) if since.isascii() and since.isdigit() and len(since) < 19 else 0
    return JsonResponse(chat_page.changes(chat_page.chat_of(person), seen))


@page
@require_POST
def add_person(request: HttpRequest) -> HttpResponse:
    """Let somebody new join."""
    given = {
        name: request.POST.get(name, "") for name in ("first_name", "last_name", "username", "language_code")
    }
    try:
        person = people.add_person(**given)
    except InvalidPerson as error:
        context = _everybody() | {"error": str(error), "given": given}
        return render(request, "sandbox/index.html", context, status=400)
    return redirect("sandbox:chat", person.pk)


@on_this_machine_only
@require_GET
def file(request: HttpRequest, file_id: int) -> HttpResponse:
    """A file that somebody sent, for showing or saving."""
    row = get_object_or_404(SandboxFile, pk=file_id)
    shown = chat_page.shown_type(row)
    response = HttpResponse(bytes(row.content), content_type=shown or "application/octet-stream")
    if not shown:
        response.headers["Content-Disposition"] = "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, max-age=86400, immutable"
    return response


def _everybody() -> dict[str, Any]:
    bot = SandboxBot.objects.current()
    if bot.webhook_url:
        # What waited for the webhook when the process was last stopped goes on now.
        webhooks.wake()
    return {
        "bot": bot,
        "people": SandboxPerson.objects.all(),
        "languages": SandboxPerson.Language.choices,
    }
