"""The answer box: what is sent, once, and what stays in the box."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import UserFactory
from telegrambot.engine.models import Message, OutgoingFile
from telegrambot.engine.tests.pictures import UNFIT, png
from telegrambot.inbox import answering, services
from telegrambot.inbox.models import SavedReplyUse
from telegrambot.inbox.tests.factories import SavedReplyFactory, operator, waiting

pytestmark = pytest.mark.django_db

AS_SCRIPT = {"Accept": "application/json"}


@pytest.fixture
def olga(client):
    account = UserFactory(person__role=Role.ADMIN, person__first_name="Olga", person__last_name="")
    client.force_login(account)
    return account.person


@pytest.fixture
def found():
    return waiting(person__first_name="Nikita", person__language_code="en")


def send(client, found, **values):
    address = reverse("admin:inbox_conversation_answer", args=[found.pk])
    return client.post(address, {"key": "1", **values}, headers=AS_SCRIPT)


def answers():
    return list(Message.objects.filter(direction="outbound").order_by("pk"))


def test_plain_text_is_sent_as_it_is_typed(client, olga, found):
    response = send(client, found, text="1 < 2 & so on")

    (sent,) = answers()
    assert sent.text == "1 &lt; 2 &amp; so on"
    assert sent.priority == 1
    assert answering.author_of(sent) == str(olga.pk)
    assert response.json()["key"] != "1"
    assert not services.find(found.pk).is_waiting


def test_html_is_sent_as_html_and_checked(client, olga, found):
    refused = send(client, found, text="<b>Ten", is_html="on")
    assert refused.status_code == 409
    assert "This cannot be sent:" in refused.json()["problem"]
    assert not answers()

    send(client, found, text="<b>Ten</b>", is_html="on")
    assert [sent.text for sent in answers()] == ["<b>Ten</b>"]


def test_the_same_form_sends_once(client, olga, found):
    assert send(client, found, text="Yes").status_code == 200
    assert send(client, found, text="Yes").status_code == 200
    assert len(answers()) == 1
    send(client, found, text="Yes", key="2")
    assert len(answers()) == 2


def test_when_somebody_else_was_faster_the_text_stays(client, olga, found):
    seen = Message.objects.get(dialog=found.dialog).pk
    answering.answer(found, "At ten", key="b", actor=operator(first_name="Boris", last_name=""))

    refused = send(client, found, text="At nine", seen_up_to=seen)
    assert refused.status_code == 409
    assert refused.json()["problem"].startswith("Boris has answered since you looked")
    # Without a script the page comes back with what was typed.
    page = client.post(
        reverse("admin:inbox_conversation_answer", args=[found.pk]),
        {"key": "1", "text": "At nine", "seen_up_to": seen},
    )
    assert page.status_code == 409
    assert "Boris has answered since you looked" in page.content.decode()
    assert page.context["box"]["text"] == "At nine"
    assert page.context["box"]["key"] == "1"
    assert len(answers()) == 1

    assert send(client, found, text="At nine", seen_up_to=page.context["newest"]).status_code == 200
    assert len(answers()) == 2


def test_without_a_script_the_page_comes_back(client, olga, found):
    address = reverse("admin:inbox_conversation_answer", args=[found.pk])
    response = client.post(address + "?tab=mine", {"key": "1", "text": "Yes"})

    assert response.url == reverse("admin:inbox_conversation_change", args=[found.pk]) + "?tab=mine"
    assert len(answers()) == 1


def test_nothing_is_not_sent(client, olga, found):
    refused = send(client, found, text="  ")

    assert refused.json()["problem"].startswith("There is nothing to send yet.")
    assert not answers()


def test_photos_go_as_photos_and_others_as_files(client, olga, found):
    send(client, found, text="Look", files=SimpleUploadedFile("a.png", png()))
    send(client, found, key="2", files=SimpleUploadedFile("a.pdf", b"%PDF"))
    mixed = [SimpleUploadedFile("a.png", png()), SimpleUploadedFile("a.pdf", b"%PDF")]
    send(client, found, key="3", files=mixed)

    assert [sent.message_type for sent in answers()] == ["photo", "document", "album"]
    assert {item["kind"] for item in answers()[2].payload["album"]} == {"document"}
    assert OutgoingFile.objects.filter(name="a.pdf").exists()


@pytest.mark.parametrize("content", UNFIT.values(), ids=UNFIT)
def test_what_is_too_large_for_a_photo_goes_as_a_file(client, olga, found, content):
    def photos(*contents):
        return [SimpleUploadedFile("a.png", content) for content in contents]

    send(client, found, files=photos(content))
    send(client, found, key="2", files=photos(png(), content))

    alone, album = answers()
    assert alone.message_type == "document"
    assert [item["kind"] for item in album.payload["album"]] == ["document", "document"]


def test_too_many_and_too_large_files_are_refused(client, olga, found, monkeypatch):
    many = [SimpleUploadedFile(f"{number}.txt", b"x") for number in range(11)]
    assert "at most 10 files" in send(client, found, files=many).json()["problem"]

    monkeypatch.setattr("telegrambot.inbox.admin.conversation_answers.MAX_MEGABYTES", 0)
    refused = send(client, found, text="Hi", files=SimpleUploadedFile("big.txt", b"xx"))
    assert "“big.txt” is too large" in refused.json()["problem"]
    assert not answers()


def test_buttons_open_pages_and_run_commands(client, olga, found):
    send(
        client,
        found,
        text="Read this",
        button_text=["Page", "Guides", ""],
        button_target=["https://example.org", "/help", ""],
    )

    ((page,), (command,)) = answers()[0].payload["buttons"]
    assert (page["text"], page["url"]) == ("Page", "https://example.org")
    assert command["data"].endswith(":help")


def test_a_wrong_button_is_named(client, olga, found):
    refused = send(client, found, text="Hi", button_text=["Page"], button_target=["javascript://x"])

    assert refused.json()["problem"].startswith("“Page” is no button")
    assert not answers()


def test_saved_replies_come_filled_and_count(client, olga, found):
    plain = SavedReplyFactory(title="Greeting", text="Hello, {first_name|friend} & co!")
    rich = SavedReplyFactory(title="Hours", text="<b>Ten</b> to six", language="en")
    SavedReplyFactory(title="Часы", text="С десяти", language="ru")
    box = client.get(reverse("admin:inbox_conversation_change", args=[found.pk])).context["box"]

    offered = {item["row"]: (item["text"], item["has_markup"]) for item in box["saved"]}
    assert offered == {plain: ("Hello, Nikita & co!", False), rich: ("<b>Ten</b> to six", True)}

    send(client, found, text="Hello, Nikita!", saved_reply=plain.pk)
    assert SavedReplyUse.objects.get().saved_reply == plain
    plain.delete()
    refused = send(client, found, text="Hello", saved_reply=plain.pk or 999_999, key="2")
    assert "not there any more" in refused.json()["problem"]


def test_whoever_blocked_the_bot_gets_nothing(client, olga, found):
    from django.utils import timezone

    person = found.dialog.person
    person.blocked_at = timezone.now()
    person.save()

    assert "has blocked the bot" in send(client, found, text="Hi").json()["problem"]
    assert not answers()
