"""`manage.py filldemo`."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from telegrambot.accounts.models import TelegramUser
from telegrambot.engine import identity
from telegrambot.sandbox import demo
from telegrambot.sandbox.exceptions import DatabaseOfRealBot
from telegrambot.sandbox.models import SandboxBot, SandboxPerson

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def checkout(settings, tmp_path):
    settings.DEBUG, settings.SANDBOX, settings.VAR_DIR = True, True, tmp_path


def fill() -> str:
    out = StringIO()
    call_command("filldemo", stdout=out)
    return out.getvalue()


def test_the_demo_comes_with_a_login_and_again_after_the_bot_has_run():
    assert "Admin login: owner" in fill()
    identity.remember(SandboxBot.objects.current().telegram_id, "switchboard_demo_bot")
    assert "Admin login: owner" in fill()
    assert SandboxPerson.objects.count() == 4


def test_a_real_bot_keeps_its_database_to_itself(settings):
    settings.SANDBOX = False
    identity.remember(7, "real_bot")
    settings.SANDBOX = True

    with pytest.raises(CommandError, match="belongs to @real_bot"):
        fill()
    with pytest.raises(DatabaseOfRealBot):
        demo.reset()

    assert not SandboxPerson.objects.exists()
    assert not SandboxBot.objects.exists()
    assert not TelegramUser.objects.exists()


def test_there_is_no_demo_without_the_sandbox(settings):
    settings.SANDBOX = False
    with pytest.raises(CommandError, match="sandbox, which is off"):
        fill()
