"""Encrypt every secret anew with the first of VAULT_KEYS, so that the other keys can be thrown away.

The system may run meanwhile: a value is replaced only if it still is what was read, rows that somebody is
just changing are passed over and tried again, and every batch commits by itself, so that a kill in the
middle costs nothing. Secrets are read and written as they lie in the table, in the order of the rows' keys.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.models import Field, Model, TextField
from django.db.models.functions import Cast

from telegrambot.vault import cipher
from telegrambot.vault.fields import EncryptedTextField

BATCH = 200
# What is just being changed is passed over; it is tried again so many times.
PASSES = 5
_NAMED = 20

_REPLACE = """
WITH free AS (
    SELECT {pk} AS pk FROM {table}
    WHERE {pk} = ANY(%(keys)s::{pk_type}[]) ORDER BY {pk} FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE {table} AS row SET {column} = new.after::{type}
FROM unnest(%(keys)s::{pk_type}[], %(before)s::text[], %(after)s::text[]) AS new (pk, before, after)
WHERE row.{pk} = new.pk AND row.{column}::text = new.before AND new.pk IN (SELECT pk FROM free)
"""


@dataclass(frozen=True, slots=True)
class Column:
    """A column with secrets in it.

    Attributes:
        is_readable: whether a stored text can be decrypted.
        is_current: whether the first key alone does.
        renewed: the stored text encrypted with the first key.
    """

    model: type[Model]
    name: str
    is_readable: Callable[[str], bool] = cipher.is_readable
    is_current: Callable[[str], bool] = cipher.is_current
    renewed: Callable[[str], str] = cipher.renewed

    def __str__(self) -> str:
        return f"{self.model._meta.label}.{self.name}"


@dataclass
class Findings:
    """What the secrets of a column are like.

    Attributes:
        unreadable: how many no key decrypts.
        examples: the keys of the first of those rows.
    """

    count: int = 0
    outdated: int = 0
    unreadable: int = 0
    examples: tuple[str, ...] = ()


_registered: list[Column] = []


def register(column: Column) -> None:
    """Let the secrets inside a column of another type be encrypted anew too."""
    _registered.append(column)


def columns() -> list[Column]:
    """Every column with secrets: the encrypted fields of all models, and what was registered."""
    found = [
        Column(model, field.name)
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy
        for field in model._meta.local_concrete_fields
        if isinstance(field, EncryptedTextField)
    ]
    return sorted([*found, *_registered], key=str)


def examine(column: Column, batch: int = BATCH) -> Findings:
    """Look at all secrets of a column; nothing is changed."""
    findings = Findings()
    for rows in _batches(column, batch):
        findings.count += len(rows)
        for key, stored in rows:
            if not column.is_readable(stored):
                findings.unreadable += 1
                if len(findings.examples) < _NAMED:
                    findings.examples += (str(key),)
            elif not column.is_current(stored):
                findings.outdated += 1
    return findings


def renew(column: Column, batch: int = BATCH) -> Iterator[tuple[int, int]]:
    """Encrypt the secrets of a column anew, as far as they need it; yields after each batch, committed.

    Yields:
        How many were encrypted anew, and how many were passed over because somebody was changing them.
    """
    for rows in _batches(column, batch):
        outdated = [
            (key, stored)
            for key, stored in rows
            if column.is_readable(stored) and not column.is_current(stored)
        ]
        if outdated:
            done = _replace(column, {key: (stored, column.renewed(stored)) for key, stored in outdated})
            yield done, len(outdated) - done


def _batches(column: Column, size: int) -> Iterator[list[tuple[Any, str]]]:
    every = (
        column.model._base_manager.exclude(**{f"{column.name}__isnull": True})
        .annotate(stored_text=Cast(column.name, TextField()))
        .exclude(stored_text="")
        .order_by("pk")
        .values_list("pk", "stored_text")
    )
    rows = list(every[:size])
    while rows:
        yield rows
        rows = list(every.filter(pk__gt=rows[-1][0])[:size])


def _replace(column: Column, texts: dict[Any, tuple[str, str]]) -> int:
    meta, quote = column.model._meta, connection.ops.quote_name
    field: Field[Any, Any] = meta.get_field(column.name)  # type: ignore[assignment]
    statement = _REPLACE.format(
        table=quote(meta.db_table),
        pk=quote(str(meta.pk.column)),
        pk_type=meta.pk.rel_db_type(connection),
        column=quote(str(field.column)),
        type=field.db_type(connection),
    )
    before, after = zip(*texts.values(), strict=True)
    with connection.cursor() as cursor:
        cursor.execute(statement, {"keys": list(texts), "before": list(before), "after": list(after)})
        return int(cursor.rowcount)
