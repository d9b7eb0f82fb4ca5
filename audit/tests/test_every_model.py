"""Of every table it is said whether the log watches it, and the database does what was said."""

from __future__ import annotations

import re

import pytest
from django.apps import apps
from django.apps.registry import Apps
from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured
from django.db import connection, models
from django.db.migrations.loader import MigrationLoader

from audit import audited as module
from audit import third_party
from audit.audited import Watched, audited, audited_models, not_audited, undecided_models, watched
from audit.migration_changes import missing_operations, unmigrated
from audit.operations import watched_table
from audit.tests.scratch import sql
from telegrambot.accounts.models import OwnerClaim, TelegramUser, User
from telegrambot.engine.models import Dialog, InboundUpdate, Message
from telegrambot.vault.fields import EncryptedTextField

AUDITED = audited_models()


@pytest.fixture
def lists(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lists, for this test to write on."""
    monkeypatch.setattr(module, "_audited", module._audited.copy())
    monkeypatch.setattr(module, "_reasons", module._reasons.copy())


def model(called: str = "Thing", **fields: models.Field) -> type[models.Model]:
    """A model that no app knows of."""
    meta = type("Meta", (), {"app_label": "audit", "apps": Apps()})
    return type(called, (models.Model,), {"__module__": __name__, "Meta": meta, **fields})


# ── The lists ─────────────────────────────────────────────────────────────────────────────────────────────


def test_every_model_is_on_exactly_one_list():
    assert undecided_models() == []


def test_the_list_of_packages_names_what_there_is():
    known = {found._meta.label for found in apps.get_models(include_auto_created=True)}
    assert set(third_party.NOT_AUDITED) - known == set()


def test_every_reason_is_a_sentence():
    reasons = [*module._reasons.values(), *third_party.NOT_AUDITED.values()]
    assert [reason for reason in reasons if not re.fullmatch(r"[A-Z].+\.", reason)] == []


@pytest.mark.usefixtures("lists")
@pytest.mark.parametrize("both", [True, False])
def test_a_model_on_both_lists_or_on_none_is_found(both):
    if both:
        not_audited("Never mind.")(OwnerClaim)
    else:
        del module._audited[OwnerClaim]

    assert undecided_models() == [OwnerClaim]


@pytest.mark.parametrize("raw", [InboundUpdate, Message])
def test_what_people_wrote_is_in_no_watched_table(raw):
    assert watched(raw) is None


def test_personal_texts_are_private():
    assert {"first_name", "last_name", "username", "telegram_id", "preferences"} <= {
        *watched(TelegramUser).private
    }
    assert {"password", "username", "email", "first_name", "last_name"} <= {*watched(User).private}
    assert {"title", "telegram_dialog_id"} <= {*watched(Dialog).private}


@pytest.mark.parametrize("found", AUDITED, ids=lambda found: found._meta.label)
def test_encrypted_columns_and_passwords_are_private(found):
    secret = {
        field.column
        for field in found._meta.concrete_fields
        if isinstance(field, EncryptedTextField) or "password" in field.name
    }
    assert secret & {*watched(found).columns} == set()


# ── Decorators ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.usefixtures("lists")
def test_columns_are_sorted_into_kept_private_and_noise():
    thing = model(
        name=models.TextField(),
        owner=models.ForeignKey(User, models.CASCADE, related_name="+"),
        note=models.TextField(db_column="remark"),
        token=EncryptedTextField(),
        password=models.TextField(),
        seen_at=models.DateTimeField(),
        created_at=models.DateTimeField(),
        updated_at=models.DateTimeField(),
        upper=models.GeneratedField(
            expression=models.functions.Upper("name"), output_field=models.TextField(), db_persist=True
        ),
    )

    assert audited(private=["note"], noise=["seen_at"])(thing) is thing

    assert watched(thing) == Watched(("name", "owner_id"), ("remark", "token", "password"))


@pytest.mark.usefixtures("lists")
@pytest.mark.parametrize("wrong", [{"private": ["nmae"]}, {"noise": ["nmae"]}])
def test_a_field_that_is_none_is_refused(wrong):
    with pytest.raises(FieldDoesNotExist):
        audited(**wrong)(model(name=models.TextField()))


@pytest.mark.usefixtures("lists")
def test_a_table_whose_rows_the_log_cannot_name_is_refused():
    several = model(a=models.IntegerField(), b=models.IntegerField(), pk=models.CompositePrimaryKey("a", "b"))
    with pytest.raises(ImproperlyConfigured, match="no single column"):
        audited()(several)
    with pytest.raises(ImproperlyConfigured, match="too long a name"):
        audited()(model(called="T" * 45))


# ── The database ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.django_db
@pytest.mark.parametrize("found", AUDITED, ids=lambda found: found._meta.label)
def test_the_database_watches_what_the_model_says(found):
    table = watched_table(found, watched(found), connection)

    [(body, config)] = sql("SELECT prosrc, proconfig FROM pg_proc WHERE oid = to_regproc(%s)", table.function)
    assert body == table.body
    assert config == [f"{name}={value}" for name, value in table.settings.items()]
    triggers = sql(
        "SELECT tgname, tgfoid::regproc::text, tgenabled::text FROM pg_trigger"
        " WHERE tgrelid = %s::regclass AND tgname LIKE '%%audit%%'",
        table.table,
    )
    assert sorted(triggers) == sorted(
        (f"{table.table}_audit_{verb}", "audit_refuse" if verb == "truncate" else table.function, "A")
        for verb in ("insert", "update", "delete", "truncate")
    )


@pytest.mark.django_db
def test_the_database_watches_no_other_table():
    tables = sql("SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE tgname LIKE '%%audit_insert'")
    assert {table for (table,) in tables} == {found._meta.db_table for found in AUDITED}


def test_the_migrations_know_of_every_model():
    loader = MigrationLoader(None)
    assert (missing_operations(loader), unmigrated(loader)) == ({}, [])
