"""Everything that changes people. Each function is one transaction and locks what it decides about.

`actor` is who does it; None stands for the program itself, or a superuser without a person.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from audit.services import record
from telegrambot.accounts.exceptions import (
    AccountTaken,
    LastOwner,
    OwnersOnly,
    PersonAmbiguous,
    PersonNotFound,
    RoleBelowProgram,
    UnknownLanguage,
)
from telegrambot.accounts.models import BotCommand, TelegramUser, User
from telegrambot.accounts.quiet_hours import QuietHours
from telegrambot.accounts.roles import Role
from telegrambot.accounts.timezones import find_timezone

_followers_of_opt_outs: list[Callable[[TelegramUser], None]] = []
_followers_of_departures: list[Callable[[TelegramUser], None]] = []

# ── Roles ─────────────────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def change_role(person: TelegramUser, role: Role, *, actor: TelegramUser | None) -> None:
    """Give `person` another role.

    Raises:
        OwnersOnly: `actor` is no owner (any more).
        LastOwner: nobody would be left to own the bot.
        PersonNotFound: they were erased meanwhile.
    """
    owners = _lock_owners()
    _require_owner(actor, owners)
    if role != Role.OWNER:
        _require_another_owner(person, owners)
    _give(person, role, before=_locked(person).role)


@transaction.atomic
def set_active(person: TelegramUser, is_active: bool, *, actor: TelegramUser | None) -> None:
    """Let the bot answer `person`, or not. Only an owner decides about admins and owners.

    Raises:
        OwnersOnly: `person` is an admin or owner and `actor` no owner.
        LastOwner: nobody would be left to own the bot.
        PersonNotFound: they were erased meanwhile.
    """
    owners = _lock_owners()
    is_in_team = _locked(person).role >= Role.ADMIN
    if is_in_team:
        _require_owner(actor, owners)
    if not is_active:
        _require_another_owner(person, owners)
    _change(person, is_active=is_active)
    if is_in_team and not is_active:
        _depart(person)


def on_departure(follow: Callable[[TelegramUser], None]) -> None:
    """Call `follow` in the transaction in which an admin or owner becomes neither, or is switched off."""
    if follow not in _followers_of_departures:
        _followers_of_departures.append(follow)


@transaction.atomic
def link_staff(person: TelegramUser, user: User | None, *, actor: TelegramUser | None) -> None:
    """Let `user` sign in to the browser as `person` (None: nobody does). It hands over the person's role.

    Raises:
        OwnersOnly: `actor` is no owner.
        AccountTaken: the account belongs to someone else already.
        PersonNotFound: they were erased meanwhile.
    """
    _require_owner(actor, _lock_owners())
    _locked(person)
    if user is not None:
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        if taken := TelegramUser.objects.filter(staff=user).exclude(pk=person.pk).first():
            raise AccountTaken(account=user.username, name=taken)
    _change(person, staff=user)


@transaction.atomic
def change_command_role(command: BotCommand, role: Role, *, actor: TelegramUser | None) -> None:
    """Demand another role for a command.

    Raises:
        OwnersOnly: `actor` is no owner.
        RoleBelowProgram: the program itself demands more.
    """
    _require_owner(actor, _lock_owners())
    row = BotCommand.objects.select_for_update().get(pk=command.pk)
    if role < row.code_role:
        raise RoleBelowProgram(command=row.command, role=Role(row.code_role).label)
    row.minimum_role = command.minimum_role = role
    row.save(update_fields=["minimum_role"])


@transaction.atomic
def ensure_configured_owner() -> bool:
    """Make the person of OWNER_TELEGRAM_ID an owner if they are known already; tell if that changed them.

    Whoever is seen for the first time gets the role on creation (see sightings.py).
    """
    if settings.OWNER_TELEGRAM_ID is None:
        return False
    known = TelegramUser.objects.filter(telegram_id=settings.OWNER_TELEGRAM_ID)
    person = known.exclude(role=Role.OWNER, is_active=True).select_for_update(no_key=True).first()
    if person is None:
        return False
    _give(person, Role.OWNER, before=person.role, is_active=True)
    return True


# ── Preferences ───────────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def set_language(person: TelegramUser, language: str, *, actor: TelegramUser | None) -> None:
    """Answer in `language` ("en", "ru"); "" follows the language of the person's Telegram.

    Raises:
        UnknownLanguage: the bot does not speak it.
    """
    if language and language not in dict(settings.LANGUAGES):
        raise UnknownLanguage(text=language, languages=", ".join(str(name) for _, name in settings.LANGUAGES))
    _prefer(person, "language", language)


@transaction.atomic
def set_timezone(person: TelegramUser, text: str, *, actor: TelegramUser | None) -> None:
    """Keep the time zone meant by `text`, an IANA name or a city.

    Raises:
        UnknownTimeZone: it cannot be found.
    """
    _change(person, timezone=find_timezone(text))


@transaction.atomic
def set_quiet_hours(person: TelegramUser, hours: QuietHours | None, *, actor: TelegramUser | None) -> None:
    """Keep the hours in which nothing but answers should reach the person; None: there are none."""
    _prefer(person, "quiet_hours", str(hours) if hours else "")


@transaction.atomic
def opt_out(person: TelegramUser, *, actor: TelegramUser | None) -> None:
    """Send the person no broadcasts any more."""
    if _locked(person).opted_out_at is None:
        _change(person, opted_out_at=timezone.now())
        for follow in _followers_of_opt_outs:
            follow(person)


def on_opt_out(follow: Callable[[TelegramUser], None]) -> None:
    """Call `follow` in the transaction in which somebody opts out of broadcasts."""
    if follow not in _followers_of_opt_outs:
        _followers_of_opt_outs.append(follow)


@transaction.atomic
def opt_in(person: TelegramUser, *, actor: TelegramUser | None) -> None:
    """Send the person broadcasts again."""
    _change(person, opted_out_at=None)


# ── Who may ───────────────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def require_owner(actor: TelegramUser | None) -> None:
    """Refuse what only an owner may decide.

    Raises:
        OwnersOnly: `actor` is no owner (any more).
    """
    _require_owner(actor, _lock_owners())


@transaction.atomic
def require_another_owner(person: TelegramUser) -> None:
    """Refuse to go on without an owner.

    Raises:
        LastOwner: nobody but `person` owns the bot.
    """
    _require_another_owner(person, _lock_owners())


# ── Finding people ────────────────────────────────────────────────────────────────────────────────────────


def find_person(text: str) -> TelegramUser:
    """Find a person by @username (any case) or numeric Telegram id.

    Raises:
        PersonNotFound: nobody is known so.
        PersonAmbiguous: usernames change hands, and more than one person was last seen with this one.
    """
    name = text.strip().removeprefix("@")
    if not name:
        raise PersonNotFound(text=text)
    if name.isascii() and name.isdecimal():
        found = TelegramUser.objects.filter(telegram_id=int(name))
    else:
        found = TelegramUser.objects.filter(username__iexact=name)
    people = list(found[:2])
    if not people:
        raise PersonNotFound(text=text)
    if len(people) > 1:
        raise PersonAmbiguous(text=text)
    return people[0]


def get_person(person_id: UUID) -> TelegramUser:
    """Return the person behind a button.

    Raises:
        PersonNotFound: they were erased meanwhile.
    """
    person = TelegramUser.objects.filter(pk=person_id).first()
    if person is None:
        raise PersonNotFound(text=person_id)
    return person


# ── Locks ─────────────────────────────────────────────────────────────────────────────────────────────────


def _lock_owners() -> dict[object, TelegramUser]:
    # Whoever decides about roles waits here for the others, so two owners cannot demote each other at once.
    owners = TelegramUser.objects.select_for_update(no_key=True).filter(role=Role.OWNER, is_active=True)
    return {owner.pk: owner for owner in owners.order_by("pk")}


def _require_owner(actor: TelegramUser | None, owners: dict[object, TelegramUser]) -> None:
    if actor is None or actor.pk in owners:
        return
    if actor.staff is None or not (actor.staff.is_active and actor.staff.is_superuser):
        raise OwnersOnly


def _require_another_owner(person: TelegramUser, owners: dict[object, TelegramUser]) -> None:
    if set(owners) == {person.pk}:
        raise LastOwner(name=person)


def _locked(person: TelegramUser) -> TelegramUser:
    found = TelegramUser.objects.select_for_update(no_key=True).filter(pk=person.pk).first()
    if found is None:
        raise PersonNotFound(text=person.pk)
    return found


def _give(person: TelegramUser, role: Role, *, before: int, **besides: object) -> None:
    _change(person, role=role, **besides)
    if role != before:
        name = "accounts.role.granted" if role > before else "accounts.role.revoked"
        record(name, person, details={"before": {"role": before}, "after": {"role": role.value}})
    if role < Role.ADMIN <= before:
        _depart(person)


def _depart(person: TelegramUser) -> None:
    for follow in _followers_of_departures:
        follow(person)


def _change(person: TelegramUser, **values: object) -> None:
    # Only these columns: the others may have changed since `person` was read.
    TelegramUser.objects.filter(pk=person.pk).update(**values)
    for name, value in values.items():
        setattr(person, name, value)


def _prefer(person: TelegramUser, name: str, value: str) -> None:
    preferences = {key: kept for key, kept in _locked(person).preferences.items() if key != name}
    _change(person, preferences=preferences | ({name: value} if value else {}))
