"""News for open pages: one stream for each window (server-sent events), and the same by asking.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from time import monotonic
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from telegrambot.sandbox.announcements import CHANNEL
from telegrambot.sandbox.guard import on_this_machine_only
from telegrambot.sandbox.listening import listening
from telegrambot.sandbox.live import Window

# Each stream holds a thread of the web server: few at a time, and none for long.
MAX_STREAMS = 6
LIFETIME_SECONDS = 30.0
# How often a page looks without being woken; it is also how soon a closed window is noticed.
LOOK_SECONDS = 1.0
_RECONNECT_MS = 300


class _Streams:
    """The streams of this process. A window has one: a newer connection ends the older."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._current: dict[str, object] = {}
        self._count = 0

    def enter(self, window: str, ticket: object) -> bool:
        with self._lock:
            if self._count >= MAX_STREAMS:
                return False
            self._count += 1
            self._current[window] = ticket
            return True

    def is_current(self, window: str, ticket: object) -> bool:
        return self._current.get(window) is ticket

    def leave(self, window: str, ticket: object) -> None:
        with self._lock:
            self._count -= 1
            if self._current.get(window) is ticket:
                del self._current[window]


_streams = _Streams()


class _Stream:
    """One connection. Its place is given back also when the server never starts to read it."""

    def __init__(self, name: str, window: Window) -> None:
        self._name, self._window, self._language = name, window, translation.get_language()
        self._lines = self._read()
        self.is_welcome = _streams.enter(name, self)
        self._is_open = self.is_welcome

    def __iter__(self) -> Iterator[str]:
        return self._lines

    def close(self) -> None:
        self._lines.close()
        if self._is_open:
            self._is_open = False
            _streams.leave(self._name, self)

    def _read(self) -> Any:
        ends_at = monotonic() + LIFETIME_SECONDS
        yield f"retry: {_RECONNECT_MS}\n\n"
        with listening(CHANNEL) as wait, translation.override(self._language):
            while monotonic() < ends_at and _streams.is_current(self._name, self):
                yield from self._news()
                # A comment: writing is how the end of the connection is noticed.
                yield ":\n\n"
                wait(LOOK_SECONDS)

    def _news(self) -> Iterator[str]:
        for name, data in self._window.news():
            yield f"id: {self._window.position}\nevent: {name}\ndata: {json.dumps(data)}\n\n"


def _guarded(view: Callable[[HttpRequest], Any]) -> Callable[..., Any]:
    return on_this_machine_only(never_cache(require_GET(view)))


@_guarded
def stream(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """News as they happen. 503 when too many windows listen; they ask instead."""
    window = Window.of(request.GET, request.headers.get("Last-Event-ID", ""))
    lines = _Stream(request.GET.get("window", "")[:40], window)
    if not lines.is_welcome:
        return HttpResponse(status=503)
    response = StreamingHttpResponse(lines, content_type="text/event-stream")
    response["X-Accel-Buffering"] = "no"
    return response


@_guarded
def news(request: HttpRequest) -> JsonResponse:
    """The same for a window that cannot keep a stream open: everything new, once."""
    window = Window.of(request.GET, request.GET.get("position", ""))
    told = [{"event": name, "data": data} for name, data in window.news()]
    return JsonResponse({"news": told, "position": window.position})
