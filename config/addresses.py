"""Requests that no page of the admin makes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import unquote

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.urls import reverse


class RefuseNul:
    """Refuses a NUL in what is sent to the admin: PostgreSQL takes it in no key, no filter and no text."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, unless it makes no sense.

        Raises:
            BadRequest: there is a NUL in it.
        """
        # The path is decoded already.
        address = f"{request.path}?{unquote(request.META.get('QUERY_STRING', ''))}"
        if "\x00" in address and address.startswith(reverse("admin:index")):
            raise BadRequest("There is a NUL in the address.")
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: Any) -> None:
        """Look at what is posted; files may hold anything.

        Raises:
            BadRequest: there is a NUL in it.
        """
        if not request.path.startswith(reverse("admin:index")):
            return
        # Whoever has gone meanwhile is answered by the check against forgery.
        with suppress(UnreadablePostError):
            if any("\x00" in text for name, texts in request.POST.lists() for text in (name, *texts)):
                raise BadRequest("There is a NUL in what was posted.")
