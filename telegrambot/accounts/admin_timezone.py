"""Dates in the admin are those of the person who reads them."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from telegrambot.accounts.service_admin import actor_of
from telegrambot.accounts.timezones import zone_named


class OperatorTimeZone:
    """Activates the zone of the person whom the signed-in account belongs to, for pages of the admin only.

    Other addresses (the webhook above all) must not pay for reading a session.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            return self.get_response(request)
        finally:
            # The thread serves somebody else next.
            timezone.deactivate()

    def process_view(self, request: HttpRequest, *_view: object) -> None:
        """Learn the zone once it is known that the admin answers."""
        match = request.resolver_match
        if match is None or match.app_name != "admin":
            return
        person = actor_of(request)
        if person is not None and (zone := zone_named(person.timezone)):
            timezone.activate(zone)
