"""A view that kills its process is tried three times, and harms nobody else."""

from __future__ import annotations

from signal import SIGKILL

from tests.crash.accounting import FIRST_CHAT, ask_to_record

MAX_TRIES = 3


def test_the_update_is_given_up_and_all_others_are_answered(start_bot, database, stand_in):
    ill_fated = FIRST_CHAT + 3
    books = ask_to_record(database, stand_in, updates=20, chats=20)
    stand_in.load(1, chats=1, text="/die", first_chat=ill_fated)
    stand_in.load(1, chats=1, text="/record afterwards", first_chat=ill_fated)
    books.expected[ill_fated].append("afterwards")
    failed = "SELECT attempts FROM engine_inboundupdate WHERE status = 'failed'"

    for _ in range(MAX_TRIES):
        assert start_bot().exit_code(seconds=30) == -SIGKILL
    start_bot()
    books.wait_until_closed(seconds=30)

    assert database.rows(failed) == [(MAX_TRIES,)]
    assert database.value("SELECT count(*) FROM crash_effect WHERE text = 'died'") == 0
    books.check(failed=1)
    apologies = [
        said.text for said in stand_in.ledger() if said.chat == ill_fated and "went wrong" in said.text
    ]
    assert len(apologies) == 1
    assert stand_in.said_by_chat()[ill_fated][-1] == "afterwards"
