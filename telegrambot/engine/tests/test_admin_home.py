"""The home page and the sidebar: what they show to whom, and what they cost."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory, UserFactory
from telegrambot.engine import services
from telegrambot.engine.admin import conversation
from telegrambot.engine.models import BotIdentity, Heartbeat, Message
from telegrambot.engine.tests.factories import BOT_ID, DialogFactory, InboundUpdateFactory, MessageFactory
from telegrambot.guides.tests.factories import GuideFactory

pytestmark = pytest.mark.django_db
HOME = reverse("admin:index")


@pytest.fixture
def sign_in(client):
    def _sign_in(role=Role.OWNER, **person):
        client.force_login(UserFactory(person=TelegramUserFactory(role=role, **person)))
        return client

    return _sign_in


def content(client, address=HOME):
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def tiles(client):
    return {tile.title: tile for tile in client.get(HOME).context["tiles"]}


def beat(service="bot", ago=timedelta(0), problem=""):
    Heartbeat.objects.create(service=service, holder="here", beat_at=timezone.now() - ago, problem=problem)


# ── What waits ────────────────────────────────────────────────────────────────────────────────────────────


def test_every_number_leads_to_exactly_the_rows_it_counts(sign_in):
    client = sign_in()
    InboundUpdateFactory.create_batch(2, status="failed")
    InboundUpdateFactory(status="failed", dialog=None)
    InboundUpdateFactory(status="pending")
    MessageFactory.create_batch(3, status="failed")
    MessageFactory.create_batch(2, status="uncertain")
    again = [MessageFactory(status=status).pk for status in ("failed", "uncertain")]
    services.send_again(again, actor=None)
    Message.objects.filter(status="queued").update(status="sent")
    MessageFactory(status="queued")
    MessageFactory(status="queued", not_before=None)  # held back
    MessageFactory(status="queued", not_before=timezone.now() + timedelta(hours=8))
    MessageFactory()
    expected = {
        "Failed updates": 3,
        "Put aside": 1,
        "Failed messages": 3,
        "Uncertain messages": 2,
        "Failed jobs": 0,
        "Updates in the queue": 1,
        "Messages in the queue": 1,
    }

    found = tiles(client)

    assert {title: tile.count for title, tile in found.items()} == expected
    for title, tile in found.items():
        assert client.get(tile.url).context["cl"].result_count == expected[title], title
    assert "Waits for a person" in content(client)


def test_an_idle_installation_says_so(sign_in):
    page = content(sign_in())

    assert "Nothing waits for a person" in page
    assert "Nothing was said in the last 24 hours" in page


def test_a_queue_alone_is_no_work_for_people(sign_in):
    MessageFactory(status="queued")

    assert "Nothing waits for a person" in content(sign_in())


# ── How things are ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("beats", "words", "is_well"),
    [
        ([], "The bot has not run here yet", False),
        ([{}, {"service": "poller"}], "Everything is running: answering and sending, receiving.", True),
        ([{"ago": timedelta(minutes=5)}], "No sign of life from “answering and sending” for 5", False),
        (
            [{"service": "poller", "problem": "Telegram <refuses>"}],
            "receiving: Telegram &lt;refuses&gt;",
            False,
        ),
    ],
)
def test_health_is_one_sentence(sign_in, beats, words, is_well):
    for one in beats:
        beat(**one)

    page = content(sign_in())

    assert words in page
    assert ("sb-unwell" in page) is not is_well


# ── First steps ───────────────────────────────────────────────────────────────────────────────────────────


def test_owners_see_the_first_steps_until_they_are_done(sign_in):
    client = sign_in()
    assert "Connect a bot" in content(client)

    BotIdentity.objects.create(bot_id=BOT_ID, username="test_bot", is_sandbox=True)
    MessageFactory(direction="inbound")
    GuideFactory()
    MessageFactory(dedupe_key="broadcast-preview:1")
    assert "First steps" not in content(client)


def test_admins_are_not_told_what_only_owners_can_do(sign_in):
    assert "First steps" not in content(sign_in(Role.ADMIN))


# ── Roles ─────────────────────────────────────────────────────────────────────────────────────────────────


def sidebar(page):
    return set(re.findall(r'href="(/admin/[a-z]+/[a-z]+/)"', page.split('id="main"')[0]))


def test_the_sidebar_lists_what_the_role_may_open_and_nothing_else(sign_in):
    client = sign_in(Role.ADMIN)
    links = sidebar(content(client))

    assert reverse("admin:accounts_telegramuser_changelist") in links
    assert reverse("admin:accounts_user_changelist") not in links
    for link in links:
        assert client.get(link).status_code == 200, link


def test_owners_find_every_list_in_the_sidebar(sign_in):
    client = sign_in()
    links = sidebar(content(client))
    every = {
        model["admin_url"] for app in client.get(HOME).context["available_apps"] for model in app["models"]
    }

    assert reverse("admin:accounts_user_changelist") in links
    ours = {
        url
        for url in every
        if url.startswith(("/admin/accounts/", "/admin/engine/", "/admin/procrastinate/"))
    }
    assert ours - links == set()


# ── Cost ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_home_page_costs_as_many_queries_with_thirty_rows_as_with_three(sign_in):
    client = sign_in()

    def fill(count):
        for status in ("failed", "uncertain", "queued", "sent"):
            MessageFactory.create_batch(count, status=status)
        InboundUpdateFactory.create_batch(count, status="failed")

    def queries():
        with CaptureQueriesContext(connection) as captured:
            content(client)
        return len(captured)

    fill(3)
    few = queries()
    fill(27)
    assert queries() == few <= 12


def test_a_persons_page_costs_as_many_queries_with_thirty_rows_as_with_three(sign_in):
    client, person = sign_in(), TelegramUserFactory()
    address = reverse("admin:accounts_telegramuser_change", args=[person.pk])

    def fill(count):
        for number in range(count):
            dialog = DialogFactory(person=person, business_connection_id=f"{count}-{number}")
            MessageFactory(dialog=dialog)

    def queries():
        with CaptureQueriesContext(connection) as captured:
            content(client, address)
        return len(captured)

    fill(3)
    queries()  # content types are remembered
    few = queries()
    fill(27)
    assert queries() == few


# ── Time ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_dates_are_those_of_the_reader(sign_in):
    message = MessageFactory()
    Message.objects.filter(pk=message.pk).update(
        timestamp=timezone.now().replace(year=2026, month=1, day=2, hour=3, minute=4)
    )
    address = reverse("admin:engine_message_changelist")

    assert "2 Jan 2026, 16:04" in content(sign_in(timezone="Pacific/Auckland"), address)
    assert "2 Jan 2026, 03:04" in content(sign_in(), address)
    assert timezone.get_current_timezone_name() == "UTC"


# ── Paging ────────────────────────────────────────────────────────────────────────────────────────────────


def test_older_and_newer_pages_show_each_message_once(sign_in, monkeypatch):
    monkeypatch.setattr("telegrambot.engine.admin.messages.MessageAdmin.list_per_page", 3)
    messages = MessageFactory.create_batch(8, status="failed")
    MessageFactory()
    client, address = sign_in(), reverse("admin:engine_message_changelist")

    seen, pages, query = [], [], "?status__exact=failed"
    while query:
        lists = client.get(address + query).context["cl"]
        seen += [row.pk for row in lists.result_list]
        pages.append([row.pk for row in lists.result_list])
        query = lists.older_url
    assert seen == [message.pk for message in reversed(messages)]

    back = []
    query = lists.newer_url
    while query:
        lists = client.get(address + query).context["cl"]
        back.append([row.pk for row in lists.result_list])
        query = lists.newer_url
    assert back == [pages[1], pages[0]] or back[-1][0] == pages[0][0]


@pytest.mark.parametrize("place", ["x", "9" * 40, "1~2"])
@pytest.mark.parametrize("model", ["engine_message", "engine_processedmessage"])
def test_a_place_that_is_none_leads_to_the_whole_list(sign_in, model, place):
    response = sign_in().get(reverse(f"admin:{model}_changelist") + f"?older={place}", follow=True)
    assert response.status_code == 200


def test_an_empty_list_says_what_to_do_and_an_empty_search_how_to_get_out(sign_in):
    client, address = sign_in(), reverse("admin:engine_message_changelist")

    assert "Write to your bot to begin." in content(client, address)
    assert "Show the whole list" in content(client, address + "?status__exact=failed")


# ── Conversations ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_conversation_reads_as_it_does_in_the_chat():
    dialog = DialogFactory()
    asked = MessageFactory(dialog=dialog, direction="inbound", status="delivered", text="<b>Hi</b>")
    button = {"text": "Yes", "data": "x"}
    menu = MessageFactory(dialog=dialog, text="<b>Old</b>", payload={"buttons": [[button]]})
    MessageFactory(dialog=dialog, text="New", operation="edit", target=menu)
    MessageFactory(dialog=dialog, text="Never arrived", operation="edit", target=menu, status="failed")
    gone = MessageFactory(dialog=dialog, text="Gone")
    MessageFactory(dialog=dialog, operation="delete", target=gone, text="")

    page = conversation.read(Message.objects.filter(dialog=dialog), ("timestamp", "pk"), "")

    first, second, third = page.bubbles
    assert [bubble.message for bubble in page.bubbles] == [asked, menu, gone]
    assert (first.text, first.is_outbound, first.begins_day is not None) == ("<b>Hi</b>", False, True)
    assert (second.text, second.first_text, second.buttons) == ("New", "Old", [])
    assert second.is_edited
    assert len(second.revisions) == 2
    assert third.is_deleted
    assert not second.is_deleted
    assert page.older == ""


def test_a_conversation_goes_back_page_by_page(sign_in, monkeypatch):
    monkeypatch.setattr(conversation, "PAGE", 3)
    dialog = DialogFactory()
    for number in range(7):
        MessageFactory(dialog=dialog, text=f"said-{number}")
    client = sign_in()
    address = reverse("admin:engine_dialog_change", args=[dialog.pk])

    seen, place = [], ""
    while True:
        response = client.get(address, {"older": place} if place else {})
        page = response.context["conversation"]
        seen = [bubble.text for bubble in page.bubbles] + seen
        if not (place := page.older):
            break
    assert seen == [f"said-{number}" for number in range(7)]
    assert client.get(address, {"older": "nonsense"}).context["conversation"].bubbles[-1].text == "said-6"


def test_a_persons_page_shows_status_chats_and_what_was_said(sign_in):
    person = TelegramUserFactory(
        first_name="<i>Zoe</i>", timezone="Asia/Tokyo", preferences={"quiet_hours": "22:00-07:00"}
    )
    MessageFactory(dialog=DialogFactory(person=person, title="Her chat"), text="Words for &lt;her&gt;")
    MessageFactory(text="said elsewhere")

    page = content(sign_in(), reverse("admin:accounts_telegramuser_change", args=[person.pk]))

    for words in ("Asia/Tokyo", "22:00–07:00", "Her chat", "Words for &lt;her&gt;"):
        assert words in page
    assert "said elsewhere" not in page
    assert "<i>Zoe" not in page
