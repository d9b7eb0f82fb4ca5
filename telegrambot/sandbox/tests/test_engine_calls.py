"""What the engine asks beside its own processes, with the sandbox's token: no other is set."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import UserFactory
from telegrambot.engine import typing_indicator
from telegrambot.engine.tests.factories import DialogFactory, MessageFactory
from telegrambot.sandbox import people
from telegrambot.sandbox.models import SandboxFile, SandboxPerson
from telegrambot.sandbox.tests.conftest import RealBot
from telegrambot.sandbox.tests.factories import PNG


@pytest.fixture(autouse=True)
def _only_the_sandbox(bot: RealBot, settings: Any) -> None:
    settings.TELEGRAM_API_URL = bot.root
    settings.TELEGRAM_BOT_TOKEN = ""


@pytest.mark.parametrize(
    ("name", "content", "kind", "shown"),
    [
        ("dot.png", PNG, "photo", "image/png"),
        ("notes.txt", b"Read me", "document", "application/octet-stream"),
    ],
    ids=["picture", "file"],
)
def test_an_operator_sees_what_people_send(
    person: SandboxPerson, name: str, content: bytes, kind: str, shown: str
) -> None:
    people.send_album(person, [SimpleUploadedFile(name, content)])
    payload = {"file_id": SandboxFile.objects.get().file_id}
    message: Any = MessageFactory(direction="inbound", message_type=kind, payload=payload)
    admin = Client(HTTP_HOST="localhost")
    admin.force_login(UserFactory(person__role=Role.ADMIN))

    answer = admin.get(reverse("admin:engine_message_media", args=[message.pk, 0, "file"]))

    assert (answer.status_code, answer["Content-Type"], answer.content) == (200, shown, content)


def test_a_person_sees_that_an_operator_types(person: SandboxPerson) -> None:
    chat = people.open_chat(person)

    typing_indicator.show(DialogFactory(telegram_dialog_id=str(chat.pk)))
    typing_indicator._caller.submit(lambda: None).result(20)

    chat.refresh_from_db()
    assert chat.action == "typing"
