"""A broadcast to very many: how long pre-flight takes, how much memory it needs, how soon a pause is felt.

Nothing limits the rate, so that whatever could pile up does.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks.laboratory import Laboratory, connected_to, laboratory
from tests.databases import Database
from tests.processes import TOKEN, Running, wait_until

FIRST_CHAT = 100_000_001
ZONES = (
    "",
    "Europe/Berlin",
    "Europe/Moscow",
    "Asia/Tokyo",
    "Asia/Kolkata",
    "Africa/Cairo",
    "America/New_York",
    "America/Sao_Paulo",
    "Australia/Sydney",
    "Pacific/Auckland",
)
# Everybody has a time zone, every tenth quiet hours, in ten zones; nobody sleeps while this runs. Beyond
# the recipients come a twelfth as many whom a broadcast must leave out.
PEOPLE = """
WITH person AS (
    INSERT INTO accounts_telegramuser
        (telegram_id, username, first_name, language_code, role, timezone, preferences, last_seen_at,
         blocked_at, opted_out_at, is_active)
    SELECT %(first)s + n, 'person_' || n, 'Person ' || n, (ARRAY['en', 'ru', 'de'])[1 + n %% 3], n %% 2,
           zone[1 + n / 10 %% 10],
           CASE WHEN n %% 10 = 0 THEN jsonb_build_object('quiet_hours', hours[1 + n / 10 %% 10])
                ELSE '{}' END,
           now() - interval '60 days' * (n %% 1000 / 1000.0),
           CASE WHEN n >= %(count)s AND n %% 3 = 0 THEN now() END,
           CASE WHEN n >= %(count)s AND n %% 3 = 1 THEN now() END, n < %(count)s OR n %% 3 <> 2
    FROM generate_series(0, %(count)s + %(count)s / 12 - 1) AS n,
         (SELECT %(zones)s::text[] AS zone, %(hours)s::text[] AS hours) AS chosen
    RETURNING id, telegram_id)
INSERT INTO engine_dialog (bot_id, telegram_dialog_id, person_id)
SELECT %(bot)s, telegram_id::text, id FROM person
"""
PREFLIGHTS = 5
# Long enough for a round of every kind to come and go.
WATCHED_SECONDS = 3.0


@dataclass(frozen=True)
class Pause:
    """One pause; both in seconds from the operator's press.

    Attributes:
        decided: until it was recorded.
        felt: until the last copy arrived at Telegram; 0 when none did after the press.
        left: how many copies had not left.
    """

    decided: float
    felt: float
    left: int


@dataclass(frozen=True)
class Run:
    """One measurement.

    Attributes:
        preflight: seconds of each pre-flight, by audience.
        started: seconds that starting took.
        idle_mb: the most memory the bot's process had used before the broadcast, in MiB.
        peak_mb: the same once it was over.
        messages_per_second: without the time it was paused.
    """

    recipients: int
    preflight: Mapping[str, list[float]]
    started: float
    idle_mb: float
    peak_mb: float
    messages_per_second: float
    pauses: list[Pause]


def run(server: Database, template: str, recipients: int, *, pauses: int) -> Run:
    """Measure once.

    Args:
        server: where the database is made and dropped.
        template: the database to copy.
        recipients: how many people get it.
        pauses: how often it is paused and resumed.

    Raises:
        AssertionError: somebody got it twice, or not at all, or one who must not.
    """
    with laboratory(server, template) as lab, connected_to(lab.database.params["dbname"]):
        _fill(lab, recipients)
        bot = lab.start_engine()
        return _measured(lab, bot, recipients, pauses)


def _measured(lab: Laboratory, bot: Running, recipients: int, pauses: int) -> Run:
    from telegrambot.broadcasts import services

    broadcast = services.draft("News", "Hello, {first_name|friend}!", actor=None)
    preflight = {"everybody": _preflights(broadcast), "a segment": _preflights(_for_segment())}
    idle = _peak_mb(bot)
    begins = time.time()
    services.start(broadcast, confirmed=recipients, actor=None)
    started = time.time() - begins
    felt, paused = [], 0.0
    for number in range(pauses):
        lab.stand_in.wait_until_said((number + 1) * recipients // (pauses + 1), seconds=recipients / 50 + 30)
        stops = time.time()
        felt.append(_pause(lab, broadcast))
        services.resume(broadcast, actor=None)
        paused += time.time() - stops
    over = "SELECT status = 2 FROM broadcasts_broadcast WHERE title = 'News'"
    wait_until(lambda: lab.database.value(over), "the end of the broadcast", seconds=recipients / 50 + 30)
    last_at = _check(lab, recipients)
    peak = _peak_mb(bot)
    preflight["who got another broadcast"] = _preflights(_for_segment({"got_broadcast": str(broadcast.pk)}))
    seconds = last_at - begins - paused
    return Run(recipients, preflight, started, idle, peak, recipients / seconds, felt)


def _fill(lab: Laboratory, recipients: int) -> None:
    hours = []
    for zone in ZONES:
        there = datetime.now(ZoneInfo(zone or "UTC"))
        hours.append(f"{there + timedelta(hours=11):%H:00}–{there + timedelta(hours=13):%H:00}")
    values = {
        "first": FIRST_CHAT,
        "count": recipients,
        "bot": int(TOKEN.split(":")[0]),
        "zones": list(ZONES),
        "hours": hours,
    }
    with lab.database.connect() as connection:
        connection.execute(PEOPLE, values)
        # As where people came over months.
        connection.execute("VACUUM (ANALYZE) accounts_telegramuser")
        connection.execute("VACUUM (ANALYZE) engine_dialog")


def _for_segment(conditions: dict[str, Any] | None = None) -> Any:
    from telegrambot.broadcasts.models import Broadcast, Segment

    wanted = conditions or {"roles": [0, 1], "language": "en", "seen_within_days": 30}
    segment = Segment(name="x", conditions=wanted)
    return Broadcast(title="x", target_audience=Broadcast.Audience.SEGMENT, segment=segment)


def _preflights(broadcast: Any) -> list[float]:
    from telegrambot.broadcasts import preflight

    return [_seconds(lambda: preflight.check(broadcast)) for _ in range(PREFLIGHTS)]


def _pause(lab: Laboratory, broadcast: Any) -> Pause:
    from telegrambot.broadcasts import services

    pressed = time.time()
    decided = _seconds(lambda: services.pause(broadcast, actor=None))
    time.sleep(WATCHED_SECONDS)
    state = lab.stand_in.state()
    left = lab.database.value("SELECT audience_size FROM broadcasts_broadcast WHERE title = 'News'")
    return Pause(decided, max(0.0, state["last_said_at"] - pressed), left - state["said"])


def _check(lab: Laboratory, recipients: int) -> float:
    """Everybody got it once; when the last one did."""
    ledger = lab.stand_in.ledger()
    arrived = Counter(said.chat for said in ledger)
    assert max(arrived.values()) == 1, "somebody got it twice"
    assert set(arrived) == set(range(FIRST_CHAT, FIRST_CHAT + recipients)), "not exactly those it was for"
    count = "SELECT recipients_count FROM broadcasts_broadcast WHERE title = 'News'"
    assert lab.database.value(count) == recipients, "the broadcast counted wrongly"
    return ledger[-1].at


def _peak_mb(bot: Running) -> float:
    """The most memory that a process has had at once so far, in MiB."""
    status = Path(f"/proc/{bot.process.pid}/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) / 1024


def _seconds(work: Callable[[], Any]) -> float:
    begins = time.perf_counter()
    work()
    return time.perf_counter() - begins
