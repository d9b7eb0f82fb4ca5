"""The cards of a person's page: every app adds what it knows, each card with a bounded number of queries.

register(Card("dialogs", _("Dialogs"), "engine/admin/cards/dialogs.html", dialogs_of, order=20))
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from telegrambot.accounts.models import TelegramUser


@dataclass(frozen=True)
class Card:
    """One card.

    Attributes:
        name: unique, the card's anchor on the page.
        template: rendered with what `context(person, request)` returns, and `person`.
        permission: who does not have it does not see the card, and costs no query.
        order: cards come in this order.
        is_wide: takes the whole width, as a timeline does.
    """

    name: str
    title: Any
    template: str
    context: Callable[[TelegramUser, HttpRequest], dict[str, Any]]
    permission: str = "accounts.view_telegramuser"
    order: int = 50
    is_wide: bool = False


@dataclass(frozen=True)
class ShownCard:
    """A card made out for one person."""

    card: Card
    content: SafeString = field(repr=False)


_cards: dict[str, Card] = {}


def register(card: Card) -> None:
    """Add a card to every person's page.

    Raises:
        ValueError: another card has this name.
    """
    if _cards.setdefault(card.name, card) != card:
        raise ValueError(f"There is a card called {card.name} already.")


def cards_of(person: TelegramUser, request: HttpRequest) -> list[ShownCard]:
    """Make out the cards that whoever is signed in may see."""
    allowed = sorted(
        (card for card in _cards.values() if request.user.has_perm(card.permission)),
        key=lambda card: card.order,
    )
    return [
        ShownCard(
            card,
            render_to_string(card.template, {"person": person, **card.context(person, request)}, request),
        )
        for card in allowed
    ]
