"""Who acts in the browser."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from audit import actors
from audit.context import SYSTEM, acting
from audit.models import Origin


class AuditMiddleware:
    """Lets what a request changes be the doing of whoever is signed in; stands behind authentication.

    A request that changes nothing pays nothing: nobody asks who it is.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with acting(
            user_id=_Visitor(request), origin=Origin.ADMIN.value, correlation_id=f"request:{uuid.uuid4()}"
        ):
            return self.get_response(request)


class _Visitor:
    """Finds out who sends a request. Asked anew for each write, since signing in changes the answer."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self._is_asking = False

    def __call__(self) -> str:
        if self._is_asking:
            # Finding out may write itself: a session whose password was changed is deleted.
            return SYSTEM
        self._is_asking = True
        try:
            return actors.account_id(self._request.user)
        finally:
            self._is_asking = False
