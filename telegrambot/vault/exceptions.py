"""What can go wrong with an encrypted value."""

from __future__ import annotations

from config.errors import DomainError


class UnreadableSecret(DomainError):
    """The stored “{field}” cannot be decrypted. Please add the key it was encrypted with to VAULT_KEYS."""
