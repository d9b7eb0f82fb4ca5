"""`manage.py rotatevaultkeys`."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection

from audit.models import EventLog
from telegrambot.accounts import authentication_data
from telegrambot.accounts.models import AuthenticationData, CredentialKind
from telegrambot.accounts.tests.factories import UserFactory
from telegrambot.vault import cipher, rotation, settings_store
from telegrambot.vault.tests.declared import SECRET
from telegrambot.vault.tests.elsewhere import python, test_database

OLD, NEW, FOREIGN = (Fernet.generate_key().decode() for _ in range(3))
PROVIDER = CredentialKind.MODEL_PROVIDER

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_declared")]


@pytest.fixture(autouse=True)
def _old_key(settings) -> None:
    settings.VAULT_KEYS = [OLD]


def rotate(**options: object) -> str:
    out = io.StringIO()
    call_command("rotatevaultkeys", stdout=out, **options)
    return out.getvalue()


def keep(count: int) -> None:
    for number in range(count):
        authentication_data.store(PROVIDER, f"p{number}", {"key": f"{SECRET}-{number}"}, actor=None)


def everything() -> dict[str, str]:
    """Each provider's key, as the present VAULT_KEYS read it."""
    rows = AuthenticationData.objects.order_by("pk").values_list("name", "encrypted_credentials")
    return {name: json.loads(text)["key"] for name, text in rows}


def stored() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT encrypted_credentials FROM accounts_authenticationdata ORDER BY id")
        return [text for (text,) in cursor.fetchall()]


def test_afterwards_the_new_key_alone_reads_everything(settings):
    keep(7)
    settings_store.set("test.token", SECRET, actor=None)
    settings_store.set("test.greeting", "Hi", actor=None)
    settings.VAULT_KEYS = [NEW, OLD]
    settings_store.set("test.other_token", "with the new key", actor=None)

    said = rotate(batch_size=3)

    settings.VAULT_KEYS = [NEW]
    assert everything() == {f"p{number}": f"{SECRET}-{number}" for number in range(7)}
    assert settings_store.get("test.token", str) == SECRET
    assert settings_store.get("test.other_token", str) == "with the new key"
    assert settings_store.get("test.greeting", str) == "Hi"
    assert "accounts.AuthenticationData.encrypted_credentials: 7 encrypted anew" in said
    assert "vault.AppSetting.secret: 2 secrets, 1 with an older key" in said
    assert "vault.AppSetting.secret: 1 encrypted anew" in said


def test_second_factors_are_encrypted_anew_too(settings):
    user = UserFactory()
    TOTP.activate(user, "JBSWY3DPEHPK3PXP")
    codes = RecoveryCodes.activate(user).generate_codes()
    settings.VAULT_KEYS = [NEW, OLD]

    rotate()

    settings.VAULT_KEYS = [NEW]
    totp, recovery = (Authenticator.objects.get(type=kind) for kind in ("totp", "recovery_codes"))
    assert cipher.decrypt(totp.data["secret"], name="secret") == "JBSWY3DPEHPK3PXP"
    assert RecoveryCodes(recovery).generate_codes() == codes
    assert recovery.data["used_mask"] == 0


def test_old_recovery_codes_are_a_list(settings):
    encrypted = [cipher.encrypt(code) for code in ("11111111", "22222222")]
    Authenticator.objects.create(
        user=UserFactory(), type="recovery_codes", data={"migrated_codes": encrypted, "used_mask": 1}
    )
    settings.VAULT_KEYS = [NEW, OLD]

    rotate()

    settings.VAULT_KEYS = [NEW]
    assert RecoveryCodes(Authenticator.objects.get()).generate_codes() == ["11111111", "22222222"]


def test_what_holds_no_secret_is_left_alone(settings):
    Authenticator.objects.create(user=UserFactory(), type="webauthn", data={"name": "Key", "credential": {}})
    settings.VAULT_KEYS = [NEW, OLD]

    rotate()

    assert Authenticator.objects.get().data == {"name": "Key", "credential": {}}


def test_again_it_finds_nothing_to_do(settings):
    keep(3)
    settings.VAULT_KEYS = [NEW, OLD]
    rotate()
    before, events = stored(), EventLog.objects.count()

    said = rotate()

    assert stored() == before
    assert EventLog.objects.count() == events
    assert "encrypted anew" not in said


def test_it_is_recorded_without_any_secret(settings):
    keep(2)
    settings.VAULT_KEYS = [NEW, OLD]

    rotate()

    event = EventLog.objects.get(action="vault.keys.rotated")
    assert event.details == {"counts": {"accounts.AuthenticationData.encrypted_credentials": 2}}
    assert "gAAAA" not in json.dumps(list(EventLog.objects.values_list("details", flat=True)))


def test_one_unreadable_secret_keeps_all_as_they_are(settings):
    keep(3)
    settings.VAULT_KEYS = [FOREIGN]
    settings_store.set("test.token", SECRET, actor=None)
    before = stored()
    settings.VAULT_KEYS = [NEW, OLD]

    with pytest.raises(CommandError, match=r"vault\.AppSetting\.secret: 1 \(rows test\.token\)") as refusal:
        rotate()

    assert stored() == before
    assert not EventLog.objects.filter(action="vault.keys.rotated").exists()
    assert "Nothing was changed" in str(refusal.value)
    assert "gAAAA" not in str(refusal.value)


