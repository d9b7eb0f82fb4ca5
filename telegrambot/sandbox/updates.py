"""The bot's update queue: putting updates in, and the long poll that takes them out.

The rules are those of https://core.telegram.org/bots/api#getting-updates.
"""

from __future__ import annotations

from time import monotonic
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from telegrambot.sandbox import webhooks
from telegrambot.sandbox.api.errors import Conflict
from telegrambot.sandbox.listening import listening
from telegrambot.sandbox.models import UPDATE_LIFETIME, SandboxBot, SandboxUpdate

CHANNEL = "sandbox_updates"
# Telegram sends these only to a bot that asks for them.
ON_REQUEST_ONLY = frozenset({"chat_member", "message_reaction", "message_reaction_count"})


def queue(kind: str, content: dict[str, Any]) -> None:
    """Queue one update (`{kind: content}`) unless the bot has excluded its kind.

    The lock on the bot's row makes updates commit in the order of their ids: otherwise a poller that
    confirms a later one would lose an earlier one that was still uncommitted.
    """
    with transaction.atomic():
        bot = SandboxBot.objects.locked()
        wanted = kind in bot.allowed_updates if bot.allowed_updates else kind not in ON_REQUEST_ONLY
        if not wanted:
            return
        SandboxUpdate.objects.create(update_id=bot.next_update_id, payload={kind: content})
        bot.next_update_id += 1
        bot.save(update_fields=["next_update_id"])
        _notify()
        if bot.webhook_url:
            transaction.on_commit(webhooks.wake)


def take(
    *, offset: int, limit: int, timeout: float, allowed_updates: list[str] | None
) -> list[dict[str, Any]]:
    """The oldest unconfirmed updates; waits up to `timeout` seconds for the first one.

    Args:
        offset: updates below it are confirmed and forgotten; a negative one keeps only that many.
        limit: at most this many.
        timeout: seconds.
        allowed_updates: kinds to queue from now on; None leaves the earlier choice.

    Raises:
        Conflict: a webhook is set, or a newer call took over.
    """
    ticket = _begin(offset, allowed_updates)
    if timeout <= 0:
        return _oldest(limit)
    deadline = monotonic() + timeout
    with listening(CHANNEL) as wait:
        while True:
            _refuse_if_replaced(ticket)
            updates = _oldest(limit)
            remaining = deadline - monotonic()
            if updates or remaining <= 0:
                return updates
            wait(remaining)


def disturb_pollers(bot: SandboxBot) -> int:
    """Make every waiting `getUpdates` find that it was replaced. The caller holds the bot's lock."""
    bot.poll_ticket += 1
    bot.save(update_fields=["poll_ticket"])
    _notify()
    return bot.poll_ticket


@transaction.atomic
def _begin(offset: int, allowed_updates: list[str] | None) -> int:
    bot = SandboxBot.objects.locked()
    if bot.webhook_url:
        raise Conflict(
            "can't use getUpdates method while webhook is active; "
            "use deleteWebhook to delete the webhook first"
        )
    if allowed_updates is not None:
        bot.allowed_updates = allowed_updates
        bot.save(update_fields=["allowed_updates"])
    pending = SandboxUpdate.objects.all()
    pending.filter(queued_at__lt=timezone.now() - UPDATE_LIFETIME).delete()
    if offset > 0:
        pending.filter(update_id__lt=offset).delete()
    elif offset < 0:
        kept = pending.order_by("-update_id").values("update_id")[:-offset]
        pending.exclude(update_id__in=kept).delete()
    return disturb_pollers(bot)


def _oldest(limit: int) -> list[dict[str, Any]]:
    return [{"update_id": row.update_id, **row.payload} for row in SandboxUpdate.objects.all()[:limit]]


def _refuse_if_replaced(ticket: int) -> None:
    bot = SandboxBot.objects.current()
    if bot.poll_ticket == ticket:
        return
    if bot.webhook_url:
        raise Conflict("terminated by setWebhook request")
    raise Conflict("terminated by other getUpdates request; make sure that only one bot instance is running")


def _notify() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])
