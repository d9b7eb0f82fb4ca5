"""Sealing: everything that is settled, nothing that is not, once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from procrastinate.contrib.django import app

from audit import seals, tasks
from audit.exceptions import AppendOnly
from audit.models import AuditSeal, EventLog, SealedEvent
from audit.tests.tampering import TABLES, burn, empty, findings, seal, sql, write
from telegrambot.engine.tests.incoming import together

pytestmark = pytest.mark.django_db
real_transactions = pytest.mark.django_db(transaction=True)

INSERT = "INSERT INTO audit_eventlog (action) VALUES ('test.thing.done') RETURNING id"


@pytest.fixture(autouse=True)
def _empty_log(db: None) -> None:
    """Let nothing that was there before get in the way."""
    empty()


@pytest.fixture
def session() -> Iterator[Any]:
    """Another program's session, with a transaction that stays open until the test ends it."""
    with new_session() as other:
        yield other


def new_session() -> psycopg.Connection[Any]:
    params = connection.get_connection_params()
    return psycopg.connect(
        **{name: params[name] for name in ("host", "port", "user", "password", "dbname") if name in params}
    )


def inserted(other: psycopg.Connection[Any]) -> int:
    """The id of an event that another session writes."""
    return other.execute(INSERT).fetchone()[0]


def ranges() -> list[tuple[int, int, int]]:
    rows = AuditSeal.objects.order_by("pk")
    return list(rows.values_list("first_event_id", "last_event_id", "event_count"))


def sealed_ids() -> list[int]:
    return list(SealedEvent.objects.order_by("pk").values_list("pk", flat=True))


# ── What a seal is ────────────────────────────────────────────────────────────────────────────────────────


def test_every_event_gets_its_hash_and_its_seal():
    ids = write(5)
    assert seal() == 1
    (row,) = AuditSeal.objects.all()
    assert str(row) == "1"
    assert (row.pk, row.first_event_id, row.last_event_id, row.event_count) == (1, 1, ids[-1], 5)
    assert bytes(row.previous_hash) == seals.GENESIS
    kept = SealedEvent.objects.order_by("pk")
    assert [(str(one), one.seal_id) for one in kept] == [(str(event_id), 1) for event_id in ids]
    assert len({bytes(one.hash) for one in kept}) == 5
    entries = b"".join(one.pk.to_bytes(8, "big") + bytes(one.hash) for one in kept)
    assert bytes(row.digest) == hashlib.sha256(entries).digest()
    assert bytes(row.hash) == seals.seal_hash(row)


def test_a_seal_can_be_recomputed_with_nothing_but_sql():
    write(3)
    seal()
    [[fits]] = sql(
        "SELECT hash = sha256(previous_hash || int8send(id) || int8send(first_event_id)"
        " || int8send(last_event_id) || int8send(event_count) || digest"
        " || int8send((extract(epoch FROM sealed_at) * 1000000)::bigint)) FROM audit_seal"
    )
    assert fits


def test_seals_follow_each_other_without_a_gap():
    ids = write(12)
    assert seal(at_most=5) == 3
    assert ranges() == [(1, ids[4], 5), (ids[4] + 1, ids[9], 5), (ids[9] + 1, ids[11], 2)]
    rows = list(AuditSeal.objects.order_by("pk"))
    assert [bytes(row.previous_hash) for row in rows[1:]] == [bytes(row.hash) for row in rows[:-1]]
    assert sealed_ids() == ids
    assert findings() == []


def test_what_is_sealed_is_not_sealed_again():
    write(3)
    assert (seal(), seal()) == (1, 0)
    later = write(2)
    assert (seal(), seal()) == (1, 0)
    assert ranges()[-1][1:] == (later[-1], 2)


def test_nothing_to_seal_makes_no_seal():
    assert seal() == 0
    burn(3)
    assert seal() == 0
    assert not AuditSeal.objects.exists()


def test_ids_that_no_event_has_belong_to_the_next_seal():
    first = write(1)[0]
    seal()
    burn(3)
    last = write(1)[0]
    burn(2)
    seal()
    assert ranges() == [(1, first, 1), (first + 1, last + 2, 1)]
    assert findings() == []


