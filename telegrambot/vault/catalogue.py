"""The closed list of settings that may be changed while the program runs.

Each app declares its own in `app_settings.py`, a module of nothing else:

    declare("retention.payload_days", int, default=30, minimum=1, category=_("Retention"),
            help=_("Days for which received updates are kept."))
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from django.utils.functional import Promise

from telegrambot.vault.exceptions import NotANumber, UnknownSetting, ValueTooLarge, ValueTooSmall

LONGEST_KEY = 100  # the column's length
LONGEST_CATEGORY = 50

_KEY = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
_KINDS: tuple[Any, ...] = (bool, int, float, str, list[str])

Kind = type[Any]


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting as its app declared it.

    Attributes:
        kind: bool, int, float, str or list[str].
        fallback: the default, or what returns it (asked each time).
        category: the heading it stands under.
        help: what it does, with the unit of a number, in a sentence.
        is_sensitive: it is encrypted at rest and never shown.
        minimum, maximum: of a number, both allowed themselves.
        validate: raises a DomainError for a value that will not do.
    """

    key: str
    kind: Kind
    fallback: Any
    category: Promise | str
    help: Promise | str
    is_sensitive: bool = False
    minimum: float | None = None
    maximum: float | None = None
    validate: Callable[[Any], None] | None = None

    @property
    def default(self) -> Any:
        """What holds while nobody has chosen anything else."""
        return self.fallback() if callable(self.fallback) else self.fallback

    def checked(self, value: Any) -> Any:
        """Return `value` as its kind has it.

        Raises:
            TypeError: it is of another kind. (The message does not hold the value.)
            DomainError: it is out of bounds.
        """
        if self.kind is float and type(value) is int:
            value = float(value)
        if not self._is_of_kind(value):
            raise TypeError(f"{self.key} takes {self.kind}, not {type(value).__name__}.")
        if self.kind is float and not math.isfinite(value):
            raise NotANumber
        if self.minimum is not None and value < self.minimum:
            raise ValueTooSmall(value=_short(value), minimum=self.minimum)
        if self.maximum is not None and value > self.maximum:
            raise ValueTooLarge(value=_short(value), maximum=self.maximum)
        if self.validate is not None:
            self.validate(value)
        return value

    def written(self, value: Any) -> str:
        """The text that is stored for a value."""
        return value if self.kind is str else json.dumps(value, ensure_ascii=False)

    def read(self, text: str) -> Any:
        """The value that a stored text stands for.

        Raises:
            ValueError, TypeError, DomainError: the text does not fit the setting (any more).
        """
        return self.checked(text if self.kind is str else json.loads(text))

    def _is_of_kind(self, value: Any) -> bool:
        if self.kind == list[str]:
            return isinstance(value, list) and all(isinstance(item, str) for item in value)
        if self.kind is str:
            return isinstance(value, str)
        return type(value) is self.kind  # True is no number here


def _short(number: float) -> str:
    return str(int(number) if number == int(number) else number)


_settings: dict[str, Setting] = {}


def declare(
    key: str,
    kind: Kind,
    *,
    default: Any,
    category: Promise | str,
    help: Promise | str,  # noqa: A002  (what forms call it)
    is_sensitive: bool = False,
    minimum: float | None = None,
    maximum: float | None = None,
    validate: Callable[[Any], None] | None = None,
) -> None:
    """Add a setting to the catalogue.

    Args:
        key: `area.name`, at most 100 characters.
        kind: bool, int, float, str or list[str]. A duration is an int, its unit stands in key and help.
        default: a value, or a function that returns it, such as one that reads Django's settings.
        category: the heading it stands under, at most 50 characters, translatable.
        help: what it does, in a sentence, translatable.
        is_sensitive: encrypt it and never show it; a str.
        minimum, maximum: of a number.
        validate: raises a DomainError for a value that will not do.

    Raises:
        ValueError: the key is no such key, or declared already; the kind is none of those.
        TypeError: the default is of another kind.
    """
    if _KEY.fullmatch(key) is None or len(key) > LONGEST_KEY:
        raise ValueError(f"{key!r} is not a key like area.name")
    if key in _settings:
        raise ValueError(f"{key!r} is declared twice")
    if kind not in _KINDS or (is_sensitive and kind is not str):
        raise ValueError(f"{key!r} cannot be of the kind {kind}")
    setting = Setting(key, kind, default, category, help, is_sensitive, minimum, maximum, validate)
    if not callable(default):
        setting.checked(default)
    _settings[key] = setting


def declared() -> Mapping[str, Setting]:
    """Every declared setting, by key."""
    return MappingProxyType(dict(sorted(_settings.items())))


def find(key: str) -> Setting:
    """Return the setting of that key.

    Raises:
        UnknownSetting: nobody declared it.
    """
    try:
        return _settings[key]
    except KeyError:
        raise UnknownSetting(key=key) from None
