"""The sandbox over real HTTP, called by the real python-telegram-bot."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import httpx
import pytest
from django.test import Client
from telegram import Bot

from telegrambot.sandbox.models import SandboxBot, SandboxPerson
from telegrambot.sandbox.tests.factories import PersonFactory

T = TypeVar("T")


@pytest.fixture(autouse=True)
def _sandbox_on(settings: Any) -> None:
    settings.SANDBOX = True
    settings.ALLOWED_HOSTS = ["localhost"]


@pytest.fixture
def person(db: None) -> SandboxPerson:
    return PersonFactory.create()


@pytest.fixture
def page(db: None) -> Client:
    """A browser on this machine that sends CSRF tokens only when told to."""
    return Client(HTTP_HOST="localhost:8000")


class RealBot:
    """python-telegram-bot with its stock transport, against the live server."""

    def __init__(self, server: str) -> None:
        self.root = f"{server}/sandbox/telegram"
        self.token = SandboxBot.objects.current().token

    def __call__(self, use: Callable[[Bot], Awaitable[T]], *, token: str = "") -> T:
        """Run `use(bot)` in an event loop of its own and return what it returns."""

        async def run() -> T:
            bot = Bot(token or self.token, base_url=f"{self.root}/bot", base_file_url=f"{self.root}/file/bot")
            async with bot:
                return await use(bot)

        return asyncio.run(run())

    def raw(self, method: str, parameters: Any = None, **how: Any) -> tuple[int, dict[str, Any]]:
        """Call a method without the library: status and body. `how` goes to httpx (data, files, content…)."""
        how = how or {"json": parameters or {}}
        answer = httpx.post(f"{self.root}/bot{self.token}/{method}", **how)
        return answer.status_code, answer.json()

    def refusal(self, method: str, parameters: Any = None, **how: Any) -> str:
        """The description of a 400."""
        status, body = self.raw(method, parameters, **how)
        assert (status, body["ok"], body["error_code"]) == (400, False, 400), body
        return str(body["description"])


@pytest.fixture
def bot(live_server: Any, transactional_db: None) -> RealBot:
    return RealBot(live_server.url)
