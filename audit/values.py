"""What events keep of a column, as people read it: choices by label, moments in the reader's time zone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.formats import date_format, number_format, time_format
from django.utils.timezone import is_aware, localtime
from django.utils.translation import gettext as _

from audit.titles import Row, called

NOTHING = "–"
# Texts people wrote, in contrast to labels, numbers and moments.
_TEXTS = (models.CharField, models.TextField)


def fields_of(model: type[models.Model] | None) -> dict[str, models.Field[Any, Any]]:
    """The columns of a model's table in their order."""
    return {str(field.column): field for field in model._meta.concrete_fields} if model else {}


def is_text(field: models.Field[Any, Any] | None, *values: Any) -> bool:
    """Whether a column's values are words of people rather than numbers, moments or one of several values."""
    has_words = any(isinstance(value, str) for value in values)
    return has_words and (field is None or (isinstance(field, _TEXTS) and not field.choices))


def referred(field: models.Field[Any, Any] | None, value: Any) -> Row | None:
    """The row that a foreign key's value names."""
    if value is None or field is None or not isinstance(field, models.ForeignKey):
        return None
    return field.related_model._meta.label_lower, str(value)


def shown(field: models.Field[Any, Any] | None, value: Any, titles: Mapping[Row, str]) -> str:
    """A column's value in words.

    Args:
        field: None: the model no longer has the column.
        value: as the event's JSON holds it.
        titles: of the rows that foreign keys name.
    """
    if value is None or value in ("", [], {}):
        return NOTHING
    try:
        return _in_words(field, value, titles)
    except (ArithmeticError, TypeError, ValueError):
        # Nothing of the column's type, or a moment that is none in the reader's time zone.
        return value if isinstance(value, str) else written(value)


def written(value: Any) -> str:
    """JSON for people."""
    try:
        return json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True)
    except RecursionError:
        # Without indentation more levels fit.
        return json.dumps(value, ensure_ascii=False)


def _in_words(field: models.Field[Any, Any] | None, value: Any, titles: Mapping[Row, str]) -> str:
    if row := referred(field, value):
        return called(row[1], titles.get(row))
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(field, ArrayField) and isinstance(value, list):
        return ", ".join(shown(field.base_field, item, titles) for item in value)
    if field is not None and field.choices:
        return str(dict(field.flatchoices).get(_python(field, value), value))
    if isinstance(value, (dict, list)):
        return written(value)
    return _moment(_python(field, value)) if isinstance(field, _MOMENTS) else _plain(value)


_MOMENTS = (models.DateField, models.TimeField)


def _moment(value: Any) -> str:
    if isinstance(value, datetime):
        return date_format(localtime(value) if is_aware(value) else value, "DATETIME_FORMAT")
    if hasattr(value, "year"):
        return date_format(value, "DATE_FORMAT")
    return time_format(value, "TIME_FORMAT") if hasattr(value, "hour") else str(value)


def _plain(value: Any) -> str:
    return number_format(value) if isinstance(value, float) else str(value)


def _python(field: models.Field[Any, Any] | None, value: Any) -> Any:
    """The value as the column's type has it; what no longer fits the type stays as it is."""
    try:
        return field.to_python(value) if field is not None else value
    except (ValidationError, TypeError, ValueError):
        return value
