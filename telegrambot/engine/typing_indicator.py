"""“… is typing”: shown in a chat while an operator types or a draft is made. It goes past the outbox.

Nothing depends on it: it returns at once, one call is made at a time, what had to wait too long is left out,
and what fails is only logged.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from telegram.constants import ChatAction
from telegram.error import TelegramError

from telegrambot.engine.client import Client, make_bot, opened
from telegrambot.engine.models import Dialog

logger = logging.getLogger(__name__)

# Telegram shows it for five seconds: https://core.telegram.org/bots/api#sendchataction
AGAIN_AFTER_SECONDS = 4.0
_PATIENCE_SECONDS = 4.0
_MOST_CHATS = 1000

_lock = threading.Lock()
_shown_at: dict[int, float] = {}
_caller = ThreadPoolExecutor(max_workers=1, thread_name_prefix="typing")


def show(dialog: Dialog) -> bool:
    """Let the other side see that somebody is typing; in vain if they have seen it just now.

    Returns:
        Whether Telegram is going to be asked.
    """
    with _lock:
        now = time.monotonic()
        if now - _shown_at.get(dialog.pk, -AGAIN_AFTER_SECONDS) < AGAIN_AFTER_SECONDS:
            return False
        if len(_shown_at) >= _MOST_CHATS:
            _shown_at.clear()
        _shown_at[dialog.pk] = now
    _caller.submit(_tell, int(dialog.telegram_dialog_id), dialog.business_connection_id, now)
    return True


def _tell(chat_id: int, connection_id: str, asked_at: float) -> None:
    # It has waited for calls that hung: who still types has asked again.
    if time.monotonic() - asked_at > AGAIN_AFTER_SECONDS:
        return
    try:
        # Outside the event loop: the sandbox's token is read from the database.
        bot = make_bot()
        asyncio.run(asyncio.wait_for(_call(bot, chat_id, connection_id), _PATIENCE_SECONDS))
    except (TelegramError, TimeoutError, ImproperlyConfigured) as error:
        logger.info("The typing indicator was not shown: %s", type(error).__name__)
    except Exception:
        # Nobody asks the executor what became of the call.
        logger.exception("Showing the typing indicator failed")
    finally:
        connection.close()


async def _call(client: Client, chat_id: int, connection_id: str) -> None:
    async with opened(client) as bot:
        await bot.send_chat_action(chat_id, ChatAction.TYPING, business_connection_id=connection_id or None)