def test_what_is_read_does_not_depend_on_the_session():
    write(1)
    expressions = []
    for zone, style in (("UTC", "ISO"), ("Asia/Tokyo", "German")):
        sql(f"SET LOCAL timezone = '{zone}'")
        sql(f"SET LOCAL datestyle = '{style}'")
        expressions.append(sql(f"SELECT {seals.EVENT_HASH} FROM audit_eventlog"))
    assert expressions[0] == expressions[1]


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("verb", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_database_refuses_to_change_what_was_written(table, verb):
    write(1)
    seal()
    column = "action" if table == "audit_eventlog" else "hash"
    with pytest.raises(ProgrammingError, match=table), transaction.atomic():
        sql(verb.format(table, column, column))
    assert findings() == []


@pytest.mark.parametrize("model", [AuditSeal, SealedEvent])
def test_so_does_the_code(model):
    write(1)
    seal()
    row = model.objects.get()
    for refused in (row.save, row.delete, model.objects.all().delete, lambda: model.objects.update(hash=b"")):
        with pytest.raises(AppendOnly):
            refused()


# ── What is not settled ───────────────────────────────────────────────────────────────────────────────────


@real_transactions
def test_an_open_transaction_holds_the_seal_up(session):
    write(1)
    waiting = inserted(session)
    write(2)
    assert seal() == 0
    assert not SealedEvent.objects.exists()
    session.commit()
    assert seal() == 1
    assert waiting in sealed_ids()
    assert len(sealed_ids()) == 4
    assert findings() == []


@real_transactions
def test_a_transaction_that_was_taken_back_leaves_a_gap_that_stays_fine(session):
    before = write(1)
    never = inserted(session)
    after = write(1)
    assert seal() == 0
    session.rollback()
    assert seal() == 1
    assert sealed_ids() == [*before, *after]
    assert ranges() == [(1, after[0], 2)]
    assert never not in sealed_ids()
    assert findings() == []


@real_transactions
def test_whoever_went_back_to_a_savepoint_is_not_waited_for(session):
    ids = write(1)
    session.execute("SAVEPOINT one")
    inserted(session)
    session.execute("ROLLBACK TO SAVEPOINT one")
    assert seal() == 1
    assert sealed_ids() == ids
    later = inserted(session)
    session.commit()
    assert seal() == 1
    assert sealed_ids() == [*ids, later]


@real_transactions
def test_readers_are_not_waited_for(session):
    write(1)
    session.execute("SELECT count(*) FROM audit_eventlog").fetchone()
    session.execute("SELECT id FROM audit_eventlog LIMIT 1 FOR SHARE").fetchone()
    assert seal() == 1


@real_transactions
def test_a_short_transaction_is_waited_for_and_one_that_began_meanwhile_is_not(session):
    write(1)
    waiting = inserted(session)
    with new_session() as late:
        began = []

        def pause(seconds: float) -> None:
            session.commit()
            began.append(inserted(late))

        assert seals.seal_settled(patience=timedelta(days=1), pause=pause) == 1
        assert sealed_ids()[-1] == waiting
        assert AuditSeal.objects.get().last_event_id == waiting
        assert len(began) == 1
        late.commit()
    assert seal() == 1
    assert sealed_ids()[-1] == began[0]


@real_transactions
def test_nobody_is_waited_for_when_there_is_nothing_to_seal(session):
    write(1)
    seal()
    session.execute("LOCK TABLE audit_eventlog IN ROW EXCLUSIVE MODE")
    pauses: list[float] = []
    assert seals.seal_settled(patience=timedelta(days=1), pause=pauses.append) == 0
    assert pauses == []


@real_transactions
def test_an_event_that_commits_late_never_looks_inserted(session):
    for _ in range(5):
        early = inserted(session)
        write(3)
        assert seal(at_most=2) == 0
        session.commit()
        assert seal(at_most=2) == 2
        assert early in sealed_ids()
    assert findings() == []


@real_transactions
def test_writers_and_sealers_at_the_same_time():
    def write_some() -> None:
        for number in range(30):
            with transaction.atomic():
                write(2)
                if number % 5 == 0:
                    transaction.set_rollback(True)

    def keep_sealing() -> None:
        for _ in range(30):
            seal(at_most=7)

    together(write_some, write_some, keep_sealing, keep_sealing)
    seal()
    assert sealed_ids() == list(EventLog.objects.order_by("pk").values_list("pk", flat=True))
    assert len(sealed_ids()) == 2 * 24 * 2
    assert findings() == []


# ── Who seals ─────────────────────────────────────────────────────────────────────────────────────────────


@real_transactions
def test_one_seals_and_the_others_leave_it_to_them(session):
    write(3)
    session.execute("SELECT pg_advisory_xact_lock(%s)", [seals._SEAL_LOCK])
    assert seal() == 0
    assert not SealedEvent.objects.exists()
    session.rollback()
    assert seal() == 1


@real_transactions
def test_several_at_once_make_one_chain():
    write(40)
    counts = together(*[lambda: seal(at_most=3)] * 4)
    counts.append(seal(at_most=3))
    assert sum(counts) == AuditSeal.objects.count()
    assert [row[0] for row in ranges()[1:]] == [row[1] + 1 for row in ranges()[:-1]]
    assert len(sealed_ids()) == 40
    assert findings() == []


@real_transactions
def test_a_crash_leaves_whole_seals_and_no_part_of_one(monkeypatch):
    ids = write(10)
    save, saved = AuditSeal.save, []

    def crash(row: AuditSeal, **options: Any) -> None:
        if saved:
            raise RuntimeError("The power fails.")
        saved.append(row)
        save(row, **options)

    with monkeypatch.context() as patch:
        patch.setattr(AuditSeal, "save", crash)
        with pytest.raises(RuntimeError):
            seal(at_most=4)
    assert sealed_ids() == ids[:4]
    assert AuditSeal.objects.count() == 1
    assert seal(at_most=4) == 2
    assert findings() == []


def test_a_hash_that_is_there_already_is_no_seal():
    """Somebody slipped it in: that must be looked at, not passed over."""
    event_id = write(1)[0]
    sql("INSERT INTO audit_sealedevent VALUES (%s, 1, '')", event_id)
    with pytest.raises(IntegrityError):
        seal()
    assert not AuditSeal.objects.exists()


def test_the_task_seals_every_minute():
    write(2)
    tasks.seal_events(timestamp=0)
    assert AuditSeal.objects.count() == 1
    periodic = {key[0]: task.cron for key, task in app.periodic_registry.periodic_tasks.items()}
    assert periodic["audit.tasks.seal_events"] == "* * * * *"
