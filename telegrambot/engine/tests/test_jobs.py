"""Background jobs: what operators decide about them, how they read, and why they failed."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from config import job_words
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory, UserFactory
from telegrambot.engine import jobs, worker
from telegrambot.engine.exceptions import ForeignDatabase, JobNotFailed, JobNotWaiting, JobWaitsAlready
from telegrambot.engine.models import JobFailure
from telegrambot.engine.tests.factories import MessageFactory

LIST = "admin:engine_backgroundjob_changelist"
PAGE = "admin:engine_backgroundjob_change"
PURGE = "telegrambot.engine.tasks.purge"


def make_job(status="todo", task=PURGE, lock=None, args="{}", queue="system"):
    """A job on its way through the statuses, as Procrastinate's own triggers expect it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, queueing_lock, args) "
            "VALUES (%s, %s, %s, %s) RETURNING id",
            [queue, task, lock, args],
        )
        (key,) = cursor.fetchone()
        for step in {"todo": (), "failed": ("doing", "failed")}.get(status, (status,)):
            cursor.execute("UPDATE procrastinate_jobs SET status = %s WHERE id = %s", [step, key])
    return ProcrastinateJob.objects.get(pk=key)


def status(job):
    return ProcrastinateJob.objects.get(pk=job.pk).status


@pytest.fixture
def sign_in(client):
    def _sign_in(role=Role.OWNER):
        client.force_login(UserFactory(person=TelegramUserFactory(role=role)))
        return client

    return _sign_in


def press(client, action, *chosen, **extra):
    data = {"action": action, ACTION_CHECKBOX_NAME: [job.pk for job in chosen], "index": 0} | extra
    return client.post(reverse(LIST), data, follow=True)


# ── Decisions ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.django_db
def test_failed_jobs_run_again_and_nothing_else_does():
    failed, waiting = make_job("failed"), make_job()

    with pytest.raises(JobNotFailed):
        jobs.retry([failed.pk, waiting.pk], actor=None)
    assert status(failed) == "failed"

    assert jobs.retry([failed.pk], actor=None) == 1
    assert status(failed) == "todo"


@pytest.mark.django_db
def test_a_job_whose_work_waits_already_is_not_queued_twice():
    failed = make_job("failed", lock="purge")
    make_job(lock="purge")

    with pytest.raises(JobWaitsAlready):
        jobs.retry([failed.pk], actor=None)
    assert status(failed) == "failed"


@pytest.mark.django_db
def test_waiting_jobs_are_cancelled_and_running_ones_are_not():
    waiting, running = make_job(), make_job("doing")

    with pytest.raises(JobNotWaiting):
        jobs.cancel([waiting.pk, running.pk], actor=None)
    assert (status(waiting), status(running)) == ("todo", "doing")

    assert jobs.cancel([waiting.pk], actor=None) == 1
    assert status(waiting) == "cancelled"


# ── Words ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_task_of_ours_is_described():
    app.perform_import_paths()
    ours = {name for name in app.tasks if name.startswith("telegrambot.")}
    assert ours
    assert ours - set(job_words.described()) == set()


def test_a_sentence_tells_for_whom(monkeypatch):
    monkeypatch.setattr(job_words, "_words", {"a.task": "Write to {name}"})

    assert job_words.in_words("a.task", {"name": "Ann"}) == "Write to Ann"
    assert job_words.in_words("a.task", {}) == "Write to {name}"
    assert job_words.in_words("other.count_all_things", {}) == "Count all things"


# ── Why it failed ─────────────────────────────────────────────────────────────────────────────────────────


def fail_in_python():
    raise ValueError("xylophone")


def fail_in_the_database():
    try:
        MessageFactory(text="xylophone", status="nonsense")
    finally:
        connection.close()  # it is the job's own thread


