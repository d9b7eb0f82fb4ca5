"""What models cost, as their providers publish it, and what a draft has cost."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

MILLION = 1_000_000
# "gpt-5-mini-2025-08-07", "claude-haiku-4-5-20251001", "gemini-2.5-flash-latest": a price is one model's,
# whatever its edition. "gpt-5-mini" itself is no edition of "gpt-5".
_EDITION = re.compile(r"-(?:\d{4}-?\d{2}-?\d{2}|latest)$")


class Price(NamedTuple):
    """US dollars for a million tokens."""

    tokens_in: Decimal
    tokens_out: Decimal


def _price(tokens_in: str, tokens_out: str) -> Price:
    return Price(Decimal(tokens_in), Decimal(tokens_out))


# By the preset's name. What is not here is unknown, never free. Published prices of spring 2026.
PRICES: dict[str, dict[str, Price]] = {
    "openai": {
        "gpt-4o": _price("2.50", "10"),
        "gpt-4o-mini": _price("0.15", "0.60"),
        "gpt-4.1": _price("2", "8"),
        "gpt-4.1-mini": _price("0.40", "1.60"),
        "gpt-4.1-nano": _price("0.10", "0.40"),
        "gpt-5": _price("1.25", "10"),
        "gpt-5-mini": _price("0.25", "2"),
        "gpt-5-nano": _price("0.05", "0.40"),
        "gpt-5.1": _price("1.25", "10"),
        "gpt-5.4": _price("2.50", "15"),
    },
    "anthropic": {
        "claude-opus-4-1": _price("15", "75"),
        "claude-opus-4-5": _price("5", "25"),
        "claude-opus-4-6": _price("5", "25"),
        "claude-opus-4-7": _price("5", "25"),
        "claude-sonnet-4-5": _price("3", "15"),
        "claude-sonnet-4-6": _price("3", "15"),
        "claude-haiku-4-5": _price("1", "5"),
    },
    "gemini": {
        "gemini-2.5-pro": _price("1.25", "10"),
        "gemini-2.5-flash": _price("0.30", "2.50"),
        "gemini-2.5-flash-lite": _price("0.10", "0.40"),
        "gemini-3-flash-preview": _price("0.50", "3"),
    },
}


@dataclass(frozen=True, slots=True)
class Spent:
    """What one try took.

    Attributes:
        is_estimated: the provider did not say how many tokens it counted.
        cost: in US dollars; None when the model's price is unknown.
    """

    tokens_in: int
    tokens_out: int
    cost: Decimal | None
    is_estimated: bool = False


@dataclass(slots=True)
class Meter:
    """What one try has taken, filled in however it ends; None: it never came to a model."""

    spent: Spent | None = None


def price_of(preset: str, model: str) -> Price | None:
    """The price of a model; None when it is unknown."""
    prices = PRICES.get(preset, {})
    return prices.get(model) or prices.get(_EDITION.sub("", model))


def cost_of(preset: str, model: str, tokens_in: int, tokens_out: int) -> Decimal | None:
    """What a number of tokens costs, in US dollars; None when the model's price is unknown."""
    price = price_of(preset, model)
    if price is None:
        return None
    return (price.tokens_in * tokens_in + price.tokens_out * tokens_out) / MILLION
