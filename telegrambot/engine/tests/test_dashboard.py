"""The numbers of the home page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory, UserFactory
from telegrambot.engine import dashboard, first_steps
from telegrambot.engine.first_steps import FirstStep, checklist
from telegrambot.engine.models import BotIdentity, Message
from telegrambot.engine.tests.factories import BOT_ID, DialogFactory, InboundUpdateFactory, MessageFactory
from telegrambot.guides.tests.factories import GuideFactory

pytestmark = pytest.mark.django_db


def said(ago: timedelta, **values) -> Message:
    rows = Message.objects.filter(pk=MessageFactory(**values).pk)
    rows.update(created_at=timezone.now() - ago)
    return rows.get()


def test_messages_are_counted_by_the_hour_and_side():
    question = said(timedelta(0), direction="inbound", status="delivered")
    answer = said(timedelta(0))
    # What changes a message is none.
    said(timedelta(0), direction="inbound", status="delivered", operation="edit", target=question)
    said(timedelta(0), operation="edit", target=answer)
    said(timedelta(0), status="failed")
    said(timedelta(hours=3))
    said(timedelta(hours=30))

    hours = dashboard.messages_by_hour()

    assert len(hours) == 24
    assert (hours[-1].received, hours[-1].sent) == (1, 1)
    assert (hours[-4].received, hours[-4].sent) == (0, 1)
    assert sum(hour.received + hour.sent for hour in hours) == 3


def test_hours_begin_where_the_reader_lives():
    with timezone.override(ZoneInfo("Asia/Kolkata")):
        said(timedelta(0))
        hours = dashboard.messages_by_hour()

    assert hours[-1].begins.minute == 0
    assert hours[-1].begins.utcoffset() == timedelta(hours=5, minutes=30)
    assert hours[-1].sent == 1


@pytest.mark.parametrize("month", [3, 10])
def test_the_hour_that_clocks_skip_or_repeat_is_no_trouble(monkeypatch, month):
    changed = datetime(2026, month, {3: 29, 10: 25}[month], 12, tzinfo=UTC)
    monkeypatch.setattr(timezone, "now", lambda: changed)
    with timezone.override(ZoneInfo("Europe/Berlin")):
        begins = [hour.begins for hour in dashboard.messages_by_hour()]

    assert len({moment.astimezone(UTC) for moment in begins}) == 24
    assert begins == sorted(begins, key=lambda moment: moment.astimezone(UTC))


def test_new_people_are_counted_by_the_day():
    people = TelegramUserFactory.create_batch(3)
    TelegramUser.objects.filter(pk=people[1].pk).update(created_at=timezone.now() - timedelta(days=2))
    TelegramUser.objects.filter(pk=people[2].pk).update(created_at=timezone.now() - timedelta(days=20))

    days = dashboard.new_people_by_day()

    assert [day.people for day in days] == [0] * 11 + [1, 0, 1]
    assert days[-1].day == timezone.localdate()


def test_active_people_are_those_seen_lately():
    now = timezone.now()
    for ago in (timedelta(hours=1), timedelta(days=3), timedelta(days=30)):
        TelegramUserFactory(last_seen_at=now - ago)
    TelegramUserFactory()

    assert dashboard.active_people() == dashboard.Active(today=1, this_week=2)


def test_what_was_put_aside_is_no_ordinary_failure():
    InboundUpdateFactory(status="failed")
    InboundUpdateFactory(dialog=None)
    assert dashboard.count_put_aside() == 0

    InboundUpdateFactory(dialog=None, status="failed")
    assert dashboard.count_put_aside() == 1


# ── First steps ───────────────────────────────────────────────────────────────────────────────────────────


def test_the_checklist_of_a_new_installation_is_open_and_costs_one_query(django_assert_num_queries):
    with django_assert_num_queries(1):
        steps = checklist()

    assert [(step.name, done) for step, done in steps] == [
        ("bot", False),
        ("owner", False),
        ("hello", False),
        ("account", False),
        ("guide", False),
        ("broadcast", False),
    ]


def test_the_checklist_goes_when_everything_is_done():
    BotIdentity.objects.create(bot_id=BOT_ID, username="test_bot", is_sandbox=True)
    owner = TelegramUserFactory(role=Role.OWNER)
    assert [step.name for step, done in checklist() if done] == ["bot", "owner"]

    MessageFactory(dialog=DialogFactory(person=owner), direction="inbound")
    UserFactory(person=owner)
    GuideFactory()
    MessageFactory(dedupe_key="broadcast-preview:1")
    assert checklist() == []


def test_an_app_adds_a_step_once(monkeypatch):
    monkeypatch.setattr(first_steps, "_steps", dict(first_steps._steps))
    step = FirstStep("more", "More", "Do more", TelegramUser.objects.none, order=99)
    first_steps.register(step)
    first_steps.register(step)

    assert checklist()[-1] == (step, False)
    with pytest.raises(ValueError, match="more"):
        first_steps.register(FirstStep("more", "Other", "", TelegramUser.objects.none))
