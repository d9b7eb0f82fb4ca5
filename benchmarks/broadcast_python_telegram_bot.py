"""What a broadcast is compared with: a loop over python-telegram-bot's client. It stores nothing.

python -m benchmarks.broadcast_python_telegram_bot FIRST_CHAT RECIPIENTS AT_ONCE
"""

from __future__ import annotations

import asyncio
import os
import sys

from telegram import Bot
from telegram.constants import ParseMode
from telegram.error import TelegramError


async def main(first: int, recipients: int, at_once: int) -> None:
    """Send, as many at once as told."""
    people = iter(range(recipients))
    bot = Bot(os.environ["TELEGRAM_BOT_TOKEN"], base_url=f"{os.environ['TELEGRAM_API_URL']}/bot")

    async def work() -> None:
        for n in people:
            try:
                await bot.send_message(first + n, f"Hello, Person {n}!", parse_mode=ParseMode.HTML)
            except TelegramError as error:
                sys.stderr.write(f"{first + n}: {error}\n")

    async with bot:
        await asyncio.gather(*(work() for _ in range(at_once)))


if __name__ == "__main__":
    asyncio.run(main(*map(int, sys.argv[1:])))
