"""The provider over HTTP: it answers from its script, then always the same."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import threading
from collections import deque
from typing import Any

from aiohttp import web

from tests.model_server import wire
from tests.model_server.answers import CUT, DRIP, DROP, HANG, Answer, Received

KEY = "sk-test-0123456789-this-is-the-secret"


class ModelServer:
    """Serves on the loopback, in a thread of its own, within its `with` block.

    Attributes:
        usual: the answer when the script is empty.
        key: the one that is accepted; empty: any.
        models: those that exist.
        received: all requests so far.
        left: how often the client closed the connection before the answer was complete.
    """

    def __init__(self, port: int = 0) -> None:
        self.port = port
        self.usual = Answer()
        self.key = KEY
        self.models: tuple[str, ...] = ("small", "gpt-5-mini-2025-08-07", "claude-haiku-4-5-20251001")
        self.received: list[Received] = []
        self.left = 0
        self._script: deque[Answer] = deque()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True, name="model-server")
        self._ready = threading.Event()
        self._stop: asyncio.Event | None = None

    @property
    def url(self) -> str:
        """Its root; OpenAI's base URL is `/v1` below it."""
        return f"http://127.0.0.1:{self.port}"

    def script(self, *answers: Answer) -> None:
        """The next answers, in order."""
        self._script.extend(answers)

    def __enter__(self) -> ModelServer:
        self._thread.start()
        assert self._ready.wait(10), "the model server did not start"
        return self

    def __exit__(self, *_: object) -> None:
        if self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self.serve())
        finally:
            self._loop.close()

    async def serve(self) -> None:
        """Serve until told to stop.

        Raises:
            OSError: the port is taken.
        """
        self._stop = asyncio.Event()
        runner = web.ServerRunner(
            web.Server(self._handle, access_log=None, handler_cancellation=True), shutdown_timeout=0.1
        )
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", self.port)
            await site.start()
            self.port = runner.addresses[0][1]
            self._ready.set()
            await self._stop.wait()
        finally:
            await runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path.startswith("/control/"):
            return web.json_response(self._control(request.path, await request.json()))
        received = Received(request.path, dict(request.headers), json.loads(await request.read()))
        self.received.append(received)
        answer = self._script.popleft() if self._script else self.usual
        try:
            if request.path not in {wire.OPENAI, wire.ANTHROPIC}:
                raise wire.BadRequestError(404, "unknown_url")
            wire.check(received, self.key, self.models)
        except wire.BadRequestError as refused:
            return web.json_response(
                wire.error(request.path, refused.status, refused.code), status=refused.status
            )
        return await self._answer(request, received, answer)

    async def _answer(
        self, request: web.BaseRequest, received: Received, answer: Answer
    ) -> web.StreamResponse:
        if answer.trouble == HANG:
            await self._until_left()
        if answer.trouble == DROP:
            return _abort(request)
        if answer.body is not None:
            response = {"text": answer.body, "status": answer.status, "headers": answer.headers}
            return web.Response(**response, content_type=answer.content_type)  # type: ignore[arg-type]
        if answer.status != 200:
            body = wire.error(request.path, answer.status, answer.code)
            return web.json_response(body, status=answer.status, headers=answer.headers)
        if not received.body.get("stream"):
            return web.json_response(wire.whole(request.path, received.body["model"], answer))
        return await self._stream(request, received, answer)

    async def _stream(
        self, request: web.BaseRequest, received: Received, answer: Answer
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
        await response.prepare(request)
        events = wire.events(request.path, received.body["model"], answer)
        half = events[: len(events) // 2] if answer.trouble in {CUT, DRIP} else events
        try:
            for event in half:
                await asyncio.sleep(answer.pause)
                await response.write(f"{event}\n\n".encode())
            while answer.trouble == DRIP:
                await response.write(b": still there\n\n")
                await asyncio.sleep(0.01)
            if answer.trouble == CUT:
                return _abort(request)
            await response.write_eof()
        except (ConnectionError, asyncio.CancelledError):
            self.left += 1
            raise
        return response

    async def _until_left(self) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            self.left += 1

    def _control(self, path: str, data: Any) -> Any:
        """For whoever runs it as a process: `script` takes answers, `usual` one, `received` tells all."""
        if path == "/control/script":
            self.script(*(Answer(**answer) for answer in data))
        elif path == "/control/usual":
            self.usual = Answer(**data)
        return [dataclasses.asdict(received) for received in self.received]


def _abort(request: web.BaseRequest) -> web.Response:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()
