"""The webhook: who may post, what is taken, and what Telegram is told."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.test import Client
from django.urls import reverse
from telegram.error import BadRequest, InvalidToken

from audit.models import EventLog
from telegrambot.engine import health, webhook
from telegrambot.engine.client import explain, make_bot
from telegrambot.engine.intake import ALLOWED_UPDATES
from telegrambot.engine.models import InboundUpdate, Message
from telegrambot.engine.transport_errors import NeverSentError

SECRET = "right-Secret_1"
TOKEN = "7000001:" + "A" * 35


@pytest.fixture(autouse=True)
def _configured(settings):
    settings.TELEGRAM_WEBHOOK_SECRET = SECRET
    settings.TELEGRAM_BOT_TOKEN = TOKEN
    webhook._database_is_failing = False


@pytest.fixture
def url():
    return reverse("engine:webhook")


def update(number=1, text="Hello", message_id=None):
    person = {"id": 4242, "is_bot": False, "first_name": "Ann"}
    return {
        "update_id": number,
        "message": {
            "message_id": message_id or number,
            "date": 1_700_000_000,
            "chat": {"id": 4242, "type": "private", "first_name": "Ann"},
            "from": person,
            "text": text,
        },
    }


def post(client, url, body, secret=SECRET, **extra):
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    headers = {} if secret is None else {"X-Telegram-Bot-Api-Secret-Token": secret}
    return client.post(url, body, content_type="application/json", headers=headers, **extra)


# ── Who may post ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post", "put", "delete"])
def test_without_a_configured_secret_there_is_no_webhook(client, url, settings, method):
    settings.TELEGRAM_WEBHOOK_SECRET = ""

    response = getattr(client, method)(url, headers={"X-Telegram-Bot-Api-Secret-Token": ""})

    assert response.status_code == 404
    assert not InboundUpdate.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "secret", [None, "", "wrong", SECRET.lower(), SECRET + "x", "ключ".encode().decode("latin-1")]
)
def test_a_wrong_or_missing_secret_is_refused_and_nothing_stored(client, url, secret):
    assert post(client, url, update(), secret=secret).status_code == 403
    assert not InboundUpdate.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "head", "put", "patch", "delete"])
def test_only_post_is_taken(client, url, method):
    response = getattr(client, method)(url, headers={"X-Telegram-Bot-Api-Secret-Token": SECRET})

    assert (response.status_code, response["Allow"]) == (405, "POST")


# ── What is taken ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.django_db
def test_an_update_is_stored_before_the_answer(url):
    # Telegram sends no CSRF token.
    response = post(Client(enforce_csrf_checks=True), url, update(17))

    assert (response.status_code, response.content) == (200, b"")
    stored = InboundUpdate.objects.get()
    assert (stored.update_id, stored.source, stored.status, stored.bot_id) == (
        17,
        "webhook",
        "pending",
        7000001,
    )
    assert Message.objects.get().text == "Hello"


@pytest.mark.django_db
def test_the_answer_depends_on_neither_session_nor_language(client, url, django_assert_max_num_queries):
    post(client, url, update(1))
    with django_assert_max_num_queries(12) as queries:
        response = post(client, url, update(2), HTTP_ACCEPT_LANGUAGE="ru")

    assert not response.cookies
    assert "Cookie" not in response.get("Vary", "")
    assert not any("django_session" in query["sql"] for query in queries.captured_queries)


@pytest.mark.django_db
def test_replays_and_deliveries_out_of_order_are_stored_once(client, url):
    for number in (5, 3, 5, 4, 3, 5):
        assert post(client, url, update(number)).status_code == 200

    assert list(InboundUpdate.objects.order_by("pk").values_list("update_id", flat=True)) == [5, 3, 4]
    assert Message.objects.count() == 3


@pytest.mark.django_db
def test_a_kind_nobody_knows_is_taken(client, url):
    assert post(client, url, {"update_id": 9, "brand_new_thing": {"a": 1}}).status_code == 200
    assert InboundUpdate.objects.get().kind == "brand_new_thing"


@pytest.mark.django_db
def test_a_text_the_database_cannot_hold_does_not_come_again(client, url):
    assert post(client, url, update(1, "a\x00b")).status_code == 200
    assert post(client, url, b'{"update_id": 2, "message": {"text": "\\ud83d"}}').status_code == 200
    assert InboundUpdate.objects.count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe{}",
        b"null",
        b"[]",
        b'[{"update_id": 1}]',
        b'"text"',
        b"{}",
        b'{"update_id": "1"}',
        b'{"update_id": 1.5}',
        b'{"update_id": true}',
        b'{"update_id": null}',
        b'{"update_id": 99999999999999999999999}',
        b'{"update_id": 1, "message": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"update_id": 1, "message": ' + b"[" * 400 + b"]" * 400 + b"}",
    ],
)
def test_what_is_no_update_gets_one_sentence(client, url, body):
    response = post(client, url, body)

    assert response.status_code in {200, 400}
    if response.status_code == 400:
        assert response.content.decode().count(".") == 1
        assert not InboundUpdate.objects.exists()
    else:
        # Telegram must not offer it for ever: it is kept aside.
        assert InboundUpdate.objects.get().status != "pending"


# ── Too much ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.django_db
def test_ten_megabytes_are_refused(client, url):
    assert post(client, url, b'{"update_id": 1, "x": "' + b"a" * 10_000_000 + b'"}').status_code == 413
    assert not InboundUpdate.objects.exists()


@pytest.mark.django_db
def test_a_body_longer_than_announced_is_not_read_to_its_end(rf, url):
    stream = io.BytesIO(b" " * 5_000_000)
    request = rf.post(url, headers={"X-Telegram-Bot-Api-Secret-Token": SECRET})
    request.META["CONTENT_LENGTH"] = "10"
    request._stream = stream

    assert webhook.receive(request).status_code == 413
    assert stream.tell() <= webhook.MAX_BODY_BYTES + 1


@pytest.mark.parametrize("announced", ["1048577", "9" * 5000])
def test_a_body_announced_too_long_is_not_read_at_all(rf, url, announced):
    stream = io.BytesIO(b"{}")
    request = rf.post(url, headers={"X-Telegram-Bot-Api-Secret-Token": SECRET})
    request.META["CONTENT_LENGTH"] = announced
    request._stream = stream

    assert webhook.receive(request).status_code == 413
    assert stream.tell() == 0


@pytest.mark.django_db
def test_the_longest_update_telegram_sends_is_taken(client, url):
    assert post(client, url, update(1, "😀" * 4096)).status_code == 200


# ── A database that fails ─────────────────────────────────────────────────────────────────────────────────


@contextmanager
def failing_database() -> Iterator[None]:
    """Every statement fails as it does when the server is gone."""

    def refuse(*args):
        raise OperationalError("server closed the connection: host=secret-host")

    with connection.execute_wrapper(refuse):
        yield


@pytest.mark.django_db
def test_a_failing_database_makes_telegram_try_again_and_is_logged_once_per_change(client, url, caplog):
    with caplog.at_level(logging.INFO, logger="telegrambot.engine.webhook"):
        with failing_database():
            answers = [post(client, url, update(1)) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [503] * 3
        assert len(caplog.records) == 1
        assert "secret-host" not in caplog.text
        assert not InboundUpdate.objects.exists()

        assert post(client, url, update(1)).status_code == 200
        assert post(client, url, update(2)).status_code == 200
    assert [record.levelname for record in caplog.records] == ["ERROR", "INFO"]
    assert InboundUpdate.objects.count() == 2


# ── setwebhook, deletewebhook ─────────────────────────────────────────────────────────────────────────────


class TelegramStandIn(ThreadingHTTPServer):
    """Answers Bot API calls and remembers them."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.calls: list[tuple[str, dict[str, str]]] = []
        self.refusals: dict[str, tuple[int, str]] = {}


