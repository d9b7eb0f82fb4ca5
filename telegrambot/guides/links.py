"""Links in guides: https, and well formed."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from telegrambot.engine.links import is_https_link


def validate_https(text: str) -> None:
    """Refuse what is no https link.

    Raises:
        ValidationError: see `is_https_link`.
    """
    if not is_https_link(text):
        raise ValidationError(
            _("“%(link)s” is no complete https link, such as https://telegra.ph/…"),
            code="no_https_link",
            params={"link": text[:100]},
        )
