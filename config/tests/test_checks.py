"""Settings checked as a whole."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from django.conf import LazySettings
from django.core.management.utils import get_random_secret_key

from config.checks import check_proxy, check_settings

GOOD = {
    "DEBUG": False,
    "SECRET_KEY": "k7#m!2v9-long-and-random",
    "VAULT_KEYS": ["Zk9vYWJjZGVmZ2hpamtsbW5vcA=="],
    "ALLOWED_HOSTS": ["bot.company.org"],
    "TELEGRAM_WEBHOOK_SECRET": "",
    "TELEGRAM_API_URL": "https://api.telegram.org",
    "TELEGRAM_PROXY_URL": "",
    "TELEGRAM_BOT_TOKEN": "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw",
}


@pytest.fixture
def configured(monkeypatch):
    def configure(**values):
        # Settings of their own: without SECRET_KEY nobody, not even the test client, could use the real ones.
        settings = LazySettings()
        settings.configure(**GOOD | values)
        monkeypatch.setattr("config.checks.settings", settings)
        return [(error.id, error.msg) for error in check_settings(None)]

    return configure


def test_a_real_setup_passes(configured):
    assert configured() == []


@pytest.mark.parametrize(
    "name", ["SECRET_KEY", "TELEGRAM_BOT_TOKEN", "TELEGRAM_WEBHOOK_SECRET", "TELEGRAM_API_URL"]
)
@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize(
    "value",
    [
        "changeme",
        "CHANGE-ME-please",
        "your-token-here",
        "your secret here",
        "<token>",
        "xxx",
        "123:XXXXXXXXXX",
        "placeholder",
    ],
)
def test_a_placeholder_is_refused_by_name_and_not_repeated(configured, name, value, debug):
    ((code, sentence),) = configured(DEBUG=debug, **{name: value})
    assert code == "config.E001"
    assert sentence.startswith(f"{name} ")
    assert value not in sentence.removesuffix("a placeholder. Put the real value in its place.")


def test_lists_are_looked_through(configured):
    assert [code for code, _ in configured(ALLOWED_HOSTS=["good.org", "<your host>"])] == ["config.E001"]


@pytest.mark.parametrize("name", ["SECRET_KEY", "VAULT_KEYS", "ALLOWED_HOSTS"])
def test_what_production_needs_is_missed_by_name(configured, name):
    ((code, sentence),) = configured(**{name: type(GOOD[name])()})
    assert (code, sentence.split()[0]) == ("config.E002", name)
    assert configured(DEBUG=True, **{name: type(GOOD[name])()}) == []


@pytest.mark.parametrize(
    ("redirects", "behind_proxy", "found"),
    [(True, False, ["config.W001"]), (True, True, []), (False, False, [])],
)
def test_a_redirect_to_itself_is_warned_of(settings, redirects, behind_proxy, found):
    settings.SECURE_SSL_REDIRECT, settings.BEHIND_PROXY = redirects, behind_proxy
    assert [warning.id for warning in check_proxy(None)] == found


def test_keys_made_by_chance_are_no_placeholders(configured):
    keys = [
        make()
        for _ in range(2_000)
        for make in (lambda: Fernet.generate_key().decode(), get_random_secret_key)
    ]
    assert configured(VAULT_KEYS=[*keys, "abcxxxdefXxXxghi"]) == []
