"""The markup of broadcasts is everybody's; the first migration knows it by this name."""

from __future__ import annotations

from telegrambot.engine.personal_markup import VARIABLES, fill, has_variables, is_blank, validate_markup

__all__ = ["VARIABLES", "fill", "has_variables", "is_blank", "validate_markup"]
