"""Erase a person: everything that the apps have declared in the registry of personal data, and the person.

What may be much goes first, in batches that commit each: a hundred thousand messages in one transaction would
hold up whoever sends and stores meanwhile. The rest goes in one transaction, under locks that keep everybody
else from writing about the person: what arrives before it commits is erased with them, what arrives later is
a stranger's. Killed at any moment and begun again, it ends the same.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from procrastinate.exceptions import AlreadyEnqueued

from audit.services import record
from telegrambot.accounts import personal_data, services
from telegrambot.accounts.actors import actor_id
from telegrambot.accounts.exceptions import TeamMember
from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.personal_data import Holding
from telegrambot.accounts.roles import Role

BATCH = 1000


@transaction.atomic
def request(person: TelegramUser, *, actor: TelegramUser | None) -> None:
    """Have a person erased in the background, as soon as the caller's transaction commits; twice is once.

    Raises:
        OwnersOnly: `actor` is neither the person nor an owner.
        LastOwner: nobody would be left to own the bot.
        TeamMember: they have to leave the team first.
    """
    from telegrambot.accounts.tasks import erase_person  # which calls `erase`

    if actor is None or actor.pk != person.pk:
        services.require_owner(actor)
    require_erasable(person)
    job = erase_person.configure(queueing_lock=f"erase:{person.pk}", lock=f"erase:{person.pk}")
    try:
        with transaction.atomic():
            job.defer(person_id=str(person.pk), actor_id=actor_id(actor))
    except AlreadyEnqueued:
        return


def erase(person: TelegramUser) -> bool:
    """Erase everything there is about a person, as the doing of whoever acts now; twice is once.

    Returns:
        Whether there was anybody to erase.

    Raises:
        LastOwner: nobody would be left to own the bot.
        TeamMember: they have to leave the team first.
    """
    began = timezone.now()
    known = TelegramUser.objects.filter(pk=person.pk).first()
    if known is None:
        return False
    require_erasable(known)
    for holding in personal_data.holdings():
        if holding.is_bulky or holding.arrives_by:
            _empty(holding, holding.rows(known))
    with transaction.atomic():
        for guard in personal_data.guards():
            guard.lock(known)
        # The locks of the chats come first: a chat view holds its chat, and waits for its person.
        row = TelegramUser.objects.select_for_update().filter(pk=person.pk).first()
        if row is None:
            return False
        require_erasable(row)
        for holding in personal_data.holdings():
            rows = holding.rows(row)
            if holding.arrives_by:
                rows = rows.filter(**{f"{holding.arrives_by}__gte": began})
            _empty(holding, rows)
        record("accounts.person.erased", row)
    return True


def _empty(holding: Holding, rows: QuerySet[Any]) -> None:
    """Delete rows, or blank their columns, a batch at a time."""
    ordered = rows.order_by("pk").values_list("pk", flat=True)
    keys = list(ordered[:BATCH])
    while keys:
        with transaction.atomic():
            batch = holding.model._base_manager.filter(pk__in=keys)
            if holding.blank is not None:
                batch.update(**holding.blank)
            elif holding.is_bulky:
                batch._raw_delete(batch.db)  # what hangs on the rows the database deletes itself
            else:
                batch.delete()
        # Blanked rows may still be the person's: the next batch begins behind them.
        keys = list(ordered.filter(pk__gt=keys[-1])[:BATCH]) if len(keys) == BATCH else []


def word() -> str:
    """What has to be typed before anybody is erased, in the language that is switched on."""
    # Translators: one word, in capitals, that nobody types by accident.
    return _("FORGET")


def is_confirmed(typed: str) -> bool:
    """Whether it was that word, in any case."""
    return typed.strip().casefold() == word().casefold()


def require_erasable(person: TelegramUser) -> None:
    """Refuse to erase who is in the team: they have an account and a role, and may be the last owner.

    Raises:
        LastOwner: nobody would be left to own the bot.
        TeamMember: they have to leave the team first.
    """
    if person.role >= Role.ADMIN or person.staff_id is not None:
        services.require_another_owner(person)
        raise TeamMember
