"""Verifying: whoever touched the log is found out, and what they touched is named, and nothing else is."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from audit import seals, verification
from audit.models import AuditSeal, EventLog
from audit.tests.tampering import burn, empty, findings, head, named, seal, sql, tamper, write
from audit.verification import Verification

pytestmark = pytest.mark.django_db

# Another value for every column of an event.
ALTERATIONS = {
    "id": "id + 1000",
    "user_id": "'somebody'",
    "action": "'test.thing.undone'",
    "entity_type": "'test.other'",
    "entity_id": "'0' || entity_id",
    "origin": "'chat'",
    "correlation_id": "'update:1'",
    "details": """'{"after": {"x": 1.0}}'""",
    "transaction_id": "transaction_id + 1",
    "timestamp": "timestamp + interval '1 microsecond'",
    "created_at": "'infinity'",
}


@pytest.fixture(autouse=True)
def _empty_log(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no event of the migrations get in the way; let a few events be many chunks."""
    monkeypatch.setattr(verification, "CHUNK", 3)
    empty()


@pytest.fixture
def ids() -> list[int]:
    """Thirty events under three seals, with gaps between them."""
    written = []
    for _ in range(3):
        written += write(5)
        burn()
        written += write(5)
        burn()
        assert seal() == 1
    assert findings() == []
    return written


def rehash(number: int) -> None:
    """Give a seal the hash that fits what it says now."""
    row = AuditSeal.objects.get(pk=number)
    tamper("UPDATE audit_seal SET hash = %s WHERE id = %s", seals.seal_hash(row), number)


def forge_hash(event_id: int) -> None:
    """Keep of an event what it is now."""
    tamper(
        "UPDATE audit_sealedevent SET hash ="
        f" (SELECT {seals.EVENT_HASH} FROM audit_eventlog WHERE id = event_id) WHERE event_id = %s",
        event_id,
    )


# ── Nothing is wrong ──────────────────────────────────────────────────────────────────────────────────────


def test_an_empty_log_is_fine():
    look = Verification()
    assert list(look.findings()) == []
    assert (look.events, look.seals, look.head) == (0, 0, None)
    assert look.unsealed() == verification.Unsealed(0, None)


def test_what_was_looked_at_is_counted(ids):
    look = Verification()
    assert list(look.findings()) == []
    assert (look.events, look.seals, look.head.pk) == (30, 3, 3)


def test_what_is_not_sealed_yet_is_counted(ids):
    waiting = write(2)
    look = Verification()
    assert list(look.findings()) == []
    assert look.events == 30
    unsealed = look.unsealed()
    assert unsealed.count == 2
    assert unsealed.oldest == EventLog.objects.get(pk=waiting[0]).timestamp