def test_of_many_unreadable_ones_the_first_are_named(settings):
    keep(25)
    settings.VAULT_KEYS = [NEW]

    with pytest.raises(CommandError, match=r": 25 \(rows .*, …\)") as refusal:
        rotate(batch_size=4)

    assert str(refusal.value).count(", ") < 25


def test_without_keys_there_is_nothing_to_encrypt_with(settings):
    settings.VAULT_KEYS = []

    with pytest.raises(CommandError, match="VAULT_KEYS is empty"):
        rotate()


def test_a_batch_at_a_time(settings, django_assert_max_num_queries):
    keep(20)
    settings.VAULT_KEYS = [NEW, OLD]
    column = next(column for column in rotation.columns() if column.model is AuthenticationData)

    # Four full batches and one empty, with a statement each to replace.
    with django_assert_max_num_queries(9):
        assert list(rotation.renew(column, 5)) == [(5, 0)] * 4


def test_every_encrypted_column_is_found():
    assert {
        "accounts.AuthenticationData.encrypted_credentials",
        "mfa.Authenticator.data",
        "vault.AppSetting.secret",
    } <= {str(column) for column in rotation.columns()}


# ── While the system runs ─────────────────────────────────────────────────────────────────────────────────


def meanwhile(monkeypatch, do: Callable[[], object]) -> None:
    """Do something once, between reading a batch and replacing it."""
    replace = rotation._replace

    def do_and_replace(*args):
        monkeypatch.setattr(rotation, "_replace", replace)
        do()
        return replace(*args)

    monkeypatch.setattr(rotation, "_replace", do_and_replace)


def test_what_changed_meanwhile_keeps_the_change(settings, monkeypatch):
    keep(3)
    first = AuthenticationData.objects.earliest("pk")
    settings.VAULT_KEYS = [NEW, OLD]
    meanwhile(monkeypatch, lambda: authentication_data.replace(first.pk, {"key": "changed"}, actor=None))

    rotate()

    settings.VAULT_KEYS = [NEW]
    assert everything() == {"p0": "changed", "p1": f"{SECRET}-1", "p2": f"{SECRET}-2"}


def test_what_was_deleted_meanwhile_stays_deleted(settings, monkeypatch):
    keep(3)
    first = AuthenticationData.objects.earliest("pk")
    settings.VAULT_KEYS = [NEW, OLD]
    meanwhile(monkeypatch, lambda: authentication_data.remove(first.pk, actor=None))

    rotate()

    assert list(everything()) == ["p1", "p2"]


def test_a_process_with_the_old_key_is_noticed_wherever_it_writes(settings, monkeypatch):
    keep(1)
    settings.VAULT_KEYS = [NEW, OLD]

    def write() -> None:
        settings.VAULT_KEYS = [OLD]
        settings_store.set("test.token", SECRET, actor=None)
        settings.VAULT_KEYS = [NEW, OLD]

    meanwhile(monkeypatch, write)

    with pytest.raises(CommandError, match="1 secrets were being changed, or a running process"):
        rotate()


@pytest.mark.django_db(transaction=True)
def test_a_row_that_somebody_is_changing_is_waited_for_by_nobody(settings):
    keep(3)
    settings.VAULT_KEYS = [NEW, OLD]

    with test_database().connect() as other, other.transaction():
        other.execute("SELECT 1 FROM accounts_authenticationdata WHERE name = 'p1' FOR UPDATE")
        with pytest.raises(CommandError, match="1 secrets were being changed"):
            rotate()

    settings.VAULT_KEYS = [OLD, NEW]
    assert list(everything()) == ["p0", "p1", "p2"]
    settings.VAULT_KEYS = [NEW, OLD]
    rotate()
    settings.VAULT_KEYS = [NEW]
    assert list(everything()) == ["p0", "p1", "p2"]


@pytest.mark.django_db(transaction=True)
def test_a_kill_in_the_middle_costs_nothing(settings):
    keep(60)
    settings_store.set("test.token", SECRET, actor=None)
    with python("manage.py", "rotatevaultkeys", "--batch-size=1", "-v2", keys=[NEW, OLD]) as process:
        line = next(line for line in process.stdout if "so far" in line)
        process.kill()
        process.wait()

    assert line == "accounts.AuthenticationData.encrypted_credentials: 1 so far\n"
    settings.VAULT_KEYS = [NEW, OLD]
    wanted = {f"p{number}": f"{SECRET}-{number}" for number in range(60)}
    assert everything() == wanted
    # The test's own settings are not declared there; the row is encrypted anew all the same.
    with python("manage.py", "rotatevaultkeys", keys=[NEW, OLD]) as process:
        said = process.communicate()[0]
        assert process.returncode == 0, said
    settings.VAULT_KEYS = [NEW]
    assert everything() == wanted
    settings_store.snapshots.forget()
    assert settings_store.get("test.token", str) == SECRET
