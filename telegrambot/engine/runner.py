"""Everything a bot process does at once: poll, dispatch, send, keep the menu, work in the background."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import psycopg
from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError
from telegram import Bot
from telegram.error import InvalidToken, TelegramError

from config.redaction import redact
from telegrambot.accounts.services import ensure_configured_owner
from telegrambot.engine import bell, garbage, health, identity, rounds, signs_of_life, wake, worker
from telegrambot.engine.client import Client, make_bot
from telegrambot.engine.delivery import Unauthorized
from telegrambot.engine.dispatch import Dispatcher
from telegrambot.engine.exceptions import TokenRefused, WebhookIsSet
from telegrambot.engine.handling import PressAnswer
from telegrambot.engine.menu import MenuKeeper
from telegrambot.engine.polling import Poller, PollingLock
from telegrambot.engine.routing import declare_commands
from telegrambot.engine.sender import Sender
from telegrambot.engine.threads import DatabaseThreads

T = TypeVar("T")

logger = logging.getLogger(__name__)

_IDLE_SECONDS = 1.0
_MENU_SECONDS = 2.0
_RETRY_SECONDS = 2.0
# Intake, the sender, the menu, heartbeats and locks share these; each dispatcher has one of its own.
_SHARED_THREADS = 3


class Runner:
    """One bot process.

    Args:
        polls: fetch updates by long polling (off where a webhook brings them).
        works: run background jobs too.
    """

    def __init__(self, *, polls: bool = True, works: bool = True) -> None:
        self._polls, self._works = polls, works
        self._holder = f"{socket.gethostname()} process {os.getpid()}"
        self._threads = DatabaseThreads(_SHARED_THREADS)
        self._stop = asyncio.Event()
        self._updates = [asyncio.Event() for _ in range(settings.DISPATCH_THREADS)]
        self._answers: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Run until SIGTERM or SIGINT, then finish what is under way.

        Raises:
            DomainError: the bot cannot run like this; the sentence says why.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        try:
            if (bot := await self._until_stopped(self._introduce())) is not None:
                garbage.collect_seldom()
                async with bot:
                    await self._serve(bot)
        except Unauthorized:
            raise TokenRefused from None
        finally:
            self._threads.close()

    async def _serve(self, bot: Client) -> None:
        lock = PollingLock(bot.id, self._threads, f"switchboard runbot on {self._holder}")
        poller = Poller(bot, lock, self._threads, self._poke_dispatch) if self._polls else None
        try:
            ready = self._may_poll(bot, lock) if poller else self._expect_no_poller(bot)
            if await self._until_stopped(ready):
                await self._run_services(bot, poller)
        finally:
            await lock.release()

    async def _run_services(self, bot: Client, poller: Poller | None) -> None:
        sender = Sender(bot, self._threads)
        services: list[Coroutine[Any, Any, None]] = [
            *(self._dispatch(bot, sender, wakened) for wakened in self._updates),
            bell.listen(
                {wake.UPDATES: self._poke_dispatch, wake.MESSAGES: sender.poke},
                self._threads,
                f"switchboard listener on {self._holder}",
            ),
            self._keep_menu(bot),
            rounds.run(self._stop),
            signs_of_life.give(
                self._threads,
                self._holder,
                lambda: {"bot": ""} | ({"poller": poller.problem} if poller else {}),
            ),
        ]
        if poller is not None:
            services.append(poller.run())
        if self._works:
            services.append(self._work())
        how = "" if self._polls else ", without polling"
        logger.info("@%s is running%s. Stop it with Ctrl-C.", bot.username, how)
        tasks = [asyncio.create_task(service) for service in services]
        sending = asyncio.create_task(sender.run())
        stopping = asyncio.create_task(self._stop.wait())
        await asyncio.wait([*tasks, sending, stopping], return_when=asyncio.FIRST_COMPLETED)
        logger.info("Stopping: finishing what is under way.")
        self._stop.set()
        sender.stop()
        for task in tasks[len(self._updates) :]:
            task.cancel()
        self._poke_dispatch()
        results = await asyncio.gather(*tasks, sending, return_exceptions=True)
        # What dispatch did last may have brought more of them.
        await asyncio.gather(*self._answers, return_exceptions=True)
        stopping.cancel()
        for result in results:
            if isinstance(result, Exception):
                raise result

    async def _introduce(self) -> Client:
        """Learn who the bot is, and that this database is its own; wait for Telegram and the database."""
        bot = await self._patiently(lambda: self._threads.run(make_bot))
        try:
            await self._patiently(bot.initialize)
            await self._patiently(lambda: self._threads.run(self._prepare, bot.id, bot.username))
        except BaseException:
            await bot.shutdown()
            raise
        return bot

    @staticmethod
    def _prepare(bot_id: int, username: str) -> None:
        identity.remember(bot_id, username)
        declare_commands()
        ensure_configured_owner()

    @staticmethod
    async def _patiently(step: Callable[[], Awaitable[T]]) -> T:
        said = ""
        while True:
            try:
                return await step()
            except InvalidToken as error:
                raise Unauthorized from error
            except TelegramError as error:
                problem = f"Telegram cannot be reached: {redact(error.message).rstrip('.')}"
            except (OperationalError, InterfaceError, psycopg.OperationalError) as error:
                problem = f"The database cannot be reached: {type(error).__name__}"
            if problem != said:
                logger.warning("%s. Trying again every %.0f seconds.", problem, _RETRY_SECONDS)
                said = problem
            await asyncio.sleep(_RETRY_SECONDS)

    async def _may_poll(self, bot: Bot, lock: PollingLock) -> bool:
        """Make sure that nobody else gets the updates."""
        await self._patiently(lock.acquire)
        info = await self._patiently(bot.get_webhook_info)
        if info.url:
            raise WebhookIsSet(url=info.url)
        return True

    async def _expect_no_poller(self, bot: Bot) -> bool:
        """Where a webhook brings the updates nobody polls, though somebody may have after `setwebhook`."""
        info = await self._patiently(bot.get_webhook_info)
        if info.url:
            await self._patiently(lambda: self._threads.run(health.retire, "poller"))
        return True

    async def _dispatch(self, bot: Bot, sender: Sender, wakened: asyncio.Event) -> None:
        threads = DatabaseThreads(1)
        dispatcher = Dispatcher(identity.offline_bot(bot.id, bot.username))
        is_down = False
        try:
            while not self._stop.is_set():
                wakened.clear()
                try:
                    batch = await threads.run(dispatcher.run_once)
                except (DatabaseError, InterfaceError) as error:
                    if not is_down:
                        logger.warning("Dispatch waits for the database: %s", type(error).__name__)
                    is_down = True
                    await asyncio.sleep(_IDLE_SECONDS)
                    continue
                is_down = False
                for press in batch.presses:
                    self._answer_press(bot, press)
                if batch.queued:
                    sender.poke()
                if not batch.has_found_work:
                    await self._pause(wakened)
            await threads.run(dispatcher.close)
        finally:
            threads.close()

    @staticmethod
    async def _pause(wakened: asyncio.Event) -> None:
        try:
            await asyncio.wait_for(wakened.wait(), _IDLE_SECONDS)
        except TimeoutError:
            pass

    def _answer_press(self, bot: Bot, press: PressAnswer) -> None:
        task = asyncio.create_task(self._tell_press(bot, press))
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)

    @staticmethod
    async def _tell_press(bot: Bot, press: PressAnswer) -> None:
        try:
            await bot.answer_callback_query(press.callback_id, press.text or None, show_alert=press.is_alert)
        except TelegramError as error:
            # Only the little clock on the button is at stake; after 150 seconds Telegram refuses.
            logger.info("A button press was not answered: %s", redact(error.message))

    async def _keep_menu(self, bot: Bot) -> None:
        keeper = MenuKeeper(bot, self._threads)
        while True:
            try:
                await keeper.sync()
            except (DatabaseError, InterfaceError) as error:
                logger.debug("The menu waits for the database: %s", type(error).__name__)
            await asyncio.sleep(_MENU_SECONDS)

    async def _work(self) -> None:
        while True:
            try:
                await worker.run_all(name=self._holder)
            except Exception as error:  # noqa: BLE001 - whatever ended it, background work has to go on
                logger.warning("The worker starts again after: %s", type(error).__name__)
            await asyncio.sleep(_RETRY_SECONDS)

    def _poke_dispatch(self) -> None:
        for wakened in self._updates:
            wakened.set()

    async def _until_stopped(self, work: Coroutine[Any, Any, T]) -> T | None:
        """Run `work`; None when the process is told to stop before it ends."""
        task, stopping = asyncio.create_task(work), asyncio.create_task(self._stop.wait())
        await asyncio.wait([task, stopping], return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not task.done():
            task.cancel()
            await asyncio.wait([task])
        return None if task.cancelled() else task.result()
