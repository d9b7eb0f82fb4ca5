"""Pictures and files of messages in the browser, for those who may read the messages."""

from __future__ import annotations

from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET

from telegrambot.engine import media
from telegrambot.engine.exceptions import MediaGone, MediaTooLarge, MediaUnavailable
from telegrambot.engine.models import FetchedMedia, Message
from telegrambot.engine.pictures import picture_type

_SIZES = {"thumbnail": True, "file": False}
_KEPT_SECONDS = 3600


def address(admin: ModelAdmin[Message]) -> URLPattern:
    """The address of a message's file: `…/<message>/media/<position>/thumbnail|file/`."""

    @require_GET
    def view(request: HttpRequest, message_id: int, position: int, size: str) -> HttpResponse:
        if not admin.has_view_permission(request):
            raise PermissionDenied
        if size not in _SIZES:
            raise Http404
        message = get_object_or_404(Message.objects.defer("sealed"), pk=message_id)
        return _serve(message, position, size)

    return path(
        "<int:message_id>/media/<int:position>/<str:size>/",
        admin.admin_site.admin_view(view, cacheable=True),
        name="engine_message_media",
    )


def _serve(message: Message, position: int, size: str) -> HttpResponse:
    try:
        found = media.fetch(message, position=position, is_thumbnail=_SIZES[size])
    except (MediaGone, MediaTooLarge) as error:
        return HttpResponse(str(error), status=404, content_type="text/plain; charset=utf-8")
    except MediaUnavailable as error:
        return HttpResponse(str(error), status=502, content_type="text/plain; charset=utf-8")
    return _response(found, _name(message, position))


def _response(found: FetchedMedia, name: str) -> HttpResponse:
    content = bytes(found.content)
    # The bytes decide, not the sender: what is no picture is never shown inside the admin.
    picture = picture_type(content)
    response = HttpResponse(content, content_type=picture or media.UNKNOWN_TYPE)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = f"private, max-age={_KEPT_SECONDS}"
    disposition = content_disposition_header(as_attachment=not picture, filename=name)
    if disposition:
        response.headers["Content-Disposition"] = disposition
    return response


def _name(message: Message, position: int) -> str:
    file = next((file for file in media.files_of(message) if file.position == position), None)
    return file.name if file is not None and file.name else f"{message.message_type}-{message.pk}"
