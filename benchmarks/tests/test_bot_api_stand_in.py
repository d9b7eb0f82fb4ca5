"""The stand-in must be believed by python-telegram-bot, and do what it is told."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from telegram import Bot
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, NetworkError, RetryAfter

from benchmarks.bot_api_stand_in.client import StandInClient
from tests.processes import Processes, start_stand_in

TOKEN = "123:stand-in"


# The library wants its new kind of durations chosen; the stand-in does not care.
pytestmark = pytest.mark.filterwarnings("ignore:Deprecated since version v22.2")


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[StandInClient]:
    with Processes(tmp_path_factory.mktemp("stand-in")) as processes:
        yield start_stand_in(processes)[1]


@pytest.fixture
def stand_in(server) -> StandInClient:
    server.reset()
    return server


def ask(stand_in: StandInClient, *calls):
    """Run calls of a real client one after another; the last one's result."""

    async def run():
        async with Bot(TOKEN, base_url=f"{stand_in.url}/bot") as bot:
            for call in calls:
                result = await call(bot)
            return result

    return asyncio.run(run())


def test_people_who_write_are_read_in_order_until_confirmed(stand_in):
    stand_in.load(250, chats=3, text="/echo {n} {k}")

    first = ask(stand_in, lambda bot: bot.get_updates(timeout=0))
    again = ask(stand_in, lambda bot: bot.get_updates(timeout=0))
    rest = ask(stand_in, lambda bot: bot.get_updates(offset=first[-1].update_id + 1, timeout=0))

    assert [update.message.text for update in first[:4]] == [
        "/echo 0 0",
        "/echo 1 0",
        "/echo 2 0",
        "/echo 3 1",
    ]
    assert first[0].message.entities[0].length == len("/echo")
    assert [update.update_id for update in again] == [update.update_id for update in first]
    assert len(first) == len(rest) == 100
    assert rest[0].update_id == first[-1].update_id + 1
    assert stand_in.state()["unconfirmed"] == 150


def test_a_long_poll_wakes_when_somebody_writes(stand_in):
    with ThreadPoolExecutor() as pool:
        poll = pool.submit(ask, stand_in, lambda bot: bot.get_updates(timeout=20))
        while not stand_in.state()["calls"].get("getUpdates"):
            pass
        stand_in.load(1, chats=1, text="hello")
        assert [update.message.text for update in poll.result(timeout=5)] == ["hello"]


def test_a_second_poller_ends_the_first(stand_in):
    with ThreadPoolExecutor() as pool:
        first = pool.submit(ask, stand_in, lambda bot: bot.get_updates(timeout=20))
        while not stand_in.state()["calls"].get("getUpdates"):
            pass
        second = pool.submit(ask, stand_in, lambda bot: bot.get_updates(timeout=20))
        with pytest.raises(Conflict):
            first.result(timeout=5)
        stand_in.load(1, chats=1, text="hello")
        assert len(second.result(timeout=5)) == 1


def test_a_webhook_forbids_polling(stand_in):
    with pytest.raises(Conflict, match="webhook is active"):
        ask(stand_in, lambda bot: bot.set_webhook("https://example.org/"), lambda bot: bot.get_updates())

    assert ask(stand_in, lambda bot: bot.get_webhook_info()).url == "https://example.org/"
    assert ask(stand_in, lambda bot: bot.delete_webhook(), lambda bot: bot.get_updates()) == ()


def test_what_the_bot_says_is_in_the_ledger(stand_in):
    said = ask(stand_in, lambda bot: bot.send_message(7, "<b>one</b>"))
    ask(stand_in, lambda bot: bot.send_photo(7, b"not really a photo", caption="two"))
    ask(stand_in, lambda bot: bot.edit_message_text("three", chat_id=7, message_id=said.message_id))

    assert said.text == "<b>one</b>"
    assert said.message_id == 1
    entries = [(entry.method, entry.chat, entry.text, entry.message_id) for entry in stand_in.ledger()]
    assert entries == [
        ("sendMessage", 7, "<b>one</b>", 1),
        ("sendPhoto", 7, "two", 2),
        ("editMessageText", 7, "three", 1),
    ]


@pytest.mark.parametrize("recorded", [False, True])
@pytest.mark.parametrize(
    ("kind", "error"),
    [("error", NetworkError), ("flood", RetryAfter), ("drop", NetworkError), ("hang", NetworkError)],
)
def test_every_second_call_goes_wrong(stand_in, kind, error, recorded):
    stand_in.fault(every=2, kind=kind, recorded=recorded, seconds=1)

    ask(stand_in, lambda bot: bot.send_message(7, "fine"))
    with pytest.raises(error) as caught:
        ask(stand_in, lambda bot: bot.send_message(7, "struck"))
    stand_in.fault()
    ask(stand_in, lambda bot: bot.send_message(7, "fine again"))

    assert not isinstance(caught.value, BadRequest)
    assert stand_in.said_by_chat() == {7: ["fine", *["struck"] * recorded, "fine again"]}


def test_limits_in_one_chat(stand_in):
    stand_in.limits(per_second_in_chat=0.1, burst=2)

    ask(stand_in, lambda bot: bot.send_message(1, "first"), lambda bot: bot.send_message(1, "second"))
    with pytest.raises(RetryAfter):
        ask(stand_in, lambda bot: bot.send_message(1, "too soon"))
    ask(stand_in, lambda bot: bot.send_message(2, "another chat"))

    assert stand_in.said_by_chat() == {1: ["first", "second"], 2: ["another chat"]}


def test_limits_over_all_chats(stand_in):
    stand_in.limits(per_second=1)

    with pytest.raises(RetryAfter):
        ask(stand_in, *(lambda bot, chat=chat: bot.send_message(chat, "hello") for chat in range(1, 20)))

    assert len(stand_in.ledger()) < 19


def test_who_blocked_the_bot_gets_nothing(stand_in):
    stand_in.block(7)

    with pytest.raises(Forbidden, match="blocked by the user"):
        ask(stand_in, lambda bot: bot.send_message(7, "hello"))
    assert stand_in.ledger() == []


def test_a_revoked_token_is_refused(stand_in):
    stand_in.revoke()

    with pytest.raises(InvalidToken):
        ask(stand_in, lambda bot: bot.get_me())
