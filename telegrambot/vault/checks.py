"""System checks of the vault's keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cryptography.fernet import Fernet
from django.apps import AppConfig
from django.conf import settings
from django.core.checks import Error, Tags, register

HOW_TO_MAKE_A_KEY = (
    'Make one with: python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
)


@register(Tags.security)
def check_vault_keys(app_configs: Sequence[AppConfig] | None, **options: Any) -> list[Error]:
    """Refuse keys that are no Fernet keys; the message gives their place, never the key."""
    return [
        Error(
            f"Key {place} in VAULT_KEYS is not a Fernet key (32 bytes in URL-safe base64).",
            hint=HOW_TO_MAKE_A_KEY,
            id="vault.E001",
        )
        for place, key in enumerate(settings.VAULT_KEYS, start=1)
        if not _is_fernet_key(key)
    ]


def _is_fernet_key(key: str) -> bool:
    try:
        Fernet(key)
    except ValueError:
        return False
    return True
