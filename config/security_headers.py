"""The security headers that Django does not set itself."""

from __future__ import annotations

from csp.middleware import CSPMiddleware, PolicyParts
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse

from config.content_security import FOR_UNFOLD, PERMISSIONS


class SecurityHeadersMiddleware(CSPMiddleware):
    """Sets the content security policy, looser below the admin's address only, and what goes along with it.

    A view may set its own policy: the header itself or one of django-csp's decorators.
    """

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if not report_only and parts.replace is None and request.path.startswith(reverse("admin:index")):
            parts.replace = FOR_UNFOLD
        return parts

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        response = super().process_response(request, response)
        response.setdefault("Permissions-Policy", PERMISSIONS)
        response.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response
