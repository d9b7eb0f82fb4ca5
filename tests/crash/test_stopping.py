"""How a bot stops, and how a second one is kept from polling."""

from __future__ import annotations

from tests.crash.accounting import ask_to_record
from tests.processes import wait_until


def test_sigterm_in_the_middle_leaves_nothing_half_done(start_bot, database, stand_in):
    bot = start_bot()
    books = ask_to_record(database, stand_in, updates=600, chats=60)
    books.wait_until_said(50, seconds=30)

    assert bot.terminate(seconds=10) == 0

    recorded = "SELECT count(*) FILTER (WHERE status = 'sent'), count(*) FILTER (WHERE status = 'sending') "
    recorded += "FROM engine_message WHERE direction = 'outbound'"
    assert database.rows(recorded) == [(books.said(), 0)]
    assert "Traceback" not in bot.output

    start_bot()
    books.wait_until_closed(seconds=60)
    books.check()
    assert database.value("SELECT count(*) FROM engine_message WHERE status = 'uncertain'") == 0


def test_a_second_poller_is_told_who_polls(start_bot, database, stand_in):
    first = start_bot()
    wait_until(lambda: stand_in.state()["calls"].get("getUpdates"), "the first poll", seconds=30)

    second = start_bot()

    assert second.exit_code(seconds=30) == 1
    assert str(first.process.pid) in second.output
    assert "Traceback" not in second.output
    books = ask_to_record(database, stand_in, updates=3, chats=3)
    books.wait_until_closed(seconds=20)
    books.check()
    assert first.is_alive


def test_when_the_poller_dies_another_may_poll_at_once(start_bot, database, stand_in):
    first = start_bot()
    wait_until(lambda: stand_in.state()["calls"].get("getUpdates"), "the first poll", seconds=30)
    first.kill()
    polls = stand_in.state()["calls"]["getUpdates"]

    start_bot()

    wait_until(lambda: stand_in.state()["calls"]["getUpdates"] > polls, "the next poller", seconds=30)
