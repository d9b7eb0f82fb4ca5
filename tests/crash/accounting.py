"""The books of a crash test: what was asked, what was done, what was said, and whether they agree."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from benchmarks.bot_api_stand_in.client import StandInClient
from tests.databases import Database
from tests.processes import wait_until

FIRST_CHAT = 5_000_001

_OPEN = """
SELECT (SELECT count(*) FROM engine_inboundupdate WHERE status = 'pending'),
       (SELECT count(*) FROM engine_message WHERE status IN ('queued', 'sending'))
"""
_STATUSES = "SELECT status, count(*)::int FROM engine_inboundupdate GROUP BY status"
_EFFECTS = "SELECT chat, text FROM crash_effect ORDER BY id"
# Apologies have a key, answers of views have none.
_REPLIES = """
SELECT dialog.telegram_dialog_id::bigint, message.text, message.status
FROM engine_message AS message JOIN engine_dialog AS dialog ON dialog.id = message.dialog_id
WHERE message.direction = 'outbound' AND message.dedupe_key IS NULL ORDER BY message.id
"""


@dataclass(frozen=True)
class Books:
    """Compares the database with what reached the stand-in.

    Args:
        expected: for each chat the texts it recorded, in order (`/record <text>`).
    """

    database: Database
    stand_in: StandInClient
    expected: dict[int, list[str]]

    def wait_until_closed(self, *, seconds: float) -> None:
        """Wait until every update was taken, none is pending, and no message is under way.

        Raises:
            NotYet: that did not happen in `seconds`.
        """
        total = sum(map(len, self.expected.values()))
        stored = "SELECT count(*) >= %s FROM engine_inboundupdate"
        wait_until(
            lambda: self.database.value(stored, total), f"{total} updates to be stored", seconds=seconds
        )
        wait_until(lambda: self.open_work() == (0, 0), "all work to be done", seconds=seconds, every=0.2)

    def open_work(self) -> tuple[int, int]:
        """How many updates are pending, and how many messages are under way."""
        updates, messages = self.database.rows(_OPEN)[0]
        return updates, messages

    def said(self) -> int:
        """How many messages reached the stand-in so far."""
        return int(self.stand_in.state()["said"])

    def wait_until_said(self, count: int, *, seconds: float) -> None:
        """Wait until `count` messages have reached the stand-in, and no longer.

        Raises:
            NotYet: they have not in `seconds`.
        """
        wait_until(lambda: self.said() >= count, f"{count} messages", seconds=seconds, every=0.01)

    def check(self, *, failed: int = 0) -> None:
        """Everything was done once and in order, said at most once and in order, and open doubts are listed.

        Args:
            failed: how many other updates were given up, each with an apology to the person.

        Raises:
            AssertionError: something was lost, repeated or reordered.
        """
        total = sum(map(len, self.expected.values()))
        assert dict(self.database.rows(_STATUSES)) == {"done": total} | ({"failed": failed} if failed else {})
        assert _by_chat(self.database.rows(_EFFECTS)) == self.expected

        replies = self.database.rows(_REPLIES)
        assert _by_chat([(chat, text) for chat, text, _ in replies]) == self.expected
        assert {status for _, _, status in replies} <= {"sent", "uncertain"}

        sent = {(chat, text) for chat, text, status in replies if status == "sent"}
        uncertain = {(chat, text) for chat, text, status in replies if status == "uncertain"}
        everything = [(said.chat, said.text) for said in self.stand_in.ledger()]
        ledger = [(chat, text) for chat, text in everything if text in self.expected[chat]]
        assert len(everything) - len(ledger) == failed, "something was said that nobody asked for"
        assert len(ledger) == len(set(ledger)), "something was said twice"
        assert sent <= set(ledger), "something is recorded as sent and was not"
        assert set(ledger) - sent <= uncertain, "something was said and is neither sent nor uncertain"
        for chat, texts in _by_chat(ledger).items():
            asked = self.expected[chat]
            assert texts == [text for text in asked if text in set(texts)], f"chat {chat} got {texts}"


def _by_chat(pairs: list[tuple[int, str]]) -> dict[int, list[str]]:
    chats: dict[int, list[str]] = defaultdict(list)
    for chat, text in pairs:
        chats[chat].append(text)
    return dict(chats)


def ask_to_record(database: Database, stand_in: StandInClient, *, updates: int, chats: int) -> Books:
    """Let people write `/record <number>`, round robin; the books of that."""
    stand_in.load(updates, chats=chats, text="/record {k}", first_chat=FIRST_CHAT)
    each = [len(range(place, updates, chats)) for place in range(chats)]
    expected = {
        FIRST_CHAT + place: [str(k) for k in range(count)] for place, count in enumerate(each) if count
    }
    return Books(database, stand_in, expected)
