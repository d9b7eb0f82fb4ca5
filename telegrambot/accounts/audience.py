"""By what people can be chosen: a registry of conditions, which each app fills with what it knows of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.db.models import CharField, Q, QuerySet, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce, NullIf
from django.db.models.lookups import Exact, StartsWith
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from telegrambot.accounts.exceptions import BadCondition, UnknownCondition
from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.roles import Role

MAX_DAYS = 36_500
# Rows in one list to choose from.
MAX_OFFERED = 1000


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing people can be chosen by.

    Attributes:
        name: how it is stored.
        label: how operators read it.
        read: turns the stored value into what `matches` takes; raises ValueError or TypeError.
        matches: the people it is true of.
        field: makes the form field that asks for the value; what is left empty is no condition.
    """

    name: str
    label: Promise | str
    read: Callable[[Any], Any]
    matches: Callable[[Any], Q]
    field: Callable[[], forms.Field] = forms.CharField


_conditions: dict[str, Condition] = {}


def register(
    name: str,
    label: Promise | str,
    read: Callable[[Any], Any],
    matches: Callable[[Any], Q],
    field: Callable[[], forms.Field] = forms.CharField,
) -> None:
    """Add a condition.

    Raises:
        ValueError: another one has this name.
    """
    if name in _conditions:
        raise ValueError(f"The condition {name!r} is registered twice.")
    _conditions[name] = Condition(name, label, read, matches, field)


def conditions() -> Iterator[Condition]:
    """All conditions, in the order of their registration."""
    return iter(_conditions.values())


def people(chosen: Mapping[str, Any]) -> QuerySet[TelegramUser]:
    """The people of whom all conditions are true.

    Args:
        chosen: values by the names of conditions.

    Raises:
        UnknownCondition: there is none of that name.
        BadCondition: a value makes no sense.
    """
    found = TelegramUser.objects.all()
    for name, value in chosen.items():
        if (condition := _conditions.get(name)) is None:
            raise UnknownCondition(name=name)
        try:
            found = found.filter(condition.matches(condition.read(value)))
        except (TypeError, ValueError, OverflowError):
            raise BadCondition(name=condition.label, value=str(value)[:100]) from None
    return found


def read_key(value: Any) -> UUID:
    """Read the key of a row, for conditions about one guide, one broadcast, …

    Raises:
        ValueError: it is none.
    """
    if not isinstance(value, str):
        raise ValueError(value)
    return UUID(value)


def key_field(rows: Callable[[], QuerySet[Any]], title: str) -> Callable[[], forms.Field]:
    """Make what asks for the key of a row.

    Args:
        rows: the rows in question; the first ones are offered.
        title: the column that names a row.
    """

    def offered() -> list[tuple[str, str]]:
        return [("", "–"), *((str(key), name) for key, name in rows().values_list("pk", title)[:MAX_OFFERED])]

    return lambda: forms.ChoiceField(choices=offered)


# ── What is known of everybody ────────────────────────────────────────────────────────────────────────────


def _roles(value: Any) -> list[int]:
    if not isinstance(value, list) or not value:
        raise ValueError(value)
    return [Role(role) for role in value]


def _language(value: Any) -> str:
    if value not in {"en", "ru"}:
        raise ValueError(value)
    return str(value)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


def _days(value: Any) -> timedelta:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= MAX_DAYS:
        raise ValueError(value)
    return timedelta(days=value)


def _day(value: Any) -> datetime:
    # The installation's day: people are counted in an operator's time zone, and written to in none.
    midnight = datetime.combine(date.fromisoformat(value), time.min)
    return timezone.make_aware(midnight, timezone.get_default_timezone())


def _speaks(language: str) -> Q:
    # As TelegramUser.language decides: the own choice first, then Telegram's; English for all the rest.
    own = NullIf(KeyTextTransform("language", "preferences"), Value(""), output_field=CharField())
    chosen = Coalesce(own, "language_code", output_field=CharField())
    russian = Q(Exact(chosen, "ru")) | Q(StartsWith(chosen, "ru-"))
    return russian if language == "ru" else ~russian


def _roles_field() -> forms.Field:
    return forms.TypedMultipleChoiceField(choices=Role.choices, coerce=int)


def _language_field() -> forms.Field:
    return forms.ChoiceField(choices=[("", "–"), *settings.LANGUAGES])


def _flag_field() -> forms.Field:
    answers = [("", "–"), ("True", _("yes")), ("False", _("no"))]
    return forms.TypedChoiceField(choices=answers, coerce=lambda answer: answer == "True", empty_value=None)


def _days_field() -> forms.Field:
    return forms.IntegerField(min_value=1, max_value=MAX_DAYS)


register("roles", _("role"), _roles, lambda roles: Q(role__in=roles), _roles_field)
register("language", _("language"), _language, _speaks, _language_field)
register("is_friend", _("is a friend"), _flag, lambda is_friend: Q(is_friend=is_friend), _flag_field)
register(
    "seen_within_days",
    _("seen in the last days"),
    _days,
    lambda days: Q(last_seen_at__gte=timezone.now() - days),
    _days_field,
)
register(
    "unseen_for_days",
    _("not seen for days"),
    _days,
    lambda days: Q(last_seen_at__lt=timezone.now() - days) | Q(last_seen_at__isnull=True),
    _days_field,
)
register(
    "joined_from",
    _("joined on or after"),
    _day,
    lambda moment: Q(created_at__gte=moment),
    forms.DateField,
)
register("joined_before", _("joined before"), _day, lambda moment: Q(created_at__lt=moment), forms.DateField)
