"""The settings as a whole, read anew from an environment."""

from __future__ import annotations

import runpy
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from tests.project import ROOT


@pytest.fixture
def configured(monkeypatch):
    def configure(**variables: str) -> dict[str, Any]:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(ROOT / "config" / "settings.py"))

    return configure


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("DEBUG", ["maybe"]),
        ("BEHIND_PROXY", ["ture"]),
        ("PORT", ["web", "0", "99999", "8000 # web"]),
        ("OWNER_TELEGRAM_ID", ["@ann", "-5", "0", str(10**20), str(2**52)]),
        ("DISPATCH_THREADS", ["many", "0", "1000"]),
        ("SENDER_CONCURRENCY", ["0", "100000"]),
        ("MESSAGES_PER_SECOND", ["1,000", "1e3", "-1", "nan"]),
        ("MESSAGES_PER_SECOND_IN_CHAT", ["one", "-1"]),
        ("MESSAGES_PER_MINUTE_IN_GROUP", ["20/min", "-1"]),
        ("SEND_LEASE_SECONDS", ["2 min", "0", "100000"]),
        ("ANSWERS_EXPIRE_AFTER_MINUTES", ["0", "-5", "999999999999"]),
        ("PAYLOAD_RETENTION_DAYS", ["0", "999999999"]),
        ("LANGUAGE_CODE", ["de"]),
        ("TIME_ZONE", ["Mars/Olympus"]),
        ("BROADCAST_CONFIRM_ABOVE", ["few", "-1"]),
        ("BROADCAST_GRACE_MINUTES", ["-1", "999999999999"]),
        ("PAID_BROADCASTS", ["sure"]),
        ("DRAFTING_CONCURRENCY", ["0", "-1", "1000000"]),
        ("LOG_LEVEL", ["LOUD"]),
    ],
)
def test_a_wrong_value_is_one_sentence_with_the_name_of_the_setting(configured, name, values):
    for value in values:
        with pytest.raises(ImproperlyConfigured, match=rf"^{name} must be [^\n]+\.$"):
            configured(**{name: value})


def test_production_reads_its_own_too(configured):
    with pytest.raises(ImproperlyConfigured, match=r"^SECURE_HSTS_SECONDS must be "):
        configured(DEBUG="false", SECURE_HSTS_SECONDS="an hour")


def test_empty_values_are_the_defaults(configured):
    names = (
        "PORT",
        "DISPATCH_THREADS",
        "DRAFTING_CONCURRENCY",
        "OWNER_TELEGRAM_ID",
        "LOG_LEVEL",
        "TIME_ZONE",
    )
    settings = configured(**dict.fromkeys((*names, "TELEGRAM_API_URL"), ""))
    assert [settings[name] for name in names] == [8000, 1, 2, None, "INFO", "UTC"]
    assert settings["TELEGRAM_API_URL"].startswith("http")


def test_lists_lose_their_blanks_and_keys_are_taken_as_written(configured):
    settings = configured(
        ALLOWED_HOSTS="a.org, b.org,",
        CSRF_TRUSTED_ORIGINS=" https://a.org , https://b.org",
        VAULT_KEYS="new, old",
        SECRET_KEY="$abc",
    )
    assert settings["ALLOWED_HOSTS"] == ["a.org", "b.org"]
    assert settings["CSRF_TRUSTED_ORIGINS"] == ["https://a.org", "https://b.org"]
    assert settings["VAULT_KEYS"] == ["new", "old"]
    assert settings["SECRET_KEY"] == "$abc"
    assert settings["DEBUG"] is False
