"""Topics that answer without a person, and business accounts, in the browser."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory, UserFactory
from telegrambot.engine.tests.factories import DialogFactory
from telegrambot.inbox.desk import topics, trust
from telegrambot.inbox.models import AutomaticTopic, BusinessConnection
from telegrambot.inbox.tests.desk.factories import DraftReplyFactory, decided
from telegrambot.vault import settings_store

pytestmark = pytest.mark.django_db

PAGE = "/admin/inbox/automatictopic/"
HOURS, PARKING = "guide:hours", "guide:parking"


@pytest.fixture(autouse=True)
def three_are_enough(db):
    settings_store.set("drafting.approvals_needed", 3, actor=None)


@pytest.fixture
def dialog():
    return DialogFactory()


def sign_in(client, role=Role.OWNER):
    client.force_login(UserFactory(person__role=role))
    return client


def made(dialog, topic=HOURS, count=3, title="Opening hours", **values):
    return decided(dialog, count, topic=topic, made_from={"sources": [{"title": title}]}, **values)


def switch(client, is_on, topic=HOURS):
    return client.post(PAGE, {"topic": topic, "is_on": "1" if is_on else "0"}, follow=True)


def is_active(topic=HOURS):
    return AutomaticTopic.objects.filter(topic=topic, is_active=True).exists()


def test_topics_and_what_they_have_earned_are_counted_as_trust_counts(dialog):
    made(dialog)
    made(dialog, PARKING, 1, "Parking")
    made(dialog, PARKING, 1, "Parking", edit_share=0.9)
    made(dialog, PARKING, 1, "Parking")
    made(dialog, "guide:rejected", 2, "Prices")
    DraftReplyFactory(dialog=dialog, topic="guide:rejected", status="rejected", made_from={})
    made(DialogFactory(), "", 5, "No topic")

    found = {item.topic: item.earned for item in topics.read()}

    assert found == {HOURS: 3, PARKING: 1, "guide:rejected": 0}
    assert found == {topic: trust.earned(trust.of_topic(topic)) for topic in found}


def test_an_owner_lets_a_topic_answer_and_stops_it(client, dialog):
    made(dialog)
    sign_in(client)

    assert "go out by themselves now" in switch(client, True).content.decode()
    assert AutomaticTopic.objects.get(topic=HOURS).title == "Opening hours"
    assert is_active()
    switch(client, False)
    assert not is_active()


def test_what_is_not_earned_is_not_switched_on(client, dialog):
    made(dialog, count=2)
    sign_in(client)

    assert "so far 2 of 3" in switch(client, True).content.decode()
    assert not is_active()


def test_an_unknown_topic_is_none(client):
    sign_in(client)

    assert "not there any more" in switch(client, True, "guide:invented").content.decode()
    assert not AutomaticTopic.objects.exists()


def test_an_admin_may_stop_but_not_begin(client, dialog):
    made(dialog)
    sign_in(client, Role.ADMIN)

    assert switch(client, True).status_code == 403
    assert not is_active()
    AutomaticTopic.objects.create(topic=HOURS, title="Opening hours")
    switch(client, False)
    assert not is_active()


def test_nobody_below_admin_sees_or_switches(client, dialog):
    made(dialog)
    sign_in(client, Role.SUBSCRIBER)

    assert client.get(PAGE).status_code == 302
    assert client.post(PAGE, {"topic": HOURS, "is_on": "1"}).status_code == 302
    assert not is_active()


def test_the_page_asks_as_much_for_many_topics_as_for_few(client, dialog):
    sign_in(client)

    def count():
        with CaptureQueriesContext(connection) as queries:
            assert client.get(PAGE).status_code == 200
        return len(queries)

    made(dialog)
    few = count()
    for number in range(5):
        made(dialog, f"guide:{number}", 2, f"Guide {number}")

    assert count() == few


def test_business_accounts_are_listed_with_what_the_bot_may_do(client):
    for number, (enabled, rights) in enumerate([(True, {"can_reply": True}), (True, {}), (False, {})]):
        BusinessConnection.objects.create(
            connection_id=f"connection{number}",
            person=TelegramUserFactory(),
            bot_id=1,
            is_enabled=enabled,
            can_reply=bool(rights),
            rights=rights,
        )
    sign_in(client, Role.ADMIN)
    listed = reverse("admin:inbox_businessconnection_changelist")

    page = client.get(listed).content.decode()

    assert all(words in page for words in ("answers", "only reads", "disconnected"))
    assert "connection0" not in page
    # On a phone every value has its column's name before it.
    assert 'data-label="Select record"' not in page
    row = BusinessConnection.objects.first()
    shown = client.get(reverse("admin:inbox_businessconnection_change", args=[row.pk]))
    assert 'name="_save"' not in shown.content.decode()
    assert "(&#x27;answers&#x27;" not in shown.content.decode()
    assert client.get(listed, {"q": row.person.first_name}).status_code == 200
