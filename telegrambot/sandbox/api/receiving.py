"""getUpdates, setWebhook, deleteWebhook, getWebhookInfo."""

from __future__ import annotations

import re
from typing import Any

from django.db import transaction

from telegrambot.sandbox import updates, webhooks, wire
from telegrambot.sandbox.api.call import Call
from telegrambot.sandbox.api.errors import BadRequest
from telegrambot.sandbox.models import SandboxBot, SandboxUpdate

MAX_LIMIT = 100
MAX_TIMEOUT_SECONDS = 50


def get_updates(call: Call) -> list[wire.Json]:
    """https://core.telegram.org/bots/api#getupdates"""
    given = call.parameters
    return updates.take(
        offset=given.integer("offset"),
        limit=min(max(given.integer("limit") or MAX_LIMIT, 1), MAX_LIMIT),
        timeout=min(max(given.integer("timeout"), 0), MAX_TIMEOUT_SECONDS),
        allowed_updates=_allowed_updates(call),
    )


def set_webhook(call: Call) -> bool:
    """https://core.telegram.org/bots/api#setwebhook, for plain http on loopback only."""
    url = call.parameters.text("url").strip()
    if not url:
        return delete_webhook(call)
    if not webhooks.is_loopback_address(url):
        raise BadRequest("bad webhook: the sandbox delivers to http addresses on this machine only")
    secret = call.parameters.text("secret_token")
    if not re.fullmatch(r"[A-Za-z0-9_-]{0,256}", secret):
        raise BadRequest("secret token contains unallowed characters")
    return _configure(call, url=url, secret=secret)


def delete_webhook(call: Call) -> bool:
    """https://core.telegram.org/bots/api#deletewebhook"""
    return _configure(call, url="", secret="")


@transaction.atomic
def _configure(call: Call, *, url: str, secret: str) -> bool:
    bot = SandboxBot.objects.locked()
    if call.parameters.flag("drop_pending_updates"):
        SandboxUpdate.objects.all().delete()
    bot.webhook_url, bot.webhook_secret = url, secret
    bot.webhook_error, bot.webhook_error_at = "", None
    allowed = _allowed_updates(call)
    if allowed is not None:
        bot.allowed_updates = allowed
    bot.save()
    if url:
        updates.disturb_pollers(bot)
    # Also when it was deleted: a delivery that pauses before its next attempt must notice.
    transaction.on_commit(webhooks.wake)
    return True


def get_webhook_info(call: Call) -> wire.Json:
    """https://core.telegram.org/bots/api#getwebhookinfo"""
    bot = call.bot
    info = {
        "url": bot.webhook_url,
        "has_custom_certificate": False,
        "pending_update_count": SandboxUpdate.objects.count(),
    }
    details = wire.without_blanks(
        max_connections=40 if bot.webhook_url else None,
        ip_address="127.0.0.1" if bot.webhook_url else None,
        last_error_date=wire.unix(bot.webhook_error_at),
        last_error_message=bot.webhook_error,
        allowed_updates=bot.allowed_updates,
    )
    return info | details


def _allowed_updates(call: Call) -> list[str] | None:
    given: Any = call.parameters.json("allowed_updates")
    if given is None:
        return None
    if not isinstance(given, list) or not all(isinstance(kind, str) for kind in given):
        raise BadRequest("can't parse allowed updates: expected an Array of String")
    return given
