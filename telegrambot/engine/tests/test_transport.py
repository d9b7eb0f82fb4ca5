"""The transport against real servers on the loopback: well-behaved ones and the ugly cases."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import datetime as dt
import io
import ipaddress
import json
import logging
import os
import pickle
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from telegram import Bot, InputFile, InputMediaDocument, InputMediaPhoto
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)
from telegram.request import BaseRequest

from config.redaction import TokenFilter
from telegrambot.engine.transport import AiohttpRequest
from telegrambot.engine.transport_errors import (
    HttpStatusError,
    MaybeDeliveredError,
    MaybeDeliveredTimeoutError,
    NeverSentError,
    NeverSentTimeoutError,
    Outcome,
    outcome_of,
)

TOKEN = "123456789:AAExampleExampleExampleExample_-0ab"
SECRET = TOKEN.partition(":")[2]
PASSWORD = "proxy-p4ss"
MESSAGE = {"message_id": 7, "date": 1700000000, "chat": {"id": 5, "type": "private"}, "text": "ok"}
ANSWER = json.dumps({"ok": True, "result": MESSAGE}).encode()
HTTP_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
    len(ANSWER),
    ANSWER,
)

Streams = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def web_server(handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def raw_server(talk: Streams, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    conversations: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        conversations.add(task)
        try:
            await talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client went away, or the test is over
        finally:
            conversations.discard(task)
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in list(conversations):
            task.cancel()
        await asyncio.sleep(0.01)


async def read_request(reader: asyncio.StreamReader) -> tuple[str, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    length = next(
        (int(line.split(":")[1]) for line in head.split("\r\n") if line.lower().startswith("content-length")),
        0,
    )
    return head, await reader.readexactly(length)


@contextlib.asynccontextmanager
async def bot_at(url: str, **options: Any) -> AsyncIterator[Bot]:
    async with AiohttpRequest(**options) as request:
        yield Bot(
            TOKEN,
            base_url=f"{url}/bot",
            base_file_url=f"{url}/file/bot",
            request=request,
            get_updates_request=request,
        )


async def failure_of(call: Awaitable[Any]) -> TelegramError:
    with pytest.raises(TelegramError) as caught:
        await call
    assert_holds_no_secret(caught.value)
    return caught.value


async def failure_at(url: str, **options: Any) -> TelegramError:
    async with bot_at(url, **options) as bot:
        return await failure_of(bot.send_message(5, "hello"))


def assert_holds_no_secret(error: BaseException) -> None:
    chain: list[BaseException] = [error]
    for link in chain:
        chain += [other for other in (link.__cause__, link.__context__) if other and other not in chain]
        for text in (str(link), repr(link), repr(link.args), repr(vars(link))):
            assert SECRET not in text
            assert PASSWORD not in text


def run(scenario: Awaitable[None]) -> None:
    async def main() -> None:
        await asyncio.wait_for(scenario, 30)

    asyncio.run(main())


# What is sent


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "Привет, мир! مرحبا 你好",
        "😀" * 4096,
        "a=b&c=d+e%20f;g?h/#\r\n\t\u0001'\"\\ <b>x</b> ",
    ],
)
def test_a_text_arrives_as_it_was_written(text: str) -> None:
    async def scenario() -> None:
        async def handler(request: web.Request) -> web.Response:
            assert request.path == f"/bot{TOKEN}/sendMessage"
            assert request.method == "POST"
            assert request.content_type == "application/x-www-form-urlencoded"
            assert request.headers["User-Agent"] == BaseRequest.USER_AGENT
            form = await request.post()
            return web.json_response({"ok": True, "result": {**MESSAGE, "text": form["text"]}})

        async with web_server(handler) as url, bot_at(url) as bot:
            message = await bot.send_message(5, text)
        assert message.text == text

    run(scenario())


def test_lists_and_objects_are_sent_as_json_and_a_call_without_parameters_works() -> None:
    async def scenario() -> None:
        forms: list[dict[str, Any]] = []

        async def handler(request: web.Request) -> web.Response:
            forms.append(dict(await request.post()))
            return web.json_response({"ok": True, "result": []})

        async with web_server(handler) as url, bot_at(url) as bot:
            await bot.get_updates(offset=3, allowed_updates=["message", "callback_query"])
            await bot.get_updates()
        assert json.loads(forms[0]["allowed_updates"]) == ["message", "callback_query"]
        assert forms[0]["offset"] == "3"
        assert forms[1] == {}

    run(scenario())


def collecting_uploads(received: list[dict[str, Any]]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handler(request: web.Request) -> web.Response:
        assert request.content_type == "multipart/form-data"
        fields: dict[str, Any] = {"length": request.content_length, "head": request.headers}
        parts = await request.multipart()
        while (part := await parts.next()) is not None:
            assert isinstance(part, aiohttp.BodyPartReader)
            assert part.name
            content = await part.read()
            fields[part.name] = (
                (part.filename, part.headers["Content-Type"], bytes(content), part.headers)
                if part.filename
                else bytes(content).decode()
            )
        received.append(fields)
        is_album = request.path.endswith("sendMediaGroup")
        return web.json_response({"ok": True, "result": [MESSAGE, MESSAGE] if is_album else MESSAGE})

    return handler


def test_a_file_is_uploaded_with_its_name_type_and_bytes() -> None:
    async def scenario() -> None:
        received: list[dict[str, Any]] = []
        content = bytes(range(256)) * 1024
        async with web_server(collecting_uploads(received)) as url, bot_at(url) as bot:
            await bot.send_document(5, content, filename='отчёт "1".pdf', caption="Приложение 😀")
        fields = received[0]
        assert fields["document"][:3] == ('отчёт "1".pdf', "application/pdf", content)
        # Telegram takes names as they stand: no percent signs.
        assert 'filename="отчёт \\"1\\".pdf"' in fields["document"][3]["Content-Disposition"]
        assert fields["caption"] == "Приложение 😀"
        assert fields["chat_id"] == "5"
        assert fields["length"] > len(content)

    run(scenario())


def test_a_line_break_in_a_file_name_cannot_forge_a_header() -> None:
    async def scenario() -> None:
        received: list[dict[str, Any]] = []
        async with web_server(collecting_uploads(received)) as url, bot_at(url) as bot:
            await bot.send_document(5, b"x", filename="a\r\nX-Forged: 1\r\n\r\nb.txt")
        name, _, content, headers = received[0]["document"]
        assert name == "a__X-Forged: 1____b.txt"
        assert content == b"x"
        assert "X-Forged" not in headers

    run(scenario())


def test_an_open_file_is_streamed_from_where_it_stands_and_left_open(tmp_path: Path) -> None:
    path = tmp_path / "data.bin"
    path.write_bytes(os.urandom(300_000))

    async def scenario(file: io.BufferedReader) -> None:
        received: list[dict[str, Any]] = []
        file.seek(1000)
        async with web_server(collecting_uploads(received)) as url, bot_at(url) as bot:
            await bot.send_document(5, InputFile(file, read_file_handle=False))
        assert received[0]["document"][:3] == (
            "data.bin",
            "application/octet-stream",
            path.read_bytes()[1000:],
        )
        assert received[0]["length"] > 299_000
        assert not file.closed

    with path.open("rb") as file:
        run(scenario(file))


def test_a_file_of_unknown_length_is_sent_in_chunks() -> None:
    async def scenario() -> None:
        received: list[dict[str, Any]] = []
        read_end, write_end = os.pipe()
        os.write(write_end, b"piped")
        os.close(write_end)
        with os.fdopen(read_end, "rb") as pipe:
            async with web_server(collecting_uploads(received)) as url, bot_at(url) as bot:
                await bot.send_document(5, InputFile(pipe, filename="p.txt", read_file_handle=False))
        assert received[0]["document"][:3] == ("p.txt", "text/plain", b"piped")
        assert received[0]["head"]["Transfer-Encoding"] == "chunked"

    run(scenario())


def test_an_album_refers_to_its_attachments() -> None:
    async def scenario() -> None:
        received: list[dict[str, Any]] = []
        async with web_server(collecting_uploads(received)) as url, bot_at(url) as bot:
            await bot.send_media_group(
                5,
                [
                    InputMediaPhoto(b"first", filename="один.jpg", caption="Ё"),
                    InputMediaDocument(b"second", filename="2.txt"),
                ],
            )
        fields = received[0]
        media = json.loads(fields["media"])
        first, second = (fields[item["media"].removeprefix("attach://")] for item in media)
        assert first[:3] == ("один.jpg", "image/jpeg", b"first")
        assert second[:3] == ("2.txt", "text/plain", b"second")
        assert media[0]["caption"] == "Ё"

    run(scenario())


def test_a_file_is_downloaded() -> None:
    async def scenario() -> None:
        content = os.urandom(400_000)

        async def handler(request: web.Request) -> web.Response:
            if request.path.endswith("/getFile"):
                result = {"file_id": "f", "file_unique_id": "u", "file_path": "photos/снимок 1.jpg"}
                return web.json_response({"ok": True, "result": result})
            assert request.method == "GET"
            assert request.path == f"/file/bot{TOKEN}/photos/снимок 1.jpg"
            return web.Response(body=content)

        async with web_server(handler) as url, bot_at(url) as bot:
            file = await bot.get_file("f")
            assert await file.download_as_bytearray() == content

    run(scenario())


# What Telegram answers


@pytest.mark.parametrize(
    ("status", "extra", "error_class", "outcome"),
    [
        (400, {"description": "Bad Request: message is too long"}, BadRequest, Outcome.REFUSED),
        (401, {"description": "Unauthorized"}, InvalidToken, Outcome.REFUSED),
        (403, {"description": "Forbidden: bot was blocked by the user"}, Forbidden, Outcome.REFUSED),
        (404, {"description": "Not Found"}, InvalidToken, Outcome.REFUSED),
        (409, {"description": "Conflict: terminated by other getUpdates"}, Conflict, Outcome.REFUSED),
        (429, {"description": "Too Many Requests"}, HttpStatusError, Outcome.REFUSED),
        (413, {"description": "Request Entity Too Large"}, HttpStatusError, Outcome.REFUSED),
        (500, {"description": "Internal Server Error"}, HttpStatusError, Outcome.SERVER_ERROR),
        (502, {"description": "Bad Gateway"}, HttpStatusError, Outcome.SERVER_ERROR),
    ],
)
def test_an_error_answer_becomes_its_class_and_outcome(
    status: int, extra: dict[str, Any], error_class: type[TelegramError], outcome: Outcome
) -> None:
    async def scenario() -> None:
        async def handler(request: web.Request) -> web.Response:
            return web.json_response({"ok": False, "error_code": status, **extra}, status=status)

        async with web_server(handler) as url:
            error = await failure_at(url)
        assert type(error) is error_class
        assert outcome_of(error) is outcome
        assert error.message.lower() in extra["description"].lower()
        if isinstance(error, HttpStatusError):
            assert error.status == status

    run(scenario())


def test_retry_after_and_a_new_chat_id_reach_the_caller_whatever_the_status(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")

    async def scenario() -> None:
        answers = [
            (429, {"retry_after": 17}),
            (409, {"migrate_to_chat_id": -1001}),
            (503, {"retry_after": 3}),
        ]

        async def handler(request: web.Request) -> web.Response:
            status, parameters = answers.pop(0)
            return web.json_response(
                {"ok": False, "description": "x", "parameters": parameters}, status=status
            )

        async with web_server(handler) as url:
            flood = await failure_at(url)
            migrated = await failure_at(url)
            restart = await failure_at(url)
        assert isinstance(flood, RetryAfter)
        assert flood.retry_after == dt.timedelta(seconds=17)
        assert isinstance(migrated, ChatMigrated)
        assert migrated.new_chat_id == -1001
        assert isinstance(restart, RetryAfter)
        assert {outcome_of(error) for error in (flood, migrated, restart)} == {Outcome.REFUSED}

    run(scenario())


@pytest.mark.parametrize("body", ["<html>nginx</html>", "[1]", "null", ""])
def test_a_server_error_that_is_not_telegrams_json(body: str) -> None:
    async def scenario() -> None:
        async def handler(request: web.Request) -> web.Response:
            return web.Response(status=500, text=body, content_type="text/html")

        async with web_server(handler) as url:
            error = await failure_at(url)
        assert isinstance(error, HttpStatusError)
        assert error.status == 500
        assert outcome_of(error) is Outcome.SERVER_ERROR
        assert isinstance(error, NetworkError)

    run(scenario())


def test_a_redirect_is_not_followed() -> None:
    async def scenario() -> None:
        paths: list[str] = []

        async def handler(request: web.Request) -> web.Response:
            paths.append(request.path)
            return web.Response(status=307, headers={"Location": "/elsewhere"})

        async with web_server(handler) as url:
            error = await failure_at(url)
        assert len(paths) == 1
        assert outcome_of(error) is Outcome.UNKNOWN

    run(scenario())


def test_an_unreadable_success_is_an_unknown_outcome() -> None:
    async def scenario() -> None:
        async def handler(request: web.Request) -> web.Response:
            return web.Response(text="<html>captive portal</html>")

        async with web_server(handler) as url:
            error = await failure_at(url)
        assert type(error) is TelegramError
        assert error.message == "Invalid server response"
        assert outcome_of(error) is Outcome.UNKNOWN

    run(scenario())


def test_invalid_utf8_in_an_answer_is_mended() -> None:
    assert AiohttpRequest.parse_json_payload(b'{"a": "\xff"}') == {"a": "\ufffd"}


def test_what_is_not_known_counts_as_unknown() -> None:
    for error in (
        ValueError("x"),
        TelegramError("x"),
        NetworkError("x"),
        TimedOut(),
        asyncio.CancelledError(),
    ):
        assert outcome_of(error) is Outcome.UNKNOWN


def test_a_status_error_survives_pickling() -> None:
    copy = pickle.loads(pickle.dumps(HttpStatusError("Bad Gateway", 502)))  # noqa: S301 - our own bytes
    assert (copy.message, copy.status) == ("Bad Gateway", 502)


# What never left


def assert_never_sent(error: BaseException, *, timed_out: bool = False) -> None:
    assert isinstance(error, NeverSentError)
    assert outcome_of(error) is Outcome.NEVER_SENT
    assert isinstance(error, TimedOut) is timed_out
    assert isinstance(error, NeverSentTimeoutError) is timed_out


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_no_such_host_and_a_refused_port_are_never_sent() -> None:
    async def scenario() -> None:
        for host, port in (("nowhere.invalid", 80), ("127.0.0.1", free_port())):
            error = await failure_at(f"http://{host}:{port}")
            assert_never_sent(error)
            assert host in str(error)

    run(scenario())


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/x", "http://", "http://[::1", "nonsense"])
def test_an_invalid_address_is_never_sent(url: str) -> None:
    async def scenario() -> None:
        assert_never_sent(await failure_at(url))

    run(scenario())


def test_a_failed_tls_handshake_is_never_sent() -> None:
    async def scenario() -> None:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(1)
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            await writer.drain()

        async with raw_server(talk) as url:
            assert_never_sent(await failure_at(url.replace("http:", "https:")))

    run(scenario())


def test_a_connection_that_is_not_made_in_time_is_never_sent() -> None:
    async def scenario() -> None:
        async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await asyncio.sleep(60)

        async with raw_server(hang) as url:
            error = await failure_at(url.replace("http:", "https:"), connect_timeout=0.1)
        assert_never_sent(error, timed_out=True)

    run(scenario())


def test_a_full_pool_is_never_sent_and_told_apart_from_connecting() -> None:
    async def scenario() -> None:
        arrived: list[str] = []
        release = asyncio.Event()

        async def handler(request: web.Request) -> web.Response:
            arrived.append(request.path)
            await release.wait()
            return web.Response(body=ANSWER)

        async with (
            web_server(handler) as url,
            bot_at(url, connection_pool_size=2, pool_timeout=0.1, connect_timeout=30) as bot,
        ):
            busy = [asyncio.create_task(bot.send_message(5, "x")) for _ in range(2)]
            while len(arrived) < 2:
                await asyncio.sleep(0.01)
            error = await failure_of(bot.send_message(5, "third"))
            assert_never_sent(error, timed_out=True)
            assert "pool" in str(error)
            assert len(arrived) == 2
            patient = asyncio.create_task(bot.send_message(5, "fourth", pool_timeout=None))
            await asyncio.sleep(0.2)
            release.set()
            await asyncio.gather(*busy, patient)
            assert len(arrived) == 3

    run(scenario())


def test_a_transport_that_is_not_open_never_sends() -> None:
    async def scenario() -> None:
        bot = Bot(TOKEN, request=AiohttpRequest(), get_updates_request=AiohttpRequest())
        assert_never_sent(await failure_of(bot.send_message(5, "x")))

    run(scenario())


# What may have arrived


def assert_may_have_arrived(error: BaseException, *, timed_out: bool = False) -> None:
    assert isinstance(error, MaybeDeliveredError)
    assert outcome_of(error) is Outcome.UNKNOWN
    assert isinstance(error, TimedOut) is timed_out
    assert isinstance(error, MaybeDeliveredTimeoutError) is timed_out


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + ANSWER[:20],
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{",
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    ],
    ids=["nothing", "half a header", "half a body", "half a chunk", "bad chunk", "not HTTP"],
)
@pytest.mark.parametrize("then", ["close", "hang"])
def test_a_broken_answer_may_have_arrived(answer: bytes, then: str) -> None:
    async def scenario() -> None:
        requests = 0

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal requests
            await read_request(reader)
            requests += 1
            writer.write(answer)
            await writer.drain()
            if then == "hang":
                await asyncio.sleep(60)
            writer.close()
            await writer.wait_closed()

        async with raw_server(talk) as url:
            error = await failure_at(url, read_timeout=0.1)
        is_wrong_at_once = answer.startswith(b"SSH") or b"zz" in answer
        assert_may_have_arrived(error, timed_out=then == "hang" and not is_wrong_at_once)
        assert requests == 1

    run(scenario())


def test_a_reset_connection_may_have_arrived() -> None:
    async def scenario() -> None:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_request(reader)
            writer.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )

        async with raw_server(talk) as url:
            error = await failure_at(url)
        assert_may_have_arrived(error)
        assert "reset" in str(error).lower()

    run(scenario())


def test_a_kept_alive_connection_closed_on_the_second_request_does_not_send_it_twice() -> None:
    async def scenario() -> None:
        heads: list[str] = []

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            heads.append((await read_request(reader))[0])
            writer.write(HTTP_ANSWER)
            heads.append((await read_request(reader))[0])

        async with raw_server(talk) as url, bot_at(url) as bot:
            await bot.send_message(5, "first")
            assert_may_have_arrived(await failure_of(bot.send_message(5, "second")))
            await asyncio.sleep(0.1)
            assert len(heads) == 2
            await bot.send_message(5, "third, over a new connection")

    run(scenario())


def test_a_connection_closed_while_idle_is_replaced() -> None:
    async def scenario() -> None:
        connections = 0

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal connections
            connections += 1
            await read_request(reader)
            writer.write(HTTP_ANSWER)
            await writer.drain()

        async with raw_server(talk) as url, bot_at(url) as bot:
            for _ in range(3):
                await bot.send_message(5, "x")
                await asyncio.sleep(0.05)
        assert connections == 3

    run(scenario())


class Endless(io.RawIOBase):
    """A file that never ends, so that no buffer on the way can take it all."""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return bytes(size)


@pytest.mark.parametrize("how", ["bytes", "file", "long text"])
def test_a_server_that_stops_reading_times_the_writing_out(how: str) -> None:
    async def scenario() -> None:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            await asyncio.sleep(60)

        options = {"write_timeout": 0.2, "media_write_timeout": 30}
        if how != "long text":
            options = {"write_timeout": 30, "media_write_timeout": 0.2}
        async with raw_server(talk) as url, bot_at(url, read_timeout=30, **options) as bot:
            if how == "long text":
                call = bot.send_message(5, "x" * 20_000_000)
            elif how == "bytes":
                call = bot.send_document(5, bytes(20_000_000))
            else:
                call = bot.send_document(5, InputFile(Endless(), read_file_handle=False))  # type: ignore[arg-type]
            error = await failure_of(call)
        assert_may_have_arrived(error, timed_out=True)
        assert "written" in str(error)

    run(scenario())


def test_an_early_refusal_of_an_upload_is_the_answer() -> None:
    async def scenario() -> None:
        refusal = b'{"ok": false, "error_code": 413, "description": "Request Entity Too Large"}'

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: %d\r\n\r\n%s" % (len(refusal), refusal))
            await writer.drain()
            await asyncio.sleep(60)

        async with raw_server(talk) as url, bot_at(url) as bot:
            error = await failure_of(bot.send_document(5, bytes(20_000_000)))
        assert isinstance(error, HttpStatusError)
        assert error.message == "Request Entity Too Large"

    run(scenario())


# Timeouts and the connections' lives


def test_the_read_timeout_is_between_bytes_not_for_the_whole_answer() -> None:
    async def scenario() -> None:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_request(reader)
            for start in range(0, len(HTTP_ANSWER), 40):
                writer.write(HTTP_ANSWER[start : start + 40])
                await asyncio.sleep(0.1)

        async with raw_server(talk) as url, bot_at(url, read_timeout=0.3) as bot:
            started = asyncio.get_running_loop().time()
            assert (await bot.send_message(5, "x")).message_id == 7
            assert asyncio.get_running_loop().time() - started > 0.35

    run(scenario())


def test_timeouts_given_to_a_call_replace_the_defaults() -> None:
    async def scenario() -> None:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while True:
                await read_request(reader)
                await asyncio.sleep(0.3)
                writer.write(HTTP_ANSWER)
                await writer.drain()

        async with raw_server(talk) as url, bot_at(url, read_timeout=0.1) as bot:
            assert bot.request.read_timeout == 0.1
            assert_may_have_arrived(await failure_of(bot.send_message(5, "x")), timed_out=True)
            assert (await bot.send_message(5, "x", read_timeout=5)).message_id == 7
            assert (await bot.send_message(5, "x", read_timeout=None)).message_id == 7

    run(scenario())


def test_cancelling_closes_the_connection_and_frees_its_place() -> None:
    async def scenario() -> None:
        received = asyncio.Event()
        closed = asyncio.Event()

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            _, body = await read_request(reader)
            if b"answered" in body:
                writer.write(HTTP_ANSWER)
                await writer.drain()
                return
            received.set()
            assert await reader.read() == b""
            closed.set()

        async with raw_server(talk) as url, bot_at(url, connection_pool_size=1, read_timeout=30) as bot:
            call = asyncio.create_task(bot.send_message(5, "x"))
            await received.wait()
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            await asyncio.wait_for(closed.wait(), 2)
            await bot.send_message(5, "answered")

    run(scenario())


def test_many_calls_at_once_share_the_pool_and_get_their_own_answers() -> None:
    async def scenario() -> None:
        now = most = 0
        clients: set[Any] = set()

        async def handler(request: web.Request) -> web.Response:
            nonlocal now, most
            now += 1
            most = max(most, now)
            assert request.transport is not None
            clients.add(request.transport.get_extra_info("peername"))
            form = await request.post()
            await asyncio.sleep(0.002)
            now -= 1
            return web.json_response({"ok": True, "result": {**MESSAGE, "text": form["text"]}})

        async with web_server(handler) as url, bot_at(url, connection_pool_size=8, pool_timeout=20) as bot:
            texts = [f"text {number}" for number in range(300)]
            messages = await asyncio.gather(*(bot.send_message(5, text) for text in texts))
        assert [message.text for message in messages] == texts
        assert most == 8
        assert len(clients) == 8

    run(scenario())


def test_opening_and_closing_twice_and_opening_again_in_another_loop() -> None:
    request = AiohttpRequest(connection_pool_size=1)

    async def handler(_: web.Request) -> web.Response:
        return web.Response(body=ANSWER)

    async def scenario() -> None:
        async with web_server(handler) as url:
            await request.initialize()
            await request.initialize()
            calls = (request.post(f"{url}/bot{TOKEN}/getMe", pool_timeout=5) for _ in range(3))
            assert await asyncio.gather(*calls) == [MESSAGE] * 3
            await request.shutdown()
            await request.shutdown()
            assert_never_sent(await failure_of(request.post(f"{url}/bot{TOKEN}/getMe")))

    run(scenario())
    run(scenario())


def test_shutting_down_ends_a_running_call_as_maybe_delivered() -> None:
    async def scenario() -> None:
        received = asyncio.Event()

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_request(reader)
            received.set()
            await asyncio.sleep(60)

        async with raw_server(talk) as url, AiohttpRequest(read_timeout=30) as request:
            call = asyncio.create_task(failure_of(request.post(f"{url}/bot{TOKEN}/getMe")))
            await received.wait()
            await request.shutdown()
            assert_may_have_arrived(await asyncio.wait_for(call, 2))

    run(scenario())


# Proxies


CREDENTIALS = "Basic " + base64.b64encode(f"user:{PASSWORD}".encode()).decode()


def with_credentials(url: str, password: str = PASSWORD) -> str:
    return url.replace("://", f"://user:{password}@")


def forwarding_proxy(seen: list[str]) -> Streams:
    """Forward plain requests and tunnel CONNECT, for the right password only."""

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
            writer.write_eof()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head, body = await read_request(reader)
        method, target, _ = head.split(" ", 2)
        seen.append(f"{method} {target}")
        if f"Proxy-Authorization: {CREDENTIALS}" not in head:
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
            return
        authority = target.removeprefix("http://").partition("/")[0]
        host, _, port = authority.partition(":")
        upstream_reader, upstream = await asyncio.open_connection(host, int(port))
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            upstream.write(head.replace(f"http://{authority}", "").encode() + body)
        try:
            await asyncio.gather(pump(reader, upstream), pump(upstream_reader, writer))
        finally:
            upstream.transport.abort()

    return talk


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A server's TLS context that the transport trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "loopback")])
    now = dt.datetime.now(dt.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "server.pem"
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(pem)
    client = ssl.create_default_context(cafile=str(pem))
    monkeypatch.setattr("aiohttp.connector._SSL_CONTEXT_VERIFIED", client)
    return server


async def answer_always(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        head, _ = await read_request(reader)
        assert "Proxy-Authorization" not in head or not head.startswith("POST /bot")
        writer.write(HTTP_ANSWER)
        await writer.drain()


def test_a_plain_request_goes_through_the_proxy() -> None:
    async def scenario() -> None:
        seen: list[str] = []

        async def handler(_: web.Request) -> web.Response:
            return web.Response(body=ANSWER)

        async with (
            web_server(handler) as url,
            raw_server(forwarding_proxy(seen)) as proxy,
            bot_at(url, proxy=with_credentials(proxy)) as bot,
        ):
            assert (await bot.send_message(5, "x")).message_id == 7
            assert (await bot.send_message(5, "again, over the same connection")).message_id == 7
        assert seen == [f"POST {url}/bot{TOKEN}/sendMessage"]

    run(scenario())


def test_a_secure_request_is_tunnelled_and_the_proxy_does_not_see_the_token(
    certificate: ssl.SSLContext,
) -> None:
    async def scenario() -> None:
        seen: list[str] = []
        async with (
            raw_server(answer_always, tls=certificate) as url,
            raw_server(forwarding_proxy(seen)) as proxy,
            bot_at(url, proxy=with_credentials(proxy)) as bot,
        ):
            assert (await bot.send_message(5, "x")).message_id == 7
            assert (await bot.send_message(5, "x")).message_id == 7
        assert seen == [f"CONNECT {url.removeprefix('https://')}"]

    run(scenario())


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_refuses_the_credentials_is_never_sent(scheme: str) -> None:
    async def scenario() -> None:
        seen: list[str] = []
        async with raw_server(forwarding_proxy(seen)) as proxy:
            error = await failure_at(f"{scheme}://127.0.0.1:9", proxy=with_credentials(proxy, PASSWORD[:-1]))
        assert_never_sent(error)
        assert len(seen) == 1

    run(scenario())


def test_a_proxy_that_is_down_or_closes_or_hangs_at_connect_is_never_sent() -> None:
    async def scenario() -> None:
        down = with_credentials(f"http://127.0.0.1:{free_port()}")
        assert_never_sent(await failure_at("http://127.0.0.1:9", proxy=down))
        assert_never_sent(await failure_at("https://127.0.0.1:9", proxy=down))

        async def close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_request(reader)

        async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await asyncio.sleep(60)

        async with raw_server(close) as proxy:
            assert_never_sent(await failure_at("https://127.0.0.1:9", proxy=with_credentials(proxy)))
        async with raw_server(hang) as proxy:
            error = await failure_at(
                "https://127.0.0.1:9", proxy=with_credentials(proxy), connect_timeout=0.1, read_timeout=30
            )
        assert_never_sent(error, timed_out=True)

    run(scenario())


def test_a_plain_request_lost_behind_the_proxy_may_have_arrived() -> None:
    async def scenario() -> None:
        async def close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_request(reader)

        async with raw_server(close) as proxy:
            assert_may_have_arrived(await failure_at("http://127.0.0.1:9", proxy=with_credentials(proxy)))

    run(scenario())


@pytest.mark.parametrize(
    "url",
    [
        "socks5://user:proxy-p4ss@127.0.0.1:1080",
        "127.0.0.1:3128",
        "http://",
        "http://user:proxy-p4ss#@127.0.0.1:80",
    ],
)
def test_other_proxies_are_refused_in_a_sentence(url: str) -> None:
    with pytest.raises(ValueError, match=r"Only proxies .* are supported") as caught:
        AiohttpRequest(proxy=url)
    assert_holds_no_secret(caught.value)


# Secrets


def test_the_transport_logs_no_token_and_the_filter_removes_that_of_others(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The project's own handler would have cleaned the records before they are looked at.
    monkeypatch.setattr(logging.root, "handlers", [caplog.handler])

    async def scenario() -> None:
        answers = [(200, ANSWER), (502, b"<html>"), (403, b"<html>"), (401, b'{"ok": false}')]

        async def handler(request: web.Request) -> web.Response:
            status, body = answers.pop(0)
            return web.Response(status=status, body=body)

        async with web_server(handler) as url, bot_at(url) as bot:
            await bot.send_message(5, "x")
            for _ in range(3):
                await failure_of(bot.send_message(5, "x"))
        await failure_at(f"http://127.0.0.1:{free_port()}")

    with caplog.at_level(logging.DEBUG):
        run(scenario())
    leaky = {record.name for record in caplog.records if SECRET in record.getMessage() + str(record.exc_text)}
    assert leaky == {"telegram.Bot"}  # python-telegram-bot itself, which is what the filter is for

    for record in caplog.records:
        TokenFilter().filter(record)
    assert SECRET not in "".join(map(logging.Formatter().format, caplog.records))
