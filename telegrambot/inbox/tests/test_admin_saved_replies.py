"""Saved replies in the browser."""

from __future__ import annotations

import pytest
from django.urls import reverse

from audit.models import EventLog
from config.tests.browsing import send
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import UserFactory
from telegrambot.inbox.models import SavedReply, SavedReplyUse
from telegrambot.inbox.tests.factories import SavedReplyFactory

pytestmark = pytest.mark.django_db

LIST = "/admin/inbox/savedreply/"
ADD = f"{LIST}add/"
VALUES = {"title": "Hours", "language": "en", "text": "Hello, {first_name|friend}: <b>ten</b> to six"}
BAD_LINK = '<a href="https://[your-domain]/x">site</a>'


@pytest.fixture
def olga(client):
    account = UserFactory(person__role=Role.ADMIN, person__first_name="Olga")
    client.force_login(account)
    return account.person


def page_of(saved, name="change"):
    return reverse(f"admin:inbox_savedreply_{name}", args=[saved.pk])


@pytest.mark.parametrize("role", [Role.PUBLIC, Role.SUBSCRIBER])
def test_readers_neither_see_nor_change_them(client, role):
    saved = SavedReplyFactory()
    client.force_login(UserFactory(person__role=role))

    answers = [client.get(address) for address in (LIST, ADD, page_of(saved))]
    answers += [client.post(address, VALUES) for address in (ADD, page_of(saved), page_of(saved, "delete"))]
    answers.append(client.post(f"{LIST}preview/", VALUES))

    assert {answer.status_code for answer in answers} <= {302, 403}
    assert SavedReply.objects.get().title == saved.title


def test_written_changed_and_removed(client, olga):
    assert client.post(ADD, VALUES).status_code == 302
    saved = SavedReply.objects.get()
    assert (saved.title, saved.language, saved.text) == tuple(VALUES.values())

    client.post(page_of(saved), {**VALUES, "title": "Opening hours"})
    saved.refresh_from_db()
    assert saved.title == "Opening hours"
    assert EventLog.objects.filter(entity_type="inbox.savedreply", user_id=str(olga.pk)).count() >= 2

    SavedReplyUse.objects.create(saved_reply=saved)
    assert client.get(page_of(saved, "delete")).status_code == 200
    client.post(page_of(saved, "delete"), {"post": "yes"})
    assert not SavedReply.objects.exists()


def test_an_old_tab_keeps_what_others_changed_meanwhile(client, olga):
    saved = SavedReplyFactory(title="Hours", language="en", text="<b>ten</b>\nto six")
    old_tab = client.get(page_of(saved))
    SavedReply.objects.update(title="Opening hours", text="nine\nto six")

    assert send(client, old_tab, "savedreply_form", {"language": "ru"}).status_code == 302

    saved.refresh_from_db()
    assert (saved.title, saved.language, saved.text) == ("Opening hours", "ru", "nine\nto six")


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"text": "<b>ten"}, "Telegram cannot read this"),
        ({"text": "Hello {name}"}, "there is no variable {name}"),
        ({"text": BAD_LINK}, "Telegram would drop this link (https://[your-domain]/x)"),
        ({"title": "HOURS"}, "There is a saved reply of that title and language already."),
        ({"title": ""}, "This field is required."),
    ],
)
def test_what_telegram_would_refuse_is_refused_in_the_form(client, olga, values, problem):
    SavedReplyFactory(title="Hours", language="en")

    response = client.post(ADD, VALUES | {"title": "Other"} | values)

    assert problem in response.content.decode()
    assert SavedReply.objects.count() == 1


def test_the_preview_is_what_the_reader_sees(client, olga):
    shown = client.post(f"{LIST}preview/", VALUES).json()
    wrong = client.post(f"{LIST}preview/", {"text": "<i>"}).json()

    assert shown == {"html": "Hello, Olga: <b>ten</b> to six", "problem": ""}
    assert "Telegram cannot read this" in wrong["problem"]
    assert wrong["html"] == "&lt;i&gt;"


def test_a_link_that_cannot_be_read_breaks_no_page(client, olga):
    saved = SavedReplyFactory(text=BAD_LINK)

    assert client.get(page_of(saved)).status_code == 200
    assert client.get(LIST).status_code == 200
    assert client.post(f"{LIST}preview/", {"text": BAD_LINK}).json()["html"] == "site"


def test_the_list_costs_the_same_for_one_and_for_many(client, olga, django_assert_max_num_queries):
    SavedReplyFactory()
    client.get(LIST)
    with django_assert_max_num_queries(12) as one:
        assert client.get(LIST).status_code == 200
    for _ in range(5):
        SavedReplyFactory(language="ru")
    with django_assert_max_num_queries(12) as many:
        client.get(LIST, {"q": "reply"})

    assert len(many) <= len(one)
