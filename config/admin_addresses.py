"""What addresses of lists and forms may ask for. Whoever mangles one gets the page without it."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList as DjangosChangeList
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import ForeignKey, Model
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.views import ChangeList


class FilteredChangeList(ChangeList):
    """A list that only its filters filter: other lookups find no index, and PostgreSQL refuses some."""

    def get_filters(self, request: HttpRequest) -> Any:
        """Read the filters.

        Raises:
            IncorrectLookupParameters: there is something in the address that none of them knows.
        """
        found = super().get_filters(request)
        _filters, _has_filters, left, *_more = found
        if left:
            raise IncorrectLookupParameters
        return found


class AddressedAdmin(ModelAdmin):
    """Pages that take from an address only what they can use."""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[DjangosChangeList]:
        """The list that is filtered by its filters only."""
        return FilteredChangeList

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """What the address fills in: rows that are there."""
        values = super().get_changeform_initial_data(request)
        return {name: value for name, value in values.items() if _is_row(self.model, name, value)}


def _is_row(model: type[Model], name: str, value: Any) -> bool:
    try:
        field = model._meta.get_field(name)
        return isinstance(field, ForeignKey) and field.related_model._base_manager.filter(pk=value).exists()
    except (FieldDoesNotExist, ValueError, ValidationError):
        return False
