"""The first owner: a one-time code, known in the clear only to whoever ran the command."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from audit.services import record
from telegrambot.accounts.exceptions import ClaimInvalid
from telegrambot.accounts.models import OwnerClaim, TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.accounts.services import change_role

LIFETIME = timedelta(minutes=5)


@transaction.atomic
def create_owner_claim() -> str:
    """Return a new code; whoever sends it to the bot within five minutes becomes an owner.

    Its letters fit the parameter of a deep link: https://core.telegram.org/bots/features#deep-linking
    """
    code = secrets.token_urlsafe(24)
    OwnerClaim.objects.filter(claimed_at=None, expires_at__lt=timezone.now()).delete()
    OwnerClaim.objects.create(code_hash=hash_code(code), expires_at=timezone.now() + LIFETIME)
    return code


@transaction.atomic
def claim_ownership(code_hash: str, person: TelegramUser) -> None:
    """Make `person` an owner, once.

    Args:
        code_hash: SHA-256 of the code, in hexadecimal; the code itself is never stored.

    Raises:
        ClaimInvalid: the code is unknown, used or older than five minutes.
    """
    # The second of two people with the same code waits for this lock and then finds it used.
    claims = OwnerClaim.objects.select_for_update().filter(code_hash=code_hash, claimed_at=None)
    claim = claims.filter(expires_at__gt=timezone.now()).first()
    if claim is None:
        raise ClaimInvalid
    claim.claimed_by, claim.claimed_at = person, timezone.now()
    claim.save(update_fields=["claimed_by", "claimed_at"])
    record("accounts.owner.claimed", person)
    change_role(person, Role.OWNER, actor=None)


def hash_code(code: str) -> str:
    """Return what is stored of a code: its SHA-256 in hexadecimal."""
    return hashlib.sha256(code.encode()).hexdigest()
