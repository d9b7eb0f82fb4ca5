"""The root of every error that a person may read."""

from __future__ import annotations

import inspect
from typing import Any

from django.utils.translation import gettext


class DomainError(Exception):
    """That did not work. Please try again."""

    # The docstring of each subclass is the sentence people read: English, one sentence or two, translatable,
    # with {placeholders} for the keyword arguments given to the exception.

    def __init__(self, **details: Any) -> None:
        super().__init__(details)
        self.details = details

    def __str__(self) -> str:
        # A subclass without a sentence of its own speaks its parent's.
        sentence = " ".join((inspect.getdoc(type(self)) or "").split())
        return gettext(sentence).format(**self.details)
