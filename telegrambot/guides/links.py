"""Links in guides: https, and well formed."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from telegrambot.engine.links import is_public_name

MAX_LINK = 2048
# No spaces, quotes or brackets anywhere.
_UNSAFE = re.compile(r"[\s<>\"'`{}|\\^\x00-\x1f\x7f]")


def is_https_link(text: str) -> bool:
    """Whether `text` is a complete https link to a public name, without a login in it."""
    if len(text) > MAX_LINK or _UNSAFE.search(text):
        return False
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    return parts.scheme == "https" and parts.username is None and port != 0 and is_public_name(parts.hostname)


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
