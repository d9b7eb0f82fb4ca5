"""The Bot API over HTTP: `/bot<token>/<method>` and `/file/bot<token>/<path>`.

https://core.telegram.org/bots/api#making-requests
"""

from __future__ import annotations

from django.core.exceptions import RequestDataTooBig
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.csrf import csrf_exempt

from telegrambot.sandbox.api.dropping import dropped_connection
from telegrambot.sandbox.api.errors import ApiError, NotFound, RequestEntityTooLarge, Unauthorized
from telegrambot.sandbox.api.exchange import Exchange
from telegrambot.sandbox.api.methods import canonical_name
from telegrambot.sandbox.api.parameters import Parameters
from telegrambot.sandbox.guard import on_this_machine_only
from telegrambot.sandbox.models import SandboxBot, SandboxFault, SandboxFile


@csrf_exempt
@on_this_machine_only
@transaction.non_atomic_requests
def call_method(request: HttpRequest, token: str, name: str) -> HttpResponseBase:
    """Answer one call. The token in the path is what authorises it, so there is no CSRF protection."""
    try:
        bot = _bot_of(token)
        parameters = Parameters.of(request)
    except ApiError as error:
        return _refusal(error)
    except RequestDataTooBig:
        return _refusal(RequestEntityTooLarge())
    exchange = Exchange(bot, canonical_name(name) or name, parameters)
    answer = exchange.carry_out()
    if answer is None:
        return dropped_connection(request)
    return JsonResponse(answer.body, status=answer.status)


@csrf_exempt
@on_this_machine_only
def download(request: HttpRequest, token: str, path: str) -> HttpResponseBase:
    """The file that `getFile` named."""
    if SandboxFault.is_telegram_down():
        return dropped_connection(request)
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
    return JsonResponse(error.body, status=error.error_code)
