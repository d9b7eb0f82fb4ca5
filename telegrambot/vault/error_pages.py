"""What Django's error reports may show of secrets: nothing, not even to developers."""

from __future__ import annotations

from django.http import HttpRequest
from django.views.debug import SafeExceptionReporterFilter


class SecretsStayHidden(SafeExceptionReporterFilter):
    """Hides what is marked as sensitive also with DEBUG on, where Django would show it."""

    def is_active(self, request: HttpRequest | None) -> bool:
        return True
