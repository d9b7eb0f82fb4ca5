"""Who acts in the browser."""

from __future__ import annotations

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from audit.context import Context, acting, current
from audit.middleware import AuditMiddleware
from audit.models import EventLog
from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory, UserFactory
from telegrambot.engine.models import Message
from telegrambot.engine.testing import ChatClient
from telegrambot.engine.tests.factories import BOT_ID, MessageFactory
from telegrambot.engine.tests.incoming import message

pytestmark = pytest.mark.django_db
PASSWORD = "a good password"
LOGIN = reverse("account_login")
MESSAGES = reverse("admin:engine_message_changelist")


@pytest.fixture
def owner():
    return TelegramUserFactory(role=Role.OWNER)


@pytest.fixture
def browser(owner):
    client = Client()
    client.force_login(UserFactory(person=owner))
    return client


def cancel(client, *chosen):
    data = {
        "action": "cancel",
        ACTION_CHECKBOX_NAME: [row.pk for row in chosen],
        "index": 0,
        "confirmed": "cancel",
    }
    return client.post(MESSAGES, data, follow=True)


def waiting(count=1):
    return MessageFactory.create_batch(count, status=Message.Status.QUEUED)


def events(action):
    return list(EventLog.objects.filter(action=action).order_by("id"))


# ── On its own ────────────────────────────────────────────────────────────────────────────────────────────


def answer_to(rf, user, view):
    request = rf.get("/")
    request.user = user
    return AuditMiddleware(lambda request: view(request) or HttpResponse())(request)


def test_a_request_that_writes_nothing_asks_nobody_who_it_is(rf, django_assert_num_queries):
    def nobody():
        raise AssertionError("asked for nothing")

    with django_assert_num_queries(0):
        answer_to(rf, SimpleLazyObject(nobody), lambda request: None)


def test_it_ends_with_the_request_whatever_comes_of_it(rf):
    def fail(request):
        assert current().origin == "admin"
        raise LookupError

    with pytest.raises(LookupError):
        answer_to(rf, AnonymousUser(), fail)

    assert current() == Context()


def test_every_request_has_a_number_of_its_own(rf):
    numbers = []
    for _ in range(2):
        answer_to(rf, AnonymousUser(), lambda request: numbers.append(current().correlation_id))

    assert len(set(numbers)) == 2
    assert all(number.startswith("request:") for number in numbers)


def test_who_signs_in_acts_as_themselves_from_then_on(rf, owner):
    seen = []

    def sign_in(request):
        seen.append(current().user_id)
        request.user = UserFactory(person=owner)
        seen.append(current().user_id)

    answer_to(rf, AnonymousUser(), sign_in)

    assert seen == ["system", str(owner.pk)]


def test_finding_out_who_it_is_may_write_without_going_in_circles(rf, owner):
    asked = []

    def find_out():
        asked.append(current().user_id)  # as the cursor does, before the write
        return UserFactory(person=owner)

    answer_to(rf, SimpleLazyObject(find_out), lambda request: asked.append(current().user_id))

    assert asked == ["system", str(owner.pk)]


def test_an_inner_actor_is_not_asked_of_the_request(rf):
    def intake(request):
        with acting(user_id="system", origin="chat", correlation_id=""):
            assert current() == Context("system", "chat", "")
            current().stated()

    answer_to(rf, SimpleLazyObject(lambda: pytest.fail("asked who it is")), intake)


# ── In the program ────────────────────────────────────────────────────────────────────────────────────────


def test_a_decision_in_the_browser_is_the_persons(browser, owner):
    first, second = waiting(2)

    cancel(browser, first, second)

    found = events("engine.message.cancelled")
    assert {event.entity_id for event in found} == {str(first.pk), str(second.pk)}
    assert {(event.user_id, event.origin) for event in found} == {(str(owner.pk), "admin")}
    (correlation,) = {event.correlation_id for event in found}
    assert correlation.startswith("request:")


