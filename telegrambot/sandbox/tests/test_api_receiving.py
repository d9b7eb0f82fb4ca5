from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from time import monotonic, sleep
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from telegram import Update
from telegram.error import BadRequest, Conflict

from telegrambot.sandbox import people, webhooks
from telegrambot.sandbox.models import SandboxBot, SandboxPerson, SandboxUpdate
from telegrambot.sandbox.tests.conftest import RealBot
from telegrambot.sandbox.tests.factories import PersonFactory


@pytest.fixture
def writer(transactional_db: None) -> SandboxPerson:
    return PersonFactory.create()


class Background(threading.Thread):
    """Runs a call beside the test and keeps what came of it."""

    def __init__(self, work: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self.work = work
        self.result: Any = None
        self.error: Exception | None = None
        self.finished_at = 0.0
        self.start()

    def run(self) -> None:
        try:
            self.result = self.work()
        except Exception as error:  # noqa: BLE001  the test looks at it
            self.error = error
        self.finished_at = monotonic()
        connection.close()

    def outcome(self) -> Any:
        self.join(10)
        assert not self.is_alive()
        return self.result


def wait_for_poller() -> None:
    """Until a getUpdates call has begun, and most likely listens."""
    deadline = monotonic() + 5
    while not SandboxBot.objects.filter(poll_ticket__gte=1).exists():
        assert monotonic() < deadline, "nobody polls"
        sleep(0.02)
    sleep(0.2)


def test_updates_arrive_in_order_and_stay_until_confirmed(bot: RealBot, writer: SandboxPerson) -> None:
    for text in ("one", "two", "three"):
        people.send_text(writer, text)

    first = bot(lambda b: b.get_updates())
    again = bot(lambda b: b.get_updates(limit=2))
    rest = bot(lambda b: b.get_updates(offset=first[1].update_id))

    assert [update.message.text for update in first if update.message] == ["one", "two", "three"]
    assert [update.update_id for update in again] == [update.update_id for update in first[:2]]
    assert [update.update_id for update in rest] == [update.update_id for update in first[1:]]
    assert first[2].update_id == first[0].update_id + 2
    assert bot(lambda b: b.get_updates(offset=first[2].update_id + 1)) == ()
    assert not SandboxUpdate.objects.exists()


def test_a_negative_offset_keeps_only_the_last(bot: RealBot, writer: SandboxPerson) -> None:
    for text in ("one", "two", "three"):
        people.send_text(writer, text)

    assert [u.message.text for u in bot(lambda b: b.get_updates(offset=-2)) if u.message] == ["two", "three"]
    assert SandboxUpdate.objects.count() == 2


def test_an_incoming_message_is_what_telegram_would_send(bot: RealBot, writer: SandboxPerson) -> None:
    people.send_text(writer, "😀 /start@switchboard_demo_bot <b>no markup</b>")

    message = bot(lambda b: b.get_updates())[0].message
    assert message
    assert message.from_user
    assert message.text == "😀 /start@switchboard_demo_bot <b>no markup</b>"
    assert [(e.type, message.parse_entity(e)) for e in message.entities] == [
        ("bot_command", "/start@switchboard_demo_bot")
    ]
    assert message.from_user.id == message.chat.id == writer.telegram_id
    assert message.from_user.language_code == "en"
    assert not message.from_user.is_bot


def test_a_waiting_poller_wakes_at_once(bot: RealBot, writer: SandboxPerson) -> None:
    poll = Background(lambda: bot.raw("getUpdates", data={"timeout": "8"}))
    wait_for_poller()

    sent_at = monotonic()
    people.send_text(writer, "Wake up")

    status, body = poll.outcome()
    assert (status, body["result"][0]["message"]["text"]) == (200, "Wake up")
    assert poll.finished_at - sent_at < 0.2


def test_a_quiet_poll_ends_with_nothing(bot: RealBot) -> None:
    begun_at = monotonic()

    assert bot.raw("getUpdates", {"timeout": 1}) == (200, {"ok": True, "result": []})
    assert 0.9 < monotonic() - begun_at < 2


def test_the_newer_poller_wins(bot: RealBot, writer: SandboxPerson) -> None:
    older = Background(lambda: bot.raw("getUpdates", {"timeout": 8}))
    wait_for_poller()
    newer = Background(lambda: bot.raw("getUpdates", {"timeout": 8}))

    status, body = older.outcome()
    assert (status, body["error_code"]) == (409, 409)
    assert body["description"] == (
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
    )
    people.send_text(writer, "For the newer")
    assert newer.outcome()[1]["result"][0]["message"]["text"] == "For the newer"


def test_a_webhook_ends_polling(bot: RealBot) -> None:
    poll = Background(lambda: bot.raw("getUpdates", {"timeout": 8}))
    wait_for_poller()

    bot(lambda b: b.set_webhook("http://127.0.0.1:9/hook"))

    assert poll.outcome()[1]["description"] == "Conflict: terminated by setWebhook request"
    with pytest.raises(Conflict, match="webhook is active"):
        bot(lambda b: b.get_updates())
    bot(lambda b: b.delete_webhook())
    assert bot(lambda b: b.get_updates()) == ()


def test_only_chosen_kinds_are_queued(bot: RealBot, writer: SandboxPerson) -> None:
    message = people.send_text(writer, "one")
    bot(lambda b: b.get_updates(allowed_updates=[Update.EDITED_MESSAGE], offset=-1))
    people.send_text(writer, "not wanted")
    people.edit_text(writer, message.pk, "wanted")
    # Not given again: the choice stays. Given empty: back to the default.
    assert [u.message or u.edited_message for u in bot(lambda b: b.get_updates())][1].text == "wanted"  # type: ignore[union-attr]
    bot.raw("getUpdates", data={"allowed_updates": "[]"})
    people.send_text(writer, "wanted too")

    assert len(bot(lambda b: b.get_updates())) == 3


def test_updates_are_forgotten_after_a_day(bot: RealBot, writer: SandboxPerson) -> None:
    people.send_text(writer, "old")
    SandboxUpdate.objects.update(queued_at=timezone.now() - timedelta(hours=25))

    assert bot(lambda b: b.get_updates()) == ()


def count_to_fifteen(writer: SandboxPerson) -> None:
    for number in range(15):
        people.send_text(writer, str(number))


def test_no_update_is_lost_between_many_writers_and_a_poller(bot: RealBot) -> None:
    writers = PersonFactory.create_batch(3)
    sending = [Background(partial(count_to_fifteen, writer)) for writer in writers]

    seen: list[dict[str, Any]] = []
    deadline = monotonic() + 20
    while len(seen) < 45 and monotonic() < deadline:
        offset = seen[-1]["update_id"] + 1 if seen else 0
        seen += bot.raw("getUpdates", {"offset": offset, "limit": 4, "timeout": 2})[1]["result"]
    for thread in sending:
        thread.outcome()

    ids = [update["update_id"] for update in seen]
    assert ids == list(range(ids[0], ids[0] + 45))
    for writer in writers:
        texts = [u["message"]["text"] for u in seen if u["message"]["chat"]["id"] == writer.pk]
        assert texts == [str(n) for n in range(15)]


class Hook(BaseHTTPRequestHandler):
    """A bot's webhook that fails once."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        seen: list[tuple[str | None, dict[str, Any]]] = self.server.seen  # type: ignore[attr-defined]
        seen.append((self.headers["X-Telegram-Bot-Api-Secret-Token"], json.loads(body)))
        self.send_response(500 if len(seen) == 1 else 200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Tests are quiet."""


@pytest.fixture
def hook() -> Iterator[Any]:
    with HTTPServer(("127.0.0.1", 0), Hook) as server:
        server.seen = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_webhook_gets_every_update_once_with_the_secret(
    bot: RealBot, writer: SandboxPerson, hook: Any
) -> None:
    people.send_text(writer, "before")
    address = f"http://127.0.0.1:{hook.server_port}/hook?x=1"
    bot(lambda b: b.set_webhook(address, secret_token="s3cret", allowed_updates=["message"]))
    people.send_text(writer, "after")
    webhooks.join(10)

    # The first one was answered with 500 and came again.
    assert [update["message"]["text"] for _, update in hook.seen] == ["before", "before", "after"]
    assert {secret for secret, _ in hook.seen} == {"s3cret"}
    assert not SandboxUpdate.objects.exists()
    info = bot(lambda b: b.get_webhook_info())
    assert (info.url, info.pending_update_count) == (address, 0)
    assert info.allowed_updates == ("message",)
    assert info.last_error_message == "Wrong response from the webhook: 500 Internal Server Error"


def test_opening_the_page_resumes_what_a_restart_interrupted(
    bot: RealBot, writer: SandboxPerson, hook: Any, page: Client
) -> None:
    people.send_text(writer, "before the restart")
    SandboxBot.objects.update(webhook_url=f"http://127.0.0.1:{hook.server_port}/hook")

    page.get("/sandbox/")
    webhooks.join(10)

    assert hook.seen[-1][1]["message"]["text"] == "before the restart"
    assert not SandboxUpdate.objects.exists()


def test_an_unreachable_webhook_keeps_updates_waiting(bot: RealBot, writer: SandboxPerson) -> None:
    bot(lambda b: b.set_webhook("http://127.0.0.1:9/hook"))
    people.send_text(writer, "Hello")
    sleep(0.3)

    info = bot(lambda b: b.get_webhook_info())
    assert info.pending_update_count == 1
    assert info.last_error_message == "Connection failed: ConnectionRefusedError"
    bot(lambda b: b.delete_webhook(drop_pending_updates=True))
    webhooks.join(5)
    assert bot(lambda b: b.get_updates()) == ()


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/x",
        "http://example.org/x",
        "http://10.0.0.1/",
        "http://localhost.evil.org/",
        "x",
        "http://[/",
    ],
)
def test_a_webhook_elsewhere_is_refused(bot: RealBot, url: str) -> None:
    with pytest.raises(BadRequest, match=r"(?i)bad webhook"):
        bot(lambda b: b.set_webhook(url))
    assert SandboxBot.objects.current().webhook_url == ""


def test_a_secret_has_few_characters(bot: RealBot) -> None:
    with pytest.raises(BadRequest, match=r"(?i)secret token contains unallowed characters"):
        bot(lambda b: b.set_webhook("http://127.0.0.1:9/", secret_token="no spaces"))


def test_malformed_requests_are_refused(bot: RealBot) -> None:
    json_type = {"Content-Type": "application/json"}
    assert "can't parse JSON object" in bot.refusal("getUpdates", content=b"{", headers=json_type)
    assert "can't parse JSON object" in bot.refusal("getUpdates", content=b"[1]", headers=json_type)
    assert "can't parse allowed updates" in bot.refusal("getUpdates", {"allowed_updates": "[1]"})


def test_parameters_travel_in_the_query_too(bot: RealBot) -> None:
    assert bot.raw("getupdates?timeout=nonsense&limit=100000", data={"offset": "x"})[0] == 200
