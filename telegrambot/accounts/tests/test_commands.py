"""`manage.py ensureowner` and `manage.py claimowner`."""

from __future__ import annotations

import io
import re
import stat

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from telegrambot.accounts.claims import claim_ownership, hash_code
from telegrambot.accounts.models import OwnerClaim, User
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory, UserFactory
from telegrambot.engine.models import BotIdentity

pytestmark = pytest.mark.django_db


@pytest.fixture
def var(settings, tmp_path):
    settings.DEBUG, settings.VAR_DIR = True, tmp_path
    return tmp_path


def run(name: str, *args: str) -> str:
    out = io.StringIO()
    call_command(name, *args, stdout=out)
    return out.getvalue()


def test_the_first_owner_account_gets_a_password_of_its_own(var):
    said = run("ensureowner")

    kept = var / "owner-password"
    password = kept.read_text()
    account = User.objects.get(username="owner")
    assert len(password) >= 16
    assert account.is_superuser
    assert account.check_password(password)
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert all(part in said for part in ("owner", password, str(kept)))


def test_a_second_call_changes_nothing(var):
    first = run("ensureowner")
    stored = User.objects.get().password

    assert run("ensureowner") == first
    assert User.objects.get().password == stored


def test_a_password_that_was_changed_stays(var):
    run("ensureowner")
    account = User.objects.get()
    account.set_password("my own choice")
    account.save()

    said = run("ensureowner")

    assert (var / "owner-password").read_text() not in said
    assert User.objects.get().check_password("my own choice")


def test_the_account_is_linked_to_the_person(var):
    person = TelegramUserFactory(telegram_id=77)

    run("ensureowner", "--telegram-id", "77")
    run("ensureowner", "--telegram-id", "77")

    person.refresh_from_db()
    assert person.role == Role.OWNER
    assert person.staff == User.objects.get(username="owner")


def test_an_unknown_person_is_named_and_nothing_is_created(var):
    with pytest.raises(CommandError, match="404404"):
        run("ensureowner", "--telegram-id", "404404")

    assert not User.objects.exists()


def test_an_account_of_someone_else_is_not_taken(var):
    other = TelegramUserFactory(staff=UserFactory(username="owner"))
    TelegramUserFactory(telegram_id=77)

    with pytest.raises(CommandError, match="already belongs"):
        run("ensureowner", "--telegram-id", "77")

    other.refresh_from_db()
    assert other.staff is not None


def test_outside_development_it_is_refused(var, settings):
    settings.DEBUG = False

    with pytest.raises(CommandError, match="createsuperuser"):
        run("ensureowner")

    assert not User.objects.exists()
    assert not (var / "owner-password").exists()


def test_claimowner_prints_a_link_that_works_once():
    BotIdentity.objects.create(bot_id=1, username="my_bot", is_sandbox=True)

    said = run("claimowner")

    code = re.search(r"https://t\.me/my_bot\?start=claim_([A-Za-z0-9_-]{1,58})$", said.strip())[1]
    person = TelegramUserFactory()
    claim_ownership(hash_code(code), person)
    person.refresh_from_db()
    assert person.role == Role.OWNER


def test_claimowner_needs_to_know_the_bot():
    with pytest.raises(CommandError, match="runbot"):
        run("claimowner")

    assert not OwnerClaim.objects.exists()