def test_what_triggers_write_is_the_persons_too(browser, owner):
    ann = TelegramUserFactory()
    people = reverse("admin:accounts_telegramuser_changelist")

    browser.post(people, {"action": "mark_friends", ACTION_CHECKBOX_NAME: [ann.pk], "index": 0})

    (event,) = events("accounts.telegramuser.changed")[-1:]
    assert (event.user_id, event.origin, event.entity_id) == (str(owner.pk), "admin", str(ann.pk))
    assert event.correlation_id.startswith("request:")
    assert event.details["after"] == {"is_friend": True}


def test_an_account_without_a_person_has_its_own_id(client):
    account = UserFactory(is_superuser=True)
    client.force_login(account)

    cancel(client, *waiting())

    assert [event.user_id for event in events("engine.message.cancelled")] == [f"user:{account.pk}"]


def test_two_people_in_turn_are_never_mixed_up(browser, owner):
    admin = TelegramUserFactory(role=Role.ADMIN)
    other = Client()
    other.force_login(UserFactory(person=admin))

    for client in (browser, other, browser):
        cancel(client, *waiting())

    assert [event.user_id for event in events("engine.message.cancelled")] == [
        str(person.pk) for person in (owner, admin, owner)
    ]


def test_one_person_is_one_actor_in_chat_and_browser(browser, owner):
    ann, bob = TelegramUserFactory(first_name="Ann"), TelegramUserFactory(first_name="Bob")

    chat = ChatClient(owner)
    chat.send(f"/grant {ann.telegram_id} admin")
    chat.press("Yes, Ann: admin")
    page = reverse("admin:accounts_telegramuser_change", args=[bob.pk])
    browser.post(page, {"role": Role.SUBSCRIBER.value, "is_active": "on"})

    assert set(TelegramUser.objects.filter(role=Role.ADMIN)) == {ann}
    found = events("accounts.role.granted")
    assert [(event.user_id, event.origin, event.entity_id) for event in found] == [
        (str(owner.pk), "chat", str(ann.pk)),
        (str(owner.pk), "admin", str(bob.pk)),
    ]


def test_a_visitor_is_the_program_from_the_browser(client):
    client.post(LOGIN, {"login": "nobody", "password": "wrong"})

    (event,) = events("sign_in.session.refused")
    assert (event.user_id, event.origin) == ("system", "admin")
    assert event.correlation_id.startswith("request:")


def test_a_page_costs_as_many_queries_as_without(browser, settings):
    def cost():
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert browser.get(MESSAGES).status_code == 200
        return len(captured)

    browser.get(MESSAGES)
    as_it_is = cost()
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "Audit" not in name]
    browser = Client()
    browser.force_login(UserFactory(person__role=Role.OWNER))

    assert cost() == as_it_is


def test_the_webhook_asks_for_no_session(browser, settings):
    settings.TELEGRAM_WEBHOOK_SECRET, settings.TELEGRAM_BOT_TOKEN = "right", f"{BOT_ID}:{'A' * 35}"
    update = {"update_id": 1, "message": message("hello", 4711)}

    with CaptureQueriesContext(connection) as captured:
        answer = browser.post(
            reverse("engine:webhook"),
            update,
            content_type="application/json",
            headers={"X-Telegram-Bot-Api-Secret-Token": "right"},
        )

    assert answer.status_code == 200
    assert not [query["sql"] for query in captured if "sign_in_session" in query["sql"]]
    (event,) = events("accounts.telegramuser.created")[-1:]
    assert (event.user_id, event.origin, event.correlation_id) == ("system", "chat", "")
    assert event.entity_id == str(TelegramUser.objects.get(telegram_id=4711).pk)


def test_a_session_whose_password_changed_ends_quietly(client, owner):
    account = UserFactory(person=owner)
    client.force_login(account)
    account.set_password("another good one")
    account.save()

    assert client.get(MESSAGES).status_code == 302
    assert client.post(LOGIN, {"login": account.username, "password": "wrong"}).status_code == 200
    assert events("sign_in.session.refused")[-1].user_id == "system"
