"""Canonical ids of actors: where they come from, and the names they are shown by.

This app knows neither people nor accounts; the apps that do register here what they know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from audit.context import SYSTEM

Resolver = Callable[[Iterable[str]], Mapping[str, str]]

_resolvers: list[Resolver] = []
_identify: Callable[[Any], str] | None = None


def register_names(resolver: Resolver) -> None:
    """Let `resolver` name actors: it gets canonical ids, and returns the names of those it knows.

    It is asked once for a whole page, and should cost a constant number of queries.
    """
    if resolver not in _resolvers:
        _resolvers.append(resolver)


def register_accounts(identify: Callable[[Any], str]) -> None:
    """Let `identify` tell the canonical id of whoever is signed in to the browser (`request.user`)."""
    global _identify
    _identify = identify


def names(user_ids: Iterable[str]) -> dict[str, str]:
    """How to call actors on a page; one whom nobody knows (any more) is called by their id."""
    wanted = dict.fromkeys(user_ids)
    found: dict[str, str] = {user_id: user_id for user_id in wanted}
    if SYSTEM in found:
        found[SYSTEM] = _("the program")
    others = [user_id for user_id in wanted if user_id and user_id != SYSTEM]
    for resolver in _resolvers if others else ():
        found |= resolver(others)
    return found


def account_id(account: Any) -> str:
    """The canonical id of whoever is signed in; `system` for a visitor."""
    return _identify(account) if _identify is not None and account.is_authenticated else SYSTEM
