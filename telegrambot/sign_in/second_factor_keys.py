"""The secrets of second factors when VAULT_KEYS change: allauth keeps them inside a JSON column."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from allauth.mfa.models import Authenticator

from telegrambot.vault import cipher, rotation

# What SecondFactorAdapter.encrypt was given; passkeys hold no secret.
_ENCRYPTED = ("secret", "seed", "migrated_codes")


def register() -> None:
    """Let `manage.py rotatevaultkeys` find them."""
    rotation.register(rotation.Column(Authenticator, "data", _is_readable, _is_current, _renewed))


def _is_readable(stored: str) -> bool:
    return all(map(cipher.is_readable, _secrets(stored)))


def _is_current(stored: str) -> bool:
    return all(map(cipher.is_current, _secrets(stored)))


def _renewed(stored: str) -> str:
    data = json.loads(stored)
    return json.dumps(data | {name: _each(cipher.renewed, data[name]) for name in _ENCRYPTED if name in data})


def _secrets(stored: str) -> Iterator[str]:
    data = json.loads(stored)
    for name in _ENCRYPTED:
        found = data.get(name) or []
        yield from found if isinstance(found, list) else [found]


def _each(change: Callable[[str], str], found: Any) -> Any:
    return [change(text) for text in found] if isinstance(found, list) else change(found)
