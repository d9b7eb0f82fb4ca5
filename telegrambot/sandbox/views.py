"""The window: people side by side, each with their chats."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_POST

from telegrambot.sandbox import chat_page, page_texts, people, webhooks, windows
from telegrambot.sandbox.api.methods import METHODS
from telegrambot.sandbox.exceptions import InvalidPerson
from telegrambot.sandbox.guard import on_this_machine_only
from telegrambot.sandbox.models import SandboxBot, SandboxFault, SandboxFile, SandboxPerson


def page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page for a browser on this machine, under the strict content security policy."""
    return on_this_machine_only(never_cache(view))


@page
@require_GET
@ensure_csrf_cookie
def index(request: HttpRequest) -> HttpResponse:
    """The window that the address describes."""
    return _window(request, windows.panes_of(request.GET))


@page
@require_GET
@ensure_csrf_cookie
def person_page(request: HttpRequest, person_id: int) -> HttpResponse:
    """A window with one person and their chat with the bot."""
    person = get_object_or_404(SandboxPerson, pk=person_id)
    return _window(request, [windows.pane_of(person, person.pk)])


@page
@require_GET
def pane(request: HttpRequest) -> HttpResponse:
    """One pane alone, for a window that is open."""
    context = windows.panes_of(request.GET)[0].context(SandboxBot.objects.current())
    return render(request, "sandbox/pane.html", context)


@page
@require_GET
def changes(request: HttpRequest, person_id: int) -> HttpResponse:
    """What happened in a chat since the revision `since`, for programs."""
    person = get_object_or_404(SandboxPerson, pk=person_id)
    since = request.GET.get("since", "")
    seen = int(since) if since.isascii() and since.isdigit() and len(since) < 19 else 0
    chat = windows.pane_of(person, person.pk).chat
    assert chat is not None  # everybody has a chat with the bot, if only an empty one
    return JsonResponse(chat_page.changes(chat, person, SandboxBot.objects.current(), seen))


@page
@require_POST
def add_person(request: HttpRequest) -> HttpResponse:
    """Let somebody new join."""
    names = ("first_name", "last_name", "username", "language_code")
    try:
        person = people.add_person(**{name: request.POST.get(name, "") for name in names})
    except InvalidPerson as error:
        return JsonResponse({"error": str(error)}, status=400)
    return JsonResponse({"person": person.pk})


@on_this_machine_only
@require_GET
def file(request: HttpRequest, file_id: int) -> HttpResponse:
    """A file that somebody sent, for showing or saving."""
    row = get_object_or_404(SandboxFile, pk=file_id)
    shown = chat_page.shown_type(row)
    response = HttpResponse(bytes(row.content), content_type=shown or "application/octet-stream")
    if not shown:
        response.headers["Content-Disposition"] = "attachment"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, max-age=86400, immutable"
    return response


def _window(request: HttpRequest, panes: list[windows.Pane]) -> HttpResponse:
    bot = SandboxBot.objects.current()
    if bot.webhook_url:
        # What waited for the webhook when the process was last stopped goes on now.
        webhooks.wake()
    context = {
        "bot": bot,
        "panes": [pane.context(bot) for pane in panes],
        "languages": SandboxPerson.Language.choices,
        "fault_kinds": SandboxFault.Kind.choices,
        "fault_methods": sorted(METHODS),
        "texts": page_texts.all_texts(),
    }
    return render(request, "sandbox/window.html", context)
