"""What a broadcast is compared with: a loop over aiogram's client. It stores nothing.

python -m benchmarks.broadcast_aiogram FIRST_CHAT RECIPIENTS AT_ONCE
"""

from __future__ import annotations

import asyncio
import os
import sys

from aiogram import Bot
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.enums import ParseMode
from aiogram.exceptions import TelegramAPIError


async def main(first: int, recipients: int, at_once: int) -> None:
    """Send, as many at once as told."""
    people = iter(range(recipients))
    bot = Bot(
        os.environ["TELEGRAM_BOT_TOKEN"],
        session=AiohttpSession(api=TelegramAPIServer.from_base(os.environ["TELEGRAM_API_URL"])),
        default=DefaultBotProperties(parse_mode=ParseMode.HTML),
    )

    async def work() -> None:
        for n in people:
            try:
                await bot.send_message(first + n, f"Hello, Person {n}!")
            except TelegramAPIError as error:
                sys.stderr.write(f"{first + n}: {error}\n")

    async with bot:
        await asyncio.gather(*(work() for _ in range(at_once)))


if __name__ == "__main__":
    asyncio.run(main(*map(int, sys.argv[1:])))
