"""What people get when they ask for their data: in chat, as files."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from procrastinate.contrib.django.models import ProcrastinateJob

from audit.models import EventLog
from telegrambot.accounts import data_export
from telegrambot.accounts.bot.deliveries import send_own_data
from telegrambot.accounts.exceptions import TooMuchData
from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.tests.factories import TelegramUserFactory
from telegrambot.engine.models import Dialog, Message, OutgoingFile
from telegrambot.engine.testing import ChatClient
from telegrambot.engine.tests.factories import DialogFactory, MessageFactory
from telegrambot.guides.models import SavedGuide
from telegrambot.guides.tests.factories import GuideFactory

pytestmark = pytest.mark.django_db
ASKED = "accounts.person.exported"


@pytest.fixture
def ann():
    person = TelegramUserFactory(first_name="Ann", last_name="<Lee>", username="AnnLee", telegram_id=4242)
    SavedGuide.objects.create(user=person, guide=GuideFactory(title="Tempering"))
    return person


def wanted() -> list[dict]:
    return [job.args for job in ProcrastinateJob.objects.filter(task_name=send_own_data.name)]


def exported(person: TelegramUser) -> dict:
    return json.loads("".join(data_export.json_of(person)))["data"]


# ── The files ─────────────────────────────────────────────────────────────────────────────────────────────


def test_the_json_holds_what_every_app_keeps(ann):
    client = ChatClient(ann)
    client.send("I like “marzipan”\n<b>")

    found = exported(ann)

    assert found["accounts.person"][0]["username"] == "AnnLee"
    assert found["engine.messages"][0]["text"] == "I like “marzipan”\n<b>"
    assert found["guides.saved"][0]["guide__title"] == "Tempering"
    assert found["broadcasts.clicks"] == []


def test_it_holds_nothing_of_others(ann):
    MessageFactory(dialog=DialogFactory(), text="Somebody else's")

    assert "Somebody else's" not in "".join(data_export.json_of(ann))
    assert "Somebody else's" not in "".join(data_export.html_of(ann))


def test_the_page_speaks_the_readers_language_and_escapes_what_people_wrote(ann):
    MessageFactory(dialog=DialogFactory(person=ann), text="<script>alert(1)</script>")

    with translation.override("ru"):
        page = "".join(data_export.html_of(ann))

    assert '<html lang="ru">' in page
    assert "&lt;script&gt;" in page
    assert "<script" not in page
    assert "исходящее" in page


@pytest.mark.parametrize("count", [1, 40])
def test_more_rows_need_no_more_queries(ann, count):
    MessageFactory.create_batch(count, dialog=DialogFactory(person=ann))
    "".join(data_export.json_of(ann))

    with CaptureQueriesContext(
        connection,
    ) as queries:
        "".join(data_export.json_of(ann))

    assert len(queries) <= 30


def test_a_large_file_is_packed(ann, monkeypatch):
    monkeypatch.setattr(data_export, "PACKED_ABOVE", 100)

    (name, content), _page = reversed(data_export.files(ann))

    assert name == "my-data.json.zip"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert json.loads(archive.read("my-data.json"))["data"]["guides.saved"]


def test_what_fits_into_no_message_is_refused(ann, monkeypatch):
    monkeypatch.setattr(data_export, "PACKED_ABOVE", 100)
    monkeypatch.setattr(data_export, "MAX_BYTES", 200)

    with pytest.raises(TooMuchData):
        data_export.files(ann)


# ── In chat ───────────────────────────────────────────────────────────────────────────────────────────────


def test_asking_brings_two_files_in_one_album(ann):
    client = ChatClient(ann)

    screen = client.send("/mydata")
    assert "collecting" in screen.text
    send_own_data(**wanted()[0])
    send_own_data(**wanted()[0])  # a job may run twice

    album = Message.objects.get(message_type="album", person=ann)
    assert [item["name"] for item in album.payload["album"]] == ["my-data.html", "my-data.json"]
    assert OutgoingFile.objects.count() == 2
    kept = OutgoingFile.objects.get(pk=album.payload["album"][1]["file"])
    assert json.loads(bytes(kept.content))["data"]["accounts.person"][0]["first_name"] == "Ann"
    assert EventLog.objects.get(action=ASKED).user_id == str(ann.pk)


def test_asking_again_within_an_hour_is_declined(ann):
    client = ChatClient(ann)
    client.send("/mydata")

    screen = client.send("/mydata")

    assert "less than an hour ago" in screen.text
    assert len(wanted()) == 1


def test_asking_an_hour_later_is_fine(ann, monkeypatch):
    client = ChatClient(ann)
    client.send("/mydata")
    monkeypatch.setattr(data_export, "ONCE_IN", timedelta(0))

    assert "collecting" in client.send("/mydata").text


def test_what_an_operator_took_does_not_count(ann):
    data_export.register_handing_out(ann)

    assert "collecting" in ChatClient(ann).send("/mydata").text


@pytest.mark.parametrize("command", ["/mydata", "/forgetme"])
def test_groups_get_neither(ann, command):
    group = {"id": -100_1, "type": "supergroup", "title": "All"}
    entities = [{"type": "bot_command", "offset": 0, "length": len(command)}]

    screen = ChatClient(ann).send(command, chat=group, entities=entities)

    assert screen.texts == []
    assert wanted() == []
    assert not Message.objects.filter(direction=Message.Direction.OUTBOUND).exists()


def test_too_much_for_a_message_is_said(ann, monkeypatch):
    monkeypatch.setattr(data_export, "PACKED_ABOVE", 100)
    monkeypatch.setattr(data_export, "MAX_BYTES", 200)
    ChatClient(ann).send("/mydata")

    send_own_data(**wanted()[0])

    assert "more about you than fits" in Message.objects.order_by("pk").last().text


def test_who_was_erased_meanwhile_gets_nothing(ann):
    dialog = DialogFactory(person=TelegramUserFactory())

    send_own_data(person_id="0a0b0c0d-0000-4000-8000-000000000000", dialog_id=dialog.pk, update_key=1)

    assert not Message.objects.exists()


# ── Before it is all gone ─────────────────────────────────────────────────────────────────────────────────


def test_what_will_be_lost_is_named_with_the_word_to_type(ann):
    screen = ChatClient(ann).send("/forgetme")

    assert "Saved guides" in screen.text
    assert "FORGET" in screen.text
    assert "/mydata" in screen.text


def test_in_russian_the_word_is_russian(ann):
    ann.language_code = "ru"
    ann.save()
    client = ChatClient(ann)

    screen = client.send("/forgetme")
    with translation.override("ru"):
        word = translation.gettext("FORGET")
    client.send(word.lower())

    assert word in screen.text
    assert Dialog.objects.filter(platform="farewell").exists()


def test_cancelling_keeps_everything(ann):
    client = ChatClient(ann)
    client.send("/forgetme")
    client.send("/cancel")

    client.send("FORGET")

    assert not Dialog.objects.filter(platform="farewell").exists()
    assert TelegramUser.objects.filter(pk=ann.pk).exists()
