"""Does the log still hold what was sealed? Names every event, kept hash and seal that somebody touched.

Reads in chunks and forgets them, so the size of the log does not matter; takes no lock; may run while events
are written and sealed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from typing import Any

from django.db import connection
from django.db.models import Count, Min, Q

from audit.findings import Finding, Kind
from audit.models import AuditSeal, EventLog
from audit.seals import EVENT_HASH, GENESIS, RECORD, seal_hash

CHUNK = 10_000

_BEFORE_ALL = -(2**63)
_SEALS_AT_ONCE = 1_000
# PostgreSQL knows moments beyond, and infinity; Python has nothing to hold them.
_READABLE = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
# Under a seal whose kept hashes were touched, up to so many differences are told apart: by trying all ways.
_TOLD_APART = 6

# What would be kept of each event now, beside what is kept of it.
_SIDES = f"""
SELECT coalesce(event.id, record.id) AS id, event.entry AS event, record.entry AS record,
    record.seal_id <> %(seal)s AS has_other_seal, event.action, event.entity_type, event.entity_id
FROM (SELECT id, action, entity_type, entity_id, int8send(id) || {EVENT_HASH} AS entry
      FROM audit_eventlog WHERE id > %(after)s AND id <= %(last)s) AS event
FULL JOIN (SELECT event_id AS id, seal_id, {RECORD} AS entry
           FROM audit_sealedevent WHERE event_id > %(after)s AND event_id <= %(last)s) AS record
    ON record.id = event.id
"""  # noqa: S608  (constants)
_DIFFERS = "event IS DISTINCT FROM record OR has_other_seal"
_SUMMARY = f"""
SELECT count(event), count(*) FILTER (WHERE {_DIFFERS}), coalesce(string_agg(record, '' ORDER BY id), '')
FROM ({_SIDES}) AS side
"""  # noqa: S608
_DIFFERENCES = f"SELECT * FROM ({_SIDES}) AS side WHERE {_DIFFERS} ORDER BY id"  # noqa: S608
_ENTRIES = f"SELECT event, record FROM ({_SIDES}) AS side ORDER BY id"  # noqa: S608

# Up to here neither table holds more than a chunk.
_CHUNK_END = """
SELECT least(%(last)s,
    (SELECT id FROM audit_eventlog WHERE id > %(after)s AND id <= %(last)s
     ORDER BY id OFFSET %(most)s LIMIT 1),
    (SELECT event_id FROM audit_sealedevent WHERE event_id > %(after)s AND event_id <= %(last)s
     ORDER BY event_id OFFSET %(most)s LIMIT 1))
"""

_STRETCH = """
SELECT min(event_id), max(event_id) FROM audit_sealedevent WHERE seal_id = %(seal)s AND event_id > %(end)s
"""

# One statement sees one state of both tables: a seal that was made this moment is no loss.
_LOST_SEALS = """
SELECT seal_id, min(event_id), max(event_id) FROM audit_sealedevent
WHERE event_id > %(end)s AND NOT EXISTS (SELECT FROM audit_seal WHERE id > %(number)s)
GROUP BY seal_id ORDER BY seal_id
"""

_BEYOND = """
SELECT id, action, entity_type, entity_id FROM audit_eventlog
WHERE id > %(end)s
    AND id > (SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM audit_eventlog_id_seq)
