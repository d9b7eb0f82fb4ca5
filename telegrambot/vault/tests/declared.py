"""Settings that exist in tests only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from config.errors import DomainError
from telegrambot.vault import catalogue

SECRET = "sk-live-4cf0a1b2c3d4e5f6"


class OddNumber(DomainError):
    """Please choose an even number."""


def be_even(value: int) -> None:
    if value % 2:
        raise OddNumber


@contextmanager
def settings_of_tests() -> Iterator[None]:
    """Nothing else is declared meanwhile."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalogue, "_settings", {})
        days = {"category": "Retention", "help": "Days to keep."}
        catalogue.declare("test.days", int, default=30, minimum=1, maximum=365, **days)
        catalogue.declare("test.even", int, default=2, validate=be_even, **days)
        catalogue.declare("test.ratio", float, default=0.5, minimum=0, maximum=1, **days)
        catalogue.declare("test.on", bool, default=False, category="Answers", help="Whether to answer.")
        catalogue.declare("test.greeting", str, default="Hello", category="Answers", help="What to say.")
        catalogue.declare("test.words", list[str], default=["a"], category="Answers", help="Which words.")
        for name in ("token", "other_token"):
            catalogue.declare(
                f"test.{name}",
                str,
                default="",
                category="Secrets",
                help=f"The {name} of the provider.",
                is_sensitive=True,
            )
        yield
