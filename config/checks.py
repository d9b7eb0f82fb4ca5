"""System checks of the settings as a whole."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured

_PLACEHOLDER = re.compile(
    r"change[-_ ]?me|your[-_ ].*[-_ ]here|<.*>|^x{3,}$|x{8,}|placeholder|example[-_ ]?token", re.IGNORECASE
)
_CHECKED_FOR_PLACEHOLDERS = (
    "SECRET_KEY",
    "VAULT_KEYS",
    "ALLOWED_HOSTS",
    "TELEGRAM_BOT_TOKEN",
    "TELEGRAM_WEBHOOK_SECRET",
    "TELEGRAM_API_URL",
    "TELEGRAM_PROXY_URL",
)
_NEEDED_IN_PRODUCTION = ("SECRET_KEY", "VAULT_KEYS", "ALLOWED_HOSTS")


@register
def check_settings(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Refuse placeholders, and a production setup that lacks what it needs."""
    found: list[CheckMessage] = []
    for name in _CHECKED_FOR_PLACEHOLDERS:
        value = _value(name) or ""
        values = value if isinstance(value, list) else [value]
        if any(_PLACEHOLDER.search(item) for item in values):
            found.append(
                Error(f"{name} still holds a placeholder. Put the real value in its place.", id="config.E001")
            )
    if not settings.DEBUG:
        found += [
            Error(
                f"{name} is not set. With DEBUG off it is needed; .env.example explains it.", id="config.E002"
            )
            for name in _NEEDED_IN_PRODUCTION
            if not _value(name)
        ]
    return found


@register(Tags.security, deploy=True)
def check_proxy(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Warn of the redirect to https that leads to itself."""
    if not settings.SECURE_SSL_REDIRECT or settings.BEHIND_PROXY:
        return []
    return [
        checks.Warning(
            "BEHIND_PROXY is off. Behind a proxy that ends TLS every page would redirect to itself for ever: "
            "set BEHIND_PROXY=true there.",
            id="config.W001",
        )
    ]


def _value(name: str) -> Any:
    try:
        return getattr(settings, name)
    except ImproperlyConfigured:  # how Django says that SECRET_KEY is empty
        return ""
