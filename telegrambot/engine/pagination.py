"""Pages of very large tables without counting every row for each click."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.db import connections
from django.db.models import QuerySet
from django.utils.functional import cached_property

# Below this an exact count costs nothing, and a filtered list is not counted further.
EXACT_UP_TO = 10_000


class EstimatedPaginator(Paginator):
    """Counts a small table exactly, a filtered list up to `EXACT_UP_TO`, a whole large table by estimate.

    The estimate is the one PostgreSQL's own planner works with (`pg_class.reltuples`, kept by autovacuum).
    """

    object_list: QuerySet[Any]

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

    def _estimate(self) -> int:
        with connections[self.object_list.db].cursor() as cursor:
            cursor.execute(
                "SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass",
                [connections[self.object_list.db].ops.quote_name(self.object_list.model._meta.db_table)],
            )
            return int(cursor.fetchone()[0])
