"""The conditions of a segment."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from config.errors import DomainError
from telegrambot.accounts import audience


def validate_conditions(value: Any) -> None:
    """Refuse what no people can be chosen by.

    Raises:
        ValidationError: a sentence that names the condition.
    """
    if not isinstance(value, dict):
        raise ValidationError(_("Conditions are names with values."))
    try:
        audience.people(value)
    except DomainError as error:
        raise ValidationError(str(error)) from None
