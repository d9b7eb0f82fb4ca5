"""Ending a connection without an answer, as a failing network does after a request was sent."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse

_PROMISED_BYTES = "1000"


def dropped_connection(request: HttpRequest) -> HttpResponseBase:
    """A response that the server cannot finish, so that it closes the connection.

    granian closes it when an answer ends before the length that was promised. Django's own server, for
    development and in tests, would keep it open: there the answer has no length, breaks off in the middle,
    and its end is the connection's end.
    """
    response = StreamingHttpResponse(iter([b'{"ok":']), content_type="application/json")
    if not request.META.get("SERVER_SOFTWARE", "").startswith("WSGIServer"):
        response["Content-Length"] = _PROMISED_BYTES
    return response
