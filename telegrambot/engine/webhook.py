"""The address Telegram posts updates to; see https://core.telegram.org/bots/api#setwebhook."""

from __future__ import annotations

import json
import logging
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.utils.crypto import constant_time_compare
from django.views.decorators.csrf import csrf_exempt

from telegrambot.engine import credentials, intake
from telegrambot.engine.arrivals import update_key
from telegrambot.engine.models import InboundUpdate

logger = logging.getLogger(__name__)

# Telegram's updates are a few KiB; a business chat's longest message stays below a tenth of this.
MAX_BODY_BYTES = 1024 * 1024

_database_is_failing = False


class TooLarge(Exception):
    """A body that no update of Telegram's can have."""


@csrf_exempt
def receive(request: HttpRequest) -> HttpResponse:
    """Store one update and answer 200 after the commit.

    404 while no secret is set, 405 for anything but POST, 403 without the right secret, 413 for more than
    1 MiB, 400 for what is no update, 503 when the database fails: then Telegram offers the update again.
    """
    if not settings.TELEGRAM_WEBHOOK_SECRET:
        return _answer(404, "There is no webhook here.")
    if request.method != "POST":
        return _answer(405, "Updates are posted.", Allow="POST")
    given = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
    if not constant_time_compare(given, settings.TELEGRAM_WEBHOOK_SECRET):
        return _answer(403, "The secret token is wrong or missing.")
    try:
        update = json.loads(_body(request))
        update_key(update)
        return _store(update)
    except TooLarge:
        return _answer(413, "The body is larger than any update.")
    except (ValueError, RecursionError, UnreadablePostError):
        return _answer(400, "The body is not a JSON object with an integer update_id.")


def _body(request: HttpRequest) -> bytes:
    # The length that is announced need not be the length that comes.
    announced = request.META.get("CONTENT_LENGTH", "")
    if announced.isdecimal() and (len(announced) > 10 or int(announced) > MAX_BODY_BYTES):
        raise TooLarge
    body = request.read(MAX_BODY_BYTES + 1)
    if len(body) > MAX_BODY_BYTES:
        raise TooLarge
    return body


def _store(update: dict[str, Any]) -> HttpResponse:
    try:
        intake.store([update], bot_id=credentials.bot_id(), source=InboundUpdate.Source.WEBHOOK)
    except DatabaseError as error:
        _note_database(is_failing=True, error=type(error).__name__)
        answer = _answer(503, "The database does not answer. Please try again.")
        # Django would write a line for each; the change is logged already.
        answer._has_been_logged = True  # type: ignore[attr-defined]
        return answer
    _note_database(is_failing=False)
    return _answer(200, "")


def _note_database(*, is_failing: bool, error: str = "") -> None:
    """Log a change only: Telegram repeats an update until it is taken."""
    global _database_is_failing
    if is_failing and not _database_is_failing:
        logger.error("The webhook cannot store updates: %s. Telegram will offer them again.", error)
    elif not is_failing and _database_is_failing:
        logger.info("The webhook stores updates again.")
    _database_is_failing = is_failing


def _answer(status: int, sentence: str, **headers: str) -> HttpResponse:
    return HttpResponse(sentence, content_type="text/plain; charset=utf-8", status=status, headers=headers)
