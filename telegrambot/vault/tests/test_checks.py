"""The checks of VAULT_KEYS."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from django.core.checks import run_checks

from telegrambot.vault.checks import check_vault_keys

GOOD = Fernet.generate_key().decode()


def test_good_keys_pass(settings):
    settings.VAULT_KEYS = [GOOD, Fernet.generate_key().decode()]

    assert check_vault_keys(None) == []


@pytest.mark.parametrize("bad", ["changeme", "your-key-here", "", "ключ", "A" * 40])
def test_a_bad_key_is_named_by_its_place_and_never_shown(settings, bad):
    settings.VAULT_KEYS = [GOOD, bad]

    errors = check_vault_keys(None)

    assert [error.id for error in errors] == ["vault.E001"]
    assert "Key 2 in VAULT_KEYS" in errors[0].msg
    assert not bad or bad not in f"{errors[0].msg}{errors[0].hint}"
    assert GOOD not in errors[0].msg


def test_manage_py_check_runs_it(settings):
    settings.VAULT_KEYS = ["changeme"]

    assert "vault.E001" in {error.id for error in run_checks(tags=["security"])}
