"""The lines of the settings page: what each setting is now, in words, without any secret."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.forms import BoundField
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from telegrambot.vault import cipher, settings_store, snapshots
from telegrambot.vault.catalogue import Setting, declared
from telegrambot.vault.exceptions import UnreadableSecret
from telegrambot.vault.snapshots import Stored

NOTHING = "–"


@dataclass
class Line:
    """A setting on the page.

    Attributes:
        value: what holds now; None of a secret.
        shown, default: in words; a secret as dots, at most with its last four characters.
        problem: what is wrong with what is stored, and what to do; empty: nothing.
        field: where it can be changed, for those who may.
    """

    setting: Setting
    value: Any
    shown: str
    default: str
    is_set: bool
    problem: str = ""
    field: BoundField | None = None

    @property
    def key(self) -> str:
        """The setting's key."""
        return self.setting.key


@dataclass(frozen=True)
class Leftover:
    """A stored setting that no app declares any more.

    Attributes:
        shown: its value; dots of a secret.
    """

    key: str
    shown: str


def lines(*, with_secrets: bool) -> list[Line]:
    """Every declared setting as it is now. One query.

    Args:
        with_secrets: also the sensitive ones (as dots).
    """
    stored = snapshots.read_all()
    return [
        _line(setting, stored.get(setting.key))
        for setting in declared().values()
        if with_secrets or not setting.is_sensitive
    ]


def leftovers(*, with_secrets: bool) -> list[Leftover]:
    """What is stored under keys that nobody declares. One query."""
    known = declared()
    return [
        Leftover(key, cipher.MASK if row.is_sensitive else row.value)
        for key, row in sorted(snapshots.read_all().items())
        if key not in known and (with_secrets or not row.is_sensitive)
    ]


def by_category(found: Iterable[Line]) -> dict[str, list[Line]]:
    """The lines under their headings, both in alphabetical order."""
    groups: dict[str, list[Line]] = {}
    for line in found:
        groups.setdefault(str(line.setting.category), []).append(line)
    return dict(sorted(groups.items()))


def in_words(value: Any) -> str:
    """A value of a setting as people read it."""
    if isinstance(value, bool):
        return _("on") if value else _("off")
    if isinstance(value, int | float):
        return number_format(int(value) if value == int(value) else value)
    text = ", ".join(value) if isinstance(value, list) else str(value)
    return text or NOTHING


@sensitive_variables("text")
def _line(setting: Setting, stored: Stored | None) -> Line:
    default = NOTHING if setting.is_sensitive else in_words(setting.default)
    line = Line(
        setting, None if setting.is_sensitive else setting.default, default, default, stored is not None
    )
    if stored is None:
        return line
    try:
        text = settings_store.plain_text(setting.key, stored)
    except UnreadableSecret as error:
        hint = _("Or reset the setting and enter the secret anew: what is stored is lost then.")
        line.shown, line.problem = cipher.MASK, f"{error} {hint}"
        return line
    if setting.is_sensitive:
        line.shown = cipher.masked(text) if text else NOTHING
    if settings_store.problem_of(setting, text) is None:
        if not setting.is_sensitive:
            line.value = setting.read(text)
            line.shown = in_words(line.value)
    else:
        line.problem = _("What is stored does not fit this setting any more, so the default holds.")
    return line
