"""A reply drafted by a model: one function for all providers, and one that needs none."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Callable
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal

from telegrambot.engine.knowledge import Excerpt
from telegrambot.inbox.drafting import anthropic_messages, built_in, openai_compatible
from telegrambot.inbox.drafting.checks import check
from telegrambot.inbox.drafting.endpoints import Protocol
from telegrambot.inbox.drafting.exceptions import (
    AnswerCutOff,
    AnswerEmpty,
    AnswerGarbled,
    AnswerRefused,
    AnswerTooLong,
    DraftingError,
    ModelTimedOut,
)
from telegrambot.inbox.drafting.prices import Spent, cost_of
from telegrambot.inbox.drafting.prompts import VERSION, Prompt, build, count_tokens
from telegrambot.inbox.drafting.requests import DraftRequest, ModelRequest
from telegrambot.inbox.drafting.streams import Finish, Piece, in_steps

_STREAMS: dict[Protocol, Callable[[ModelRequest], AsyncGenerator[Piece]]] = {
    Protocol.OPENAI: openai_compatible.stream,
    Protocol.ANTHROPIC: anthropic_messages.stream,
}
# How open models think aloud before they answer.
_THINKING = re.compile(r"\A\s*<think>.*?(?:</think>|\Z)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Drafted:
    """A draft, and what it was made from.

    Attributes:
        model: as the provider calls the one that answered.
        finish_reason: why it stopped; with a model always "stop".
        prompt_version: of the rules around the operators' instructions.
        line_count: how many messages of the conversation were read.
    """

    text: str
    model: str
    spent: Spent
    finish_reason: str
    prompt_version: int
    excerpts: tuple[Excerpt, ...]
    line_count: int
    example_count: int = 0
    has_summary: bool = False


def draft(request: DraftRequest, on_text: Callable[[str], None] | None = None) -> Drafted:
    """Draft a reply. Synchronous; may take as long as the limits say, so never inside a transaction.

    Args:
        on_text: called with all the text there is so far, each time there may be more, and twice a second
            while nothing comes. The text is not checked yet: show it to operators at most. What it raises
            ends the request.

    Raises:
        DraftingError: one of its kinds; there is no draft then, and `spent` says what it cost all the same.
    """
    if request.endpoint.preset.protocol is Protocol.BUILT_IN:
        return _built_in(request, on_text)
    prompt = build(request.context, request.instructions, max_tokens=request.limits.max_prompt_tokens)
    answer = _Answer(request, prompt)
    try:
        _receive(answer, on_text)
        check(
            answer.text,
            request.context,
            request.instructions,
            max_characters=request.limits.max_characters,
        )
    except DraftingError as error:
        error.spent = answer.spent
        raise
    assert answer.spent is not None
    return Drafted(
        answer.text,
        answer.model,
        answer.spent,
        Finish.STOP,
        VERSION,
        prompt.excerpts,
        prompt.line_count,
        prompt.example_count,
        prompt.has_summary,
    )


class _Answer:
    """What has arrived so far."""

    def __init__(self, request: DraftRequest, prompt: Prompt) -> None:
        self.request = request
        self.prompt = prompt
        self.model = request.model
        self.finish: Finish | None = None
        self.has_begun = False
        self._raw = ""
        self._tokens_in: int | None = None
        self._tokens_out: int | None = None

    def add(self, piece: Piece) -> None:
        self.has_begun = True
        self._raw += piece.text
        self.model = piece.model or self.model
        self.finish = piece.finish or self.finish
        self._tokens_in = piece.tokens_in if piece.tokens_in is not None else self._tokens_in
        self._tokens_out = piece.tokens_out if piece.tokens_out is not None else self._tokens_out

    @property
    def text(self) -> str:
        """What the customer could read of it."""
        raw = self._raw.lstrip()
        # "<thi" may become a thought.
        return "" if "<think>".startswith(raw) else _THINKING.sub("", raw).strip()

    @property
    def spent(self) -> Spent | None:
        """What it took; None when the model never began."""
        if not self.has_begun:
            return None
        # A broken stream never came to its bill.
        is_estimated = self._tokens_in is None or self._tokens_out is None or self.finish is None
        tokens_in = self.prompt.tokens if self._tokens_in is None else self._tokens_in
        tokens_out = max(self._tokens_out or 0, count_tokens(self._raw)) if is_estimated else self._tokens_out
        assert tokens_out is not None
        preset = self.request.endpoint.preset
        cost = cost_of(preset.name, self.model, tokens_in, tokens_out)
        return Spent(tokens_in, tokens_out, Decimal(0) if preset.is_free else cost, is_estimated)


def _receive(answer: _Answer, on_text: Callable[[str], None] | None) -> None:
    request, limits = answer.request, answer.request.limits
    provider = request.endpoint.name
    asked = ModelRequest(request.endpoint, request.model, answer.prompt, request.temperature, limits)
    stream = _STREAMS[request.endpoint.preset.protocol](asked)
    try:
        # Closed at once: an exception on its way up would hold the connection.
        with closing(in_steps(stream, seconds=limits.total_seconds)) as pieces:
            for piece in pieces:
                if piece is not None:
                    answer.add(piece)
                if piece is None or piece.text:
                    _follow(answer, on_text)
    except TimeoutError:
        raise ModelTimedOut(provider=provider, seconds=f"{limits.total_seconds:g}") from None
    if answer.finish is Finish.REFUSAL:
        raise AnswerRefused
    if answer.finish is Finish.LENGTH:
        raise AnswerTooLong
    if answer.finish is None:
        raise (AnswerCutOff if answer.text else AnswerGarbled)(provider=provider)
    if not answer.text:
        raise AnswerEmpty


def _follow(answer: _Answer, on_text: Callable[[str], None] | None) -> None:
    text = answer.text
    # Nobody waits, or pays, for what will not be sent.
    if len(text) > answer.request.limits.max_characters:
        raise AnswerTooLong
    if on_text is not None:
        on_text(text)


def _built_in(request: DraftRequest, on_text: Callable[[str], None] | None) -> Drafted:
    text, excerpt = built_in.answer(request.context)
    if on_text is not None:
        on_text(text)
    return Drafted(
        text, built_in.NAME, Spent(0, 0, Decimal(0)), Finish.STOP, VERSION, (excerpt,), line_count=1
    )
