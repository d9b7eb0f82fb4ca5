"""A savepoint that costs nothing unless something is written."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from procrastinate.contrib.django.models import ProcrastinateJob

from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.tests.factories import TelegramUserFactory
from telegrambot.engine.savepoints import LazySavepoint
from telegrambot.engine.tasks import count_commands

pytestmark = pytest.mark.django_db


def run(work, *, undo: bool) -> list[str]:
    """What a block executes under a lazy savepoint, ended one way or the other."""
    savepoint = LazySavepoint()
    with CaptureQueriesContext(connection) as queries:
        with savepoint.watching():
            work()
        savepoint.undo() if undo else savepoint.keep()
    return [query["sql"].split()[0] for query in queries]


def rename() -> None:
    TelegramUser.objects.update(first_name="Changed")


@pytest.mark.parametrize("undo", [True, False])
def test_reading_costs_nothing(undo):
    assert run(lambda: list(TelegramUser.objects.select_for_update(no_key=True)), undo=undo) == ["SELECT"]


def test_what_was_written_is_kept_or_undone_whole():
    TelegramUserFactory(first_name="Ann")

    assert run(lambda: [rename(), rename()], undo=True) == ["SAVEPOINT", "UPDATE", "UPDATE", "ROLLBACK"]
    assert TelegramUser.objects.get().first_name == "Ann"
    assert run(rename, undo=False) == ["SAVEPOINT", "UPDATE", "RELEASE"]
    assert TelegramUser.objects.get().first_name == "Changed"


def test_what_was_written_before_stays():
    TelegramUserFactory(first_name="Before")
    TelegramUser.objects.update(last_name="Kept")
    run(rename, undo=True)
    assert TelegramUser.objects.get().full_name == "Before Kept"


def test_a_service_with_its_own_transaction_is_undone_too():
    TelegramUserFactory(first_name="Ann")

    run(transaction.atomic(rename), undo=True)

    assert TelegramUser.objects.get().first_name == "Ann"


def test_a_job_deferred_by_a_select_is_undone():
    assert "SAVEPOINT" in run(lambda: count_commands.defer(timestamp=1), undo=True)
    assert not ProcrastinateJob.objects.filter(task_name__endswith="count_commands").exists()


def test_what_was_to_run_after_the_commit_is_forgotten(django_capture_on_commit_callbacks):
    called = []
    with django_capture_on_commit_callbacks(execute=True):
        transaction.on_commit(lambda: called.append("before"))
        run(lambda: transaction.on_commit(lambda: called.append("undone")), undo=True)
        run(lambda: transaction.on_commit(lambda: called.append("kept")), undo=False)
    assert called == ["before", "kept"]


def test_an_error_inside_an_atomic_block_without_savepoint_is_undone():
    TelegramUserFactory(first_name="Ann")

    @transaction.atomic(savepoint=False)
    def fail() -> None:
        rename()
        raise ValueError("inside")

    def work() -> None:
        with pytest.raises(ValueError, match="inside"):
            fail()

    run(work, undo=True)

    assert TelegramUser.objects.get().first_name == "Ann"


def test_one_inside_another_is_undone_alone():
    TelegramUserFactory(first_name="Ann", last_name="Before")

    def work() -> None:
        inner = LazySavepoint()
        with inner.watching():
            rename()
        inner.undo()
        TelegramUser.objects.update(last_name="Kept")

    assert run(work, undo=False) == [*["SAVEPOINT"] * 2, "UPDATE", "ROLLBACK", "UPDATE", "RELEASE"]
    assert TelegramUser.objects.get().full_name == "Ann Kept"
    assert run(work, undo=True)[-1] == "ROLLBACK"
    assert TelegramUser.objects.get().full_name == "Ann Kept"