def test_memory_does_not_grow_with_a_seal(ids, monkeypatch):
    """Each query looks at no more rows than a chunk has, however many a seal covers."""
    sizes = []
    rows = verification._rows

    def watched(query, params):
        found = rows(query, params)
        if query == verification._SUMMARY:
            sizes.append(len(found[0][2]) // 40)
        return found

    monkeypatch.setattr(verification, "_rows", watched)
    assert findings() == []
    assert max(sizes) == 3
    assert sum(sizes) == 30


def test_a_small_seal_costs_one_query(monkeypatch):
    monkeypatch.setattr(verification, "CHUNK", 100)
    counts = []
    for _ in range(2):
        write(40)
        seal()
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert findings() == []
        counts.append(len(queries))
    assert counts[1] - counts[0] == 1


# ── Events ────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_column_has_its_alteration():
    assert ALTERATIONS.keys() == {field.column for field in EventLog._meta.concrete_fields}


@pytest.mark.parametrize("column", sorted(ALTERATIONS.keys() - {"id"}))
def test_an_altered_column_is_noticed(ids, column):
    tamper(f'UPDATE audit_eventlog SET "{column}" = {ALTERATIONS[column]} WHERE id = %s', ids[12])
    found = EventLog.objects.values_list("action", "entity_type", "entity_id").get(pk=ids[12])
    assert findings() == [f"Event {ids[12]} ({found[0]}, {found[1]} {found[2]}) was altered."]


def test_an_altered_id_is_an_event_less_and_one_more(ids):
    tamper("UPDATE audit_eventlog SET id = %s WHERE id = %s", ids[4] + 1, ids[12])
    assert findings() == [
        f"Event {named(ids[4] + 1)} was inserted.",
        f"Event {ids[12]} was removed.",
    ]


def test_every_touched_event_is_named_and_no_other(ids):
    tamper("UPDATE audit_eventlog SET user_id = 'somebody' WHERE id = ANY(%s)", [ids[0], ids[9], ids[29]])
    tamper("DELETE FROM audit_eventlog WHERE id = ANY(%s)", [ids[1], ids[15]])
    for gap in (ids[4] + 1, ids[29] + 1):
        tamper("INSERT INTO audit_eventlog (id, action) VALUES (%s, 'test.thing.done')", gap)
    assert findings() == [
        f"Event {named(ids[0])} was altered.",
        f"Event {ids[1]} was removed.",
        f"Event {named(ids[4] + 1)} was inserted.".replace(",  )", ")"),
        f"Event {named(ids[9])} was altered.",
        f"Event {ids[15]} was removed.",
        f"Event {named(ids[29])} was altered.",
        f"Event {named(ids[29] + 1)} was inserted.".replace(",  )", ")"),
    ]


def test_an_altered_event_that_was_put_back_is_fine(ids):
    tamper("UPDATE audit_eventlog SET user_id = 'somebody' WHERE id = %s", ids[3])
    assert len(findings()) == 1
    tamper("UPDATE audit_eventlog SET user_id = 'system' WHERE id = %s", ids[3])
    assert findings() == []


def test_all_events_of_a_seal_removed(ids):
    tamper("DELETE FROM audit_eventlog WHERE id = ANY(%s)", ids[10:20])
    assert findings() == [f"Event {event_id} was removed." for event_id in ids[10:20]]


@pytest.mark.parametrize("event_id", [0, -5, 10**12])
def test_ids_that_no_sequence_gives_are_insertions(ids, event_id):
    tamper("INSERT INTO audit_eventlog (id, action) VALUES (%s, 'test.thing.done')", event_id)
    assert findings() == [f"Event {event_id} (test.thing.done) was inserted."]


# ── The hashes kept ───────────────────────────────────────────────────────────────────────────────────────


def test_a_touched_hash_is_told_from_a_touched_event(ids):
    tamper("UPDATE audit_sealedevent SET hash = sha256('') WHERE event_id = %s", ids[1])
    tamper("UPDATE audit_sealedevent SET seal_id = 3 WHERE event_id = %s", ids[2])
    tamper("DELETE FROM audit_sealedevent WHERE event_id = %s", ids[13])
    tamper("INSERT INTO audit_sealedevent VALUES (%s, 3, sha256(''))", ids[24] + 1)
    assert findings() == [
        f"The hash kept of event {named(ids[1])} was altered.",
        f"The hash kept of event {named(ids[2])} was altered.",
        f"The hash kept of event {named(ids[13])} was removed.",
        f"A hash of event {ids[24] + 1}, which never was, was inserted.",
    ]


def test_also_under_one_seal(ids):
    tamper("UPDATE audit_eventlog SET user_id = 'somebody' WHERE id = %s", ids[10])
    tamper("UPDATE audit_sealedevent SET hash = sha256('') WHERE event_id = %s", ids[11])
    tamper("DELETE FROM audit_eventlog WHERE id = %s", ids[12])
    tamper("DELETE FROM audit_sealedevent WHERE event_id = %s", ids[13])
    tamper("INSERT INTO audit_eventlog (id, action) VALUES (%s, 'test.thing.done')", ids[14] + 1)
    tamper("INSERT INTO audit_sealedevent VALUES (%s, 2, sha256(''))", ids[19] + 1)
    assert findings() == [
        f"Event {named(ids[10])} was altered.",
        f"The hash kept of event {named(ids[11])} was altered.",
        f"Event {ids[12]} was removed.",
        f"The hash kept of event {named(ids[13])} was removed.",
        f"Event {ids[14] + 1} (test.thing.done) was inserted.",
        f"A hash of event {ids[19] + 1}, which never was, was inserted.",
    ]


def test_all_hashes_of_a_seal_removed(ids):
    tamper("DELETE FROM audit_sealedevent WHERE seal_id = 2")
    assert findings() == [f"The hash kept of event {named(event_id)} was removed." for event_id in ids[10:20]]


def test_too_many_to_be_told_apart(ids):
    tamper("UPDATE audit_eventlog SET user_id = 'somebody' WHERE id = ANY(%s)", ids[10:16])
    tamper("DELETE FROM audit_sealedevent WHERE event_id = %s", ids[16])
    found = findings()
    assert found[0] == "Events under seal 2 were altered, removed or inserted together with their hashes."
    assert found[1:] == [
        f"Event {named(event_id)} and the hash kept of it differ: one was altered, removed or inserted."
        for event_id in ids[10:17]
    ]


@pytest.mark.parametrize("removes", [False, True])
def test_an_event_touched_together_with_its_hash(ids, removes):
    if removes:
        tamper("DELETE FROM audit_eventlog WHERE id = %s", ids[14])
        tamper("DELETE FROM audit_sealedevent WHERE event_id = %s", ids[14])
    else:
        tamper("UPDATE audit_eventlog SET user_id = 'somebody' WHERE id = %s", ids[14])
        forge_hash(ids[14])
    assert findings() == ["Events under seal 2 were altered, removed or inserted together with their hashes."]


# ── Seals ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize(
    "change",
    [
        "first_event_id = first_event_id + 1",
        "last_event_id = last_event_id - 1",
        "last_event_id = 1000000000",
        "event_count = event_count + 1",
        "digest = sha256('')",
        "previous_hash = sha256('x')",
        "hash = sha256('')",
        "sealed_at = sealed_at + interval '1 microsecond'",
        "sealed_at = 'infinity'",
    ],
)
def test_an_altered_seal_is_named_and_nothing_else(ids, number, change):
    tamper(f"UPDATE audit_seal SET {change} WHERE id = %s", number)
    assert findings() == [f"Seal {number} was altered."]


