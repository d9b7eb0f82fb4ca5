"""The secrets of second factors when VAULT_KEYS change: allauth keeps them inside a JSON column."""

from __future__ import annotations

from allauth.mfa.models import Authenticator

from telegrambot.vault import rotation

# What SecondFactorAdapter.encrypt was given; passkeys hold no secret.
_ENCRYPTED = ("secret", "seed", "migrated_codes")


def register() -> None:
    """Let `manage.py rotatevaultkeys` find them."""
    rotation.register(rotation.Column(Authenticator, "data", keys=_ENCRYPTED))
