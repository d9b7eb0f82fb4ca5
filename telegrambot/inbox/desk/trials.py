"""Try a model out: a question of one's own, an answer that nobody gets, and what it took."""

from __future__ import annotations

import time
from dataclasses import dataclass

from config.errors import DomainError
from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.engine import knowledge
from telegrambot.inbox.desk import limits
from telegrambot.inbox.desk.choices import Choice
from telegrambot.inbox.desk.exceptions import NothingAsked
from telegrambot.inbox.drafting import drafts as drafting
from telegrambot.inbox.drafting.context import Context, Line
from telegrambot.inbox.drafting.drafts import Drafted
from telegrambot.inbox.drafting.prices import Spent
from telegrambot.inbox.drafting.requests import DraftRequest, Limits
from telegrambot.inbox.models import ModelCall
from telegrambot.vault import settings_store


@dataclass(frozen=True, slots=True)
class Trial:
    """What a model made of a question.

    Attributes:
        milliseconds: how long it took.
    """

    drafted: Drafted
    milliseconds: int


def run(choice: Choice, question: str) -> Trial:
    """Draft an answer to a question as a stranger would ask it. Nothing is kept of it but what it cost.

    Raises:
        NothingAsked: the question is empty.
        DailyLimitReached: today's tokens or money are used up.
        DraftingError: one of its kinds.
    """
    question = question.strip()
    if not question:
        raise NothingAsked
    limits.require_room()
    # Nobody in particular: only what every reader may know is found.
    excerpts = knowledge.search(question, TelegramUser(role=Role.PUBLIC))
    request = DraftRequest(
        choice.endpoint,
        choice.model,
        Context([Line(question)], excerpts=excerpts),
        choice.instructions,
        choice.temperature,
        Limits(
            total_seconds=settings_store.get("drafting.timeout_seconds", int),
            max_tokens=settings_store.get("drafting.max_tokens", int),
        ),
    )
    began = time.monotonic()
    try:
        drafted = drafting.draft(request)
    except DomainError as error:
        _note(choice, getattr(error, "spent", None), _milliseconds(began), error)
        raise
    took = _milliseconds(began)
    _note(choice, drafted.spent, took)
    return Trial(drafted, took)


def _note(choice: Choice, spent: Spent | None, took_ms: int, error: DomainError | None = None) -> None:
    ModelCall.objects.create(
        operator=choice.operator,
        provider=choice.provider,
        model_name=choice.model,
        prompt=choice.prompt if choice.prompt and choice.prompt.pk else None,
        tokens_in=spent.tokens_in if spent else 0,
        tokens_out=spent.tokens_out if spent else 0,
        cost=(spent.cost if spent else None) or 0,
        milliseconds=took_ms,
        error=type(error).__name__ if error else "",
        error_details=dict(error.details) if error else {},
    )


def _milliseconds(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