def test_an_altered_seal_hides_no_altered_event(ids):
    tamper("UPDATE audit_seal SET last_event_id = first_event_id WHERE id = 2")
    tamper("UPDATE audit_eventlog SET user_id = 'somebody' WHERE id = ANY(%s)", [ids[11], ids[25]])
    tamper("UPDATE audit_sealedevent SET hash = sha256('') WHERE event_id = %s", ids[12])
    assert findings() == [
        "Seal 2 was altered.",
        f"Event {named(ids[11])} was altered.",
        f"The hash kept of event {named(ids[12])} was altered.",
        f"Event {named(ids[25])} was altered.",
    ]


@pytest.mark.parametrize(
    ("numbers", "sentence"),
    [
        ([1], "Seal 1 was removed."),
        ([2], "Seal 2 was removed."),
        ([1, 2], "The seals from 1 to 2 were removed."),
    ],
)
def test_a_removed_seal_is_named(ids, numbers, sentence):
    tamper("DELETE FROM audit_seal WHERE id = ANY(%s)", numbers)
    assert findings() == [sentence]


def test_under_a_removed_seal_nobody_knows_who_is_right(ids):
    tamper("DELETE FROM audit_seal WHERE id = 2")
    tamper("UPDATE audit_eventlog SET user_id = 'somebody' WHERE id = %s", ids[11])
    assert findings() == [
        "Seal 2 was removed.",
        f"Event {named(ids[11])} and the hash kept of it differ: one was altered, removed or inserted.",
    ]


def test_a_removed_seal_before_an_altered_one(ids):
    tamper("DELETE FROM audit_seal WHERE id = 2")
    tamper("UPDATE audit_seal SET first_event_id = 2 WHERE id = 3")
    assert findings() == ["Seal 2 was removed.", "Seal 3 was altered."]


def test_the_last_seal_removed_leaves_hashes_behind(ids):
    tamper("DELETE FROM audit_seal WHERE id = 3")
    assert findings() == [
        f"Seal 3 was removed; the hashes of the events from {ids[20]} to {ids[29]} belong to it."
    ]


def test_a_seal_that_never_was(ids):
    sql("INSERT INTO audit_seal VALUES (0, -9, -8, 1, '', '', 'x', now())")
    assert findings() == ["Seal 0 was inserted."]


def test_a_seal_made_anew_breaks_the_chain(ids):
    tamper("UPDATE audit_eventlog SET user_id = 'somebody' WHERE id = %s", ids[14])
    forge_hash(ids[14])
    [[digest]] = sql(
        f"SELECT sha256(string_agg({seals.RECORD}, '' ORDER BY event_id))"
        " FROM audit_sealedevent WHERE seal_id = 2"
    )
    tamper("UPDATE audit_seal SET digest = %s WHERE id = 2", digest)
    rehash(2)
    assert findings() == ["Seal 3 does not follow seal 2: one of them was replaced."]


def test_a_first_seal_must_begin_the_chain(ids):
    tamper("UPDATE audit_seal SET previous_hash = sha256('x') WHERE id = 1")
    rehash(1)
    assert findings()[0] == "Seal 1 was altered."


def test_altered_seals_beside_each_other(ids):
    tamper("UPDATE audit_seal SET first_event_id = 2 WHERE id = 1")
    tamper("UPDATE audit_seal SET last_event_id = last_event_id + 1 WHERE id = 2")
    assert findings() == ["Seal 1 was altered.", "Seal 2 was altered."]


# ── The end of the log ────────────────────────────────────────────────────────────────────────────────────


def cut_off(ids: list[int]) -> str:
    """Remove the last seal and all it covers; its hash."""
    noted = head()
    tamper("DELETE FROM audit_eventlog WHERE id >= %s", ids[20])
    tamper("DELETE FROM audit_sealedevent WHERE seal_id = 3")
    tamper("DELETE FROM audit_seal WHERE id = 3")
    return noted


