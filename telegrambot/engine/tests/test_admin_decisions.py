"""Decisions about a single row, on its own page: what is offered when and to whom, and what they do."""

from __future__ import annotations

import html
import re

import pytest
from django.test import Client
from django.urls import reverse
from procrastinate.contrib.django.models import ProcrastinateJob

from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory, UserFactory
from telegrambot.engine import services
from telegrambot.engine.models import BackgroundJob, Message
from telegrambot.engine.tests.factories import InboundUpdateFactory, MessageFactory
from telegrambot.engine.tests.test_jobs import make_job

pytestmark = pytest.mark.django_db


@pytest.fixture
def sign_in(client):
    def _sign_in(role=Role.ADMIN):
        client.force_login(UserFactory(person=TelegramUserFactory(role=role)))
        return client

    return _sign_in


def address(row, page="change"):
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{page}", args=[row.pk])


def offered(client, row):
    page = client.get(address(row)).content.decode()
    form = re.search(r'<form[^>]*class="sb-card sb-decisions".*?</form>', page, re.DOTALL)
    return re.findall(r'name="action" value="(\w+)"', form[0]) if form else []


def decide(client, row, action, **extra):
    return client.post(address(row, "decide"), {"action": action, **extra}, follow=True)


def say_yes(client, row, question):
    """Press "yes" on the page that asks, with exactly what its form holds."""
    form = re.search(r"<form method=\"post\" class=\"border.*?</form>", question.content.decode(), re.DOTALL)[
        0
    ]
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    return client.post(
        address(row, "decide"), {key: html.unescape(fields[key]) for key in fields}, follow=True
    )


def sentences(response):
    return [re.sub(r" <a .*", "", str(message)) for message in response.context["messages"]]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"status": "uncertain"}, ["send_again", "count_as_sent"]),
        ({"status": "failed"}, ["send_again"]),
        ({"status": "queued"}, ["cancel"]),
        ({"status": "sending"}, []),
        ({"status": "sent"}, []),
        ({"status": "cancelled"}, []),
        ({"status": "delivered", "direction": "inbound"}, []),
    ],
)
def test_only_what_makes_sense_for_a_message_is_offered(sign_in, fields, expected):
    assert offered(sign_in(), MessageFactory(**fields)) == expected


def test_what_was_sent_again_is_not_offered_to_be_sent_again(sign_in):
    client = sign_in()
    failed, uncertain = MessageFactory(status="failed"), MessageFactory(status="uncertain")
    services.send_again([failed.pk, uncertain.pk], actor=None)

    assert offered(client, failed) == []
    assert offered(client, uncertain) == ["count_as_sent"]


def test_only_what_makes_sense_for_an_update_is_offered(sign_in):
    client = sign_in()

    assert offered(client, InboundUpdateFactory(status="failed")) == ["retry"]
    assert offered(client, InboundUpdateFactory(status="done")) == []
    assert offered(client, InboundUpdateFactory(status="failed", dialog=None)) == []
    assert offered(client, InboundUpdateFactory(status="failed", payload=None)) == []


def test_only_what_makes_sense_for_a_job_is_offered(sign_in):
    client = sign_in(Role.OWNER)
    jobs = {
        status: BackgroundJob.objects.get(pk=make_job(status).pk) for status in ("todo", "doing", "failed")
    }

    assert {status: offered(client, job) for status, job in jobs.items()} == {
        "todo": ["cancel"],
        "doing": [],
        "failed": ["retry"],
    }


def test_a_running_job_that_can_be_stopped_is_offered_to_be_until_it_is_told(sign_in, monkeypatch):
    monkeypatch.setattr("telegrambot.engine.worker._apart", {"slow": lambda: 1})
    client, job = sign_in(Role.OWNER), BackgroundJob.objects.get(pk=make_job("doing", queue="slow").pk)
    assert offered(client, job) == ["cancel"]

    response = say_yes(client, job, decide(client, job, "cancel"))

    assert sentences(response) == ["1 job was told to stop."]
    assert offered(client, job) == []


@pytest.mark.parametrize(
    ("action", "before", "after", "sentence", "copies"),
    [
        ("send_again", "uncertain", "uncertain", "1 message is queued again.", 1),
        ("count_as_sent", "uncertain", "sent", "1 message now counts as sent.", 0),
        ("cancel", "queued", "cancelled", "1 message was cancelled.", 0),
    ],
)
def test_what_cannot_be_undone_asks_first_and_leads_back(sign_in, action, before, after, sentence, copies):
    client = sign_in()
    message, other = MessageFactory.create_batch(2, status=before, text="Did it arrive?")

    question = decide(client, message, action, _selected_action=other.pk)

    assert "Did it arrive?" in question.content.decode()
    assert list(Message.objects.values_list("status", flat=True)) == [before] * 2
    response = say_yes(client, message, question)
    assert response.request["PATH_INFO"] == address(message)
    assert sentences(response) == [sentence]
    assert dict(Message.objects.filter(pk__in=[message.pk, other.pk]).values_list("pk", "status")) == {
        message.pk: after,
        other.pk: before,
    }
    assert Message.objects.filter(dedupe_key=f"again:{message.pk}").count() == copies
    assert Message.objects.count() == 2 + copies


