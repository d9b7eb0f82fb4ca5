"""Settings as the program reads and writes them, in one process."""

from __future__ import annotations

import asyncio
import threading

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import SynchronousOnlyOperation
from django.db import IntegrityError, connection, transaction

from audit.context import acting
from audit.models import EventLog
from audit.sentences import sentence
from telegrambot.vault import settings_store, snapshots
from telegrambot.vault.exceptions import UnknownSetting, UnreadableSecret, ValueTooSmall
from telegrambot.vault.models import AppSetting
from telegrambot.vault.tests.declared import SECRET

OLD, FOREIGN = (Fernet.generate_key().decode() for _ in range(2))

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_declared")]


def stored(key: str) -> tuple[str, str | None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT value, secret FROM vault_appsetting WHERE key = %s", [key])
        return cursor.fetchone()


def test_what_nobody_has_set_has_its_default(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert settings_store.get("test.days", int) == 30
        assert settings_store.get("test.words", list[str]) == ["a"]


@pytest.mark.parametrize(
    ("key", "kind", "value"),
    [
        ("test.days", int, 7),
        ("test.ratio", float, 0.25),
        ("test.on", bool, True),
        ("test.greeting", str, "Привет\nдруг"),
        ("test.words", list[str], ["x", "y"]),
        ("test.token", str, SECRET),
    ],
)
def test_what_was_set_comes_back(key, kind, value):
    settings_store.set(key, value, actor=None)

    assert settings_store.get(key, kind) == value


def test_setting_again_replaces_and_resetting_forgets():
    settings_store.set("test.days", 7, actor=None)
    settings_store.set("test.days", 8, actor=None)
    assert settings_store.get("test.days", int) == 8

    settings_store.reset("test.days", actor=None)

    assert settings_store.get("test.days", int) == 30
    assert not AppSetting.objects.exists()


def test_an_unknown_key_is_refused_everywhere():
    with pytest.raises(UnknownSetting):
        settings_store.get("test.nothing", int)
    with pytest.raises(UnknownSetting):
        settings_store.set("test.nothing", 1, actor=None)
    with pytest.raises(UnknownSetting):
        settings_store.reset("test.nothing", actor=None)

    assert not AppSetting.objects.exists()


@pytest.mark.parametrize("kind", [str, bool, float, list[str]])
def test_asking_for_another_kind_is_a_mistake_of_the_program(kind):
    with pytest.raises(TypeError):
        settings_store.get("test.days", kind)


@pytest.mark.parametrize(("value", "error"), [("7", TypeError), (True, TypeError), (0, ValueTooSmall)])
def test_what_will_not_do_is_not_stored(value, error):
    settings_store.set("test.days", 7, actor=None)

    with pytest.raises(error):
        settings_store.set("test.days", value, actor=None)

    assert settings_store.get("test.days", int) == 7


def test_a_row_says_what_it_is_and_who_set_it():
    with acting(user_id="someone"):
        settings_store.set("test.days", 7, actor=None)

    row = AppSetting.objects.get()
    assert (row.value, row.category, row.description) == ("7", "Retention", "Days to keep.")
    assert (row.updated_by, row.is_sensitive) == ("someone", False)


# ── Transactions ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_transaction_reads_its_own_settings_until_they_are_rolled_back():
    with transaction.atomic():
        settings_store.set("test.days", 7, actor=None)
        assert settings_store.get("test.days", int) == 7
        transaction.set_rollback(True)

    assert settings_store.get("test.days", int) == 30


def test_only_the_rolled_back_part_is_forgotten():
    with transaction.atomic():
        settings_store.set("test.days", 7, actor=None)
        with transaction.atomic():
            settings_store.set("test.days", 8, actor=None)
            transaction.set_rollback(True)
        assert settings_store.get("test.days", int) == 7


@pytest.mark.django_db(transaction=True)
def test_after_the_commit_one_query_serves_them_all(django_assert_num_queries):
    settings_store.set("test.days", 7, actor=None)

    with django_assert_num_queries(1):
        assert settings_store.get("test.days", int) == 7
    with django_assert_num_queries(0):
        assert settings_store.get("test.days", int) == 7
        assert settings_store.get("test.greeting", str) == "Hello"


@pytest.mark.django_db(transaction=True)
def test_an_uncommitted_value_is_not_kept_for_others():
    settings_store.set("test.days", 7, actor=None)
    with transaction.atomic():
        settings_store.set("test.days", 8, actor=None)
        settings_store.get("test.days", int)
        transaction.set_rollback(True)

    assert snapshots.latest()["test.days"].value == "7"


@pytest.mark.django_db(transaction=True)
def test_what_was_asked_for_a_second_ago_is_asked_for_again(monkeypatch, django_assert_num_queries):
    settings_store.set("test.days", 7, actor=None)
    settings_store.get("test.days", int)
    AppSetting.objects.update(value="9")  # as another process would
    now = snapshots.time.monotonic()
    monkeypatch.setattr(snapshots.time, "monotonic", lambda: now + snapshots.FRESH_SECONDS + 0.001)

    with django_assert_num_queries(1):
        assert settings_store.get("test.days", int) == 9


@pytest.mark.django_db(transaction=True)
def test_an_answer_that_was_on_its_way_while_a_setting_changed_is_not_kept(monkeypatch):
    settings_store.set("test.days", 7, actor=None)
    read_all = snapshots.read_all

    def read_then_change():
        rows = read_all()
        monkeypatch.setattr(snapshots, "read_all", read_all)
        settings_store.set("test.days", 8, actor=None)
        return rows

    monkeypatch.setattr(snapshots, "read_all", read_then_change)
    settings_store.get("test.days", int)

    assert settings_store.get("test.days", int) == 8


@pytest.mark.django_db(transaction=True)
def test_a_process_that_asks_again_a_second_later_gets_a_thread_for_it(monkeypatch):
    started = []
    monkeypatch.setattr(snapshots, "_start_keeper", lambda: started.append(True))
    settings_store.set("test.days", 7, actor=None)
    settings_store.get("test.days", int)
    settings_store.get("test.days", int)
    assert not started

    now = snapshots.time.monotonic()
    monkeypatch.setattr(snapshots.time, "monotonic", lambda: now + snapshots.FRESH_SECONDS + 0.001)
    settings_store.get("test.days", int)

    assert started


@pytest.mark.django_db(transaction=True)
def test_the_thread_ends_when_nobody_reads_settings(monkeypatch):
    monkeypatch.setattr(snapshots, "_IDLE_SECONDS", 0.0)
    settings_store.get("test.days", int)
    thread = threading.Thread(target=snapshots._keep)

    thread.start()
    thread.join()

    assert settings_store.get("test.days", int) == 30


def test_the_event_loop_may_not_ask():
    async def ask() -> None:
        settings_store.get("test.days", int)

    with pytest.raises(SynchronousOnlyOperation):
        asyncio.run(ask())


# ── What no longer fits ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("text", ["0", "999", '"7"', "true", "seven", ""])
def test_a_stored_value_that_will_not_do_any_more_counts_as_not_set(text, caplog):
    settings_store.set("test.days", 7, actor=None)
    AppSetting.objects.update(value=text)
    settings_store._warn.cache_clear()

    assert settings_store.get("test.days", int) == 30
    assert settings_store.get("test.days", int) == 30

    assert caplog.text.count("will not do") == 1
    assert stored("test.days") == (text, None)


def test_a_row_that_is_no_longer_declared_is_harmless_and_can_be_removed():
    AppSetting.objects.create(key="gone.days", value="7")
    settings_store.set("test.days", 7, actor=None)

    assert settings_store.get("test.days", int) == 7
    with pytest.raises(UnknownSetting):
        settings_store.get("gone.days", int)
    settings_store.reset("gone.days", actor=None)
    assert not AppSetting.objects.filter(key="gone.days").exists()


# ── Secrets ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_secret_lies_encrypted_in_its_own_column():
    settings_store.set("test.token", SECRET, actor=None)

    value, secret = stored("test.token")
    assert value == ""
    assert SECRET not in secret


def test_the_table_itself_keeps_secrets_apart():
    settings_store.set("test.token", SECRET, actor=None)

    with pytest.raises(IntegrityError), transaction.atomic():
        AppSetting.objects.update(value="open")
    with pytest.raises(IntegrityError), transaction.atomic():
        AppSetting.objects.update(is_sensitive=False)


def test_what_is_kept_in_memory_is_encrypted():
    settings_store.set("test.token", SECRET, actor=None)

    assert SECRET not in repr(snapshots.read_all())


def test_the_audit_log_keeps_an_ordinary_value_and_never_a_secret():
    settings_store.set("test.days", 7, actor=None)
    settings_store.set("test.days", 8, actor=None)
    settings_store.set("test.token", SECRET, actor=None)
    settings_store.set("test.token", SECRET + "new", actor=None)
    settings_store.reset("test.token", actor=None)

    events = list(EventLog.objects.filter(entity_type="vault.appsetting").order_by("id"))
    assert [event.action.rpartition(".")[2] for event in events] == [
        "created",
        "changed",
        "created",
        "changed",
        "deleted",
    ]
    assert events[1].changes["value"] == ("7", "8")
    assert events[3].details["private"] == ["secret"]
    assert "test.token" in sentence(events[4])
    everything = " ".join(str(event.details) + sentence(event) for event in events)
    assert SECRET not in everything
    assert "gAAAA" not in everything


def test_a_wrong_key_raises_and_nothing_is_lost(settings):
    settings.VAULT_KEYS = [OLD]
    settings_store.set("test.token", SECRET, actor=None)
    before = stored("test.token")
    settings.VAULT_KEYS = [FOREIGN]

    with pytest.raises(UnreadableSecret, match=r"test\.token") as refusal:
        settings_store.get("test.token", str)
    with pytest.raises(UnreadableSecret):
        settings_store.set("test.token", "another", actor=None)
    settings_store.set("test.days", 7, actor=None)
    settings_store.set("test.other_token", "another", actor=None)

    assert before[1] not in str(refusal.value)
    assert stored("test.token") == before
    settings.VAULT_KEYS = [FOREIGN, OLD]
    assert settings_store.get("test.token", str) == SECRET


def test_an_unreadable_secret_can_be_given_up(settings):
    settings.VAULT_KEYS = [OLD]
    settings_store.set("test.token", SECRET, actor=None)
    settings.VAULT_KEYS = [FOREIGN]

    settings_store.reset("test.token", actor=None)
    settings_store.set("test.token", "another", actor=None)

    assert settings_store.get("test.token", str) == "another"


def test_the_lowest_levels_of_a_traceback_do_not_tell_a_secret(caplog):
    with pytest.raises(TypeError) as mistake:
        settings_store.set("test.token", [SECRET], actor=None)

    assert SECRET not in str(mistake.value) + caplog.text
