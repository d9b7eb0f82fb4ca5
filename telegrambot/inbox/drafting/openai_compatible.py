"""Models behind OpenAI's chat completions: OpenAI's own, Gemini, Ollama, vLLM and many more."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

from telegrambot.inbox.drafting.exceptions import AnswerGarbled
from telegrambot.inbox.drafting.provider_errors import translated
from telegrambot.inbox.drafting.requests import ModelRequest
from telegrambot.inbox.drafting.streams import Finish, Piece
from telegrambot.vault.cipher import Secret

_FINISHES = {"stop": Finish.STOP, "length": Finish.LENGTH, "content_filter": Finish.REFUSAL}


def stream(request: ModelRequest) -> AsyncGenerator[Piece]:
    """The answer, piece by piece, as the server sends it. Loads the SDK, which takes a second or two.

    Raises:
        DraftingError: one of its kinds; the generator too.
    """
    import openai

    return _stream(openai, request, request.endpoint.url, request.endpoint.usable_key)


async def _stream(sdk: Any, request: ModelRequest, url: str, key: Secret) -> AsyncGenerator[Piece]:
    endpoint, limits = request.endpoint, request.limits
    timeout = sdk.Timeout(limits.idle_seconds, connect=limits.connect_seconds)
    options: dict[str, Any] = {endpoint.preset.limit_parameter: limits.max_tokens}
    if request.temperature is not None:
        options["temperature"] = request.temperature
    with translated(sdk, request) as progress:
        # A redirect would carry the conversation, and perhaps the key, to an address nobody chose.
        http = sdk.DefaultAsyncHttpxClient(follow_redirects=False, timeout=timeout)
        async with sdk.AsyncOpenAI(
            api_key=key, base_url=url, max_retries=0, timeout=timeout, http_client=http
        ) as client:
            chunks = await client.chat.completions.create(
                model=request.model,
                messages=[
                    {"role": "system", "content": request.prompt.system},
                    *({"role": turn.role, "content": turn.text} for turn in request.prompt.turns),
                ],
                stream=True,
                stream_options={"include_usage": True},
                **options,
            )
            progress.has_begun = True
            async with chunks:
                async for chunk in chunks:
                    yield _piece(chunk, endpoint.name)


def _piece(chunk: Any, provider: str) -> Piece:
    """What a chunk says. The SDK does not check types, so anything may be anything."""
    if not hasattr(chunk, "choices"):
        raise AnswerGarbled(provider=provider)
    usage, model = getattr(chunk, "usage", None), getattr(chunk, "model", None)
    tokens_in, tokens_out = getattr(usage, "prompt_tokens", None), getattr(usage, "completion_tokens", None)
    choice = chunk.choices[0] if isinstance(chunk.choices, list) and chunk.choices else None
    delta = getattr(choice, "delta", None)
    text, refusal = getattr(delta, "content", None) or "", getattr(delta, "refusal", None)
    finish = getattr(choice, "finish_reason", None)
    if not isinstance(text, str) or not isinstance(finish, str | None):
        raise AnswerGarbled(provider=provider)
    return Piece(
        text=text,
        model=model if isinstance(model, str) else "",
        tokens_in=tokens_in if isinstance(tokens_in, int) else None,
        tokens_out=tokens_out if isinstance(tokens_out, int) else None,
        finish=Finish.REFUSAL if refusal else _FINISHES.get(finish, Finish.OTHER) if finish else None,
    )
