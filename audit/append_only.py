"""Models whose rows are only ever added. The database refuses the rest as well (see operations.py)."""

from __future__ import annotations

from typing import Any, NoReturn, TypeVar

from django.db import models

from audit.exceptions import AppendOnly

T_co = TypeVar("T_co", bound=models.Model, covariant=True)


class AppendOnlyQuerySet(models.QuerySet[T_co]):
    """Rows to be read, and added to."""

    def bulk_create(self, objs: Any, *args: Any, **options: Any) -> list[T_co]:
        """Add rows.

        Raises:
            AppendOnly: rows that are there already would be changed.
        """
        if options.get("update_conflicts"):
            raise AppendOnly
        return super().bulk_create(objs, *args, **options)

    def _refuse(self, *args: Any, **options: Any) -> NoReturn:
        raise AppendOnly

    # `_update` and `_raw_delete` are what Model.save, Model.delete and the cascades come down to.
    update = _update = bulk_update = update_or_create = delete = _raw_delete = _refuse


class AppendOnlyModel(models.Model):
    """A row that is written once. Its managers are made of `AppendOnlyQuerySet`."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **options: Any) -> None:
        """Add the row.

        Raises:
            AppendOnly: it is there already.
        """
        if not self._state.adding:
            raise AppendOnly
        super().save(*args, **{**options, "force_insert": True})

    def delete(self, *args: Any, **options: Any) -> NoReturn:
        """Never: raises AppendOnly."""
        raise AppendOnly
