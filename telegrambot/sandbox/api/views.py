"""The Bot API over HTTP: `/bot<token>/<method>` and `/file/bot<token>/<path>`.

https://core.telegram.org/bots/api#making-requests
"""

from __future__ import annotations

import logging
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.csrf import csrf_exempt

from telegrambot.sandbox.api.call import Call
from telegrambot.sandbox.api.errors import ApiError, NotFound, RequestEntityTooLarge, Unauthorized
from telegrambot.sandbox.api.methods import method
from telegrambot.sandbox.api.parameters import Parameters
from telegrambot.sandbox.guard import on_this_machine_only
from telegrambot.sandbox.models import SandboxBot, SandboxFile

logger = logging.getLogger(__name__)


@csrf_exempt
@on_this_machine_only
@transaction.non_atomic_requests
def call_method(request: HttpRequest, token: str, name: str) -> JsonResponse:
    """Answer one call. The token in the path is what authorises it, so there is no CSRF protection."""
    try:
        bot = _bot_of(token)
        function = method(name)
        if function is None:
            raise NotFound("method not found")
        result = function(Call(bot, Parameters.of(request)))
    except ApiError as error:
        return _refusal(error)
    except RequestDataTooBig:
        return _refusal(RequestEntityTooLarge())
    except DatabaseError:
        # Telegram, too, has bad moments; the caller sees one in Telegram's form.
        logger.exception("The sandbox could not answer %s", name)
        return _refusal(ApiError())
    return JsonResponse({"ok": True, "result": result})


@csrf_exempt
@on_this_machine_only
def download(request: HttpRequest, token: str, path: str) -> HttpResponse:
    """The file that `getFile` named."""
    try:
        _bot_of(token)
        number = path.rpartition("file_")[2].partition(".")[0]
        file = (
            SandboxFile.objects.filter(pk=int(number)).first()
            if number.isascii() and number.isdigit()
            else None
        )
        if file is None or file.path != path:
            raise NotFound
    except ApiError as error:
        return _refusal(error)
    return HttpResponse(bytes(file.content), content_type="application/octet-stream")


def _bot_of(token: str) -> SandboxBot:
    bot = SandboxBot.objects.current()
    if not constant_time_compare(bot.token, token):
        raise Unauthorized
    return bot


def _refusal(error: ApiError) -> JsonResponse:
    body: dict[str, Any] = {"ok": False, "error_code": error.error_code, "description": error.description}
    if error.parameters:
        body["parameters"] = error.parameters
    return JsonResponse(body, status=error.error_code)
