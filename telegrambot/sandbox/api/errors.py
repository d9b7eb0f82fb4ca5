"""Refusals as the Bot API words them. Protocol text, never translated: programs match on it."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """An answer with `"ok": false`; `error_code` is the HTTP status too."""

    error_code = 500
    prefix = "Internal Server Error"

    def __init__(self, detail: str = "", **parameters: Any) -> None:
        self.description = f"{self.prefix}: {detail}" if detail else self.prefix
        self.parameters = parameters
        super().__init__(self.description)

    @property
    def body(self) -> dict[str, Any]:
        """The answer: https://core.telegram.org/bots/api#making-requests"""
        body = {"ok": False, "error_code": self.error_code, "description": self.description}
        return body | ({"parameters": self.parameters} if self.parameters else {})


class BadRequest(ApiError):
    """The request makes no sense, or names something that is not there."""

    error_code = 400
    prefix = "Bad Request"


class Unauthorized(ApiError):
    """No bot has this token."""

    error_code = 401
    prefix = "Unauthorized"


class Forbidden(ApiError):
    """The bot may not do this to this person."""

    error_code = 403
    prefix = "Forbidden"


class NotFound(ApiError):
    """There is no such method or file."""

    error_code = 404
    prefix = "Not Found"


class Conflict(ApiError):
    """Somebody else receives the updates."""

    error_code = 409
    prefix = "Conflict"


class RequestEntityTooLarge(ApiError):
    """The uploaded file is larger than bots may send."""

    error_code = 413
    prefix = "Request Entity Too Large"


class TooManyRequests(ApiError):
    """The bot sends faster than it may."""

    error_code = 429
    prefix = "Too Many Requests"

    def __init__(self, *, retry_after: int) -> None:
        super().__init__(f"retry after {retry_after}", retry_after=retry_after)
