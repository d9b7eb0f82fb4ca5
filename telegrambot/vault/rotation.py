"""Encrypt every secret anew with the first of VAULT_KEYS, so that the other keys can be thrown away.

The system may run meanwhile: a value is replaced only if it still is what was read, rows that somebody is
just changing are passed over and tried again, and every batch commits by itself, so that a kill in the
middle costs nothing. Secrets are read and written as they lie in the table, in the order of the rows' keys.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.models import BinaryField, F, Field, Func, Model, Q, TextField

from telegrambot.vault import cipher
from telegrambot.vault.fields import EncryptedTextField

BATCH = 200
# What is just being changed is passed over; it is tried again so many times.
PASSES = 5
_NAMED = 20
_ALL = Q()

_REPLACE = """
WITH free AS (
    SELECT {pk} AS pk FROM {table}
    WHERE {pk} = ANY(%(keys)s::{pk_type}[]) ORDER BY {pk} FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE {table} AS row SET {column} = {value}
FROM unnest(%(keys)s::{pk_type}[], %(before)s::text[], %(after)s::text[]) AS new (pk, before, after)
WHERE row.{pk} = new.pk AND {stored} = new.before AND new.pk IN (SELECT pk FROM free)
"""


@dataclass(frozen=True, slots=True)
class Column:
    """A column with secrets in it, each as `cipher.encrypt` returned it.

    Attributes:
        keys: of a column with JSON objects: where in them the secrets lie, one or a list of them; without
            any the whole value is one secret.
        rows: those that may hold one.
        is_bulky: its values may be large; they are read one at a time.
    """

    model: type[Model]
    name: str
    keys: tuple[str, ...] = ()
    rows: Q = _ALL
    is_bulky: bool = False

    def __str__(self) -> str:
        return f"{self.model._meta.label}.{self.name}"

    def is_readable(self, stored: str) -> bool:
        """Whether what is stored can be decrypted."""
        return all(map(cipher.is_readable, self._secrets(stored)))

    def is_current(self, stored: str) -> bool:
        """Whether the first key alone can do it."""
        return all(map(cipher.is_current, self._secrets(stored)))

    def renewed(self, stored: str) -> str:
        """What is stored, encrypted with the first key."""
        if not self.keys:
            return cipher.renewed(stored)
        data = json.loads(stored)
        return json.dumps(data | {key: _renewed(data[key]) for key in self.keys if data.get(key)})

    def _secrets(self, stored: str) -> Iterator[str]:
        if not self.keys:
            yield stored
            return
        data = json.loads(stored)
        for key in self.keys:
            found = data.get(key) or []
            yield from found if isinstance(found, list) else [found]


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
    as_text, _as_value = _templates(_field(column))
    text = Func(F(column.name), template=as_text.format("%(expressions)s"), output_field=TextField())
    every = (
        column.model._base_manager.filter(column.rows)
        .exclude(**{f"{column.name}__isnull": True})
        .annotate(stored_text=text)
        .exclude(stored_text="")
        .order_by("pk")
        .values_list("pk", "stored_text")
    )
    size = 1 if column.is_bulky else size
    rows = list(every[:size])
    while rows:
        yield rows
        rows = list(every.filter(pk__gt=rows[-1][0])[:size])


def _replace(column: Column, texts: dict[Any, tuple[str, str]]) -> int:
    meta, quote, field = column.model._meta, connection.ops.quote_name, _field(column)
    name = quote(str(field.column))
    as_text, as_value = _templates(field)
    statement = _REPLACE.format(
        table=quote(meta.db_table),
        pk=quote(str(meta.pk.column)),
        pk_type=meta.pk.rel_db_type(connection),
        column=name,
        stored=as_text.format(f"row.{name}"),
        value=as_value.format("new.after"),
    )
    before, after = zip(*texts.values(), strict=True)
    with connection.cursor() as cursor:
        cursor.execute(statement, {"keys": list(texts), "before": list(before), "after": list(after)})
        return int(cursor.rowcount)


def _field(column: Column) -> Field[Any, Any]:
    return column.model._meta.get_field(column.name)  # type: ignore[return-value]


def _templates(field: Field[Any, Any]) -> tuple[str, str]:
    """The SQL that makes a text of a value, and a value of a text."""
    if isinstance(field, BinaryField):
        return "encode({}, 'escape')", "decode({}, 'escape')"
    return "{}::text", f"{{}}::{field.db_type(connection)}"


def _renewed(found: Any) -> Any:
    return [cipher.renewed(text) for text in found] if isinstance(found, list) else cipher.renewed(found)
