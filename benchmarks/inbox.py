"""What the inbox costs the database when there is much in it.

    python -m benchmarks.inbox [--messages 1000000] [--people 100000] [--quick]

Fills a database of its own with SQL, asks for each list, one conversation and a search, and prints the number
of statements, the median of the time spent in them, and the indexes that PostgreSQL used. A line over the
limit, or one that reads a large table from end to end, ends the program with 1.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from statistics import median
from typing import Any

import django

from benchmarks.laboratory import connected_to, prepared_template
from tests.databases import Database, project_server

LIMIT_MS = 100
RUNS = 5
LARGE = frozenset({"engine_message", "inbox_conversation", "engine_dialog", "accounts_telegramuser"})

FILL = (
    """
    INSERT INTO accounts_telegramuser (telegram_id, username, first_name, last_name, language_code, role)
    SELECT 1000000000 + n, 'person_' || n, 'Name' || n % 1000, 'Family' || n % 5000,
           (ARRAY['en', 'ru'])[1 + n % 2], CASE WHEN n <= 5 THEN 2 ELSE 0 END
    FROM generate_series(1, {people}) AS n
    """,
    """
    INSERT INTO engine_dialog (bot_id, telegram_dialog_id, person_id, title)
    SELECT 1, telegram_id::text, id, first_name FROM accounts_telegramuser ORDER BY telegram_id
    """,
    # One person in a thousand talks a lot; every second message is an answer.
    """
    INSERT INTO engine_message
        (dialog_id, person_id, direction, status, text, created_at, timestamp, priority)
    SELECT dialog.id, dialog.person_id, CASE WHEN n % 2 = 0 THEN 'inbound' ELSE 'outbound' END,
           CASE WHEN n % 2 = 0 THEN 'delivered' ELSE 'sent' END,
           (ARRAY['Where is my parcel, please?', 'Где моя посылка?', 'Thank you', 'On its way'])[1 + n % 4]
           || CASE WHEN n % 5003 = 0 THEN ' A zebra crossed' ELSE '' END || ' ' || n,
           moment, moment, CASE WHEN n % 2 = 0 THEN 0 ELSE 1 END
    FROM (SELECT n, now() - interval '90 days' * (1 - n / {messages}::float) AS moment,
                 CASE WHEN n % 4 = 1 THEN n % ({people} / 1000) ELSE n::bigint * 7919 % {people} END AS place
          FROM generate_series(1, {messages}) AS n) AS said
    JOIN (SELECT id, person_id, row_number() OVER (ORDER BY id) - 1 AS place FROM engine_dialog) AS dialog
         USING (place)
    ORDER BY n
    """,
    # Three conversations of each person; the last one is open for every tenth, and of those half wait.
    """
    INSERT INTO inbox_conversation
        (dialog_id, started_at, last_activity, last_inbound_at, is_active, closed_at, message_count,
         waiting_since, unread_since, unread_count, assigned_to_id)
    SELECT id, moment, moment, moment, is_open, CASE WHEN is_open THEN NULL ELSE moment END, 4,
           CASE WHEN waits THEN moment END, CASE WHEN waits THEN moment END, waits::int,
           CASE WHEN id % 7 = 0 THEN (SELECT id FROM accounts_telegramuser WHERE role = 2 LIMIT 1) END
    FROM (SELECT id, number,
                 now() - interval '30 days' * (3 - number) - interval '29 days' * random() AS moment,
                 number = 3 AND id % 10 = 0 AS is_open, number = 3 AND id % 20 = 0 AS waits
          FROM engine_dialog, generate_series(1, 3) AS number) AS made
    """,
    "VACUUM (ANALYZE)",
)


@dataclass(frozen=True)
class Cost:
    """What one look costs: statements, milliseconds in them (median), and how PostgreSQL finds the rows."""

    look: str
    statements: int
    milliseconds: float
    indexes: tuple[str, ...]
    scanned: tuple[str, ...]

    @property
    def is_fine(self) -> bool:
        """Whether it is fast enough, and reads no large table from end to end."""
        return self.milliseconds <= LIMIT_MS and not self.scanned


@dataclass(frozen=True)
class Amounts:
    """How much there is."""

    people: int = 100_000
    messages: int = 1_000_000


def looks() -> Iterator[tuple[str, Callable[[], Any]]]:
    """What operators look at, each as a call that asks the database."""
    from telegrambot.accounts.models import TelegramUser
    from telegrambot.inbox import lists, presence, services
    from telegrambot.inbox.bot import screens
    from telegrambot.inbox.lists import Tab
    from telegrambot.inbox.models import Conversation

    olga = TelegramUser.objects.filter(role=2).first()
    assert olga is not None

    def listed(tab: Tab, words: str = "", begins: int = 0) -> list[Conversation]:
        return list(lists.listed(tab, actor=olga, words=words)[begins : begins + 50])

    for tab in Tab:
        yield f"tab {tab}", partial(listed, tab)
    yield "waiting, ten pages down", partial(listed, Tab.WAITING, begins=500)
    for words in ("name77 family77", "zebra", "parcel", "посылки", "nobody-says-this"):
        yield f"search for “{words}”", partial(listed, Tab.ALL, words)
        yield f"waiting, search for “{words}”", partial(listed, Tab.WAITING, words)
    yield "counts", lambda: lists.counts(olga)
    busy = Conversation.objects.order_by("dialog", "-started_at").first()
    assert busy is not None
    yield "a conversation in a chat of thousands", lambda: screens.screen(services.find(busy.pk), olga)
    yield "a heartbeat", lambda: presence.beat(busy, actor=olga)


def cost(look: str, visit: Callable[[], Any]) -> Cost:
    """Measure one look, several times, and ask PostgreSQL once how it finds the rows."""
    from django.db import connection

    counts, times, asked = [], [], []
    for _run in range(RUNS):
        spent: list[float] = []

        def watch(execute: Any, sql: str, params: Any, *rest: Any, spent: list[float] = spent) -> Any:
            begins = time.perf_counter()
            try:
                return execute(sql, params, *rest)
            finally:
                spent.append(time.perf_counter() - begins)
                asked.append((sql, params))

        with connection.execute_wrapper(watch):
            visit()
        counts.append(len(spent))
        times.append(sum(spent) * 1000)
    indexes, scanned = _plans(asked[-counts[-1] :])
    return Cost(look, counts[-1], median(times), indexes, scanned)


def _plans(asked: list[tuple[str, Any]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    from django.db import connection

    indexes: dict[str, None] = {}
    scanned: dict[str, None] = {}
    for sql, params in asked:
        if not sql.lstrip().upper().startswith(("SELECT", "WITH")) or "FOR NO KEY UPDATE" in sql:
            continue
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
            (plan,) = cursor.fetchone()
        for node in _nodes(plan[0]["Plan"]):
            if name := node.get("Index Name"):
                indexes[name] = None
            if node["Node Type"].endswith("Seq Scan") and node["Relation Name"] in LARGE:
                scanned[node["Relation Name"]] = None
    return tuple(indexes), tuple(scanned)


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", []):
        yield from _nodes(part)


def as_markdown(costs: list[Cost], amounts: Amounts) -> str:
    """The table as people read it."""
    lines = [
        f"## The inbox with {amounts.messages:,} messages of {amounts.people:,} people",
        "",
        "| look | statements | in the database | indexes | read from end to end |",
        "|---|---|---|---|---|",
        *(
            f"| {cost.look} | {cost.statements} | {cost.milliseconds:.0f} ms | {', '.join(cost.indexes)} "
            f"| {', '.join(cost.scanned)} |"
            for cost in costs
        ),
    ]
    return "\n".join(lines) + "\n"


def run(server: Database, amounts: Amounts) -> list[Cost]:
    """Make a database, fill it, measure, drop it.

    Args:
        server: where the database is made.
    """
    with prepared_template(server) as name:
        database = server.named(name)
        for statement in FILL:
            database.rows(statement.format(**asdict(amounts)))
        with connected_to(name):
            return [cost(look, visit) for look, visit in looks()]


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(description="What the inbox costs the database.")
    parser.add_argument("--messages", type=int)
    parser.add_argument("--people", type=int)
    parser.add_argument("--quick", action="store_true", help="a tenth of everything")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.settings")
    django.setup()
    part = 10 if options.quick else 1
    amounts = Amounts(options.people or Amounts.people // part, options.messages or Amounts.messages // part)
    costs = run(project_server(), amounts)
    sys.stdout.write(as_markdown(costs, amounts))
    sys.exit(not all(cost.is_fine for cost in costs))


if __name__ == "__main__":
    main()
