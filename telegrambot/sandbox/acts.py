"""What the page's buttons do in a person's name. Each answers in JSON: what it made, or what to say."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Protocol

from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from config.errors import DomainError
from telegrambot.sandbox import chat_page, people
from telegrambot.sandbox.announcements import announce
from telegrambot.sandbox.exceptions import ButtonGone, InvalidPerson, MessageGone, NotAMember
from telegrambot.sandbox.guard import on_this_machine_only
from telegrambot.sandbox.models import SandboxChat, SandboxPerson


class Act(Protocol):
    """Something a person does; what it returns goes into the answer."""

    def __call__(self, request: HttpRequest, person: SandboxPerson, /) -> dict[str, Any] | None: ...


def act(view: Act) -> Callable[..., Any]:
    """A POST in a person's name. What a person should know becomes `{"error": sentence}` with status 400."""

    @wraps(view)
    def answered(request: HttpRequest, person_id: int) -> JsonResponse:
        person = get_object_or_404(SandboxPerson, pk=person_id)
        try:
            made = view(request, person)
        except DomainError as error:
            return JsonResponse({"error": str(error)}, status=400)
        return JsonResponse(made or {})

    return on_this_machine_only(require_POST(answered))


@act
def send(request: HttpRequest, person: SandboxPerson) -> None:
    """Send a text, or files with a caption, or a changed text."""
    text = request.POST.get("text", "")
    if request.POST.get("message_id"):
        people.edit_text(person, number(request, "message_id", MessageGone), text)
        return
    chat = chat_given(request, person)
    reply_to = number(request, "reply_to", MessageGone) if request.POST.get("reply_to") else None
    if uploads := request.FILES.getlist("file"):
        as_document = request.POST.get("as_document") == "on"
        people.send_album(person, uploads, text, as_document=as_document, chat=chat, reply_to=reply_to)
    else:
        people.send_text(person, text, chat=chat, reply_to=reply_to)


@act
def delete(request: HttpRequest, person: SandboxPerson) -> None:
    """Delete a message for everybody."""
    people.delete_message(person, number(request, "message_id", MessageGone))


@act
def start(request: HttpRequest, person: SandboxPerson) -> None:
    """Press Start, or follow a deep link."""
    people.start(person, request.POST.get("code", "").strip())


@act
def press(request: HttpRequest, person: SandboxPerson) -> None:
    """Press an inline button."""
    people.press(
        person,
        number(request, "message_id", MessageGone),
        number(request, "row", ButtonGone),
        number(request, "column", ButtonGone),
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
    announce("menu")


def number(request: HttpRequest, name: str, otherwise: type[DomainError]) -> int:
    """A field that has to hold a natural number."""
    value = request.POST.get(name, "")
    if not is_natural(value):
        raise otherwise
    return int(value)


def is_natural(value: str) -> bool:
    """Whether it is a natural number that the database can hold."""
    return value.isascii() and value.isdigit() and len(value) < 19


def chat_given(request: HttpRequest, person: SandboxPerson) -> SandboxChat | None:
    """The chat that the field `chat` names; None for the one with the bot.

    Raises:
        NotAMember: the person has no such chat.
    """
    value = request.POST.get("chat", "")
    if value in {"", str(person.pk)}:
        return None
    if not is_natural(value.removeprefix("-")):
        raise NotAMember
    chat = chat_page.chat_of(person, int(value))
    if chat is None:
        raise NotAMember
    return chat
