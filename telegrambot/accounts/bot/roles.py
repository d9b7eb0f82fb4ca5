"""What owners say to the bot about people and their roles, and how the first of them becomes one."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from telegrambot.accounts import services
from telegrambot.accounts.claims import claim_ownership
from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.roles import Role, parse_role
from telegrambot.engine.chat import (
    MAX_LABEL,
    Button,
    ChatRequest,
    Reply,
    button,
    command,
    deep_link,
    escape,
    page,
)


@command("users", description=gettext_lazy("People and their roles"), role=Role.OWNER)
@button(role=Role.OWNER, command="users")
def users(request: ChatRequest, number: int = 0) -> Reply:
    """List the people page by page, or open the one named after the command."""
    if request.rest:
        return _person_screen(services.find_person(request.rest))
    people: Sequence[TelegramUser]
    people, arrows = page(TelegramUser.objects.order_by("-role", "-created_at", "pk"), number, users)
    rows = [[Button(f"{who} · {Role(who.role).label}"[:MAX_LABEL], person, who.pk, number)] for who in people]
    text = _("People and their roles. Choose someone to change theirs.")
    return Reply(text, [*rows, arrows] if arrows else rows)


@command("grant", description=gettext_lazy("Give someone a role"), role=Role.OWNER)
def grant(request: ChatRequest) -> Reply:
    """`/grant @ann admin`; without a role the choice is offered."""
    if not request.rest:
        return Reply(_("Please name a person and a role, such as: /grant @ann admin"))
    who, *role = request.rest.split(maxsplit=1)
    found = services.find_person(who)
    return _confirmation(found, parse_role(role[0])) if role else _person_screen(found)


@command("revoke", description=gettext_lazy("Take someone's role away"), role=Role.OWNER)
def revoke(request: ChatRequest) -> Reply:
    """`/revoke @ann`."""
    if not request.rest:
        return Reply(_("Please name a person, such as: /revoke @ann"))
    return _confirmation(services.find_person(request.rest), Role.PUBLIC)


@button(role=Role.OWNER, command="users")
def person(request: ChatRequest, person_id: UUID, number: int = 0) -> Reply:
    """Open a person from a page of the list."""
    return _person_screen(services.get_person(person_id), number)


@button(role=Role.OWNER, command="users")
def ask_role(request: ChatRequest, person_id: UUID, role: int) -> Reply:
    """Ask before a role is changed."""
    return _confirmation(services.get_person(person_id), Role(role))


@button(role=Role.OWNER, command="users")
def set_role(request: ChatRequest, person_id: UUID, role: int) -> Reply:
    """Change the role; the person confirmed it."""
    changed = services.get_person(person_id)
    services.change_role(changed, Role(role), actor=request.person)
    screen = _person_screen(changed)
    screen.toast = _("{name} has the role “{role}” now.").format(name=changed, role=Role(role).label)
    return screen


@deep_link("claim_", secret=True)
def claim(request: ChatRequest, code_hash: str) -> Reply:
    """Follow the one-time link that `manage.py claimowner` prints."""
    claim_ownership(code_hash, request.person)
    return Reply(_("You own this bot now. /users shows the people, /help what you can do."), leaves=True)


def _person_screen(who: TelegramUser, number: int = 0) -> Reply:
    roles = [
        Button(str(role.label).capitalize(), ask_role, who.pk, role.value)
        for role in Role
        if role != who.role
    ]
    role = _("Role: {role}").format(role=f"<b>{Role(who.role).label}</b>")
    text = f"{_described(who)}\n{role}\n\n" + _("Which role should they have?")
    return Reply(text, [roles, [Button(_("‹ Back"), users, number)]])


def _confirmation(who: TelegramUser, role: Role) -> Reply:
    before = _("Role: {role}").format(role=Role(who.role).label)
    question = _("Change the role to {role}?").format(role=f"<b>{role.label}</b>")
    yes = _("Yes, {name}: {role}").format(name=who, role=role.label)
    return Reply(
        f"{_described(who)}\n{before}\n\n{question}",
        [[Button(yes[:MAX_LABEL], set_role, who.pk, role.value)], [Button(_("No"), person, who.pk)]],
    )


def _described(who: TelegramUser) -> str:
    # Names can be chosen freely; the username and the number tell two people of one name apart.
    marks = [f"@{who.username}" if who.username else "", str(who.telegram_id or "")]
    return f"<b>{escape(str(who))}</b> ({escape(', '.join(filter(None, marks)))})"
