"""The stand-in over HTTP: `/bot<token>/<method>` for bots, `/control/<action>` for whoever runs it."""

from __future__ import annotations

import argparse
import asyncio
from typing import Any
from urllib.parse import parse_qsl, unquote

import orjson
from aiohttp import web

from benchmarks.bot_api_stand_in.faults import RefusedError
from benchmarks.bot_api_stand_in.state import StandIn


class Server:
    """Answers HTTP requests out of one StandIn. No routes, no middleware: they cost more than the answers."""

    def __init__(self) -> None:
        self.stand_in = StandIn()

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        path, _, query = request.raw_path.partition("?")
        first, _, action = path.lstrip("/").partition("/")
        try:
            data = await _arguments(request, query)
            if path == "/control/reset":
                self.stand_in, result = StandIn(), True
            elif first == "control":
                result = self.stand_in.control(action, data)
            elif first.startswith("bot"):
                result = await self.stand_in.call(unquote(first[3:]), action, data, request)
            else:
                raise RefusedError(404, "Not Found")
        except RefusedError as refusal:
            body = {"ok": False, "error_code": refusal.code, "description": refusal.description}
            return _json(
                body | ({"parameters": refusal.parameters} if refusal.parameters else {}), refusal.code
            )
        return _json({"ok": True, "result": result})


async def _arguments(request: web.BaseRequest, query: str) -> dict[str, Any]:
    if request.content_type == "application/json":
        return dict(orjson.loads(await request.read()))
    if request.content_type.startswith("multipart/"):
        return dict(await request.post())
    return dict(parse_qsl((await request.read()).decode() or query, keep_blank_values=True))


def _json(body: Any, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(body), content_type="application/json", status=status)


async def serve(port: int) -> None:
    """Serve on loopback until cancelled.

    Raises:
        OSError: the port is taken.
    """
    runner = web.ServerRunner(web.Server(Server(), access_log=None))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=1024).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A stand-in for Telegram's Bot API.")
    parser.add_argument("--port", type=int, default=8081)
    asyncio.run(serve(parser.parse_args().port))
