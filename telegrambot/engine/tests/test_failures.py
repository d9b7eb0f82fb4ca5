"""What is kept and told of a failure."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DataError, IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import get_language

from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory
from telegrambot.engine import failures
from telegrambot.engine.models import Dialog, FailureKind, InboundUpdate, Message
from telegrambot.engine.pending import Pending
from telegrambot.engine.tests.factories import DialogFactory, InboundUpdateFactory

pytestmark = pytest.mark.django_db


def caught(work) -> Exception:
    try:
        with transaction.atomic():
            work()
    except Exception as error:  # noqa: BLE001
        return error
    raise AssertionError("nothing was raised")


def of(update) -> Pending:
    return Pending(
        update.pk, update.dialog_id, update.update_id, 7, "message", update.payload, 0, timezone.now()
    )


def test_a_description_says_what_and_where_but_not_what_the_person_said():
    def fail():
        raise ValueError("my darkest secret")

    described = failures.describe(caught(fail))

    assert described.startswith("ValueError\n")
    assert described.endswith(" fail")
    assert "darkest" not in described


def test_the_row_that_broke_a_constraint_is_not_quoted():
    TelegramUserFactory(telegram_id=987654321)
    error = caught(lambda: TelegramUserFactory(telegram_id=987654321))

    assert isinstance(error, IntegrityError)
    assert "987654321" in str(error)
    described = failures.describe(error)
    assert "duplicate key value violates unique constraint" in described
    assert "987654321" not in described


def test_a_value_the_database_could_not_read_is_not_quoted():
    def read():
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s::uuid", ["my darkest secret"])

    error = caught(read)

    assert isinstance(error, DataError)
    assert "darkest" in str(error)
    described = failures.describe(error)
    assert described.startswith("DataError: InvalidTextRepresentation\n")
    assert "darkest" not in described


def test_a_kind_is_named_after_our_function_not_the_librarys():
    def duplicate():
        TelegramUser.objects.create(telegram_id=1)
        TelegramUser.objects.create(telegram_id=1)

    assert failures._kind(caught(duplicate)) == "IntegrityError in duplicate"


def test_owners_are_told_once_a_day_each_in_their_language():
    english = DialogFactory(person__role=Role.OWNER, person__language_code="en")
    russian = DialogFactory(person__role=Role.OWNER, person__language_code="ru")
    for left_out in (
        {"person__role": Role.ADMIN},
        {"person__role": Role.OWNER, "person__is_active": False},
        {"person__role": Role.OWNER, "person__blocked_at": timezone.now()},
        {"person__role": Role.OWNER, "business_connection_id": "abc"},
    ):
        DialogFactory(**left_out)
    asked = []

    def sentence():
        asked.append(get_language())
        return "Something broke"

    failures.notify_owners("broken", sentence)
    failures.notify_owners("broken", sentence)

    assert sorted(asked) == ["en", "ru"]
    assert set(Message.objects.values_list("dialog", flat=True)) == {english.pk, russian.pk}
    failures.notify_owners("broken otherwise", sentence)
    assert Message.objects.count() == 4
    FailureKind.objects.update(notified_at=timezone.now() - timedelta(days=2))
    failures.notify_owners("broken", sentence)
    assert len(asked) == 6


def test_an_update_given_up_is_kept_and_told_once():
    update = InboundUpdateFactory(status=InboundUpdate.Status.PENDING)

    for _ in range(2):
        failures.give_up(of(update), "why", kind="odd")

    update.refresh_from_db()
    assert (update.status, update.error) == ("failed", "why")
    assert update.processed_at is not None
    told = Message.objects.get()
    assert (told.dialog, told.priority, told.expires_at) == (update.dialog, 0, None)


@pytest.mark.parametrize(
    "where",
    [
        {"type": Dialog.Type.GROUP},
        {"business_connection_id": "abc"},
        {"person__is_active": False},
        {"person": None, "telegram_dialog_id": "5", "title": "x"},
    ],
)
def test_nobody_else_hears_of_it(where):
    update = InboundUpdateFactory(dialog=DialogFactory(**where), status=InboundUpdate.Status.PENDING)
    failures.give_up(of(update), "why", kind="odd")
    assert not Message.objects.exists()
