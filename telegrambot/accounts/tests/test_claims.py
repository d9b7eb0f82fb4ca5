"""The one-time code that makes the first owner."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from telegrambot.accounts.claims import claim_ownership, create_owner_claim, hash_code
from telegrambot.accounts.exceptions import ClaimInvalid
from telegrambot.accounts.models import OwnerClaim
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory

pytestmark = pytest.mark.django_db


def test_only_the_hash_of_the_code_is_stored():
    code = create_owner_claim()

    claim = OwnerClaim.objects.get()
    assert claim.code_hash == hash_code(code)
    assert code not in str(vars(claim))
    assert timedelta(minutes=4) < claim.expires_at - timezone.now() <= timedelta(minutes=5)


def test_the_code_fits_a_deep_link():
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", f"claim_{create_owner_claim()}")


def test_the_code_makes_an_owner_once():
    code = create_owner_claim()
    first, second = TelegramUserFactory.create_batch(2)

    claim_ownership(hash_code(code), first)
    with pytest.raises(ClaimInvalid):
        claim_ownership(hash_code(code), second)

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.role, second.role) == (Role.OWNER, Role.PUBLIC)
    assert OwnerClaim.objects.get().claimed_by == first


def test_an_old_code_is_refused_and_cleared_away():
    code = create_owner_claim()
    OwnerClaim.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    person = TelegramUserFactory()

    with pytest.raises(ClaimInvalid):
        claim_ownership(hash_code(code), person)

    person.refresh_from_db()
    assert person.role == Role.PUBLIC
    create_owner_claim()
    assert not OwnerClaim.objects.filter(code_hash=hash_code(code)).exists()


def test_the_code_in_the_clear_or_a_made_up_hash_is_refused():
    code = create_owner_claim()
    person = TelegramUserFactory()

    for wrong in (code, hash_code("guess"), ""):
        with pytest.raises(ClaimInvalid):
            claim_ownership(wrong, person)

    assert OwnerClaim.objects.get().claimed_at is None