class _Handler(BaseHTTPRequestHandler):
    server: TelegramStandIn

    def do_POST(self):
        form = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        method = self.path.rsplit("/", 1)[-1]
        self.server.calls.append((method, dict(urllib.parse.parse_qsl(form))))
        status, answer = 200, {"ok": True, "result": True}
        if method == "getMe":
            answer["result"] = {"id": 7000001, "is_bot": True, "first_name": "Bot", "username": "test_bot"}
        if method in self.server.refusals:
            status, description = self.server.refusals[method]
            answer = {"ok": False, "error_code": status, "description": description}
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args):
        pass


@pytest.fixture
def telegram(settings):
    server = TelegramStandIn()
    settings.TELEGRAM_API_URL = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.django_db
def test_setwebhook_tells_telegram_all_it_needs(telegram, capsys):
    health.beat("poller", "the machine before")
    call_command("setwebhook", "https://bot.example.org", max_connections=7)

    parameters = dict(telegram.calls)["setWebhook"]
    assert parameters["url"] == "https://bot.example.org/telegram/webhook/"
    assert parameters["secret_token"] == SECRET
    assert parameters["max_connections"] == "7"
    assert json.loads(parameters["allowed_updates"]) == list(ALLOWED_UPDATES)
    said = capsys.readouterr().out
    assert "https://bot.example.org/telegram/webhook/" in said
    assert SECRET not in said
    event = EventLog.objects.get(action="engine.webhook.set")
    assert event.details == {"host": "bot.example.org"}
    assert health.health().services == ()  # nobody has to poll any more


