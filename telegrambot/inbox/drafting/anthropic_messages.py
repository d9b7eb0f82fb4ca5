"""Anthropic's models, behind its messages API."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

from telegrambot.inbox.drafting.exceptions import AnswerGarbled
from telegrambot.inbox.drafting.provider_errors import translated
from telegrambot.inbox.drafting.requests import ModelRequest
from telegrambot.inbox.drafting.streams import Finish, Piece
from telegrambot.vault.cipher import Secret

_FINISHES = {
    "end_turn": Finish.STOP,
    "stop_sequence": Finish.STOP,
    "max_tokens": Finish.LENGTH,
    "model_context_window_exceeded": Finish.LENGTH,
    "refusal": Finish.REFUSAL,
}


def stream(request: ModelRequest) -> AsyncGenerator[Piece]:
    """The answer, piece by piece, as the server sends it. Loads the SDK, which takes a second or two.

    Raises:
        DraftingError: one of its kinds; the generator too.
    """
    import anthropic

    return _stream(anthropic, request, request.endpoint.url, request.endpoint.usable_key)


async def _stream(sdk: Any, request: ModelRequest, url: str, key: Secret) -> AsyncGenerator[Piece]:
    endpoint, limits = request.endpoint, request.limits
    timeout = sdk.Timeout(limits.idle_seconds, connect=limits.connect_seconds)
    with translated(sdk, request) as progress:
        # A redirect would carry the conversation, and perhaps the key, to an address nobody chose.
        http = sdk.DefaultAsyncHttpxClient(follow_redirects=False, timeout=timeout)
        async with sdk.AsyncAnthropic(
            api_key=key,
            base_url=url,
            max_retries=0,
            timeout=timeout,
            http_client=http,
            open_telemetry=False,
        ) as client:
            events = await client.messages.create(
                model=request.model,
                system=request.prompt.system,
                messages=[{"role": turn.role, "content": turn.text} for turn in request.prompt.turns],
                max_tokens=limits.max_tokens,
                stream=True,
                # Newer models have no temperature, and so the SDK knows of none.
                extra_body=None if request.temperature is None else {"temperature": request.temperature},
            )
            progress.has_begun = True
            async with events:
                async for event in events:
                    yield _piece(event, endpoint.name)


def _piece(event: Any, provider: str) -> Piece:
    """What an event says. The SDK does not check types, so anything may be anything."""
    match getattr(event, "type", None):
        case "message_start":
            message = getattr(event, "message", None)
            usage = getattr(message, "usage", None)
            model = getattr(message, "model", None)
            return Piece(
                model=model if isinstance(model, str) else "",
                tokens_in=_count(usage, "input_tokens"),
                tokens_out=_count(usage, "output_tokens"),
            )
        case "content_block_delta":
            # Of thinking, signatures and calls nothing is for the customer.
            text = getattr(getattr(event, "delta", None), "text", None) or ""
            if not isinstance(text, str):
                raise AnswerGarbled(provider=provider)
            return Piece(text=text)
        case "message_delta":
            reason = getattr(getattr(event, "delta", None), "stop_reason", None)
            finish = _FINISHES.get(reason, Finish.OTHER) if isinstance(reason, str) else None
            return Piece(tokens_out=_count(getattr(event, "usage", None), "output_tokens"), finish=finish)
        case str():
            return Piece()
        case _:
            raise AnswerGarbled(provider=provider)


def _count(usage: Any, name: str) -> int | None:
    value = getattr(usage, name, None)
    return value if isinstance(value, int) else None
