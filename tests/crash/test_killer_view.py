"""A view that kills its process is tried three times, and harms nobody else."""

from __future__ import annotations

from signal import SIGKILL

from tests.crash.accounting import FIRST_CHAT, ask_to_record
from tests.processes import wait_until

MAX_TRIES = 3


def test_the_update_is_given_up_and_all_others_are_answered(start_bot, database, stand_in):
    ill_fated = FIRST_CHAT + 3
    books = ask_to_record(database, stand_in, updates=20, chats=20)
    stand_in.load(1, chats=1, text="/die", first_chat=ill_fated)
    stand_in.load(1, chats=1, text="/record afterwards", first_chat=ill_fated)
    failed = "SELECT attempts FROM engine_inboundupdate WHERE status = 'failed'"

    for _ in range(MAX_TRIES):
        assert start_bot().exit_code(seconds=30) == -SIGKILL
    start_bot()
    wait_until(lambda: books.open_work() == (0, 0), "all work to be done", seconds=30)

    assert database.rows(failed) == [(MAX_TRIES,)]
    statuses = "SELECT status, count(*)::int FROM engine_inboundupdate GROUP BY status"
    assert dict(database.rows(statuses)) == {"failed": 1, "done": 21}
    assert database.value("SELECT count(*) FROM crash_effect WHERE text = 'died'") == 0
    said = stand_in.said_by_chat()
    first, apology, last = said.pop(ill_fated)
    assert (first, last) == ("0", "afterwards")
    assert "went wrong" in apology
    assert said == {chat: ["0"] for chat in books.expected if chat != ill_fated}
