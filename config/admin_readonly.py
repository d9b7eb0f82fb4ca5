"""What pages of rows that the program writes have in common: nothing is edited, large tables stay fast."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import ShowFacets
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest

from config.admin_addresses import AddressedAdmin
from config.admin_pagination import KeysetChangeList, KeysetPaginator


class ReadOnlyAdmin(AddressedAdmin):
    """A list, newest first, and a page of rows that only the program writes."""

    paginator = KeysetPaginator
    # What orders the list: unique together, indexed, growing with time.
    keyset: tuple[str, ...] = ("pk",)
    sortable_by = ()
    # What an empty list says, when no filter is to blame.
    nothing_yet: Any = ""
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody writes these by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody edits these; what may be decided about them are actions."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """They go by retention, or with the person."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        """Everything on the page."""
        return tuple(name for _title, options in self.fieldsets for name in options["fields"])

    def matching(self, term: str) -> Q:
        """The condition for what was typed into the search box; every part of it has an index."""
        raise NotImplementedError

    def get_keyset(self, request: HttpRequest) -> tuple[str, ...]:
        """What orders this list; another filter may need another index."""
        return self.keyset

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """Newest first; any other order would have to sort the whole table."""
        return tuple(f"-{column}" for column in self.get_keyset(request))

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Older and newer instead of numbered pages."""
        return KeysetChangeList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Search by whole numbers and beginnings of names, never inside a million texts."""
        term = search_term.strip()
        return (queryset.filter(self.matching(term)) if term else queryset), False
