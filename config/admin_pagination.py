"""Pages of very large tables, without counting every row and without passing over the pages before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import connections
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from config.admin_addresses import FilteredChangeList

# Below this an exact count costs nothing, and a filtered list is not counted further.
EXACT_UP_TO = 10_000
OLDER, NEWER = "older", "newer"
_BETWEEN = "~"


class EstimatedPaginator(Paginator):
    """Counts a small table exactly, a filtered list up to `EXACT_UP_TO`, a whole large table by estimate.

    The estimate is the one PostgreSQL's own planner works with (`pg_class.reltuples`, kept by autovacuum).
    """

    object_list: QuerySet[Any]
    template_name = "admin/numbered.html"

    @cached_property
    def count(self) -> int:
        """The number of rows, exact or not."""
        query = self.object_list.query
        if not query.where and not query.is_sliced:
            estimate = self._estimate()
            if estimate > EXACT_UP_TO:
                return estimate
            return self.object_list.count()
        return self.object_list[:EXACT_UP_TO].count()

    @property
    def count_in_words(self) -> str:
        """The number as people read it, and how sure it is."""
        number = number_format(self.count, force_grouping=True)
        if self.count < EXACT_UP_TO:
            return number
        if self.object_list.query.where:
            return _("more than {number}").format(number=number)
        return _("about {number}").format(number=number)

    def _estimate(self) -> int:
        with connections[self.object_list.db].cursor() as cursor:
            cursor.execute(
                "SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass",
                [connections[self.object_list.db].ops.quote_name(self.object_list.model._meta.db_table)],
            )
            return int(cursor.fetchone()[0])


class KeysetPaginator(EstimatedPaginator):
    """Has no page numbers: from a page one goes to the older or the newer ones."""

    template_name = "admin/older_newer.html"


class EstimatedChangeList(FilteredChangeList):
    """A list that says below how many rows there are, and not a second time above."""

    def get_results(self, request: HttpRequest) -> None:
        """Read one page."""
        super().get_results(request)
        self.full_result_count = self.result_count


class KeysetChangeList(FilteredChangeList):
    """A list, newest first, whose thousandth page is found by index as quickly as its first.

    The model admin's `get_keyset` names the columns that order it; together they are unique and indexed.
    """

    older: str = ""
    newer: str = ""

    def get_filters_params(self, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """What filters: everything but the place in the list, which no other link keeps."""
        for name in (OLDER, NEWER):
            self.params.pop(name, None)
            self.filter_params.pop(name, None)
        found: dict[str, Any] = super().get_filters_params(params)
        return found

    def get_results(self, request: HttpRequest) -> None:
        """Read one page, and whether there is more on either side.

        Raises:
            IncorrectLookupParameters: the place in the address is none.
        """
        size = self.list_per_page
        self.paginator = self.model_admin.get_paginator(request, self.queryset, size)
        columns: Sequence[str] = self.model_admin.get_keyset(request)
        upwards = request.GET.get(NEWER)
        place = upwards or request.GET.get(OLDER)
        ordering = [column if upwards else f"-{column}" for column in columns]
        queryset = self.queryset.order_by(*ordering)
        if place:
            queryset = queryset.filter(_beyond(self.model, columns, place, "gt" if upwards else "lt"))
        rows = self.read(queryset[: size + 1])
        more, rows = len(rows) > size, rows[:size]
        if upwards:
            rows.reverse()
        has_older, has_newer = (bool(upwards) or more), (more if upwards else bool(place))
        self.older = place_of(rows[-1], columns) if rows and has_older else ""
        self.newer = place_of(rows[0], columns) if rows and has_newer else ""
        if not place and not more:
            self.paginator.count = len(rows)
        self.result_list, self.result_count = rows, self.paginator.count
        self.full_result_count, self.show_full_result_count = self.result_count, False
        self.show_admin_actions, self.can_show_all, self.multi_page = True, False, False

    def read(self, rows: QuerySet[Any]) -> list[Any]:
        """The rows of one page."""
        return list(rows)

    @property
    def newest_url(self) -> str:
        """Where the list begins."""
        return self.get_query_string()

    @property
    def older_url(self) -> str:
        """Where the next older rows are; empty at the end."""
        return self.get_query_string({OLDER: self.older}) if self.older else ""

    @property
    def newer_url(self) -> str:
        """Where the next newer rows are; empty at the top."""
        return self.get_query_string({NEWER: self.newer}) if self.newer else ""


def place_of(row: Model, columns: Sequence[str]) -> str:
    """A row's place in a list, for an address."""
    values = (getattr(row, column) for column in columns)
    return _BETWEEN.join(v.isoformat() if hasattr(v, "isoformat") else str(v) for v in values)


def _beyond(model: type[Model], columns: Sequence[str], place: str, comparison: str) -> Q:
    """What lies on one side of a place, written so that an index on the first column finds its beginning."""
    texts = place.split(_BETWEEN, len(columns) - 1)
    if len(texts) != len(columns):
        raise IncorrectLookupParameters
    try:
        values = [_field(model, column).to_python(text) for column, text in zip(columns, texts, strict=True)]
    except ValidationError as error:
        raise IncorrectLookupParameters from error
    found = Q(**{f"{columns[-1]}__{comparison}": values[-1]})
    for column, value in reversed(list(zip(columns[:-1], values[:-1], strict=True))):
        # The first condition alone is one an index understands.
        found = Q(**{f"{column}__{comparison}e": value}) & (Q(**{f"{column}__{comparison}": value}) | found)
    return found


def older_than(rows: QuerySet[Any], columns: Sequence[str], place: str) -> QuerySet[Any]:
    """The rows of a list, newest first, that come after a place; all of them when it is empty.

    Raises:
        IncorrectLookupParameters: the place is none.
    """
    ordered = rows.order_by(*(f"-{column}" for column in columns))
    return ordered.filter(_beyond(rows.model, columns, place, "lt")) if place else ordered


def _field(model: type[Model], column: str) -> Any:
    return model._meta.pk if column == "pk" else model._meta.get_field(column)