def fail_with_a_sentence():
    raise ForeignDatabase(owner="123456789:" + "A" * 35, other="b")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("fail", "told"),
    [
        (fail_in_python, "ValueError\n"),
        (
            fail_in_the_database,
            'IntegrityError: new row for relation "engine_message" violates check constraint',
        ),
        (fail_with_a_sentence, "ForeignDatabase: This database belongs to the bot @<token>, not to @b."),
    ],
)
def test_the_worker_keeps_what_went_wrong_without_a_word_until_the_job_goes(monkeypatch, fail, told):
    monkeypatch.setattr(app.tasks[PURGE], "func", lambda timestamp: fail())
    # Neither periodic jobs nor other queues: they would leave connections in threads of their own.
    monkeypatch.setattr(app.periodic_registry, "periodic_tasks", {})
    job = make_job(args='{"timestamp": 0}', queue="apart")

    def has_failed():
        try:
            return JobFailure.objects.filter(job_id=job.pk).exists()
        finally:
            connection.close()  # it is this thread's own

    async def work_until_failed():
        working = asyncio.create_task(
            worker.run(queues=["apart"], concurrency=1, name="test", handle_signals=True)
        )
        for _ in range(100):
            await asyncio.sleep(0.05)
            if await asyncio.to_thread(has_failed):
                break
        os.kill(os.getpid(), signal.SIGTERM)  # it ends as it does in earnest
        await working

    asyncio.run(work_until_failed())

    failure = JobFailure.objects.get(job_id=job.pk)
    assert failure.error.startswith(told)
    assert "xylophone" not in failure.error
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
    assert not JobFailure.objects.exists()


# ── In the browser ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.django_db
def test_a_jobs_line_and_page_tell_what_when_how_often_and_why(sign_in):
    job = make_job("failed")
    JobFailure.objects.create(job_id=job.pk, error="ValueError: <b>")
    client = sign_in()

    for address in (reverse(LIST), reverse(PAGE, args=[job.pk])):
        content = client.get(address).content.decode()
        assert "Clean up what is past its time" in content
        assert "ValueError: &lt;b&gt;" in content
    assert "asked for" in content
    assert 'name="_save"' not in content


@pytest.mark.django_db
def test_jobs_are_filtered_by_status_and_queue(sign_in):
    job, _other = make_job("failed"), make_job()
    client = sign_in()

    def listed(**query):
        return [row.pk for row in client.get(reverse(LIST), query).context["cl"].result_list]

    assert listed(status__exact="failed") == [job.pk]
    assert len(listed(queue_name="system")) == 2
    assert len(listed(status__exact="nonsense")) == 2
    assert listed(q=str(job.pk)) == [job.pk]


@pytest.mark.django_db
def test_a_list_of_jobs_costs_the_same_with_3_and_30(sign_in):
    client = sign_in()

    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert client.get(reverse(LIST)).status_code == 200
        return len(captured)

    for _ in range(3):
        make_job("failed")
    client.get(reverse(LIST))
    few = queries()
    for _ in range(27):
        make_job("failed")
    assert queries() == few


@pytest.mark.django_db
def test_owners_retry_at_once_and_are_asked_before_they_cancel(sign_in):
    failed, waiting = make_job("failed"), make_job()
    client = sign_in()

    assert "1 job will run again." in press(client, "retry", failed).content.decode()
    assert status(failed) == "todo"

    assert "Cancel these jobs?" in press(client, "cancel", waiting).content.decode()
    assert status(waiting) == "todo"
    assert "1 job was cancelled." in press(client, "cancel", waiting, confirmed="cancel").content.decode()
    assert status(waiting) == "cancelled"


@pytest.fixture
def apart(monkeypatch):
    """A queue whose running jobs can be stopped."""
    monkeypatch.setattr(worker, "_apart", {"slow": lambda: 1})
    return "slow"


@pytest.mark.django_db
def test_a_running_job_that_asks_now_and_then_is_told_to_stop(sign_in, apart):
    running, waiting = make_job("doing", queue=apart), make_job()
    client = sign_in()

    page = press(client, "cancel", running, waiting, confirmed="cancel").content.decode()

    assert "1 job was cancelled. 1 job was told to stop." in page
    assert "Show them" not in page  # the list of cancelled jobs is not all of them
    assert (status(running), status(waiting)) == ("doing", "cancelled")
    assert "running, told to stop" in client.get(reverse(PAGE, args=[running.pk])).content.decode()


@pytest.mark.django_db
def test_admins_look_but_decide_nothing(sign_in):
    failed = make_job("failed")
    client = sign_in(Role.ADMIN)

    assert 'value="retry"' not in client.get(reverse(LIST)).content.decode()
    press(client, "retry", failed)
    assert status(failed) == "failed"
