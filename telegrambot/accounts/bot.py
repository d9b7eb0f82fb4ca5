"""What people say to the bot about themselves and, when they own it, about others' roles."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time
from uuid import UUID

from django.conf import settings
from django.utils import translation
from django.utils.translation import get_language_info, gettext_lazy
from django.utils.translation import gettext as _

from telegrambot.accounts import quiet_hours, services, timezones
from telegrambot.accounts.claims import claim_ownership
from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.quiet_hours import QuietHours
from telegrambot.accounts.roles import Role, parse_role
from telegrambot.engine.chat import (
    MAX_LABEL,
    Button,
    ChatRequest,
    Reply,
    answer,
    button,
    command,
    deep_link,
    escape,
    page,
)

# ── Roles of others ───────────────────────────────────────────────────────────────────────────────────────


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


# ── About oneself ─────────────────────────────────────────────────────────────────────────────────────────


@command("settings", description=gettext_lazy("Language, time zone, quiet hours, broadcasts"))
@button(command="settings")
def show_settings(request: ChatRequest) -> Reply:
    """Show what can be chosen."""
    return _settings_screen(request.person)


@command("language", description=gettext_lazy("Choose the language"))
@button(command="language")
def show_languages(request: ChatRequest) -> Reply:
    """Offer the languages the bot speaks."""
    return _language_screen(request.person)


@command("stop", description=gettext_lazy("No more broadcasts"))
def stop(request: ChatRequest) -> Reply:
    """Opt out of broadcasts."""
    services.opt_out(request.person, actor=request.person)
    return Reply(_("You will get no more broadcasts. I still answer you. /resume brings them back."))


@command("resume", description=gettext_lazy("Broadcasts again"))
def resume(request: ChatRequest) -> Reply:
    """Opt in to broadcasts again."""
    services.opt_in(request.person, actor=request.person)
    return Reply(_("You will get broadcasts again. /stop ends them."))


@button(command="language")
def choose_language(request: ChatRequest, code: str = "") -> Reply:
    """Speak another language from now on, this screen included."""
    services.set_language(request.person, code, actor=request.person)
    with translation.override(request.person.language):
        screen = _language_screen(request.person)
        screen.toast = _("I speak English with you now.")
        return screen


@button(command="settings")
def show_timezones(request: ChatRequest) -> Reply:
    """Offer time zones, and listen for another one."""
    pairs = zip(timezones.OFFERED[::2], timezones.OFFERED[1::2], strict=True)
    rows = [[Button(name, choose_timezone, name) for name in pair] for pair in pairs]
    text = _("Choose your time zone, or send me its name or a large city near you, such as Lisbon.")
    return Reply(text, [*rows, [Button(_("‹ Back"), show_settings)]], ask=hear_timezone)


@button(command="settings")
def choose_timezone(request: ChatRequest, name: str) -> Reply:
    """Take an offered time zone."""
    services.set_timezone(request.person, name, actor=request.person)
    return _settings_screen(request.person)


@answer(command="settings")
def hear_timezone(request: ChatRequest) -> Reply:
    """Take a time zone that was typed."""
    services.set_timezone(request.person, request.text, actor=request.person)
    return _settings_screen(request.person)


@button(command="settings")
def show_quiet_hours(request: ChatRequest) -> Reply:
    """Offer quiet hours, and listen for others."""
    offered = [
        Button(str(QuietHours(time(start), time(end))), choose_quiet_hours, start, end)
        for start, end in quiet_hours.OFFERED
    ]
    text = _("When shall I send you nothing but answers? Choose, or send me two times such as 21:30-06:30.")
    back = [Button(_("No quiet hours"), forget_quiet_hours), Button(_("‹ Back"), show_settings)]
    return Reply(text, [offered, back], ask=hear_quiet_hours)


@button(command="settings")
def choose_quiet_hours(request: ChatRequest, start: int, end: int) -> Reply:
    """Take offered quiet hours."""
    services.set_quiet_hours(request.person, QuietHours(time(start), time(end)), actor=request.person)
    return _settings_screen(request.person)


@button(command="settings")
def forget_quiet_hours(request: ChatRequest) -> Reply:
    """Have no quiet hours."""
    services.set_quiet_hours(request.person, None, actor=request.person)
    return _settings_screen(request.person)


@answer(command="settings")
def hear_quiet_hours(request: ChatRequest) -> Reply:
    """Take quiet hours that were typed."""
    services.set_quiet_hours(request.person, QuietHours.parse(request.text), actor=request.person)
    return _settings_screen(request.person)


@button(command="settings")
def switch_broadcasts(request: ChatRequest, wanted: int) -> Reply:
    """Turn broadcasts on or off."""
    change = services.opt_in if wanted else services.opt_out
    change(request.person, actor=request.person)
    return _settings_screen(request.person)


# ── Screens ───────────────────────────────────────────────────────────────────────────────────────────────


def _settings_screen(who: TelegramUser) -> Reply:
    is_on = who.opted_out_at is None
    labels = (
        (_("Language: {value}"), get_language_info(who.language)["name_local"], show_languages, ()),
        (_("Time zone: {value}"), who.timezone or _("not chosen"), show_timezones, ()),
        (_("Quiet hours: {value}"), who.quiet_hours or _("none"), show_quiet_hours, ()),
        (_("Broadcasts: {value}"), _("on") if is_on else _("off"), switch_broadcasts, (int(not is_on),)),
    )
    rows = [[Button(label.format(value=value), view, *args)] for label, value, view, args in labels]
    return Reply(_("Your settings. Press one to change it."), rows, leaves=True)


def _language_screen(who: TelegramUser) -> Reply:
    chosen = who.preferences.get("language", "")
    offered = [(code, get_language_info(code)["name_local"]) for code, _name in settings.LANGUAGES]
    rows = [
        [Button(f"✓ {name}" if code == chosen else name, choose_language, code)]
        for code, name in (*offered, ("", _("As in Telegram")))
    ]
    return Reply(_("Which language shall I speak with you?"), [*rows, [Button(_("‹ Back"), show_settings)]])


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
