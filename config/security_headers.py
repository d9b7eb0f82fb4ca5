"""The security headers that Django does not set itself."""

from __future__ import annotations

from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.contrib.admin.options import IS_POPUP_VAR
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse

from config.content_security import FOR_UNFOLD, IN_UNFOLDS_FRAME, PERMISSIONS


class SecurityHeadersMiddleware(CSPMiddleware):
    """Sets the content security policy, looser below the admin's address only, and what goes along with it.

    A view may set its own policy: the header itself or one of django-csp's decorators. Who may frame a page
    is decided here alone: some versions of Unfold would allow it for whole lists and forms.
    """

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if not report_only and parts.replace is None and _is_in_admin(request):
            parts.replace = IN_UNFOLDS_FRAME if _is_popup(request) else FOR_UNFOLD
        return parts

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        response = super().process_response(request, response)
        response["X-Frame-Options"] = "SAMEORIGIN" if _is_popup(request) else settings.X_FRAME_OPTIONS
        response.setdefault("Permissions-Policy", PERMISSIONS)
        response.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response


def _is_in_admin(request: HttpRequest) -> bool:
    return request.path.startswith(reverse("admin:index"))


def _is_popup(request: HttpRequest) -> bool:
    """Whether it is asked for as the form of a related row."""
    return IS_POPUP_VAR in request.GET and _is_in_admin(request)
