"""The numbers of the reply desk: rates, changes, times and costs, by model, instructions and person."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory, UserFactory
from telegrambot.inbox.desk import numbers
from telegrambot.inbox.models import DraftReply, ModelCall, SystemPrompt
from telegrambot.inbox.tests.desk.factories import DraftReplyFactory

pytestmark = pytest.mark.django_db

PAGE = "admin:inbox_draftreply_numbers"


def draft(status, *, seconds=60, **values):
    asked = timezone.now() - timedelta(hours=1)
    decided_at = asked + timedelta(seconds=seconds)
    return DraftReplyFactory(status=status, last_message_timestamp=asked, decided_at=decided_at, **values)


def read(days=30):
    return numbers.read(days, nothing="none", everybody="everybody")


@pytest.fixture
def olga():
    return TelegramUserFactory(first_name="Olga", last_name="", role=Role.ADMIN)


@pytest.fixture
def three(olga):
    """Two that Olga approved, one she rejected, one that went out alone, one that nobody needed."""
    prompt = SystemPrompt.objects.create(version=3, text="Be brief.")
    paid = {"provider": "openai", "model_name": "gpt-9", "prompt": prompt}
    draft("sent", edit_share=0.0, seconds=60, cost="0.01", decided_by=olga, **paid)
    draft("failed", edit_share=0.5, seconds=180, cost="0.02", decided_by=olga, **paid)
    draft("rejected", decided_by=olga)
    draft("sent", edit_share=0.0, seconds=30, is_automatic=True)
    DraftReplyFactory(status="superseded")


def test_the_whole(three):
    total = read().total

    assert (total.made, total.approved, total.rejected, total.automatic) == (5, 2, 1, 1)
    assert total.rate == pytest.approx(2 / 3)
    assert total.edited == pytest.approx(0.25)
    assert total.seconds == pytest.approx(60)
    assert total.cost == Decimal("0.03")


def test_by_model_by_instructions_and_by_person(three):
    found = read()

    assert {line.label: (line.made, line.rate) for line in found.models} == {
        "Without a model": (3, 0.0),
        "OpenAI · gpt-9": (2, 1.0),
    }
    assert {line.label: line.approved for line in found.prompts} == {"none": 0, "everybody · v3": 2}
    assert [(line.label, line.made, line.edited) for line in found.people] == [("Olga", 3, 0.25)]


def test_what_is_older_does_not_count(three):
    DraftReply.objects.update(created_at=timezone.now() - timedelta(days=8))

    assert read(7).total.made == 0
    assert read(7).total.rate is None
    assert read(30).total.made == 5


def test_the_days_of_the_chart_end_today(three):
    days = read(7).days

    assert len(days) == 7
    assert days[-1].day == timezone.localdate()
    assert (days[-1].approved, days[-1].rejected) == (3, 1)


def test_every_call_costs_also_those_that_failed():
    ModelCall.objects.create(provider="openai", cost="0.5", tokens_in=10, tokens_out=5)
    ModelCall.objects.create(provider="openai", cost="0.25", tokens_in=1, error="AnswerEmpty")

    found = read()

    assert (found.calls, found.failed_calls, found.cost, found.tokens) == (2, 1, Decimal("0.75"), 16)


def test_the_page(client, three):
    client.force_login(UserFactory(person__role=Role.ADMIN))

    page = client.get(reverse(PAGE), {"days": "7"}).content.decode()

    assert "67 %" in page
    assert "everybody · v3" in page
    assert client.get(reverse(PAGE), {"days": "100000"}).context["days"] == 30


def test_the_page_of_an_empty_desk(client):
    client.force_login(UserFactory(person__role=Role.ADMIN))

    assert "No draft was made" in client.get(reverse(PAGE)).content.decode()


def test_the_page_asks_as_much_for_many_as_for_few(client, three):
    client.force_login(UserFactory(person__role=Role.ADMIN))

    def count():
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse(PAGE))
        return len(queries)

    few = count()
    for number in range(4):
        person = TelegramUserFactory(first_name=f"Boris {number}")
        draft("sent", edit_share=0.0, decided_by=person, provider="ollama", model_name=f"m{number}")

    assert count() == few


def test_nobody_below_admin_sees_them(client):
    client.force_login(UserFactory(person__role=Role.SUBSCRIBER))

    assert client.get(reverse(PAGE)).status_code == 302
