"""Whoever gets hold of a dump of the database has no secret."""

from __future__ import annotations

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from cryptography.fernet import Fernet
from django.db import connection

from telegrambot.accounts import authentication_data
from telegrambot.accounts.models import CredentialKind
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import UserFactory
from telegrambot.vault import settings_store
from telegrambot.vault.exceptions import UnreadableSecret
from telegrambot.vault.tests.declared import SECRET
from telegrambot.vault.tests.test_admin import save

pytestmark = pytest.mark.django_db

OLD, FOREIGN = (Fernet.generate_key().decode() for _ in range(2))
PROVIDER = CredentialKind.MODEL_PROVIDER
SEED = "JBSWY3DPEHPK3PXP"
SECRETS = (SECRET, "credentials-of-mine", SEED, "changed-in-the-browser", "removed-again-long-ago")


def dump() -> str:
    """All rows of all tables, as COPY writes them, and so pg_dump."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = 'public'"
        )
        tables = [name for (name,) in cursor.fetchall()]
        written = []
        for table in tables:
            with cursor.copy(f"COPY {table} TO STDOUT") as copy:
                written.append(f"{table}\n" + b"".join(map(bytes, copy)).decode())
    return "\n".join(written)


@pytest.fixture
def _secrets(_declared, client, settings) -> None:
    settings.VAULT_KEYS = [OLD]
    user = UserFactory(person__role=Role.OWNER)
    client.force_login(user)
    TOTP.activate(user, SEED)
    settings_store.set("test.greeting", "In the open", actor=None)
    settings_store.set("test.token", "removed-again-long-ago", actor=None)
    settings_store.reset("test.token", actor=None)
    settings_store.set("test.token", SECRET, actor=None)
    save(client, test_other_token="changed-in-the-browser")
    authentication_data.store(PROVIDER, "main", {"api_key": "credentials-of-mine"}, actor=None)


@pytest.mark.usefixtures("_secrets")
@pytest.mark.parametrize("secret", SECRETS)
def test_a_dump_has_no_secret_in_plain(secret):
    found = dump()

    assert secret not in found
    assert "In the open" in found  # what is to be found is found
    assert OLD not in found


@pytest.mark.usefixtures("_secrets")
def test_with_a_wrong_key_each_is_refused_and_all_come_back_with_the_right_one(settings):
    before = dump()
    settings.VAULT_KEYS = [FOREIGN]

    with pytest.raises(UnreadableSecret, match="VAULT_KEYS"):
        settings_store.get("test.token", str)
    with pytest.raises(UnreadableSecret, match="VAULT_KEYS"):
        authentication_data.credentials(PROVIDER, "main")

    assert dump() == before
    settings.VAULT_KEYS = [FOREIGN, OLD]
    assert settings_store.get("test.token", str) == SECRET
    assert authentication_data.credentials(PROVIDER, "main") == {"api_key": "credentials-of-mine"}
