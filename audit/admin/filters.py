"""The filters of the log: fields of one form, answered by indexes, their choices known without the table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from django.contrib import admin
from django.contrib.admin import ListFilter
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import SEARCH_VAR
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit import directory, vocabulary
from audit.admin_links import KIND, THING, WHO
from audit.audited import audited_models
from audit.models import EventLog, Origin
from audit.sentences import VERBS
from audit.titles import kind_of
from config.postgresql.moments import EARLIEST, LATEST

Choices = list[tuple[str, str]]


class Field:
    """One field of the form: typed into, or with a choice.

    Args:
        request: what the address holds.
    """

    title: Any = ""
    parameter = ""
    placeholder: Any = ""
    input_type = "text"

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.value = request.GET.get(self.parameter, "").strip()

    def options(self) -> Choices:
        """What there is to choose from; nothing for a field to type into."""
        return []

    def condition(self) -> Q:
        """What the value asks for.

        Raises:
            IncorrectLookupParameters: the value is none that the form could have sent.
        """
        raise NotImplementedError


class WhoField(Field):
    """Events by who did it."""

    title = gettext_lazy("who")
    parameter = WHO
    placeholder = gettext_lazy("Beginning of a name, or an id")

    def condition(self) -> Q:
        """Whoever is called so."""
        return Q(user_id__in=directory.find(self.value))


class KindField(Field):
    """Events by the kind of thing."""

    title = gettext_lazy("kind of thing")
    parameter = KIND

    def options(self) -> Choices:
        """Every kind that there are pages about or changes of."""
        return _sorted((kind, kind_of(kind)) for kind in known_kinds())

    def condition(self) -> Q:
        """Things of this kind; that a row was changed is asked for by the event's whole name."""
        event = self.request.GET.get(EventField.parameter)
        return Q(action=f"{self.value}.{event}") if event in VERBS else Q(entity_type=self.value)


class ThingField(Field):
    """Events of one thing."""

    title = gettext_lazy("number of the thing")
    parameter = THING
    placeholder = gettext_lazy("Such as 42")

    def condition(self) -> Q:
        """Things with this key, of any kind: the index begins with the kind."""
        kind = self.request.GET.get(KIND)
        return Q(entity_id=self.value, entity_type__in=[kind] if kind else known_kinds())


class EventField(Field):
    """Events by what happened."""

    title = gettext_lazy("what happened")
    parameter = "event"

    def options(self) -> Choices:
        """The three that happen to rows, and whatever the program records by itself."""
        rows = [("created", _("created")), ("changed", _("changed")), ("deleted", _("deleted"))]
        recorded = ((name, str(label)) for name, label in vocabulary.declared().items())
        return [(name, capfirst(label)) for name, label in rows] + _sorted(recorded)

    def condition(self) -> Q:
        """The event. With the kind of thing, the field for that asks for both."""
        if self.value not in VERBS:
            return Q(action=self.value)
        if self.request.GET.get(KIND):
            return Q()
        return Q(action__in=[f"{kind}.{self.value}" for kind in known_kinds()])


class OriginField(Field):
    """Events by where they came from."""

    title = gettext_lazy("from")
    parameter = "origin"

    def options(self) -> Choices:
        """The five."""
        return [(value, capfirst(str(label))) for value, label in Origin.choices]

    def condition(self) -> Q:
        """From there."""
        return Q(origin=self.value)


class LatelyField(Field):
    """Events of today, or of the last days."""

    title = gettext_lazy("when")
    parameter = "days"
    _DAYS = ("1", "7", "30")

    def options(self) -> Choices:
        """Counted with today."""
        return list(zip(self._DAYS, (_("Today"), _("Last 7 days"), _("Last 30 days")), strict=True))

    def condition(self) -> Q:
        """Since then."""
        if self.value not in self._DAYS:
            raise IncorrectLookupParameters
        return Q(timestamp__gte=_midnight(timezone.localdate() - timedelta(days=int(self.value) - 1)))


class SinceField(Field):
    """Events since the beginning of a day."""

    title = gettext_lazy("since")
    parameter = "since"
    input_type = "date"

    def condition(self) -> Q:
        """That day and after."""
        return Q(timestamp__gte=_midnight(_day(self.value)))


class UntilField(Field):
    """Events until the end of a day."""

    title = gettext_lazy("until")
    parameter = "until"
    input_type = "date"

    def condition(self) -> Q:
        """That day and before."""
        return Q(timestamp__lt=_midnight(_day(self.value) + timedelta(days=1)))


FIELDS = (WhoField, KindField, ThingField, EventField, OriginField, LatelyField, SinceField, UntilField)
_OF_TIME = (LatelyField, SinceField, UntilField)


class FormFilter(ListFilter):
    """All of them in one form."""

    title = gettext_lazy("events")
    template = "audit/admin/filter_form.html"

    def __init__(
        self, request: HttpRequest, params: dict[str, Any], model: type[Model], model_admin: Any
    ) -> None:
        super().__init__(request, params, model, model_admin)
        self.fields = [field(request) for field in FIELDS]
        for field in self.fields:
            if params.pop(field.parameter, None):
                self.used_parameters[field.parameter] = field.value

    def has_output(self) -> bool:
        """There is always something to choose."""
        return True

    def expected_parameters(self) -> list[str | None]:
        """Those that fields have in the address."""
        return [field.parameter for field in self.fields]

    def choices(self, changelist: Any) -> Iterator[dict[str, Any]]:
        """The fields, and what else is in the address."""
        yield {"fields": self.fields, "search": changelist.query, "search_name": SEARCH_VAR}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """What all the filled fields ask for."""
        found = queryset.filter(*(field.condition() for field in self.fields if field.value))
        # What has no place in the calendar is on no certain day.
        return found.filter(timestamp__range=(EARLIEST, LATEST)) if is_about_time(request) else found


def is_about_time(request: HttpRequest) -> bool:
    """Whether the list is one of certain days, and wants the index on time."""
    return any(request.GET.get(field.parameter, "").strip() for field in _OF_TIME)


def known_kinds() -> list[str]:
    """The types that events may be about: what the log watches, and what has pages in the admin."""
    models = {*audited_models(), *admin.site._registry} - {EventLog}
    return sorted(model._meta.label_lower for model in models)


def _sorted(options: Iterable[tuple[str, str]]) -> Choices:
    return sorted(((value, capfirst(label)) for value, label in options), key=lambda option: option[1])


def _day(text: str) -> date:
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    # The year 1 and the year 9999 have no day before or after.
    if day is None or not 1 < day.year < date.max.year:
        raise IncorrectLookupParameters
    return day


def _midnight(day: date) -> datetime:
    """When a day begins for whoever reads."""
    return timezone.make_aware(datetime.combine(day, time.min))
