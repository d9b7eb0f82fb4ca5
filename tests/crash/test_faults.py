"""Telegram's own bad days: lost connections, errors, floods."""

from __future__ import annotations

from tests.crash.accounting import ask_to_record


def test_a_connection_lost_after_delivery_is_never_sent_again(start_bot, database, stand_in):
    stand_in.fault(every=5, kind="drop", recorded=True)
    start_bot()
    books = ask_to_record(database, stand_in, updates=60, chats=20)

    books.wait_until_closed(seconds=60)

    books.check()
    assert books.said() == 60
    assert database.value("SELECT count(*) FROM engine_message WHERE status = 'uncertain'") == 60 // 5


def test_errors_and_floods_are_waited_out(start_bot, database, stand_in):
    stand_in.fault(every=10, kind="flood", seconds=1)
    start_bot()
    books = ask_to_record(database, stand_in, updates=40, chats=20)

    books.wait_until_closed(seconds=60)

    books.check()
    assert books.said() == 40


def test_limits_are_kept(start_bot, database, stand_in):
    stand_in.limits(per_second=30, per_second_in_chat=1, burst=3)
    start_bot(MESSAGES_PER_SECOND="30", MESSAGES_PER_SECOND_IN_CHAT="1")
    books = ask_to_record(database, stand_in, updates=100, chats=25)

    books.wait_until_closed(seconds=60)

    books.check()
    assert stand_in.state()["calls"]["sendMessage"] == 100, "Telegram had to refuse some"
