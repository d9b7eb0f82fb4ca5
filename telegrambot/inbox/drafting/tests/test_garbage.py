"""Whatever JSON a server makes up, it is an answer or a sentence of ours: never an error of the program's."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from telegrambot.inbox.drafting.drafts import draft
from telegrambot.inbox.drafting.exceptions import DraftingError
from telegrambot.inbox.drafting.requests import DraftRequest
from tests.model_server.answers import Answer
from tests.model_server.server import ModelServer

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["text", "content", "type", "error", "code"]), inner, max_size=3)
    ),
    max_leaves=4,
)
FIELDS = {
    "openai": ["choices", "delta", "content", "refusal", "finish_reason", "usage", "model", "prompt_tokens"],
    "anthropic": ["type", "message", "delta", "text", "stop_reason", "usage", "model", "output_tokens"],
}
TYPES = ["message_start", "content_block_delta", "message_delta", "message_stop", "error"]


def well_formed(provider: str) -> dict:
    if provider == "openai":
        delta = {"content": "Hi", "refusal": None}
        usage = {"prompt_tokens": 1, "completion_tokens": 1}
        choice = {"index": 0, "delta": delta, "finish_reason": "stop"}
        return {"id": "1", "model": "small", "choices": [choice], "usage": usage}
    message = {"model": "small", "usage": {"input_tokens": 1, "output_tokens": 1}}
    delta = {"type": "text_delta", "text": "Hi", "stop_reason": "end_turn"}
    return {"type": "x", "message": message, "delta": delta, "usage": {"output_tokens": 1}, "index": 0}


def spoiled(value: object, field: str, spoil: object) -> object:
    """The same structure with another value wherever a field of that name is."""
    if isinstance(value, dict):
        return {
            name: spoil if name == field else spoiled(inner, field, spoil) for name, inner in value.items()
        }
    return [spoiled(inner, field, spoil) for inner in value] if isinstance(value, list) else value


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None
)
@given(data=st.data())
@pytest.mark.django_db
def test_any_json_is_survived(
    server: ModelServer, asks: Callable[..., DraftRequest], provider: str, data: st.DataObject
) -> None:
    field = data.draw(st.sampled_from(FIELDS[provider]))
    spoil = data.draw(VALUES)
    body = spoiled(well_formed(provider), field, spoil)
    events = [body, data.draw(VALUES)] if data.draw(st.booleans()) else [body]
    prefixes = [f"event: {data.draw(st.sampled_from(TYPES))}\n" if provider == "anthropic" else ""] * 2
    server.script(
        Answer(
            events=tuple(
                f"{prefix}data: {json.dumps(event)}" for prefix, event in zip(prefixes, events, strict=False)
            )
        )
    )
    with contextlib.suppress(DraftingError):
        assert draft(asks()).text