def test_a_cut_off_end_is_found_by_the_hash_that_somebody_noted(ids):
    noted = cut_off(ids)
    assert findings() == []
    assert findings(noted) == [
        f"No seal has the hash {noted}: what was sealed then was cut off, or sealed anew."
    ]


def test_so_is_a_log_that_was_sealed_anew(ids):
    kept, noted = head_of(2), cut_off(ids)
    write(3)
    assert seal() == 1
    assert findings() == []
    assert findings(kept, noted) == [
        f"No seal has the hash {noted}: what was sealed then was cut off, or sealed anew."
    ]


def head_of(number: int) -> str:
    return bytes(AuditSeal.objects.get(pk=number).hash).hex()


def test_every_former_head_stays_valid(ids):
    assert findings(*[head_of(number) for number in (1, 2, 3)], head().upper()) == []


# ── The command ───────────────────────────────────────────────────────────────────────────────────────────


def verify(*arguments: str) -> tuple[str, str]:
    """Run the command; what it says, and what it says about errors."""
    out, err = StringIO(), StringIO()
    call_command("verifyaudit", *arguments, stdout=out, stderr=err, no_color=True)
    return out.getvalue(), err.getvalue()


def test_the_command_says_that_all_is_well(ids):
    assert verify("--head", head()) == ("The audit log is as it was sealed. Events: 30, seals: 3.\n", "")


def test_the_command_tells_what_waits(ids):
    write(2)
    tamper(
        "UPDATE audit_eventlog SET timestamp = %s WHERE id > %s", timezone.now() - timedelta(hours=3), ids[-1]
    )
    assert verify()[0].startswith("2 events are not sealed yet, the oldest for 3\xa0hours.\n")


@pytest.mark.parametrize("moment", ["infinity", "-infinity", "20000-01-01Z", "0044-03-15 BC"])
def test_a_moment_that_nobody_can_read_stops_nothing(ids, moment):
    sql("INSERT INTO audit_eventlog (action, timestamp) VALUES ('test.thing.forged', %s)", moment)
    look = Verification()

    assert list(look.findings()) == []
    waiting = look.unsealed()
    assert (waiting.count, waiting.oldest) == (1, None)
    assert seal() == 1
    assert list(Verification().findings()) == []


def test_the_command_names_what_is_wrong_and_fails(ids, tmp_path):
    tamper("DELETE FROM audit_eventlog WHERE id = %s", ids[3])
    cut_off(ids)
    out = StringIO()
    with pytest.raises(CommandError, match=r"^2 things are wrong with the audit log\.$") as failed:
        call_command(
            "verifyaudit", "--head", "ab" * 32, "--export", str(tmp_path / "heads"), stdout=out, no_color=True
        )
    assert failed.value.returncode == 1
    assert out.getvalue().splitlines() == [
        f"Event {ids[3]} was removed.",
        f"No seal has the hash {'ab' * 32}: what was sealed then was cut off, or sealed anew.",
    ]
    assert not (tmp_path / "heads").exists()


def test_the_command_notes_the_last_seal(ids, tmp_path):
    file = tmp_path / "heads.jsonl"
    verify("--export", str(file))
    write(1)
    seal()
    verify("--export", str(file))
    row = AuditSeal.objects.get(pk=4)
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line["seal_id"] for line in lines] == [3, 4]
    assert lines[1] == {
        "seal_id": 4,
        "last_event_id": row.last_event_id,
        "hash": head(),
        "sealed_at": row.sealed_at.isoformat(),
    }
    assert verify("--head", lines[0]["hash"], "--head", lines[1]["hash"])[0].endswith("seals: 4.\n")


def test_standard_output_gets_the_note_alone(ids):
    out, err = verify("--export", "-")
    assert json.loads(out)["hash"] == head()
    assert err == "The audit log is as it was sealed. Events: 30, seals: 3.\n"


def test_without_seals_there_is_nothing_to_note(tmp_path):
    file = tmp_path / "heads"
    verify("--export", str(file))
    assert not file.exists()


def test_a_file_that_cannot_be_written(ids, tmp_path):
    with pytest.raises(CommandError, match="The file cannot be written: Is a directory"):
        verify("--export", str(tmp_path))


@pytest.mark.parametrize("text", ["", "abc", "g" * 64, "ab" * 33])
def test_a_head_that_is_no_hash(text):
    with pytest.raises(CommandError, match="64 hexadecimal digits"):
        verify("--head", text)


def test_the_verification_is_an_event_itself(ids):
    verify()
    event = EventLog.objects.latest("pk")
    assert event.action == "audit.log.verified"
    assert event.details | {"events": 30, "seals": 3, "findings": 0, "head": head()} == event.details


def test_every_sentence_fits_its_finding():
    for language in ("en", "ru"):
        with translation.override(language):
            for kind in verification.Kind:
                assert "{" not in str(verification.Finding(kind, 1, 2, 3, "what", "head"))