ORDER BY id
"""


@dataclass(frozen=True, slots=True)
class Unsealed:
    """What was not sealed yet: how many events, and since when the oldest of them waits."""

    count: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class _Difference:
    id: int
    event: bytes | None
    record: bytes | None
    has_other_seal: bool | None
    action: str | None
    entity_type: str | None
    entity_id: str | None

    def finding(self, is_record_right: bool | None) -> Finding:
        """Who is to blame; None: nobody knows."""
        if self.event == self.record:
            kind = Kind.HASH_ALTERED  # it names another seal
        elif is_record_right is None:
            kind = Kind.DIFFERENT
        elif self.event is None:
            kind = Kind.EVENT_REMOVED if is_record_right else Kind.HASH_INSERTED
        elif self.record is None:
            kind = Kind.EVENT_INSERTED if is_record_right else Kind.HASH_REMOVED
        else:
            kind = Kind.EVENT_ALTERED if is_record_right else Kind.HASH_ALTERED
        return Finding(kind, self.id, what=_what(self.action, self.entity_type, self.entity_id))


class Verification:
    """One look through the whole log.

    Attributes:
        events: how many sealed events were looked at until now; `seals`: how many seals.
        head: the last seal; None: nothing was sealed yet.
    """

    def __init__(self) -> None:
        self.events = self.seals = 0
        self.head: AuditSeal | None = None
        self._end = _BEFORE_ALL

    def findings(self, heads: Iterable[str] = ()) -> Iterator[Finding]:
        """Everything that is wrong, in the order of the log.

        Args:
            heads: hashes of seals that were noted elsewhere, in hexadecimal: each must still be there.
        """
        for seal in _seals():
            yield from self._check(seal)
        number = self.head.pk if self.head else 0
        for lost, first, until in _rows(_LOST_SEALS, {"end": self._end, "number": number}):
            yield Finding(Kind.SEAL_LOST, lost, first=first, until=until)
        for event_id, *words in _rows(_BEYOND, {"end": self._end}):
            yield Finding(Kind.EVENT_INSERTED, event_id, what=_what(*words))
        for head in heads:
            if not AuditSeal.objects.filter(hash=bytes.fromhex(head)).exists():
                yield Finding(Kind.HEAD_MISSING, head=head)

    def unsealed(self) -> Unsealed:
        """What came after the last seal; to be asked after `findings`."""
        waiting = EventLog.objects.filter(pk__gt=self._end)
        oldest = Min("timestamp", filter=Q(timestamp__range=_READABLE))
        return Unsealed(**waiting.aggregate(count=Count("pk"), oldest=oldest))

    def _check(self, seal: AuditSeal) -> Iterator[Finding]:
        before = self.head
        expected = before.pk + 1 if before else 1
        if seal.pk < expected:
            yield Finding(Kind.SEAL_INSERTED, seal.pk)
            return
        is_sound = _is_sound(seal)
        first: int | None = seal.first_event_id
        last: int | None = seal.last_event_id
        if not is_sound:
            # What it says of its own limits is not to be believed.
            [[first, last]] = _rows(_STRETCH, {"seal": seal.pk, "end": self._end})
        if seal.pk > expected:
            kind = Kind.SEAL_REMOVED if seal.pk == expected + 1 else Kind.SEALS_REMOVED
            yield Finding(kind, expected, until=seal.pk - 1)
            yield from self._compare(None, self._end if first is None else first - 1)
        elif is_sound and before and _is_sound(before) and not _follows(seal, before):
            yield Finding(Kind.LINK_BROKEN, seal.pk, first=before.pk)
        if not is_sound:
            yield Finding(Kind.SEAL_ALTERED, seal.pk)
        yield from self._compare(seal, self._end if last is None else last)
        self.head = seal
        self.seals += 1

    def _compare(self, seal: AuditSeal | None, last: int) -> Iterator[Finding]:
        """Compare events with what was kept of them, up to an id; without a seal no digest is known."""
        chunks = list(_chunks(self._end, last, seal.pk if seal else None))
        kept = hashlib.sha256()
        differences: list[_Difference] = []
        for chunk in chunks:
            [[count, different, entries]] = _rows(_SUMMARY, chunk)
            kept.update(entries)
            self.events += count
            if different:
                differences += [_Difference(*row) for row in _rows(_DIFFERENCES, chunk)]
        self._end = max(self._end, last)
        doubtful = [one for one in differences if one.event != one.record]
        answers: tuple[bool, ...] | None = None
        if seal and _is_digest_of(seal, kept.digest()):
            answers = (True,) * len(doubtful)
        elif seal:
            answers = _what_was_sealed(seal, doubtful, chunks)
            if answers is None and _is_sound(seal):
                yield Finding(Kind.BOTH_ALTERED, seal.pk)
        are_kept = dict(zip([one.id for one in doubtful], answers, strict=True)) if answers else {}
        for difference in differences:
            yield difference.finding(are_kept.get(difference.id))


def _seals() -> Iterator[AuditSeal]:
    after = _BEFORE_ALL
    while page := list(AuditSeal.objects.filter(pk__gt=after).order_by("pk")[:_SEALS_AT_ONCE]):
        yield from page
        after = page[-1].pk


def _is_sound(seal: AuditSeal) -> bool:
    """Whether the seal's own hash fits what it says."""
    return bytes(seal.hash) == seal_hash(seal) and (seal.pk > 1 or bytes(seal.previous_hash) == GENESIS)


def _follows(seal: AuditSeal, before: AuditSeal) -> bool:
    return seal.previous_hash == before.hash and seal.first_event_id == before.last_event_id + 1


def _is_digest_of(seal: AuditSeal, digest: bytes) -> bool:
    """Whether the seal was made on this digest; the column alone may have been altered."""
    return digest == bytes(seal.digest) or seal_hash(seal, digest) == bytes(seal.hash)


def _chunks(after: int, last: int, seal: int | None) -> Iterator[dict[str, int | None]]:
    """One stretch of ids after the other, none with more rows than a chunk has, as parameters."""
    while after < last:
        end = last
        if last - after > CHUNK:
            [[end]] = _rows(_CHUNK_END, {"after": after, "last": last, "most": CHUNK - 1})
        yield {"seal": seal, "after": after, "last": end}
        after = end


def _what_was_sealed(
    seal: AuditSeal, doubtful: list[_Difference], chunks: Iterable[dict[str, int | None]]
) -> tuple[bool, ...] | None:
    """For each difference, whether what is kept of the event is what was sealed; else the event itself is.

    Returns:
        None: nobody knows; both were altered, or there are too many differences to try.
    """
    count = len(doubtful)
    choices = list(product((True, False), repeat=count)) if count <= _TOLD_APART else [(False,) * count]
    tries = [(choice, hashlib.sha256()) for choice in choices]
    place = 0
    for chunk in chunks:
        for event, record in _rows(_ENTRIES, chunk):
            for choice, tried in tries:
                tried.update((record if event == record or choice[place] else event) or b"")
            place += event != record
    return next((choice for choice, tried in tries if _is_digest_of(seal, tried.digest())), None)


def _what(action: str | None, entity_type: str | None, entity_id: str | None) -> str:
    thing = f"{entity_type or ''} {entity_id or ''}".strip()
    return ", ".join(part for part in (action, thing) if part)


def _rows(query: str, params: Mapping[str, int | None]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        return cursor.fetchall()
