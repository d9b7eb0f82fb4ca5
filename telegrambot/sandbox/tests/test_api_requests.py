"""How calls are read, and what strange ones are told."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from telegram import Bot, MessageEntity
from telegram.error import InvalidToken

from telegrambot.sandbox.models import SandboxBot, SandboxChat
from telegrambot.sandbox.tests.conftest import RealBot
from telegrambot.sandbox.tests.factories import PNG, ChatFactory


class Local:
    """Calls without a network, for what does not depend on it."""

    def __init__(self, page: Client) -> None:
        self.page = page
        self.root = f"/sandbox/telegram/bot{SandboxBot.objects.current().token}"

    def __call__(self, method: str, parameters: object) -> tuple[int, dict[str, Any]]:
        body = parameters if isinstance(parameters, bytes) else json.dumps(parameters).encode()
        answer = self.page.post(f"{self.root}/{method}", body, content_type="application/json")
        return answer.status_code, answer.json()

    def description(self, method: str, parameters: object) -> str:
        status, body = self(method, parameters)
        assert (status, body["ok"]) == (400, False)
        return str(body["description"])


@pytest.fixture
def call(page: Client) -> Local:
    return Local(page)


@pytest.fixture
def chat(db: None) -> SandboxChat:
    return ChatFactory.create()


def test_all_four_ways_of_asking_are_the_same(page: Client, call: Local, chat: SandboxChat) -> None:
    values = {"chat_id": str(chat.pk), "text": "Hello"}
    address = f"{call.root}/sendMessage"

    answers = [
        page.get(address, values),
        page.post(address, urlencode(values), content_type="application/x-www-form-urlencoded"),
        page.post(address, values),
        page.post(address, json.dumps(values), content_type="application/json"),
    ]

    assert [answer.json()["result"]["text"] for answer in answers] == ["Hello"] * 4


def test_method_names_have_no_case(call: Local) -> None:
    assert call("GETME", {})[0] == 200


@pytest.mark.parametrize(
    ("method", "parameters", "complaint"),
    [
        ("getChat", {}, "chat_id is empty"),
        ("getFile", {}, "file_id not specified"),
        ("sendMessage", b"{", "can't parse JSON object"),
        ("sendMessage", [1], "can't parse JSON object"),
        ("sendMessage", {"chat_id": 1, "text": "\ud800"}, "strings must be encoded in UTF-8"),
        ("sendMessage", {"chat_id": 2**70, "text": "x"}, "chat not found"),
        ("sendMessage", {"chat_id": "@nobody", "text": "x"}, "chat not found"),
        ("editMessageText", {"chat_id": 1, "message_id": 1, "text": "x"}, "message to edit not found"),
        ("setWebhook", {"url": "http://127.0.0.1:x/"}, "bad webhook"),
    ],
)
def test_nonsense_is_refused(call: Local, method: str, parameters: object, complaint: str) -> None:
    ChatFactory.create(telegram_id=1)

    assert complaint in call.description(method, parameters)


@pytest.mark.parametrize(
    ("extra", "complaint"),
    [
        ({"reply_markup": "{"}, "can't parse reply markup JSON object"),
        ({"reply_markup": [1]}, "object expected as reply markup"),
        ({"reply_markup": {"inline_keyboard": "x"}}, "Array of Arrays"),
        ({"reply_markup": {"inline_keyboard": [[{"text": "x", "url": "http://[/"}]]}}, "Wrong HTTP URL"),
        ({"reply_parameters": [1]}, "can't parse reply parameters"),
        ({"reply_parameters": {"message_id": "x"}}, "message to be replied not found"),
        ({"entities": {}}, "expected an Array"),
        ({"entities": [1]}, "MessageEntity"),
        ({"entities": [{"type": "bold"}]}, "no offset or length"),
        ({"entities": [{"type": "bold", "offset": 3, "length": 9}]}, "outside of the text"),
        ({"entities": [{"type": "text_link", "offset": 0, "length": 1, "url": "x"}]}, "wrong URL"),
        ({"entities": [{"type": "text_link", "offset": 0, "length": 1, "url": "tel:+1"}]}, "wrong URL"),
    ],
)
def test_strange_details_are_refused(
    call: Local, chat: SandboxChat, extra: dict[str, Any], complaint: str
) -> None:
    assert complaint in call.description("sendMessage", {"chat_id": chat.pk, "text": "Hello", **extra})


def test_empty_extras_do_no_harm(call: Local, chat: SandboxChat) -> None:
    extras: dict[str, Any] = {
        "reply_markup": "",
        "reply_parameters": None,
        "entities": [],
        "parse_mode": None,
    }
    buttons = {
        "inline_keyboard": [[], [{"text": "x", "url": "tg://resolve"}], [{"text": "x", "web_app": {}}]]
    }

    assert call("sendMessage", {"chat_id": chat.pk, "text": 5, **extras})[1]["result"]["text"] == "5"
    assert (
        call("sendMessage", {"chat_id": chat.pk, "text": "x", "reply_markup": {"inline_keyboard": []}})[0]
        == 200
    )
    assert call("sendMessage", {"chat_id": chat.pk, "text": "x", "reply_markup": buttons})[0] == 200


def test_a_huge_body_is_too_large(call: Local, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100

    status, body = call("sendMessage", {"text": "x" * 200})
    assert (status, body["description"]) == (413, "Request Entity Too Large")


def test_a_failing_database_looks_like_telegram_failing(call: Local) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE sandbox_command_set RENAME TO elsewhere")

    assert call("getMyCommands", {}) == (
        500,
        {"ok": False, "error_code": 500, "description": "Internal Server Error"},
    )


def test_entities_may_be_given_instead_of_markup(transactional_db: None, bot: RealBot) -> None:
    chat = ChatFactory.create()
    given = [MessageEntity("italic", 3, 2), MessageEntity("bold", 0, 5)]

    sent = bot(lambda b: b.send_message(chat.pk, "😀 abc", entities=given))

    assert [(entity.type, sent.parse_entity(entity)) for entity in sent.entities] == [
        ("bold", "😀 abc"[:4]),
        ("italic", "ab"),
    ]


def test_only_existing_files_can_be_downloaded_with_the_token(bot: RealBot, page: Client) -> None:
    chat = ChatFactory.create()

    async def path(b: Bot) -> str:
        message = await b.send_document(chat.pk, PNG, filename="dot.png")
        assert message.document
        return (await b.get_file(message.document.file_id)).file_path or ""

    address = "/sandbox/" + bot(path).split("/sandbox/")[1]
    assert page.get(address).content == PNG
    assert page.get(address + "x").status_code == 404
    assert page.get(address.replace("file_", "file_9")).status_code == 404
    assert page.get(address.replace(bot.token, "1:x")).json()["error_code"] == 401
    with pytest.raises(InvalidToken):
        bot(lambda b: b.get_me(), token="1:x")
