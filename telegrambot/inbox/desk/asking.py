"""What asking a model has in common, for a chat or for a trial: the request, and the note of what it took."""

from __future__ import annotations

import time

from config.errors import DomainError
from telegrambot.engine.models import Dialog
from telegrambot.inbox.desk.choices import Choice
from telegrambot.inbox.drafting.context import Context
from telegrambot.inbox.drafting.prices import Spent
from telegrambot.inbox.drafting.requests import DraftRequest, Limits
from telegrambot.inbox.models import ModelCall
from telegrambot.vault import settings_store


def request(choice: Choice, context: Context) -> DraftRequest:
    """What the chosen model is asked, within the limits of the settings."""
    return DraftRequest(
        choice.endpoint,
        choice.model,
        context,
        choice.instructions,
        choice.temperature,
        Limits(
            total_seconds=settings_store.get("drafting.timeout_seconds", int),
            max_tokens=settings_store.get("drafting.max_tokens", int),
        ),
    )


def note(
    choice: Choice | None,
    spent: Spent | None,
    took_ms: int,
    *,
    dialog: Dialog | None = None,
    error: DomainError | None = None,
) -> None:
    """Keep what a call took and cost, and why it failed.

    Args:
        choice: None: not even the model was known.
        spent: None: nothing was.
        dialog: None: it was no try to draft an answer there, but a trial or a summary.
    """
    ModelCall.objects.create(
        dialog=dialog,
        operator=choice.operator if choice else None,
        provider=choice.provider if choice else "built_in",
        model_name=choice.model if choice else "",
        # Instructions that are only tried out are not stored.
        prompt=choice.prompt if choice and choice.prompt and choice.prompt.pk else None,
        tokens_in=spent.tokens_in if spent else 0,
        tokens_out=spent.tokens_out if spent else 0,
        cost=(spent.cost if spent else None) or 0,
        milliseconds=took_ms,
        error=type(error).__name__ if error else "",
        error_details=dict(error.details) if error else {},
    )


def milliseconds(began: float) -> int:
    """How long it is since `began` (`time.monotonic()`)."""
    return round((time.monotonic() - began) * 1000)
