"""Remember who was seen: set-based, so that a batch of a hundred updates costs as much as one."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from django.conf import settings
from django.db import connection

from telegrambot.accounts.roles import Role


@dataclass(frozen=True, slots=True)
class Sighting:
    """A person as Telegram describes them in an update."""

    telegram_id: int
    username: str = ""
    first_name: str = ""
    last_name: str = ""
    language_code: str = ""


_SEEN = """
WITH seen AS (
    SELECT * FROM jsonb_to_recordset(%(people)s::jsonb) AS seen(
        telegram_id bigint, username text, first_name text, last_name text, language_code text)
)
"""

_CREATE = (
    _SEEN
    + """
INSERT INTO accounts_telegramuser
    (telegram_id, username, first_name, last_name, language_code, role, last_seen_at)
SELECT telegram_id, username, first_name, last_name, language_code,
       CASE WHEN telegram_id = %(owner)s THEN %(owner_role)s ELSE %(public_role)s END, statement_timestamp()
FROM seen
WHERE NOT EXISTS (SELECT FROM accounts_telegramuser AS known WHERE known.telegram_id = seen.telegram_id)
ORDER BY telegram_id
ON CONFLICT (telegram_id) DO NOTHING
"""
)

# Whoever holds a person's row (a chat view, an operator) wins: the name waits for the next sighting,
# and intake for nobody.
_REFRESH = (
    _SEEN  # noqa: S608  (two constants)
    + """
, stale AS (
    SELECT person.id, seen.username, seen.first_name, seen.last_name, seen.language_code
    FROM seen JOIN accounts_telegramuser AS person USING (telegram_id)
    WHERE (person.username, person.first_name, person.last_name, person.language_code)
            IS DISTINCT FROM (seen.username, seen.first_name, seen.last_name, seen.language_code)
       OR person.last_seen_at IS NULL OR person.last_seen_at < statement_timestamp() - interval '1 minute'
    ORDER BY person.id
    FOR NO KEY UPDATE OF person SKIP LOCKED
)
UPDATE accounts_telegramuser AS person
SET username = stale.username, first_name = stale.first_name, last_name = stale.last_name,
    language_code = stale.language_code, last_seen_at = statement_timestamp()
FROM stale WHERE person.id = stale.id
"""
)


def record(sightings: Iterable[Sighting]) -> None:
    """Create the people never seen before and refresh the names of the others; the last sighting counts."""
    people = {sighting.telegram_id: asdict(sighting) for sighting in sightings}
    if not people:
        return
    parameters = {
        "people": json.dumps(list(people.values())),
        "owner": settings.OWNER_TELEGRAM_ID,
        "owner_role": Role.OWNER,
        "public_role": Role.PUBLIC,
    }
    with connection.cursor() as cursor:
        cursor.execute(_CREATE, parameters)
        cursor.execute(_REFRESH, parameters)
