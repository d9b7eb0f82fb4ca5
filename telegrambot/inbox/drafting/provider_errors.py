"""What providers complain about, in words of ours: never theirs, which quote keys and texts."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, KeysView
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from telegrambot.inbox.drafting.exceptions import (
    AddressWrong,
    AnswerCutOff,
    AnswerGarbled,
    AnswerRefused,
    DraftingError,
    KeyRefused,
    ModelTimedOut,
    ModelUnknown,
    NoCredit,
    PromptTooLong,
    ProviderTrouble,
    ProviderUnreachable,
    RateLimited,
    RequestRefused,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from telegrambot.inbox.drafting.requests import ModelRequest

DEFAULT_RETRY_AFTER = 30
MAX_RETRY_AFTER = 24 * 60 * 60
# What providers call the same trouble, in `code` or `type` of an error's body.
_NO_CREDIT = {"insufficient_quota", "billing_hard_limit_reached", "billing_error"}
_TOO_LONG = {"context_length_exceeded", "string_above_max_length", "request_too_large"}
_FILTERED = {"content_filter", "content_policy_violation"}
_BY_WORD = {"overloaded_error": 529, "api_error": 500, "server_error": 500, "rate_limit_error": 429}
_BY_WORD |= {"rate_limit_exceeded": 429, "authentication_error": 401, "invalid_api_key": 401}
_BY_WORD |= {"permission_error": 403, "not_found_error": 404, "model_not_found": 404}


@dataclass(slots=True)
class Progress:
    """How far a request has come."""

    has_begun: bool = False


@contextmanager
def translated(sdk: Any, request: ModelRequest) -> Iterator[Progress]:
    """Turn what an SDK raises into errors of ours.

    Args:
        sdk: the module `openai` or `anthropic`: they name their errors alike.

    Raises:
        DraftingError: one of its kinds.
    """
    import httpx2

    progress = Progress()
    provider = request.endpoint.name
    # `from None`: their errors carry the request with its key, and the customer's words.
    try:
        yield progress
    except sdk.APIStatusError as error:
        raise _from_status(error.status_code, error.body, error.response.headers, request) from None
    except (sdk.APITimeoutError, httpx2.TimeoutException) as error:
        if isinstance(error.__cause__ or error, httpx2.ConnectTimeout):
            raise ProviderUnreachable(provider=provider) from None
        raise ModelTimedOut(provider=provider, seconds=_number(request.limits.idle_seconds)) from None
    except (sdk.APIConnectionError, httpx2.TransportError) as error:
        if isinstance(error.__cause__ or error, (httpx2.UnsupportedProtocol, httpx2.LocalProtocolError)):
            raise AddressWrong(provider=provider) from None
        raise (AnswerCutOff if progress.has_begun else ProviderUnreachable)(provider=provider) from None
    except httpx2.InvalidURL:
        raise AddressWrong(provider=provider) from None
    except sdk.APIError as error:
        # An error in the middle of a stream whose status was 200.
        raise _from_status(0, error.body, {}, request) from None
    except (ValueError, httpx2.HTTPError, httpx2.StreamError):
        # No JSON, no UTF-8, no gzip, no event of theirs.
        raise AnswerGarbled(provider=provider) from None


def _from_status(
    status: int, body: object, headers: Mapping[str, str], request: ModelRequest
) -> DraftingError:
    provider = request.endpoint.name
    words = _words(body)
    # An error that arrives inside a stream has the stream's own status, which says nothing.
    if status < 300:
        status = next((_BY_WORD[word] for word in words if word in _BY_WORD), status)
    reason = " ".join([*([str(status)] if status >= 300 else []), *words]) or "200"
    if status == 402 or words & _NO_CREDIT:
        return NoCredit(provider=provider)
    if status in {401, 403}:
        return KeyRefused(provider=provider)
    if status == 429:
        return RateLimited(provider=provider, retry_after=retry_after(headers))
    if status == 413 or words & _TOO_LONG or _says_too_long(status, body):
        return PromptTooLong()
    if words & _FILTERED:
        return AnswerRefused()
    if status == 404:
        return ModelUnknown(provider=provider, model=request.model)
    if status >= 500 or status in {408, 409} or status < 300:
        return ProviderTrouble(provider=provider, reason=reason)
    return RequestRefused(provider=provider, reason=reason)


def retry_after(headers: Mapping[str, str]) -> int:
    """The whole seconds that a provider asks to wait: between 1 and a day."""
    for name, unit in (("retry-after-ms", 1000), ("retry-after", 1)):
        value = headers.get(name, "")
        if re.fullmatch(r"\d{1,12}(\.\d{1,6})?", value):
            return min(max(math.ceil(float(value) / unit), 1), MAX_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(headers.get("retry-after", ""))
    except ValueError:
        return DEFAULT_RETRY_AFTER
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max(math.ceil((moment - datetime.now(UTC)).total_seconds()), 1), MAX_RETRY_AFTER)


def _words(body: object) -> KeysView[str]:
    """The identifiers in an error's body ("rate_limit_error"): no sentence, so nobody's text and no key."""
    found: dict[str, None] = {}
    errors = [body, body.get("error")] if isinstance(body, dict) else []
    for error in errors:
        if isinstance(error, dict):
            for value in (error.get("type"), error.get("code")):
                if isinstance(value, str) and re.fullmatch(r"[a-z]+(_[a-z]+){1,6}", value):
                    found[value] = None
    return found.keys()


def _says_too_long(status: int, body: object) -> bool:
    # Anthropic, vLLM and Ollama have no code for it.
    said = json.dumps(body, default=str).casefold() if status == 400 else ""
    return any(words in said for words in ("prompt is too long", "context length", "context window"))


def _number(seconds: float) -> str:
    return f"{seconds:g}"
