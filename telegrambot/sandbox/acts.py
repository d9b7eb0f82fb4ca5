"""What the page's buttons do. Each answers with JSON: an empty object, or the sentence to show."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from config.errors import DomainError
from telegrambot.sandbox import people
from telegrambot.sandbox.exceptions import ButtonGone, InvalidPerson, MessageGone
from telegrambot.sandbox.guard import on_this_machine_only
from telegrambot.sandbox.models import SandboxPerson


def act(view: Callable[[HttpRequest, SandboxPerson], object]) -> Callable[..., Any]:
    """A POST in a person's name. What a person should know becomes `{"error": sentence}` with status 400."""

    @wraps(view)
    def answered(request: HttpRequest, person_id: int) -> JsonResponse:
        person = get_object_or_404(SandboxPerson, pk=person_id)
        try:
            view(request, person)
        except DomainError as error:
            return JsonResponse({"error": str(error)}, status=400)
        return JsonResponse({})

    return on_this_machine_only(require_POST(answered))


@act
def send(request: HttpRequest, person: SandboxPerson) -> None:
    """Send a text, or a file with a caption, or a changed text."""
    text = request.POST.get("text", "")
    upload = request.FILES.get("file")
    if request.POST.get("message_id"):
        people.edit_text(person, _number(request, "message_id", MessageGone), text)
    elif upload is not None:
        people.send_file(person, upload, text, as_document=request.POST.get("as_document") == "on")
    else:
        people.send_text(person, text)


@act
def start(request: HttpRequest, person: SandboxPerson) -> None:
    """Press Start, or follow a deep link."""
    people.start(person, request.POST.get("code", "").strip())


@act
def press(request: HttpRequest, person: SandboxPerson) -> None:
    """Press an inline button."""
    people.press(
        person,
        _number(request, "message_id", MessageGone),
        _number(request, "row", ButtonGone),
        _number(request, "column", ButtonGone),
    )


@act
def block(request: HttpRequest, person: SandboxPerson) -> None:
    """Block the bot."""
    people.block(person)


@act
def unblock(request: HttpRequest, person: SandboxPerson) -> None:
    """Let the bot write again."""
    people.unblock(person)


@act
def language(request: HttpRequest, person: SandboxPerson) -> None:
    """Set the person's Telegram to another language."""
    chosen = request.POST.get("language_code", "")
    if chosen not in SandboxPerson.Language.values:
        raise InvalidPerson
    person.language_code = chosen
    person.save(update_fields=["language_code"])


def _number(request: HttpRequest, name: str, otherwise: type[DomainError]) -> int:
    value = request.POST.get(name, "")
    if not (value.isascii() and value.isdigit() and len(value) < 19):
        raise otherwise
    return int(value)
