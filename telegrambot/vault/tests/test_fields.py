"""The encrypted field, on a real table."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import connection, models, transaction

from audit.audited import not_audited
from config.errors import DomainError
from telegrambot.vault import cipher
from telegrambot.vault.exceptions import UnreadableSecret
from telegrambot.vault.fields import EncryptedTextField

OLD, NEW, FOREIGN = (Fernet.generate_key().decode() for _ in range(3))


@not_audited("Made for a test.")
class Safe(models.Model):
    content = EncryptedTextField("content", null=True)
    label = models.CharField(max_length=20, default="")

    class Meta:
        app_label = "vault"
        managed = False


@pytest.fixture
def _table(db: None, settings) -> Iterator[None]:
    settings.VAULT_KEYS = [OLD]
    with connection.schema_editor() as editor:
        editor.create_model(Safe)
    yield
    with connection.schema_editor() as editor:
        editor.delete_model(Safe)


pytestmark = pytest.mark.usefixtures("_table")


def stored(safe: Safe) -> str | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM vault_safe WHERE id = %s", [safe.pk])
        return cursor.fetchone()[0]


@pytest.mark.parametrize("text", ["secret", "пароль 🔑", "two\nlines", "with \x00 inside", "x" * 10_000])
def test_a_text_comes_back_and_is_not_in_the_table(text):
    safe = Safe.objects.create(content=text)

    assert Safe.objects.get().content == text
    assert text not in stored(safe)


@pytest.mark.parametrize("nothing", [None, ""])
def test_nothing_stays_nothing(nothing):
    safe = Safe.objects.create(content=nothing)

    assert stored(safe) == nothing
    assert Safe.objects.get().content == nothing


def test_updates_in_bulk_are_encrypted_too():
    first, second = Safe.objects.create(content="a"), Safe.objects.create(content="b")
    Safe.objects.filter(pk=first.pk).update(content="apple")
    second.content = "banana"
    Safe.objects.bulk_update([second], ["content"])

    assert {stored(first), stored(second)}.isdisjoint({"apple", "banana"})
    assert set(Safe.objects.values_list("content", flat=True)) == {"apple", "banana"}


def test_the_first_key_encrypts_and_every_key_decrypts(settings):
    old = Safe.objects.create(content="old")
    settings.VAULT_KEYS = [NEW, OLD]
    new = Safe.objects.create(content="new")

    assert Safe.objects.get(pk=old.pk).content == "old"
    assert Fernet(NEW).decrypt(stored(new)) == b"new"


def test_a_wrong_key_raises_and_changes_nothing(settings):
    safe = Safe.objects.create(content="secret")
    before = stored(safe)
    settings.VAULT_KEYS = [FOREIGN]

    with pytest.raises(UnreadableSecret, match="VAULT_KEYS") as refusal:
        Safe.objects.get()

    assert isinstance(refusal.value, DomainError)
    assert before not in str(refusal.value)
    assert stored(safe) == before


@pytest.mark.parametrize("tampered", ["gAAAAA", "ключ"])
def test_a_tampered_value_raises(tampered):
    safe = Safe.objects.create(content="secret")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE vault_safe SET content = %s WHERE id = %s", [tampered, safe.pk])

    with pytest.raises(UnreadableSecret):
        Safe.objects.get()
    assert not cipher.is_readable(tampered)


def test_a_key_that_is_none_is_no_fault_of_the_secret(settings):
    Safe.objects.create(content="secret")
    settings.VAULT_KEYS = ["short"]

    with pytest.raises(ValueError, match="Fernet key"):
        Safe.objects.get()


def test_without_keys_nothing_is_stored(settings):
    settings.VAULT_KEYS = []

    with pytest.raises(ImproperlyConfigured, match="VAULT_KEYS"), transaction.atomic():
        Safe.objects.create(content="secret")

    assert not Safe.objects.exists()


def test_it_is_found_by_emptiness_only():
    Safe.objects.create(content=None)

    assert Safe.objects.filter(content__isnull=True).exists()
    with pytest.raises(FieldError):
        Safe.objects.filter(content="secret").exists()