def test_what_does_no_harm_is_done_at_once(sign_in):
    client, update = sign_in(), InboundUpdateFactory(status="failed")

    response = decide(client, update, "retry")

    assert sentences(response) == ["1 update will be handled again."]
    assert response.request["PATH_INFO"] == address(update)
    update.refresh_from_db()
    assert update.status == "pending"


def test_a_job_is_cancelled_from_its_own_page(sign_in):
    client, job = sign_in(Role.OWNER), BackgroundJob.objects.get(pk=make_job().pk)

    say_yes(client, job, decide(client, job, "cancel"))

    assert ProcrastinateJob.objects.get(pk=job.pk).status == "cancelled"


def test_what_changed_meanwhile_is_refused_in_a_sentence(sign_in):
    client, message = sign_in(), MessageFactory(status="queued")
    question = decide(client, message, "cancel")
    Message.objects.filter(pk=message.pk).update(status="sending")

    response = say_yes(client, message, question)

    assert "can no longer be cancelled" in sentences(response)[0]
    message.refresh_from_db()
    assert message.status == "sending"


@pytest.mark.parametrize("action", ["", "delete_selected", "decide_view", "nonsense"])
def test_nothing_else_can_be_asked_for(sign_in, action):
    client, message = sign_in(Role.OWNER), MessageFactory(status="uncertain")

    assert decide(client, message, action, confirmed=action).status_code == 403
    message.refresh_from_db()
    assert message.status == "uncertain"


@pytest.mark.parametrize(
    ("factory", "action", "before"),
    [
        (MessageFactory, "send_again", "uncertain"),
        (MessageFactory, "count_as_sent", "uncertain"),
        (MessageFactory, "cancel", "queued"),
        (InboundUpdateFactory, "retry", "failed"),
    ],
)
def test_who_may_only_look_is_offered_nothing_and_refused(sign_in, monkeypatch, factory, action, before):
    client, row = sign_in(), factory(status=before)
    monkeypatch.setattr("telegrambot.accounts.permissions.ADMINS_MAY", frozenset())

    assert offered(client, row) == []
    assert decide(client, row, action, confirmed=action).status_code == 403
    row.refresh_from_db()
    assert row.status == before
    assert type(row).objects.count() == 1


def test_admins_decide_nothing_about_jobs(sign_in):
    client, job = sign_in(Role.ADMIN), BackgroundJob.objects.get(pk=make_job("failed").pk)

    assert offered(client, job) == []
    assert decide(client, job, "retry").status_code == 403
    assert ProcrastinateJob.objects.get(pk=job.pk).status == "failed"


@pytest.mark.parametrize("role", [Role.PUBLIC, Role.SUBSCRIBER])
def test_people_below_admin_are_sent_to_sign_in(sign_in, role):
    client, message = sign_in(role), MessageFactory(status="uncertain")

    response = client.post(
        address(message, "decide"), {"action": "count_as_sent", "confirmed": "count_as_sent"}
    )

    assert response.status_code == 302
    assert "login" in response["Location"]
    message.refresh_from_db()
    assert message.status == "uncertain"


def test_going_back_and_rows_that_are_gone_are_no_errors(sign_in):
    client, message = sign_in(), MessageFactory(status="uncertain")

    assert client.get(address(message, "decide"), follow=True).request["PATH_INFO"] == address(message)
    gone = reverse("admin:engine_message_decide", args=[10**9])
    for nowhere in (gone, gone.replace("1000000000", "x")):
        assert client.post(nowhere, {"action": "cancel"}).status_code == 302


def test_a_decision_needs_its_token(sign_in):
    sign_in()
    owner, message = UserFactory(person__role=Role.OWNER), MessageFactory(status="uncertain")
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(owner)

    assert decide(strict, message, "count_as_sent", confirmed="count_as_sent").status_code == 403
    message.refresh_from_db()
    assert message.status == "uncertain"


def test_a_list_shows_only_what_waits_for_a_person(sign_in):
    client = sign_in()
    failed, uncertain, again = (MessageFactory(status=status) for status in ("failed", "uncertain", "failed"))
    MessageFactory(status="sent")
    services.send_again([again.pk], actor=None)
    page = reverse("admin:engine_message_changelist")

    def listed(**query):
        return {row.pk for row in client.get(page, query).context["cl"].result_list}

    assert listed(waiting="1") == {failed.pk, uncertain.pk}
    assert listed(waiting="1", status__exact="failed") == {failed.pk}
    assert listed(waiting="x", status__exact="failed") == {failed.pk, again.pk}
