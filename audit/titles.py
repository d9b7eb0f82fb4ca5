"""How rows are called: “Login” rather than #5. A whole page of events is answered by a query or two.

A model with a column named like `TITLE_COLUMNS` needs nothing more; for others its app registers a resolver.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import Field, ForeignKey, Model, QuerySet, TextField, Value
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

# A row's type and key, as events name it: ("projects.feature", "5").
Row = tuple[str, str]
Resolver = Callable[[Iterable[str]], Mapping[str, str]]

TITLE_COLUMNS = ("name", "title", "version", "command")
# Longer keys (UUIDs) are told apart by their beginning.
_SHOWN_OF_KEY = 8

_resolvers: dict[str, Resolver] = {}


def register_titles(entity_type: str, resolver: Resolver) -> None:
    """Let `resolver` name the rows of a model ("app.model").

    It gets keys as text, returns the titles of those it knows, and costs one query for all of them.
    """
    _resolvers[entity_type] = resolver


def titles(rows: Iterable[Row]) -> dict[Row, str]:
    """The titles of those rows that exist and have one.

    One query for all models with a title column together, and one for each registered model among the rows.
    """
    wanted: dict[str, set[str]] = defaultdict(set)
    for entity_type, key in rows:
        wanted[entity_type].add(key)
    found: dict[Row, str] = {}
    for entity_type in wanted.keys() & _resolvers.keys():
        known = _resolvers[entity_type](wanted.pop(entity_type))
        found |= {(entity_type, key): title for key, title in known.items()}
    queries = [
        query for kind, keys in sorted(wanted.items()) if (query := _by_column(kind, keys)) is not None
    ]
    if queries:
        for entity_type, key, title in queries[0].union(*queries[1:], all=True):
            found[entity_type, key] = title
    return {row: title for row, title in found.items() if title}


def model_of(entity_type: str) -> type[Model] | None:
    """The model that events call so; None: it is no more, or the events are about nothing in particular."""
    try:
        return apps.get_model(entity_type)
    except (LookupError, ValueError):
        return None


def namesake(row: Row) -> Row:
    """The row whose title stands for this one: another one, where the primary key is a foreign key."""
    model = model_of(row[0])
    if model is not None and isinstance(model._meta.pk, ForeignKey):
        return model._meta.pk.related_model._meta.label_lower, row[1]
    return row


def title_field(model: type[Model]) -> Field[Any, Any] | None:
    """The column that a model's rows are called by."""
    for name in TITLE_COLUMNS:
        try:
            return model._meta.get_field(name)  # type: ignore[return-value]
        except FieldDoesNotExist:
            continue
    return None


def kind_of(entity_type: str) -> str:
    """What people call a thing of this type: "feature"."""
    model = model_of(entity_type)
    return str(model._meta.verbose_name) if model else entity_type.rpartition(".")[2].replace("_", " ")


def called(key: str, title: str | None) -> str:
    """A row's title in quotation marks, or its key."""
    if title:
        return quoted(title)
    return f"#{key[:_SHOWN_OF_KEY]}…" if len(key) > _SHOWN_OF_KEY and not key.isdecimal() else f"#{key}"


def quoted(text: str) -> str:
    """The text in the quotation marks of the language."""
    return _("“{text}”").format(text=text)


def _by_column(entity_type: str, keys: Iterable[str]) -> QuerySet[Any, Any] | None:
    model = model_of(entity_type)
    field = title_field(model) if model else None
    if model is None or field is None:
        return None
    rows = model._base_manager.filter(pk__in=list(filter(None, (_key(model, key) for key in keys))))
    text = TextField()
    return rows.order_by().values_list(Value(entity_type), Cast("pk", text), Cast(field.name, text))


def _key(model: type[Model], text: str) -> Any:
    try:
        return model._meta.pk.to_python(text)
    except ValidationError:
        return None
