"""Which tables the log watches, and which it does not and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db.models import CompositePrimaryKey, Field, GeneratedField, Model

from audit import third_party

M = TypeVar("M", bound=type[Model])

# The event has a moment of its own.
_ALWAYS_NOISE = frozenset({"created_at", "updated_at"})
_ALWAYS_PRIVATE = frozenset({"password"})
_LONGEST_TYPE = 50  # what EventLog.entity_type holds


@dataclass(frozen=True, slots=True)
class Watched:
    """What the log keeps of a table.

    Attributes:
        columns: their values are kept when they change.
        private: that they changed is told, their values never. Columns in neither change unnoticed.
    """

    columns: tuple[str, ...] = ()
    private: tuple[str, ...] = ()


_audited: dict[type[Model], tuple[frozenset[str], frozenset[str]]] = {}
_reasons: dict[type[Model], str] = {}


def audited(*, private: Iterable[str] = (), noise: Iterable[str] = ()) -> Callable[[M], M]:
    """Let the database log every change of a model's table. `manage.py makeaudit` writes the migration.

    Args:
        private: fields whose values must never be copied, above all what a person wrote or is called: nobody
            could erase it from the log. Passwords and secrets (`is_secret`) are private without being named.
        noise: fields that change often and tell nothing. `created_at` and `updated_at` are noise anyway, and
            so are generated fields.

    Raises:
        ImproperlyConfigured: the log cannot name the rows of this table.
        FieldDoesNotExist: a named field is none.
    """

    def decorate(model: M) -> M:
        meta = model._meta
        if isinstance(meta.pk, CompositePrimaryKey):
            raise ImproperlyConfigured(f"{meta.label} has no single column that names a row.")
        if len(meta.label_lower) > _LONGEST_TYPE:
            raise ImproperlyConfigured(f"{meta.label_lower} is too long a name for the log.")
        hidden, quiet = (frozenset(meta.get_field(name).name for name in names) for names in (private, noise))
        _audited[model] = hidden, quiet
        return model

    return decorate


def not_audited(reason: str) -> Callable[[M], M]:
    """Say why the changes of a model's table are not logged.

    Args:
        reason: a sentence for whoever reads the code.
    """

    def decorate(model: M) -> M:
        _reasons[model] = reason
        return model

    return decorate


def watched(model: type[Model]) -> Watched | None:
    """What the log is to keep of a model's table; None: nothing."""
    if model not in _audited:
        return None
    private, noise = _audited[model]
    columns: list[str] = []
    hidden: list[str] = []
    for field in model._meta.local_concrete_fields:
        is_noise = field.name in noise | _ALWAYS_NOISE or isinstance(field, GeneratedField)
        if is_noise or field.primary_key:
            continue
        (hidden if field.name in private or _is_secret(field) else columns).append(str(field.column))
    return Watched(tuple(columns), tuple(hidden))


def audited_models() -> list[type[Model]]:
    """The models whose tables the log watches, those of one app together."""
    return sorted(_audited, key=lambda model: model._meta.label_lower)


def undecided_models() -> list[type[Model]]:
    """The models with a table of which nobody has said, or more than once, whether the log watches it.

    A table that Django makes for a many-to-many field counts too: give it a model of its own (`through`).
    """
    return [
        model
        for model in apps.get_models(include_auto_created=True)
        if not model._meta.proxy
        and (model in _audited) + (model in _reasons) + (model._meta.label in third_party.NOT_AUDITED) != 1
    ]


def _is_secret(field: Field[Any, Any]) -> bool:
    return field.name in _ALWAYS_PRIVATE or getattr(field, "is_secret", False)
