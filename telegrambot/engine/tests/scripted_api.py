"""A Bot API server that says what a test tells it to, call by call, over real HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from telegram import Bot

from telegrambot.engine.client import make_bot
from telegrambot.engine.tests.factories import BOT_ID

TOKEN = f"{BOT_ID}:AAExampleExampleExampleExample_-0ab"
ME = {"id": BOT_ID, "is_bot": True, "first_name": "Bot", "username": "scripted_bot"}


@dataclass(frozen=True)
class Answer:
    """One answer: what Telegram says, or what happens to the connection instead.

    Attributes:
        result: of a successful call; None means what Telegram would say.
        status, description, parameters: of a refusal.
        body: sent as it is.
        trouble: "drop" (the connection is cut after the call was received) or "hang" (nothing comes).
        delay: seconds before anything comes.
    """

    result: Any = None
    status: int = 200
    description: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    body: bytes | None = None
    trouble: str = ""
    delay: float = 0.0


OK = Answer()
DROP = Answer(trouble="drop")
HANG = Answer(trouble="hang")


def refusal(status: int, description: str, **parameters: Any) -> Answer:
    """What Telegram answers when it does not do what was asked."""
    return Answer(status=status, description=description, parameters=parameters)


@dataclass(frozen=True)
class Call:
    """One call that arrived."""

    method: str
    parameters: dict[str, Any]
    files: dict[str, bytes]
    names: dict[str, str]


class ScriptedApi:
    """Answers each method from its script, then from `always`, then as if all went well."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.always: dict[str, Answer] = {}
        self.url = ""
        # What may be downloaded, by the path that getFile tells.
        self.files: dict[str, bytes] = {}
        self._scripts: dict[str, deque[Answer]] = defaultdict(deque)
        self._numbers = itertools.count(1001)

    def script(self, method: str, *answers: Answer) -> None:
        """The next answers to `method`, in order."""
        self._scripts[method].extend(answers)

    def of(self, method: str) -> list[dict[str, Any]]:
        """The parameters of every call of `method` so far."""
        return [call.parameters for call in self.calls if call.method == method]

    @property
    def sent(self) -> list[dict[str, Any]]:
        """The calls that put something into a chat."""
        return [call.parameters for call in self.calls if call.method.startswith("send")]

    @contextlib.asynccontextmanager
    async def serve(self, settings: Any) -> AsyncIterator[Bot]:
        """Listen on the loopback; yields an initialised client that the settings lead here."""
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/bot{token}/{method}", self._handle)
        app.router.add_get("/file/bot{token}/{path:.+}", self._give)
        runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            settings.TELEGRAM_API_URL = self.url
            settings.TELEGRAM_BOT_TOKEN = TOKEN
            async with make_bot() as bot:
                yield bot
        finally:
            await runner.cleanup()

    async def _give(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"]
        self.calls.append(Call("file", {"path": path}, {}, {}))
        if path not in self.files:
            raise web.HTTPNotFound
        return web.Response(body=self.files[path])

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        parameters, files, names = {}, {}, {}
        for name, value in form.items():
            if isinstance(value, web.FileField):
                files[name], names[name] = value.file.read(), value.filename
            else:
                parameters[name] = _decoded(str(value))
        method = request.match_info["method"]
        self.calls.append(Call(method, parameters, files, names))
        script = self._scripts[method]
        answer = script.popleft() if script else self.always.get(method, OK)
        await asyncio.sleep(answer.delay)
        if answer.trouble == "hang":
            await asyncio.sleep(3600)
        if answer.trouble == "drop":
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        if answer.body is not None:
            return web.Response(status=answer.status, body=answer.body)
        if answer.status != 200:
            error = {"ok": False, "error_code": answer.status, "description": answer.description}
            if answer.parameters:
                error["parameters"] = answer.parameters
            return web.json_response(error, status=answer.status)
        result = answer.result if answer.result is not None else self._usual(method, parameters)
        return web.json_response({"ok": True, "result": result})

    def _usual(self, method: str, parameters: dict[str, Any]) -> Any:
        if method == "getMe":
            return ME
        if method == "getUpdates":
            return []
        if method == "getWebhookInfo":
            return {"url": "", "has_custom_certificate": False, "pending_update_count": 0}
        if method.startswith(("delete", "set", "answer")):
            return True
        if method == "sendMediaGroup":
            return [self._message(parameters) for _ in parameters["media"]]
        return self._message(parameters, parameters.get("message_id"))

    def _message(self, parameters: dict[str, Any], number: Any = None) -> dict[str, Any]:
        return {
            "message_id": int(number or next(self._numbers)),
            "date": 1_700_000_000,
            "chat": {"id": int(parameters["chat_id"]), "type": "private"},
            "text": parameters.get("text", ""),
        }


def _decoded(value: str) -> Any:
    if value[:1] in "[{":
        with contextlib.suppress(ValueError):
            return json.loads(value)
    return value
