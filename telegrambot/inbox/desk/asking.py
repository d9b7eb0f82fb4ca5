"""What asking a model has in common, for a chat or for a trial: the request, and the note of what it took."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from config.errors import DomainError
from telegrambot.engine.models import Dialog
from telegrambot.inbox.desk.choices import Choice
from telegrambot.inbox.desk.exceptions import BrokenOff
from telegrambot.inbox.drafting.context import Context
from telegrambot.inbox.drafting.exceptions import DraftingError
from telegrambot.inbox.drafting.prices import Meter
from telegrambot.inbox.drafting.requests import DraftRequest, Limits
from telegrambot.inbox.models import ModelCall, Provider
from telegrambot.vault import settings_store

logger = logging.getLogger(__name__)


class Cancelled(Exception):
    """An operator has taken the job back."""


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


class Call:
    """A call of a model: a context manager which notes, however it ends, what it took and why it failed.

    A call that came to nothing, neither a model nor an error, is not noted.

    Args:
        dialog: None: it is no try to draft an answer there, but a trial or a summary.

    Attributes:
        choice: the model; None: not even that is known.
        meter: what it has taken so far.
        milliseconds: how long it took, once it has ended.
    """

    def __init__(self, dialog: Dialog | None = None) -> None:
        self.choice: Choice | None = None
        self.meter = Meter()
        self.milliseconds = 0
        self._dialog = dialog
        self._began = time.monotonic()

    def __enter__(self) -> Call:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self.milliseconds = round((time.monotonic() - self._began) * 1000)
        if isinstance(error, DomainError):
            self._note(error)
        elif self.meter.spent is not None:
            # What was written until an operator or a closed window broke it off has to be paid.
            self._note(BrokenOff() if error else None)

    @transaction.atomic
    def _note(self, error: DomainError | None) -> None:
        choice, spent = self.choice, self.meter.spent
        # Whoever was erased while the model was writing has to be paid for all the same.
        chats = Dialog.objects.select_for_update(no_key=True)
        ModelCall.objects.create(
            dialog=chats.filter(pk=self._dialog.pk).first() if self._dialog else None,
            operator=choice.operator if choice else None,
            provider=choice.provider if choice else Provider.BUILT_IN,
            model_name=choice.model if choice else "",
            # Instructions that are only tried out are not stored.
            prompt=choice.prompt if choice and choice.prompt and choice.prompt.pk else None,
            tokens_in=spent.tokens_in if spent else 0,
            tokens_out=spent.tokens_out if spent else 0,
            cost=(spent.cost if spent else None) or 0,
            milliseconds=self.milliseconds,
            error=type(error).__name__ if error else "",
            error_details=dict(error.details) if error else {},
        )


@contextmanager
def in_background(what: str, dialog: Dialog | None = None) -> Iterator[Call]:
    """A call that nobody waits for: an error which would only come again ends the block, and goes no further.

    Args:
        what: is to be made, for the log.

    Raises:
        DraftingError: it is temporary; the job should be tried again later.
    """
    try:
        with Call(dialog) as call:
            yield call
    except DomainError as error:
        logger.warning("No %s: %s", what, type(error).__name__)
        if isinstance(error, DraftingError) and error.is_temporary:
            raise
