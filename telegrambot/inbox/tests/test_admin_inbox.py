"""The inbox in the browser: who gets in, what is listed and shown, and what the buttons do."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils.html import escape

from audit.models import EventLog
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory, UserFactory
from telegrambot.engine.models import Message
from telegrambot.engine.tests.factories import DialogFactory, MessageFactory
from telegrambot.inbox import answering, notes, presence, services
from telegrambot.inbox.models import Conversation, Note, Presence
from telegrambot.inbox.tests.factories import chat_with, operator, said, waiting

pytestmark = pytest.mark.django_db

LIST = "/admin/inbox/conversation/"


def url(name, *args):
    return reverse(f"admin:inbox_conversation_{name}", args=args)


def page_of(found):
    return url("change", found.pk)


def signed_in(client, role=Role.ADMIN, **values):
    account = UserFactory(person=TelegramUserFactory(role=role, **values))
    client.force_login(account)
    return account.person


@pytest.fixture
def olga(client):
    return signed_in(client, first_name="Olga", last_name="")


@pytest.fixture
def found():
    return waiting("Do you open on <Sunday>?")


def told(response):
    return [str(message) for message in response.context["messages"]]


# ── Who gets in ───────────────────────────────────────────────────────────────────────────────────────────

READ = [("changelist",), ("list",), ("change", 0), ("chat", 0), ("keep_history", 0)]
WRITE = [
    ("answer", 0),
    ("read", 0),
    ("presence", 0),
    ("take", 0),
    ("assign", 0),
    ("close", 0),
    ("reopen", 0),
    ("unread", 0),
    ("note_add", 0),
    ("note_change", 0, 1),
    ("note_remove", 0, 1),
    ("message", 0, 1, "send_again"),
    ("keep_history", 0),
]


@pytest.mark.parametrize("role", [Role.PUBLIC, Role.SUBSCRIBER])
def test_readers_neither_see_nor_do_anything(client, found, role):
    signed_in(client, role)
    before = Conversation.objects.values().get(pk=found.pk)

    answers = [client.get(url(name, *(found.pk for _ in rest[:1]), *rest[1:])) for name, *rest in READ]
    answers += [client.post(url(name, found.pk, *rest[1:]), {"text": "Hi"}) for name, *rest in WRITE]
    answers.append(client.post(url("write", found.dialog_id)))

    assert {answer.status_code for answer in answers} <= {302, 403}
    assert all("login" in answer.url for answer in answers if answer.status_code == 302)
    assert Conversation.objects.values().get(pk=found.pk) == before
    assert not Note.objects.exists()
    assert not Message.objects.filter(direction="outbound").exists()
    assert found.dialog.keep_history


def test_strangers_have_to_sign_in(client, found):
    assert "login" in client.get(page_of(found)).url


def test_looking_changes_nothing(client, olga, found):
    for name, *rest in WRITE[:-1]:
        assert client.get(url(name, found.pk, *rest[1:])).status_code == 405
    client.get(page_of(found))
    client.get(url("chat", found.pk))

    assert services.find(found.pk).unread_count == 1
    assert not Presence.objects.exists()


def test_a_form_from_elsewhere_is_refused(found):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    strict.force_login(UserFactory(person__role=Role.ADMIN))

    assert strict.post(url("answer", found.pk), {"text": "Hi", "key": "1"}).status_code == 403
    assert not Message.objects.filter(direction="outbound").exists()


# ── The list ──────────────────────────────────────────────────────────────────────────────────────────────


def test_the_tabs_and_the_search(client, olga):
    first, second = waiting("Where is my parcel?"), waiting("What does it cost?")
    services.assign(second, olga, actor=olga)
    services.close(first, actor=olga)

    def listed(query):
        return [line.row for line in client.get(LIST + query).context["rows"]]

    assert listed("") == [second]
    assert listed("?tab=mine") == [second]
    assert listed("?tab=closed") == [first]
    assert listed("?tab=open") == [second]
    assert listed("?q=parcel") == [first]
    assert listed(f"?q={second.dialog.person.telegram_id}") == [second]
    assert listed("?tab=nonsense&page=x") == [second]
    assert listed("?tab=waiting&page=2") == []
    assert "Nobody waits for an answer." in client.get(LIST + "?tab=waiting&page=9").content.decode()
    assert "Nothing is found." in client.get(LIST + "?q=zebra").content.decode()


def test_the_list_tells_who_waits_what_is_unread_and_whose_it_is(client, olga, found):
    services.assign(found, olga, actor=olga)
    content = client.get(url("list")).content.decode()

    assert escape("Do you open on <Sunday>?") in content
    assert str(found.dialog.person) in content
    assert "→ Olga" in content
    assert 'data-unread="1"' in content


def test_a_long_list_has_pages(client, olga, monkeypatch):
    monkeypatch.setattr("telegrambot.inbox.admin.conversation_lists._SIZE", 2)
    for _ in range(3):
        waiting()
    first = client.get(LIST)
    second = client.get(LIST + first.context["older"])

    assert len(first.context["rows"]) == 2
    assert len(second.context["rows"]) == 1
    assert not second.context["older"]
    assert second.context["newer"] == "?tab=waiting"


def test_the_list_costs_the_same_for_one_and_for_many(client, olga, django_assert_max_num_queries):
    waiting()
    client.get(LIST)
    with django_assert_max_num_queries(12) as one:
        client.get(LIST)
    for _ in range(6):
        services.assign(waiting(), operator(), actor=olga)
    with django_assert_max_num_queries(12) as many:
        client.get(LIST)

    assert len(one) == len(many)


# ── The chat ──────────────────────────────────────────────────────────────────────────────────────────────


def test_the_chat_shows_who_said_what(client, olga, found):
    answering.answer(found, "From <b>ten</b>", key="1", actor=olga)
    MessageFactory(dialog=found.dialog, text="By itself")
    content = client.get(page_of(found), {"tab": "open"}).content.decode()

    assert escape("Do you open on <Sunday>?") in content
    assert "From <b>ten</b>" in content
    assert '<div class="sb-name">Olga</div>' in content
    assert "By itself" in content
    assert "🕓" in content
    assert f'href="{page_of(found)}?tab=open" aria-current="true"' in content


def test_edits_and_deletions_show_at_what_they_change(client, olga, found):
    first = Message.objects.get(dialog=found.dialog)
    MessageFactory(
        dialog=found.dialog,
        direction="inbound",
        status="delivered",
        operation="edit",
        target=first,
        text="Monday?",
    )
    content = client.get(page_of(found)).content.decode()

    assert "Monday?" in content
    assert "edited (1)" in content
    assert escape("Do you open on <Sunday>?") in content


def test_pictures_are_shown_through_the_admin(client, olga, found):
    message = said(
        found.dialog,
        "",
        message_type="photo",
        payload={"file_id": "BIG", "size": 10, "thumbnail": {"file_id": "SMALL", "size": 1}},
    )
    said(found.dialog, "", message_type="document", payload={"file_id": "DOC", "name": "a<b>.pdf"})
    content = client.get(page_of(found)).content.decode()

    assert f'src="{reverse("admin:engine_message_media", args=[message.pk, 0, "thumbnail"])}"' in content
    assert "a&lt;b&gt;.pdf" in content
    assert "BIG" not in content


def test_a_link_that_cannot_be_read_breaks_no_page(client, olga, found):
    MessageFactory(dialog=found.dialog, text='Our <a href="https://[your-domain]/x">site</a>')

    assert "Our site" in client.get(page_of(found)).content.decode()


def test_what_failed_says_why_and_can_be_sent_again_once(client, olga, found):
    message = MessageFactory(
        dialog=found.dialog, status="failed", error="Forbidden: bot was blocked by the user"
    )
    again = url("message", found.pk, message.pk, "send_again")
    assert again in client.get(page_of(found)).content.decode()

    client.post(again)
    content = client.post(again, follow=True)

    assert (
        told(content) == ["That message was sent again before; nothing was queued."]
        or len(told(content)) == 2
    )
    assert Message.objects.filter(text=message.text, status="queued").count() == 1
    assert "the person has blocked the bot" in content.content.decode()
    assert again not in content.content.decode()
    assert "Sent again below." in content.content.decode()


def test_what_is_uncertain_can_be_settled(client, olga, found):
    message = MessageFactory(dialog=found.dialog, status="uncertain")
    client.post(url("message", found.pk, message.pk, "count_as_sent"))

    message.refresh_from_db()
    assert message.status == "sent"


def test_messages_of_other_chats_are_out_of_reach(client, olga, found):
    other = MessageFactory(status="uncertain")

    assert client.post(url("message", found.pk, other.pk, "count_as_sent")).status_code == 404
    assert client.post(url("message", found.pk, other.pk, "cancel")).status_code == 404
    other.refresh_from_db()
    assert other.status == "uncertain"


def test_the_page_costs_the_same_for_few_and_for_many(client, olga, found, django_assert_max_num_queries):
    def fill(author):
        answering.answer(found, "Yes", key=author.username, actor=author)
        notes.add(found, "Likes tea", actor=author)
        said(found.dialog, "", message_type="photo", payload={"file_id": "1", "thumbnail": {"file_id": "2"}})
        presence.beat(found, actor=author)

    fill(operator())
    client.get(page_of(found))
    with django_assert_max_num_queries(45) as few:
        client.get(page_of(found))
    with django_assert_max_num_queries(14) as few_live:
        client.get(url("chat", found.pk))
    for _ in range(4):
        fill(operator())
    with django_assert_max_num_queries(45) as many:
        client.get(page_of(found))
    with django_assert_max_num_queries(14) as many_live:
        client.get(url("chat", found.pk))

    assert len(few) == len(many)
    assert len(few_live) == len(many_live)


def test_older_messages_are_a_page_of_their_own(client, olga, found, monkeypatch):
    monkeypatch.setattr("telegrambot.engine.admin.conversation.PAGE", 2)
    for number in range(3):
        said(found.dialog, f"Word {number}")
    newest = client.get(page_of(found))
    older = client.get(page_of(found), {"before": newest.context["history"].older})

    assert "Word 2" in newest.content.decode()
    assert escape("Do you open on <Sunday>?") in older.content.decode()
    assert 'data-chat=""' in older.content.decode()  # what is old does not change
    assert "data-answer" in newest.content.decode()
    assert "data-answer" not in older.content.decode()  # nobody answers what they do not see


def test_the_chat_is_not_sent_again_unless_it_changed(client, olga, found):
    first = client.get(url("chat", found.pk))
    same = client.get(url("chat", found.pk), headers={"If-None-Match": first["ETag"]})
    said(found.dialog, "And on Monday?")
    other = client.get(url("chat", found.pk), headers={"If-None-Match": first["ETag"]})

    assert (same.status_code, same.content) == (304, b"")
    assert "And on Monday?" in other.json()["html"]
    assert other.json()["unread"] == 2
    assert "no-store" in other["Cache-Control"]


def test_what_was_on_the_screen_is_read_and_no_more(client, olga, found):
    first = Message.objects.get(dialog=found.dialog)
    later = said(found.dialog, "One more")

    client.post(url("read", found.pk), {"up_to": first.pk})

    assert list(Message.objects.filter(status="read")) == [first]
    assert services.find(found.pk).unread_count == 1
    client.post(url("read", found.pk), {"up_to": later.pk})
    assert services.find(found.pk).unread_count == 0


def test_two_operators_see_each_other(client, olga, found, monkeypatch):
    shown = []
    monkeypatch.setattr("telegrambot.engine.typing_indicator.show", shown.append)
    boris = operator(first_name="Boris", last_name="")
    presence.beat(found, actor=boris, is_typing=True)

    answer = client.post(url("presence", found.pk), {"state": "looking"})
    assert answer.json() == {"others": "Typing an answer: Boris."}
    assert not shown
    presence.beat(found, actor=boris)
    assert client.get(url("chat", found.pk)).json()["others"] == "Looking at this too: Boris."
    assert [other.name for other in presence.others(found, actor=boris)] == ["Olga"]

    client.post(url("presence", found.pk), {"state": "typing"})
    assert shown == [found.dialog]
    assert presence.others(found, actor=boris)[0].is_typing

    assert client.post(url("presence", found.pk), {"state": "left"}).status_code == 204
    assert not presence.others(found, actor=boris)


def test_a_conversation_that_was_erased_leads_back_to_the_list(client, olga, found):
    key = found.pk
    found.delete()

    assert client.get(url("chat", key)).status_code == 410
    assert client.post(url("presence", key)).status_code == 410
    assert client.post(url("read", key)).status_code == 410
    assert client.post(url("answer", key), headers={"Accept": "application/json"}).status_code == 410
    for response in (
        client.get(url("change", key), follow=True),
        client.get(url("change", "nonsense"), follow=True),
        client.get(url("keep_history", key), follow=True),
        client.post(url("answer", key), follow=True),
        client.post(url("close", key), follow=True),
    ):
        assert response.request["PATH_INFO"] == LIST
        assert "not there any more" in told(response)[0]


# ── What the buttons do ───────────────────────────────────────────────────────────────────────────────────


def test_take_hand_over_and_give_back(client, olga, found):
    boris = operator(first_name="Boris", last_name="")
    client.post(url("take", found.pk))
    assert services.find(found.pk).assigned_to == olga

    client.post(url("assign", found.pk), {"person": str(boris.pk), "note": "Speaks Greek"})
    assert services.find(found.pk).assigned_to == boris
    assert Note.objects.get().text == "Speaks Greek"

    client.post(url("assign", found.pk), {"person": ""})
    assert services.find(found.pk).assigned_to is None


def test_it_is_handed_to_operators_only(client, olga, found):
    for person in (str(TelegramUserFactory(role=Role.SUBSCRIBER).pk), "nonsense"):
        assert client.post(url("assign", found.pk), {"person": person}).status_code == 404
    assert services.find(found.pk).assigned_to is None


def test_close_open_again_and_mark_unread(client, olga, found):
    client.post(url("read", found.pk))
    client.post(url("unread", found.pk))
    assert services.find(found.pk).unread_count == 1

    response = client.post(url("close", found.pk) + "?tab=open", follow=True)
    assert not services.find(found.pk).is_active
    assert told(response)[-1] == "The conversation is closed. It opens again when they write."
    assert response.request["QUERY_STRING"] == "tab=open"

    client.post(url("reopen", found.pk))
    assert services.find(found.pk).is_active


def test_a_refusal_is_told(client, olga, found):
    services.close(found, actor=olga)
    said(found.dialog)

    response = client.post(url("reopen", found.pk), follow=True)

    assert told(response) == ["A newer conversation with this person is open already. Please go on there."]
    assert not services.find(found.pk).is_active


def test_notes_are_written_changed_and_thrown_away(client, olga, found):
    client.post(url("note_add", found.pk), {"text": "Likes <tea>"})
    note = Note.objects.get()
    assert (note.author, note.about) == (olga, found.dialog.person)
    assert "Likes &lt;tea&gt;" in client.get(page_of(found)).content.decode()

    client.post(url("note_change", found.pk, note.pk), {"text": "Likes coffee"})
    note.refresh_from_db()
    assert note.text == "Likes coffee"

    refused = client.post(url("note_add", found.pk), {"text": " "}, follow=True)
    assert told(refused) == ["There is nothing in this note yet. Please write something first."]

    other = waiting()
    client.post(url("note_remove", other.pk, note.pk))
    assert Note.objects.count() == 1  # it belongs to another conversation
    client.post(url("note_remove", found.pk, note.pk))
    assert not Note.objects.exists()


def test_history_is_switched_off_after_a_question_and_on_again(client, olga, found):
    asked = client.get(url("keep_history", found.pk))
    assert "This erases for good:" in asked.content.decode()
    found.dialog.refresh_from_db()
    assert found.dialog.keep_history

    client.post(url("keep_history", found.pk), {"keep": "no"})
    found.dialog.refresh_from_db()
    assert not found.dialog.keep_history
    assert EventLog.objects.filter(entity_type="engine.dialog", user_id=str(olga.pk)).exists()

    content = client.get(page_of(found)).content.decode()
    assert "This chat keeps no history" in content
    client.post(url("keep_history", found.pk), {"keep": "yes"})
    found.dialog.refresh_from_db()
    assert found.dialog.keep_history


def test_a_chat_without_history_shows_no_text(client, olga):
    dialog = DialogFactory(keep_history=False)
    said(dialog, "", sealed="secret words")
    found = Conversation.objects.get()

    for address in (LIST, page_of(found), url("chat", found.pk)):
        content = client.get(address).content.decode()
        assert "secret words" not in content
    assert "(not kept)" in client.get(page_of(found)).content.decode()


def test_an_operator_writes_first(client, olga):
    person = TelegramUserFactory()
    chat = chat_with(person)
    card = client.get(reverse("admin:accounts_telegramuser_change", args=[person.pk])).content.decode()
    assert url("write", chat.pk) in card

    response = client.post(url("write", chat.pk))

    found = Conversation.objects.get(dialog=chat)
    assert response.url == page_of(found)
    assert not found.is_waiting


def test_nobody_writes_to_a_channel_by_its_number(client, olga):
    channel = DialogFactory(person=None, type="channel", title="News", telegram_dialog_id="-6")

    assert client.post(url("write", channel.pk)).status_code == 404
    assert not Conversation.objects.exists()


def test_who_did_what_is_told(client, olga, found):
    client.post(url("take", found.pk))

    content = client.get(url("history", found.pk)).content.decode()
    assert "assigned" in content
    assert "Olga" in content


def test_the_person_is_beside_the_chat(client, olga, found):
    cards = [shown.card.name for shown in client.get(page_of(found)).context["cards"]]

    assert {"status", "dialogs", "broadcasts", "timeline"} <= set(cards)
    assert "inbox" not in cards


def test_a_group_has_no_person(client, olga):
    dialog = DialogFactory(person=None, type="group", title="Readers", telegram_dialog_id="-5")
    MessageFactory(dialog=dialog, person=TelegramUserFactory(first_name="Vera"), direction="inbound")
    found = services.with_person(dialog, actor=olga)

    content = client.get(page_of(found)).content.decode()
    assert "Readers" in content
    assert "Vera" in content


def test_a_superuser_without_a_person_works_too(client, found):
    client.force_login(UserFactory(is_superuser=True, username="root"))
    client.post(url("answer", found.pk), {"text": "Yes", "key": "1"})

    content = client.get(page_of(found)).content.decode()
    assert '<div class="sb-name">root</div>' in content
    assert client.post(url("take", found.pk)).status_code == 403
    assert client.get(LIST + "?tab=mine").status_code == 200