@pytest.mark.django_db
def test_a_whole_address_is_kept(telegram, settings):
    settings.DEBUG = True
    for address in ("https://example.org/behind/proxy/", "http://127.0.0.1:8000/telegram/webhook/"):
        call_command("setwebhook", address)
        assert telegram.calls[-1][1]["url"] == address


@pytest.mark.parametrize(
    "address",
    [
        "bot.example.org",
        "http://bot.example.org",
        "ftp://bot.example.org",
        "https://",
        "https://me:pass@bot.example.org",
        "https://bot.example.org:port/",
        "https://[bad",
        "http://127.0.0.1.example.org/",
        "",
    ],
)
def test_an_address_telegram_would_not_post_to_is_refused(telegram, settings, address):
    settings.DEBUG = True
    with pytest.raises(CommandError, match="https"):
        call_command("setwebhook", address)
    assert telegram.calls == []


def test_loopback_without_tls_is_for_development_only(telegram, settings):
    settings.DEBUG = False
    with pytest.raises(CommandError, match="https"):
        call_command("setwebhook", "http://localhost:8000/")
    assert telegram.calls == []


@pytest.mark.parametrize("secret", ["", "with space", "x" * 257, "ключ"])
def test_setwebhook_wants_a_secret_and_says_how_to_make_one(telegram, settings, secret):
    settings.TELEGRAM_WEBHOOK_SECRET = secret
    with pytest.raises(CommandError, match="token_urlsafe"):
        call_command("setwebhook", "https://bot.example.org")
    assert telegram.calls == []


@pytest.mark.parametrize("connections", [0, 101])
def test_setwebhook_knows_how_many_connections_telegram_allows(telegram, connections):
    with pytest.raises(CommandError, match="1 to 100"):
        call_command("setwebhook", "https://bot.example.org", max_connections=connections)
    assert telegram.calls == []


@pytest.mark.django_db
def test_what_telegram_refuses_is_told_in_one_sentence(telegram):
    telegram.refusals["setWebhook"] = (400, "Bad Request: bad webhook: IP address 10.0.0.1 is reserved")
    with pytest.raises(CommandError, match=r"ip address 10\.0\.0\.1 is reserved"):
        call_command("setwebhook", "https://bot.example.org")
    assert not EventLog.objects.filter(action="engine.webhook.set").exists()


@pytest.mark.django_db
@pytest.mark.parametrize("command", [("setwebhook", "https://bot.example.org"), ("deletewebhook",)])
def test_a_wrong_token_is_one_sentence_without_the_token(telegram, command):
    telegram.refusals["getMe"] = (401, "Unauthorized")
    with pytest.raises(CommandError, match="TELEGRAM_BOT_TOKEN") as failure:
        call_command(*command)
    assert TOKEN not in str(failure.value)


@pytest.mark.parametrize("command", [("setwebhook", "https://bot.example.org"), ("deletewebhook",)])
def test_without_a_token_one_sentence_says_what_to_set(settings, command):
    settings.TELEGRAM_BOT_TOKEN, settings.SANDBOX = "", False
    with pytest.raises(CommandError, match="TELEGRAM_BOT_TOKEN"):
        call_command(*command)


@pytest.mark.django_db
def test_deletewebhook_keeps_what_waits(telegram, capsys):
    call_command("deletewebhook")

    parameters = dict(telegram.calls)["deleteWebhook"]
    assert parameters.get("drop_pending_updates", "false").lower() == "false"
    assert "runbot" in capsys.readouterr().out
    assert EventLog.objects.filter(action="engine.webhook.removed").count() == 1


@pytest.mark.django_db
def test_telegram_out_of_reach_is_one_sentence(settings):
    settings.TELEGRAM_API_URL = "http://127.0.0.1:9"
    with pytest.raises(CommandError, match="did not answer"):
        call_command("deletewebhook")


# ── The client ────────────────────────────────────────────────────────────────────────────────────────────


def test_the_client_speaks_to_the_configured_server(telegram):
    async def who() -> str:
        async with make_bot() as bot:
            return bot.username

    assert asyncio.run(who()) == "test_bot"


def test_a_proxy_that_cannot_be_one_is_named(settings):
    settings.TELEGRAM_PROXY_URL = "socks5://127.0.0.1:1080"
    with pytest.raises(CommandError, match="TELEGRAM_PROXY_URL"):
        call_command("deletewebhook")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (InvalidToken(f"The token `{TOKEN}` was rejected."), "does not accept"),
        (BadRequest(f"No {TOKEN} here"), "refused"),
        (NeverSentError("No connection."), "did not answer"),
    ],
)
def test_no_explanation_holds_the_token(error, words):
    assert words in explain(error)
    assert TOKEN not in explain(error)
