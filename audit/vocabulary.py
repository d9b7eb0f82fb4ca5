"""The closed list of events that the code records itself, beside the changes that triggers write.

Each app declares its own in `audit_events.py`, a module of nothing else:

    declare("accounts.role.granted", _("was given a role"))
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from django.utils.functional import Promise

from audit.exceptions import UnknownEvent

LONGEST = 100  # the column's length

_NAME = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*\.(?P<verb>[a-z][a-z0-9_]*)")
# Triggers write these about rows; a declared event by such a name would be taken for one of theirs.
_OF_TRIGGERS = frozenset({"created", "changed", "deleted"})

_labels: dict[str, Promise | str] = {}


def declare(name: str, label: Promise | str) -> None:
    """Add an event to the vocabulary.

    Args:
        name: `app.entity.verb`, at most 100 characters.
        label: what happened, in words, translatable.

    Raises:
        ValueError: the name is no such name, is a trigger's, or is declared already.
    """
    found = _NAME.fullmatch(name)
    if found is None or len(name) > LONGEST:
        raise ValueError(f"{name!r} is not a name like app.entity.verb")
    if found["verb"] in _OF_TRIGGERS:
        raise ValueError(f"{name!r} is what a trigger would call a change of a row")
    if name in _labels:
        raise ValueError(f"{name!r} is declared twice")
    _labels[name] = label


def declared() -> Mapping[str, Promise | str]:
    """Every declared event with its label, by name."""
    return MappingProxyType(dict(sorted(_labels.items())))


def require(name: str) -> None:
    """Accept only what was declared.

    Raises:
        UnknownEvent: the name was not.
    """
    if name not in _labels:
        raise UnknownEvent(name=name)
