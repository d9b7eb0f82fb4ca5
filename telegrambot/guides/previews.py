"""Uploaded files between their preview and the confirmation.

They lie in the cache, which is in the database: another web process may get the confirmation.
"""

from __future__ import annotations

from typing import Any

from django.core.cache import cache
from import_export.tmp_storages import CacheStorage

from telegrambot.guides.exceptions import NothingToConfirm


class PreviewStorage(CacheStorage):
    """A file that is read for its preview, and once more when somebody confirms."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._is_confirmed = self.name is not None

    def read(self) -> Any:
        """Return what was uploaded; of two confirmations, even at the same moment, one gets it.

        Raises:
            NothingToConfirm: it was imported already, or its time is over.
        """
        content = super().read()
        if self._is_confirmed and not cache.delete(self.CACHE_PREFIX + self.name):
            raise NothingToConfirm
        return content
