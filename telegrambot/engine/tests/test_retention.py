"""What goes after its time, and what stays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from telegrambot.engine import retention, services, tasks
from telegrambot.engine.models import FetchedMedia, InboundUpdate, Message, ProcessedMessage
from telegrambot.engine.tests.factories import (
    DialogFactory,
    InboundUpdateFactory,
    MessageFactory,
    ProcessedMessageFactory,
)
from telegrambot.engine.tests.incoming import together
from telegrambot.vault import catalogue, settings_store
from telegrambot.vault.exceptions import ValueTooSmall

pytestmark = pytest.mark.django_db


def days_ago(days: float) -> Any:
    return timezone.now() - timedelta(days=days)


def made(days: float, **values: Any) -> Message:
    row: Any = MessageFactory(**values)
    Message.objects.filter(pk=row.pk).update(created_at=days_ago(days))
    return row


@pytest.mark.django_db(transaction=True)
def test_an_update_that_is_being_tried_again_keeps_its_content():
    old: Any = InboundUpdateFactory(status="failed", received_at=days_ago(60))

    def purge():
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '2s'")
        tasks.purge(timestamp=1)

    with transaction.atomic():
        services.retry_updates([old.pk], actor=None)
        together(purge)

    assert InboundUpdate.objects.get().payload == old.payload


def test_marks_of_what_was_handled_go_in_batches(monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 2)
    ProcessedMessageFactory.create_batch(5, processed_at=days_ago(31))
    kept = ProcessedMessageFactory(processed_at=days_ago(29))
    tasks.purge(timestamp=1)
    assert list(ProcessedMessage.objects.all()) == [kept]


def test_marks_outlive_what_telegram_may_offer_again():
    with pytest.raises(ValueTooSmall):
        settings_store.set("retention.processed_days", 1, actor=None)


def test_the_environment_gives_the_default(settings):
    settings.PAYLOAD_RETENTION_DAYS = 3
    assert settings_store.get("retention.payload_days", int) == 3
    settings_store.set("retention.payload_days", 5, actor=None)
    assert settings_store.get("retention.payload_days", int) == 5


def test_messages_are_kept_for_ever_unless_somebody_chose_otherwise():
    made(10_000)
    tasks.purge(timestamp=1)
    assert Message.objects.count() == 1


def test_old_messages_go_with_what_belongs_to_them(monkeypatch):
    monkeypatch.setattr(retention, "MESSAGE_BATCH", 2)
    settings_store.set("retention.message_days", 30, actor=None)
    dialog = DialogFactory()
    shown = made(40, dialog=dialog)
    made(39, dialog=dialog, operation="edit", target=shown)
    FetchedMedia.objects.create(message=shown, is_thumbnail=True, content_type="x", content=b"x")
    made(38, dialog=dialog, direction="inbound", status="delivered")
    copy = made(37, dialog=dialog, priority=9, text="For all", payload={"buttons": []})
    recent = made(29, dialog=dialog)

    tasks.purge(timestamp=1)

    assert set(Message.objects.all()) == {copy, recent}
    copy.refresh_from_db()
    assert (copy.text, copy.payload, copy.status) == ("", {}, "sent")
    assert not FetchedMedia.objects.exists()


def test_what_waits_for_somebody_stays_and_is_looked_at_again():
    settings_store.set("retention.message_days", 30, actor=None)
    waiting = made(40, status="uncertain")
    after = made(39)
    tasks.purge(timestamp=1)
    assert list(Message.objects.all()) == [waiting]
    assert not Message.objects.filter(pk=after.pk).exists()

    Message.objects.update(status="sent")
    tasks.purge(timestamp=2)
    assert not Message.objects.exists()


def test_one_that_waits_holds_up_no_other_however_many_they_are(monkeypatch):
    monkeypatch.setattr(retention, "MESSAGE_BATCH", 2)
    settings_store.set("retention.message_days", 30, actor=None)
    waiting = [made(40, status="uncertain"), *(made(39) for _ in range(5)), made(38, status="queued")]
    made(37)

    tasks.purge(timestamp=1)

    assert list(Message.objects.order_by("pk")) == [waiting[0], waiting[-1]]
    Message.objects.update(status="sent")
    tasks.purge(timestamp=2)
    assert not Message.objects.exists()


@pytest.mark.parametrize("name", ["payload_days", "processed_days", "message_days", "job_days", "media_days"])
@pytest.mark.parametrize("days", [999_999, 10**20])
def test_more_days_than_the_calendar_has_are_for_ever(name, days):
    settings_store.set(f"retention.{name}", days, actor=None)
    kept = made(10_000)
    mark = ProcessedMessageFactory(processed_at=days_ago(10_000))

    tasks.purge(timestamp=1)

    assert list(Message.objects.all()) == [kept]
    assert ProcessedMessage.objects.filter(pk=mark.pk).exists() is (name == "processed_days")


def test_jobs_that_ended_long_ago_are_forgotten():
    with connection.cursor() as cursor:
        for status, days in [("succeeded", 15), ("failed", 15), ("succeeded", 1), ("todo", 15)]:
            cursor.execute(
                "INSERT INTO procrastinate_jobs (queue_name, task_name, status)"
                " VALUES ('q', %s, %s) RETURNING id",
                [f"{status} {days}", status],
            )
            key = cursor.fetchone()[0]
            cursor.execute("DELETE FROM procrastinate_events WHERE job_id = %s", [key])
            cursor.execute(
                "INSERT INTO procrastinate_events (job_id, type, at) VALUES (%s, 'deferred', %s)",
                [key, days_ago(days)],
            )
        tasks.purge(timestamp=1)
        cursor.execute("SELECT task_name FROM procrastinate_jobs ORDER BY id")
        assert [name for (name,) in cursor.fetchall()] == ["succeeded 1", "todo 15"]


def test_fetched_files_are_forgotten_after_a_week():
    message: Any = MessageFactory()
    known = {"message": message, "content_type": "x", "content": b"x"}
    FetchedMedia.objects.create(is_thumbnail=True, fetched_at=days_ago(8), **known)
    kept = FetchedMedia.objects.create(is_thumbnail=False, fetched_at=days_ago(6), **known)
    tasks.purge(timestamp=1)
    assert list(FetchedMedia.objects.all()) == [kept]


def test_every_period_is_declared_with_a_help():
    found = {key for key in catalogue.declared() if key.startswith("retention.")}
    assert found >= {
        "retention.payload_days",
        "retention.processed_days",
        "retention.message_days",
        "retention.job_days",
        "retention.media_days",
        "retention.sealed_hours",
    }
