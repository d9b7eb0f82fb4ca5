"""Who may reach the sandbox: programs and browsers on this very machine, while SANDBOX is on."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from ipaddress import ip_address
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseBase
from django.http.request import split_domain_port


def on_this_machine_only(view: Callable[..., HttpResponseBase]) -> Callable[..., Any]:
    """Answer 404 to everybody else.

    The Host header is checked too: a foreign page whose name was made to point to loopback
    (DNS rebinding) reaches this address, but under its own name.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not (settings.SANDBOX and _is_local(request)):
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


def _is_local(request: HttpRequest) -> bool:
    # Behind a proxy every client seems to be on loopback.
    if "HTTP_X_FORWARDED_FOR" in request.META or "HTTP_FORWARDED" in request.META:
        return False
    host = split_domain_port(request.META.get("HTTP_HOST", ""))[0]
    return _is_loopback(request.META.get("REMOTE_ADDR", "")) and (host == "localhost" or _is_loopback(host))


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address.strip("[]")).is_loopback
    except ValueError:
        return False
