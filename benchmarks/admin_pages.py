"""What the admin's pages cost the database when there is much to show.

    python -m benchmarks.admin_pages [--messages 1000000] [--people 100000] [--events 5000000] [--quick]

Fills a database of its own with SQL, opens each page as an owner, and prints the number of statements and the
median of the time spent in them. A page over the limit ends the program with 1.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import partial
from statistics import median
from typing import Any

import django

from benchmarks.laboratory import connected_to, prepared_template
from tests.databases import Database, project_server

LIMIT_MS = 100
RUNS = 5
EVENTS = 5_000_000
QUICK_EVENTS = 1_000_000
BUSY = 1_000_000_001  # the Telegram id of the person to whom much happened

FILL = (
    # People came over two years; a third of them was seen in the last weeks.
    """
    INSERT INTO accounts_telegramuser
        (telegram_id, username, first_name, last_name, language_code, created_at, last_seen_at,
         is_friend, blocked_at)
    SELECT 1000000000 + n, 'person_' || n, 'Name' || n % 1000, 'Family' || n % 5000,
           (ARRAY['en', 'ru', 'de'])[1 + n % 3], now() - interval '730 days' * (1 - n / {people}::float),
           now() - CASE WHEN n % 3 = 0 THEN interval '21 days' * random() ELSE interval '400 days' END,
           n % 50 = 0, CASE WHEN n % 40 = 0 THEN now() - interval '9 days' END
    FROM generate_series(1, {people}) AS n
    """,
    """
    INSERT INTO engine_dialog (bot_id, telegram_dialog_id, person_id, title)
    SELECT 1, telegram_id::text, id, first_name FROM accounts_telegramuser ORDER BY telegram_id
    """,
    # Messages of 90 days, in order; one person in a thousand talks a lot.
    """
    INSERT INTO engine_message
        (dialog_id, person_id, direction, status, text, created_at, timestamp, message_type, priority)
    SELECT dialog.id, dialog.person_id, CASE WHEN n % 2 = 0 THEN 'inbound' ELSE 'outbound' END,
           CASE WHEN n % 2 = 0 THEN 'delivered' WHEN n % 5001 = 0 THEN 'failed'
                WHEN n % 9001 = 0 THEN 'uncertain'
                WHEN n > {messages} - 200 THEN 'queued' ELSE 'sent' END,
           'What was said as number ' || n, moment, moment,
           CASE WHEN n % 20 = 0 THEN 'photo' ELSE 'text' END, CASE WHEN n % 10 = 9 THEN 9 ELSE 0 END
    FROM (SELECT n, now() - interval '90 days' * (1 - n / {messages}::float) AS moment,
                 CASE WHEN n % 4 = 1 THEN n % ({people} / 1000) ELSE n::bigint * 7919 % {people} END AS place
          FROM generate_series(1, {messages}) AS n) AS said
    JOIN (SELECT id, person_id, row_number() OVER (ORDER BY id) - 1 AS place FROM engine_dialog) AS dialog
         USING (place)
    ORDER BY n
    """,
    """
    INSERT INTO engine_inboundupdate
        (bot_id, update_id, source, dialog_id, kind, payload, status, received_at, error)
    SELECT 1, n, 'polling', CASE WHEN n % 50021 = 0 THEN NULL ELSE first + n::bigint * 7919 % {people} END,
           'message', '{{"message": {{"text": "hello"}}}}'::jsonb,
           CASE WHEN n % 5003 = 0 OR n % 50021 = 0 THEN 'failed'
                WHEN n > {messages} / 2 - 50 THEN 'pending' ELSE 'done' END,
           now() - interval '90 days' * (1 - n / ({messages} / 2)::float), ''
    FROM generate_series(1, {messages} / 2) AS n, (SELECT min(id) AS first FROM engine_dialog) AS dialog
    """,
    """
    INSERT INTO engine_processedmessage (message_id, processed_at)
    SELECT 'upd:1:' || n, now() - interval '90 days' * (1 - n / ({messages} / 2)::float)
    FROM generate_series(1, {messages} / 2) AS n
    """,
    """
    INSERT INTO procrastinate_jobs (queue_name, task_name, status, attempts)
    SELECT 'system', 'telegrambot.engine.tasks.purge', 'failed', 5 FROM generate_series(1, 500)
    """,
    # What was logged in two years, in order; one person in a thousand acts, and to one of them much happened.
    """
    INSERT INTO audit_eventlog
        (user_id, action, entity_type, entity_id, origin, correlation_id, details, timestamp, created_at)
    SELECT CASE WHEN n % 10 = 0 THEN 'system' ELSE people[1 + n % array_length(people, 1)]::text END,
           kind || CASE WHEN n % 5003 = 0 THEN '.deleted' WHEN n % 9 = 0 THEN '.created' ELSE '.changed' END,
           kind, CASE WHEN kind = 'projects.feature' THEN (n::bigint * 7919 % 20000)::text
                      WHEN n % 4 = 1 THEN people[1]::text
                      ELSE people[1 + n::bigint * 7919 % array_length(people, 1)]::text END,
           CASE WHEN n % 50021 = 0 THEN 'shell' WHEN n % 10007 = 0 THEN 'command' WHEN n % 7 = 0 THEN 'task'
                WHEN n % 3 = 0 THEN 'admin' ELSE 'chat' END,
           CASE WHEN n % 2 = 0 THEN 'update:' || n / 4 ELSE '' END,
           '{{"before": {{"is_active": true}}, "after": {{"is_active": false}}}}'::jsonb,
           moment, moment
    FROM (SELECT n, now() - interval '730 days' * (1 - n / {events}::float) AS moment,
                 CASE WHEN n % 5 = 0 THEN 'accounts.telegramuser' ELSE 'projects.feature' END AS kind
          FROM generate_series(1, {events}) AS n) AS happened,
         (SELECT array_agg(id ORDER BY telegram_id) FILTER (WHERE telegram_id % 1000 = 1) AS people
          FROM accounts_telegramuser) AS acting
    ORDER BY n
    """,
    "VACUUM (ANALYZE)",
)


@dataclass(frozen=True)
class Cost:
    """What one page costs: statements, and milliseconds in them (median)."""

    page: str
    statements: int
    milliseconds: float


@dataclass(frozen=True)
class Amounts:
    """How much there is to show."""

    people: int = 100_000
    messages: int = 1_000_000
    events: int = EVENTS


def fill(database: Database, amounts: Amounts) -> None:
    """Fill an empty, migrated database."""
    for statement in FILL:
        database.rows(statement.format(**asdict(amounts)))


def measure() -> list[Cost]:
    """Open every page of the database that Django is connected to, as its owner."""
    from django.test import Client

    from audit.seals import seal_settled
    from telegrambot.accounts.models import User

    seal_settled()
    client = Client()
    client.force_login(User.objects.create_superuser("bench"))
    return [_cost(title, partial(_open, client, url)) for title, url in _pages()]


def _pages() -> Iterator[tuple[str, str]]:
    yield from _engine_pages()
    yield from _log_pages()


def _listed(model: str, query: str = "") -> str:
    from django.urls import reverse

    return reverse(f"admin:{model}_changelist") + query


def _engine_pages() -> Iterator[tuple[str, str]]:
    from django.urls import reverse

    from telegrambot.accounts.models import TelegramUser
    from telegrambot.engine.models import Dialog, Message

    yield "home", reverse("admin:index")
    for model in (
        "accounts_telegramuser",
        "accounts_user",
        "accounts_botcommand",
        "engine_dialog",
        "engine_message",
        "engine_inboundupdate",
        "engine_processedmessage",
        "engine_backgroundjob",
    ):
        yield f"list of {model}", _listed(model)
    half = Message.objects.order_by("pk").values_list("pk", flat=True)[Message.objects.count() // 2]
    yield "messages, ten thousand pages down", _listed("engine_message", f"?older={half}")
    for query in ("status__exact=failed", "direction__exact=inbound", "message_type=photo"):
        yield f"messages, {query}", _listed("engine_message", f"?{query}")
    yield "messages, a filter that nothing matches", _listed("engine_message", "?message_type=sticker")
    yield "messages, a search", _listed("engine_message", "?q=name77+family77")
    yield "updates, failed", _listed("engine_inboundupdate", "?status__exact=failed")
    yield "updates, put aside", _listed("engine_inboundupdate", "?put_aside=1")
    people = TelegramUser.objects.count()
    yield "people, the last page", _listed("accounts_telegramuser", f"?p={people // 50}")
    yield "people, a search", _listed("accounts_telegramuser", "?q=name77")
    yield "people, by last seen", _listed("accounts_telegramuser", "?o=-4")
    talker = Dialog.objects.order_by("pk")[1]
    yield "a dialog of thousands of messages", reverse("admin:engine_dialog_change", args=[talker.pk])
    person = TelegramUser.objects.get(dialogs=talker)
    yield "a person's page", reverse("admin:accounts_telegramuser_change", args=[person.pk])


def _log_pages() -> Iterator[tuple[str, str]]:
    from django.urls import reverse
    from django.utils import timezone

    from audit.models import EventLog
    from telegrambot.accounts.models import TelegramUser

    log, middle = "audit_eventlog", EventLog.objects.count() // 2
    person = TelegramUser.objects.get(telegram_id=BUSY)
    early, late = (timezone.localdate() - timedelta(days=days) for days in (500, 400))
    yield f"list of {log}", _listed(log)
    yield "events, half of them down", _listed(log, f"?older={middle}")
    for query in (
        "who=system",
        "who=Name77",
        "who=nobody",
        "kind=projects.feature",
        "kind=engine.dialog",
        "thing=42",
        "kind=projects.feature&thing=42",
        "event=created",
        "event=deleted",
        "event=accounts.role.granted",
        "kind=projects.feature&event=deleted",
        "origin=chat",
        "origin=shell",
        "origin=shell&kind=engine.dialog",
        "origin=command&event=deleted",
        "days=1",
        "days=30&origin=shell",
        "days=30&who=nobody",
        f"since={early}&until={late}",
        f"since={early}&until={late}&event=deleted",
        "q=update:42",
        "q=42",
    ):
        yield f"events, {query}", _listed(log, f"?{query}")
    for query in ("", "&origin=shell", "&kind=accounts.telegramuser&event=changed&days=30"):
        yield f"events, who=<a busy person>{query}", _listed(log, f"?who={person.pk}{query}")
    yield "an event's page", reverse("admin:audit_eventlog_change", args=[middle])
    history = reverse("admin:accounts_telegramuser_history", args=[person.pk])
    yield "a history of many events", history
    yield "the same, half of the log down", f"{history}?older={middle}"


def _open(client: Any, url: str) -> None:
    response = client.get(url)
    if response.status_code != 200:
        raise RuntimeError(f"{url} answered {response.status_code}")


def _cost(title: str, visit: Callable[[], None]) -> Cost:
    from django.db import connection

    counts, times = [], []
    for _ in range(RUNS):
        spent: list[float] = []

        def watch(execute: Callable[..., Any], *args: Any, spent: list[float] = spent) -> Any:
            begins = time.perf_counter()
            try:
                return execute(*args)
            finally:
                spent.append(time.perf_counter() - begins)

        with connection.execute_wrapper(watch):
            visit()
        counts.append(len(spent))
        times.append(sum(spent) * 1000)
    return Cost(title, counts[-1], median(times))


def as_markdown(costs: list[Cost], amounts: Amounts) -> str:
    """The table as people read it."""
    much = f"{amounts.messages:,} messages, {amounts.people:,} people, {amounts.events:,} events"
    lines = [
        f"## Pages of the admin with {much}",
        "",
        "| page | statements | in the database |",
        "|---|---|---|",
        *(f"| {cost.page} | {cost.statements} | {cost.milliseconds:.0f} ms |" for cost in costs),
    ]
    return "\n".join(lines) + "\n"


def run(server: Database, amounts: Amounts) -> list[Cost]:
    """Make a database, fill it, measure, drop it.

    Args:
        server: where the database is made.
    """
    from django.test.utils import setup_test_environment, teardown_test_environment

    setup_test_environment()
    try:
        with prepared_template(server) as name:
            fill(server.named(name), amounts)
            with connected_to(name):
                return measure()
    finally:
        teardown_test_environment()


def report(server: Database, amounts: Amounts = Amounts()) -> str:
    """Measure, and write down the table."""
    return as_markdown(run(server, amounts), amounts)


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(description="What the admin's pages cost the database.")
    parser.add_argument("--messages", type=int, default=Amounts.messages)
    parser.add_argument("--people", type=int, default=Amounts.people)
    parser.add_argument("--events", type=int, help=f"{EVENTS:,}, or with --quick {QUICK_EVENTS:,}")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.settings")
    django.setup()
    events = options.events or (QUICK_EVENTS if options.quick else EVENTS)
    amounts = Amounts(options.people, options.messages, events)
    costs = run(project_server(), amounts)
    sys.stdout.write(as_markdown(costs, amounts))
    sys.exit(any(cost.milliseconds > LIMIT_MS for cost in costs))


if __name__ == "__main__":
    main()
