"""A provider on this machine, and requests to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from telegrambot.inbox.drafting.context import Context, Line
from telegrambot.inbox.drafting.endpoints import PRESETS, Endpoint
from telegrambot.inbox.drafting.prices import Meter
from telegrambot.inbox.drafting.requests import DraftRequest, Limits
from tests.model_server.server import KEY, ModelServer

PATIENT = Limits(connect_seconds=5, idle_seconds=10, total_seconds=30)


@pytest.fixture
def server() -> Iterator[ModelServer]:
    """A provider with an empty script."""
    with ModelServer() as server:
        yield server


@pytest.fixture(params=["openai", "anthropic"])
def provider(request: Any) -> str:
    """The name of a preset: a test with it runs for each wire format."""
    return str(request.param)


@pytest.fixture
def meter() -> Meter:
    """Told what a draft took."""
    return Meter()


@pytest.fixture
def asks(server: ModelServer, provider: str) -> Callable[..., DraftRequest]:
    """Makes requests to the server, in the wire format of `provider`."""

    def request(
        text: str = "How do I begin?", *, url: str = "", key: str = KEY, model: str = "small", **more: Any
    ) -> DraftRequest:
        url = url or server.url + ("/v1" if provider == "openai" else "")
        more.setdefault("limits", PATIENT)
        more.setdefault("context", Context([Line(text)]))
        return DraftRequest(Endpoint(PRESETS[provider], url, key), model, **more)

    return request
