"""What changes of roles leave in the audit log, beside the changed rows themselves."""

from __future__ import annotations

import pytest

from audit.models import EventLog
from telegrambot.accounts import services
from telegrambot.accounts.claims import claim_ownership, create_owner_claim, hash_code
from telegrambot.accounts.exceptions import ClaimInvalid, LastOwner, OwnersOnly
from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner():
    return TelegramUserFactory(role=Role.OWNER)


def recorded():
    found = EventLog.objects.filter(action__regex=r"^accounts\.(role|owner)\.").order_by("id")
    return [(event.action, event.entity_id, event.details) for event in found]


@pytest.mark.parametrize(
    ("before", "after", "verb"),
    [
        (Role.PUBLIC, Role.ADMIN, "granted"),
        (Role.ADMIN, Role.OWNER, "granted"),
        (Role.OWNER, Role.SUBSCRIBER, "revoked"),
        (Role.SUBSCRIBER, Role.PUBLIC, "revoked"),
    ],
)
def test_a_role_given_or_taken_is_an_event(owner, before, after, verb):
    person = TelegramUserFactory(role=before)
    person.role = Role.PUBLIC  # what is in memory may be old

    services.change_role(person, after, actor=owner)

    details = {"before": {"role": before.value}, "after": {"role": after.value}}
    assert recorded() == [(f"accounts.role.{verb}", str(person.pk), details)]


def test_the_same_role_again_is_none(owner):
    services.change_role(TelegramUserFactory(role=Role.ADMIN), Role.ADMIN, actor=owner)

    assert recorded() == []


def test_what_is_refused_is_none(owner):
    with pytest.raises(OwnersOnly):
        services.change_role(TelegramUserFactory(), Role.ADMIN, actor=TelegramUserFactory(role=Role.ADMIN))
    with pytest.raises(LastOwner):
        services.change_role(owner, Role.PUBLIC, actor=owner)
    with pytest.raises(ClaimInvalid):
        claim_ownership(hash_code("guessed"), TelegramUserFactory())

    assert recorded() == []


def test_claiming_is_an_event_besides_the_role_and_keeps_the_code_out():
    code, person = create_owner_claim(), TelegramUserFactory()

    claim_ownership(hash_code(code), person)

    assert [(action, key) for action, key, _details in recorded()] == [
        ("accounts.owner.claimed", str(person.pk)),
        ("accounts.role.granted", str(person.pk)),
    ]
    assert code not in str(recorded())


def test_the_configured_owner_is_recorded_when_it_changes_something(settings):
    settings.OWNER_TELEGRAM_ID = TelegramUserFactory(role=Role.ADMIN).telegram_id

    assert services.ensure_configured_owner()
    assert not services.ensure_configured_owner()
    TelegramUser.objects.update(is_active=False)
    assert services.ensure_configured_owner()  # switched on again, with the role they had

    assert [action for action, _key, _details in recorded()] == ["accounts.role.granted"]
    assert TelegramUser.objects.get().is_active
