"""Reads the settings from the environment and from `.env`.

A value that will not do is refused with one sentence that names its setting. It never repeats the value,
which may be a secret in the wrong place. An empty value is one that was not given.
"""

from __future__ import annotations

import io
import re
from collections.abc import Collection
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

import environ
from django.core.exceptions import ImproperlyConfigured

Default = TypeVar("Default")

_FLAGS = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0"), False),
}
_WHOLE = re.compile(r"-?\d{1,18}", re.ASCII)
_DECIMAL = re.compile(r"-?\d{1,18}(\.\d{1,18})?", re.ASCII)
_LINE = re.compile(r"(export )?\w+=(?!\s)(?P<value>[^\0]*)", re.ASCII)
_QUOTED = re.compile(r"'.*'|\".*\"")
_COMMENT_AFTER_VALUE = re.compile(r"\s#")
_ZONES_OF_THE_MACHINE = Path("/usr/share/zoneinfo")


class Environment(environ.Env):
    """What the environment and `.env` say, each value as what its setting needs.

    django-environ's own readers of values make something of everything: `1,000` is 1.0, `ture` is false, and
    `$abc` another variable's value.
    """

    @classmethod
    def read_file(cls, path: Path) -> None:
        """Add what the file says; what the environment says already goes first, and no file says nothing.

        Args:
            path: a file of lines `NAME=value`.

        Raises:
            ImproperlyConfigured: it cannot be read; the sentence names the line by its number only.
        """
        try:
            content = path.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            return
        except UnicodeDecodeError:
            raise ImproperlyConfigured(f"{path.name} is not UTF-8 text: save it as UTF-8.") from None
        except OSError as error:
            raise ImproperlyConfigured(f"{path.name} cannot be read: {error.strerror}.") from None
        lines = [line.strip() for line in content.splitlines()]
        for number, line in enumerate(lines, start=1):
            # django-environ would pass over such a line, and write all of it into the log.
            if line and not line.startswith("#"):
                _check_line(f"Line {number} of {path.name}", line)
        cls.read_env(io.StringIO("\n".join(lines)))

    def text(self, name: str, default: str = "") -> str:
        """A value as it is written, without blanks around it."""
        return str(self.ENVIRON.get(name, "")).strip() or default

    def names(self, name: str) -> list[str]:
        """What stands between commas, without blanks around each."""
        return [item for part in self.text(name).split(",") if (item := part.strip())]

    def flag(self, name: str, *, default: bool) -> bool:
        """True or false.

        Raises:
            ImproperlyConfigured: it is neither.
        """
        if not (value := self.text(name)):
            return default
        try:
            return _FLAGS[value.lower()]
        except KeyError:
            raise ImproperlyConfigured(f"{name} must be true or false.") from None

    def integer(self, name: str, default: Default, *, least: int, most: int) -> int | Default:
        """A whole number.

        Raises:
            ImproperlyConfigured: it is none, less than `least` or more than `most`.
        """
        if not (value := self.text(name)):
            return default
        if not (_WHOLE.fullmatch(value) and least <= int(value) <= most):
            raise ImproperlyConfigured(f"{name} must be a whole number from {least} to {most}.")
        return int(value)

    def number(self, name: str, default: float, *, least: float, most: float) -> float:
        """A number with or without decimals.

        Raises:
            ImproperlyConfigured: it is none, less than `least` or more than `most`.
        """
        if not (value := self.text(name)):
            return default
        if not (_DECIMAL.fullmatch(value) and least <= float(value) <= most):
            raise ImproperlyConfigured(f"{name} must be a number from {least} to {most}, such as 2 or 0.5.")
        return float(value)

    def choice(self, name: str, default: str, choices: Collection[str]) -> str:
        """One of `choices`, as it stands there; it may be written in capitals or without.

        Raises:
            ImproperlyConfigured: it is none of them.
        """
        value = self.text(name, default).lower()
        for choice in choices:
            if choice.lower() == value:
                return choice
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(choices)}.")

    def time_zone(self, name: str, default: str) -> str:
        """The name of a time zone.

        Raises:
            ImproperlyConfigured: this machine has none of that name.
        """
        value = self.text(name, default)
        try:
            is_known = bool(ZoneInfo(value))
        except (ValueError, KeyError, OSError):  # ZoneInfoNotFoundError is a KeyError
            is_known = False
        # Django looks for it among the machine's own, where there are any.
        if not is_known or (_ZONES_OF_THE_MACHINE.exists() and not (_ZONES_OF_THE_MACHINE / value).exists()):
            raise ImproperlyConfigured(f"{name} must be a time zone of this machine, such as Europe/Berlin.")
        return value


def _check_line(where: str, line: str) -> None:
    if not (found := _LINE.fullmatch(line)):
        raise ImproperlyConfigured(f"{where} cannot be read: write NAME=value without blanks around =.")
    value = found["value"]
    if value.startswith('"') and _QUOTED.fullmatch(value) and "\\" in value:
        # django-environ takes it away, Docker and shells take it for the beginning of another character.
        raise ImproperlyConfigured(f"{where} has a backslash in double quotes: use single quotes instead.")
    if not _QUOTED.fullmatch(value) and _COMMENT_AFTER_VALUE.search(value):
        raise ImproperlyConfigured(
            f"{where} has a comment after the value: give it a line of its own "
            "(or put quotes around a value that holds a #)."
        )
