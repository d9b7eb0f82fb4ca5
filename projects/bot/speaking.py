"""From what people say in words to the view that does it (the words are in projects/phrases.py)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from projects.phrases import INTENTS, Intent, completed, meaning
from telegrambot.accounts.roles import Role
from telegrambot.engine.chat import ChatRequest, Reply, phrase

View = Callable[..., Reply]
F = TypeVar("F", bound=Callable[..., Any])

_views: dict[str, View] = {}


def said(intent: str) -> Callable[[F], F]:
    """Let a view answer an intent of the vocabulary; it gets the words as keyword arguments."""

    def register(view: F) -> F:
        _views[intent] = view
        return view

    return register


def register_phrases() -> None:
    """Offer the whole vocabulary to the engine, in its own order, whichever view was imported first."""
    for intent in INTENTS:
        phrase(intent.pattern, role=Role.ADMIN, command=intent.command)(
            _listening(intent, _views[intent.name])
        )


def understand(request: ChatRequest, noun: str) -> Reply | None:
    """Answer `/feature Login is done` as if it had been said in words; None: nobody says so.

    Args:
        request: whose `rest` may be of any form that the command's phrases have.
        noun: the command, which is the missing word as well.
    """
    for text in completed(request.rest, noun):
        if found := meaning(text, noun):
            intent, words = found
            return _views[intent.name](request, **words)
    return None


def _listening(intent: Intent, view: View) -> View:
    @wraps(view)
    def listen(request: ChatRequest) -> Reply:
        words = intent.words(request.text)
        assert words is not None, "the route has matched the same forms"
        return view(request, **words)

    return listen
