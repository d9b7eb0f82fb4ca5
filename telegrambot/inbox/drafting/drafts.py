"""A reply drafted by a model: one function for all providers, and one that needs none."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal

from telegrambot.engine.knowledge import Excerpt
from telegrambot.inbox.drafting import built_in
from telegrambot.inbox.drafting.answers import Answer
from telegrambot.inbox.drafting.checks import check
from telegrambot.inbox.drafting.endpoints import Protocol
from telegrambot.inbox.drafting.prices import Meter, Spent
from telegrambot.inbox.drafting.prompts import VERSION, build
from telegrambot.inbox.drafting.requests import DraftRequest, ModelRequest
from telegrambot.inbox.drafting.streams import Finish


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


def draft(
    request: DraftRequest, on_text: Callable[[str], None] | None = None, *, meter: Meter | None = None
) -> Drafted:
    """Draft a reply. Synchronous; may take as long as the limits say, so never inside a transaction.

    Args:
        on_text: called with each step of `stream`. What it raises ends the request.
        meter: told what it took, whether or not there is a draft in the end.

    Raises:
        DraftingError: one of its kinds; there is no draft then.
    """
    with closing(stream(request, meter or Meter())) as steps:
        while True:
            try:
                text = next(steps)
            except StopIteration as done:
                drafted: Drafted = done.value
                return drafted
            if on_text is not None:
                on_text(text)


def stream(request: DraftRequest, meter: Meter) -> Generator[str, None, Drafted]:
    """Draft a reply, step by step: all the text there is so far, and in the end the draft.

    There is a step each time there may be more, and twice a second while nothing comes. The text is not
    checked yet: show it to operators at most. Closing the generator ends the request.

    Raises:
        DraftingError: as `draft` does.
    """
    if request.endpoint.preset.protocol is Protocol.BUILT_IN:
        return (yield from _built_in(request, meter))
    limits = request.limits
    prompt = build(request.context, request.instructions, max_tokens=limits.max_prompt_tokens)
    answer = Answer(ModelRequest(request.endpoint, request.model, prompt, request.temperature, limits), meter)
    yield from answer.receive()
    check(answer.text, request.context, request.instructions, max_characters=limits.max_characters)
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


def _built_in(request: DraftRequest, meter: Meter) -> Generator[str, None, Drafted]:
    text, excerpt = built_in.answer(request.context)
    yield text
    meter.spent = spent = Spent(0, 0, Decimal(0))
    return Drafted(text, built_in.NAME, spent, Finish.STOP, VERSION, (excerpt,), line_count=1)
