"""What a model answers, as it comes in: its text so far, what it took, and why it is no answer."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import closing
from decimal import Decimal

from telegrambot.inbox.drafting import anthropic_messages, openai_compatible
from telegrambot.inbox.drafting.endpoints import Protocol
from telegrambot.inbox.drafting.exceptions import (
    AnswerCutOff,
    AnswerEmpty,
    AnswerGarbled,
    AnswerRefused,
    AnswerTooLong,
    ModelTimedOut,
)
from telegrambot.inbox.drafting.prices import Meter, Spent, cost_of
from telegrambot.inbox.drafting.prompts import count_tokens
from telegrambot.inbox.drafting.requests import ModelRequest
from telegrambot.inbox.drafting.streams import Finish, Piece, in_steps

_STREAMS: dict[Protocol, Callable[[ModelRequest], AsyncGenerator[Piece]]] = {
    Protocol.OPENAI: openai_compatible.stream,
    Protocol.ANTHROPIC: anthropic_messages.stream,
}
# How open models think aloud before they answer.
_THINKING = re.compile(r"\A\s*<think>.*?(?:</think>|\Z)", re.DOTALL)
# What a column holds; some servers count oddly.
_MOST_TOKENS = 2**31 - 1


class Answer:
    """What has arrived so far.

    Args:
        request: what it answers.
        meter: told what it took, also when it is broken off.
    """

    def __init__(self, request: ModelRequest, meter: Meter) -> None:
        self.request = request
        self._meter = meter
        self.model = request.model
        self._finish: Finish | None = None
        self._has_begun = False
        self._raw = ""
        self._tokens_in: int | None = None
        self._tokens_out: int | None = None

    @property
    def text(self) -> str:
        """What the customer could read of it."""
        raw = _storable(self._raw).lstrip()
        # "<thi" may become a thought.
        return "" if "<think>".startswith(raw) else _THINKING.sub("", raw).strip()

    @property
    def spent(self) -> Spent | None:
        """What it took; None when the model never began."""
        if not self._has_begun:
            return None
        # A broken stream never came to its bill.
        is_estimated = self._tokens_in is None or self._tokens_out is None or self._finish is None
        tokens_in = self.request.prompt.tokens if self._tokens_in is None else self._tokens_in
        tokens_out = self._tokens_out or 0
        if is_estimated:
            tokens_out = max(tokens_out, count_tokens(_storable(self._raw)))
        preset = self.request.endpoint.preset
        cost = cost_of(preset.name, self.model, tokens_in, tokens_out)
        return Spent(tokens_in, tokens_out, Decimal(0) if preset.is_free else cost, is_estimated)

    def receive(self) -> Generator[str]:
        """Ask, and go through the text so far: each time there may be more, or nothing came for a moment.

        Raises:
            DraftingError: one of its kinds.
        """
        provider, limits = self.request.endpoint.name, self.request.limits
        stream = _STREAMS[self.request.endpoint.preset.protocol](self.request)
        try:
            # Closed at once: an exception on its way up would hold the connection.
            with closing(in_steps(stream, seconds=limits.total_seconds)) as pieces:
                for piece in pieces:
                    if piece is not None:
                        self._add(piece)
                    if piece is None or piece.text:
                        yield self._checked_length()
        except TimeoutError:
            raise ModelTimedOut(provider=provider, seconds=f"{limits.total_seconds:g}") from None
        finally:
            self._meter.spent = self.spent
        if self._finish is Finish.REFUSAL:
            raise AnswerRefused
        if self._finish is Finish.LENGTH:
            raise AnswerTooLong
        if self._finish is None:
            raise (AnswerCutOff if self.text else AnswerGarbled)(provider=provider)
        if not self.text:
            raise AnswerEmpty

    def _add(self, piece: Piece) -> None:
        self._has_begun = True
        self._raw += piece.text
        self.model = _storable(piece.model) or self.model
        self._finish = piece.finish or self._finish
        self._tokens_in = _counted(piece.tokens_in, self._tokens_in)
        self._tokens_out = _counted(piece.tokens_out, self._tokens_out)

    def _checked_length(self) -> str:
        text = self.text
        # Nobody waits, or pays, for what will not be used.
        if len(text) > self.request.limits.max_characters:
            raise AnswerTooLong
        return text


def _storable(text: str) -> str:
    """Without what PostgreSQL cannot hold: NUL, half characters. The halves of one may come in two pieces."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", "")


def _counted(told: int | None, before: int | None) -> int | None:
    return before if told is None else min(max(told, 0), _MOST_TOKENS)
