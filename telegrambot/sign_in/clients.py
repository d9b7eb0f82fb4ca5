"""Where a session is used: noted at sign-in, and again from time to time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from allauth.account.adapter import get_adapter
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from telegrambot.sign_in.models import Session
from telegrambot.sign_in.session_store import CLIENT

# "Last seen" is not worth a write on each request.
NOTED_EVERY_SECONDS = 300


def on_signed_in(sender: Any, request: HttpRequest, **kwargs: Any) -> None:
    """Note the client of whoever just signed in."""
    _note(request, signed_in=time.time())


class ClientMiddleware:
    """Keeps the address and the time of a signed-in session fresh, at most every five minutes."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        # Pages that need no session must not pay for one.
        if request.session.accessed:
            client = request.session.get(CLIENT)
            if client and time.time() - client["seen"] >= NOTED_EVERY_SECONDS:
                _note(request, signed_in=client["signed_in"])
        return response


def _note(request: HttpRequest, *, signed_in: float) -> None:
    longest = Session._meta.get_field("user_agent").max_length
    request.session[CLIENT] = {
        "ip": _address(request),
        "user_agent": request.headers.get("User-Agent", "")[:longest],
        "signed_in": signed_in,
        "seen": time.time(),
    }


def _address(request: HttpRequest) -> str | None:
    try:
        return str(get_adapter(request).get_client_ip(request))
    except PermissionDenied:
        # allauth's way to say that there is none; requests without one (a Unix socket) cannot sign in anyway.
        return None
