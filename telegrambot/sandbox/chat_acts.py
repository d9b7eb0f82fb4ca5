"""What a person does with chats rather than in them: groups, channels, a business account."""

from __future__ import annotations

from django.http import HttpRequest

from telegrambot.sandbox import people
from telegrambot.sandbox.acts import act, chat_given, is_natural, number
from telegrambot.sandbox.exceptions import NotAMember
from telegrambot.sandbox.models import SandboxChat, SandboxPerson


@act
def create(request: HttpRequest, person: SandboxPerson) -> dict[str, int]:
    """Make a group, or a channel with its discussion group, of everybody chosen."""
    title = request.POST.get("title", "")
    members = SandboxPerson.objects.filter(
        pk__in=[pk for pk in request.POST.getlist("member") if is_natural(pk)]
    )
    if request.POST.get("kind") == "channel":
        return {"chat": people.create_channel(person, title, members).pk}
    return {"chat": people.create_group(person, title, members).pk}


@act
def write_to(request: HttpRequest, person: SandboxPerson) -> dict[str, int]:
    """Open the chat with somebody whose account the bot looks into."""
    return {"chat": people.open_business_chat(_other(request), person).pk}


@act
def add_member(request: HttpRequest, person: SandboxPerson) -> None:
    """Bring somebody into a group or channel."""
    people.add_member(person, _shared(request, person), _other(request))


@act
def leave(request: HttpRequest, person: SandboxPerson) -> None:
    """Leave a group or channel."""
    people.leave(person, _shared(request, person))


@act
def add_bot(request: HttpRequest, person: SandboxPerson) -> None:
    """Bring the bot in, or make it an administrator."""
    people.add_bot(person, _shared(request, person), as_admin=request.POST.get("as_admin") == "on")


@act
def remove_bot(request: HttpRequest, person: SandboxPerson) -> None:
    """Put the bot out."""
    people.remove_bot(person, _shared(request, person))


@act
def connect(request: HttpRequest, person: SandboxPerson) -> None:
    """Connect the bot to one's own account."""
    people.connect_business(person)


@act
def rights(request: HttpRequest, person: SandboxPerson) -> None:
    """Choose what the bot may do in one's own account."""
    people.set_rights(person, request.POST.getlist("right"))


@act
def disconnect(request: HttpRequest, person: SandboxPerson) -> None:
    """End that connection."""
    people.disconnect_business(person)


def _shared(request: HttpRequest, person: SandboxPerson) -> SandboxChat:
    chat = chat_given(request, person)
    if chat is None:
        raise NotAMember
    return chat


def _other(request: HttpRequest) -> SandboxPerson:
    found = SandboxPerson.objects.filter(pk=number(request, "other", NotAMember)).first()
    if found is None:
        raise NotAMember
    return found
