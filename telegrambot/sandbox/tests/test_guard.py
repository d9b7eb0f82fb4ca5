from __future__ import annotations

from typing import Any

import pytest
from django.core.checks import run_checks
from django.test import Client

from telegrambot.engine import credentials
from telegrambot.sandbox.models import SandboxBot, SandboxPerson

pytestmark = pytest.mark.django_db


@pytest.fixture
def addresses(person: SandboxPerson) -> list[str]:
    token = SandboxBot.objects.current().token
    return [
        "/sandbox/",
        f"/sandbox/{person.pk}/",
        f"/sandbox/{person.pk}/changes/",
        "/sandbox/files/1/",
        f"/sandbox/telegram/bot{token}/getMe",
        f"/sandbox/telegram/file/bot{token}/photos/file_1",
    ]


def statuses(client: Client, addresses: list[str]) -> set[int]:
    return {client.get(address).status_code for address in addresses}


@pytest.mark.parametrize(
    ("remote", "host"),
    [("127.0.0.1", "localhost:8000"), ("127.0.0.5", "127.0.0.1"), ("::1", "[::1]:8000")],
)
def test_this_machine_is_let_in(settings: Any, addresses: list[str], remote: str, host: str) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    client = Client(REMOTE_ADDR=remote, HTTP_HOST=host)

    assert {client.get(address).status_code for address in addresses[:3]} == {200}
    assert client.get(addresses[4]).json()["ok"]


@pytest.mark.parametrize(
    "meta",
    [
        {"REMOTE_ADDR": "192.168.0.7"},
        {"REMOTE_ADDR": ""},
        {"HTTP_HOST": "evil.example"},
        {"HTTP_HOST": "localhost.evil.example"},
        {"HTTP_HOST": "127.0.0.1.evil.example"},
        {"HTTP_HOST": "0.0.0.0:8000"},
        {"HTTP_X_FORWARDED_FOR": "127.0.0.1"},
        {"HTTP_FORWARDED": "for=127.0.0.1"},
    ],
)
def test_nobody_else_finds_anything(settings: Any, addresses: list[str], meta: dict[str, str]) -> None:
    settings.ALLOWED_HOSTS = ["*"]

    assert statuses(Client(**({"HTTP_HOST": "localhost"} | meta)), addresses) == {404}  # type: ignore[arg-type]


def test_nothing_is_there_when_the_sandbox_is_off(settings: Any, page: Client, addresses: list[str]) -> None:
    settings.SANDBOX = False

    assert statuses(page, addresses) == {404}
    assert page.post(f"{addresses[1]}send/", {"text": "x"}).status_code == 404


@pytest.mark.parametrize(("debug", "found"), [(True, set()), (False, {"sandbox.E001"})])
def test_production_refuses_the_sandbox(settings: Any, debug: bool, found: set[str]) -> None:
    settings.DEBUG = debug

    assert {message.id for message in run_checks()} & {"sandbox.E001"} == found


def test_the_engine_gets_the_sandbox_token(settings: Any) -> None:
    settings.TELEGRAM_BOT_TOKEN = ""

    assert credentials.bot_token() == SandboxBot.objects.current().token
