"""What the program keeps about a person: the registry that every app fills and that export and erasure read.

register(
    Holding(
        "guides.saved", SavedGuide, _("Saved guides"), lambda person: SavedGuide.objects.filter(user=person),
        fields={"guide__title": _("guide"), "saved_at": _("saved")},
    )
)
exempt("guides.Guide", "Operators write it for all readers.")

An app does so in its `personal_data.py`, which is found by itself. A table with text in it, or with a key of
a person, has to be named one way or the other; a test sees to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    BinaryField,
    CharField,
    Field,
    GenericIPAddressField,
    JSONField,
    Model,
    QuerySet,
    TextField,
)
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from telegrambot.accounts.models import TelegramUser

_TEXT = (ArrayField, BinaryField, CharField, GenericIPAddressField, JSONField, TextField)


@dataclass(frozen=True)
class Holding:
    """Rows of one table that are about a person.

    Attributes:
        name: unique, such as "guides.saved"; the key in the exported file.
        model: whose rows they are.
        title: what people read above them, about whomever; empty for what is not exported.
        rows: finds them. Erasure asks again after each step, so it must not rely on what is erased before.
        fields: what is exported: columns, or look-ups such as "guide__title", each with what people read.
            Without any the rows are erased, but not exported.
        blank: columns that erasing empties, with what becomes of them; None: the rows are deleted.
        order: of erasing, lower first, for holdings by whose rows others are found. The person goes last.
        is_bulky: there may be many thousands; they are erased in batches before all else is, in one step.
            What hangs on them has to go by the database's own rule.
        arrives_by: the column that tells when a row came, for rows that only a look at the whole table finds:
            they are looked for once, before the last step, which looks at those since then.
    """

    name: str
    model: type[Model]
    title: Promise | str
    rows: Callable[[TelegramUser], QuerySet[Any]]
    fields: Mapping[str, Promise | str] = field(default_factory=dict)
    blank: Mapping[str, Any] | None = None
    order: int = 50
    is_bulky: bool = False
    arrives_by: str = ""


@dataclass(frozen=True, slots=True)
class Guard:
    """A lock that keeps others from writing about a person while the last step erases them.

    Attributes:
        lock: takes it, until the transaction ends.
        order: of taking, lower first; the same for everybody, so that nobody waits in a circle.
    """

    lock: Callable[[TelegramUser], None]
    order: int


_holdings: dict[str, Holding] = {}
_exempt: dict[str, str] = {}
_guards: list[Guard] = []


def register(holding: Holding) -> None:
    """Declare rows about people.

    Raises:
        ValueError: another holding has this name.
    """
    if _holdings.setdefault(holding.name, holding) is not holding:
        raise ValueError(f"There is personal data called {holding.name} already.")


def exempt(label: str, reason: str) -> None:
    """Say why a table holds nothing about the people who write to the bot.

    Args:
        label: the model's, such as "guides.Guide".
        reason: a sentence for whoever reads the code.

    Raises:
        ValueError: it is exempt already.
    """
    if _exempt.setdefault(label, reason) is not reason:
        raise ValueError(f"{label} is exempt already.")


def guard(lock: Callable[[TelegramUser], None], *, order: int) -> None:
    """Let `lock(person)` be called before the last step of erasing a person, inside its transaction."""
    _guards.append(Guard(lock, order))


def holdings() -> list[Holding]:
    """All that was declared, in the order of erasing."""
    return sorted(_holdings.values(), key=lambda holding: (holding.order, holding.name))


def guards() -> list[Guard]:
    """The locks, in the order of taking."""
    return sorted(_guards, key=lambda found: found.order)


def undeclared() -> Iterator[type[Model]]:
    """The models that might hold personal data and of which nobody has said so, or why not."""
    known = {holding.model for holding in _holdings.values()}
    for model in apps.get_models(include_auto_created=True):
        if not model._meta.managed or model._meta.proxy or model in known or model._meta.label in _exempt:
            continue
        if any(_may_tell_of_people(column) for column in model._meta.local_concrete_fields):
            yield model


def stale_exemptions() -> list[str]:
    """The exemptions of models that do not exist, or are declared as well."""
    known = {model._meta.label for model in apps.get_models(include_auto_created=True)}
    declared = {holding.model._meta.label for holding in _holdings.values()}
    return sorted(label for label in _exempt if label not in known or label in declared)


def _may_tell_of_people(column: Field[Any, Any]) -> bool:
    if column.is_relation:
        return column.related_model is TelegramUser
    return isinstance(column, _TEXT)


# ── What is kept of everybody ─────────────────────────────────────────────────────────────────────────────

register(
    Holding(
        "accounts.person",
        TelegramUser,
        _("Profile"),
        lambda person: TelegramUser.objects.filter(pk=person.pk),
        fields={
            "id": _("number here"),
            "telegram_id": _("Telegram id"),
            "username": _("username"),
            "first_name": _("first name"),
            "last_name": _("last name"),
            "language_code": _("language"),
            "timezone": _("time zone"),
            "preferences": _("preferences"),
            "role": _("role"),
            "is_active": _("active"),
            "is_friend": _("friend"),
            "blocked_at": _("blocked the bot"),
            "opted_out_at": _("opted out of broadcasts"),
            "last_seen_at": _("last seen"),
            "created_at": _("created"),
        },
        order=1000,
    )
)

exempt("accounts.AuthenticationData", "The team's credentials of other services, encrypted.")
exempt("accounts.BotCommand", "The program's own commands and their wording.")
exempt("accounts.OwnerClaim", "A hash; the database forgets who claimed it when that person goes.")
exempt("accounts.User", "An account of the team. A person who has one is not erased before it is unlinked.")
exempt("admin.LogEntry", "Nobody writes it: our own log takes its place.")
exempt("audit.EventLog", "Nobody can erase from it, so it holds ids only; a test sees to it.")
exempt("audit.AuditSeal", "Hashes of events.")
exempt("audit.SealedEvent", "Hashes of events.")
exempt("auth.Group", "Not in use: permissions come from roles.")
exempt("auth.Permission", "The names of the program's permissions.")
exempt("contenttypes.ContentType", "The names of the program's models.")
exempt("sessions.Session", "Not in use: sessions are kept by sign_in.")
exempt("vault.AppSetting", "The installation's settings.")
