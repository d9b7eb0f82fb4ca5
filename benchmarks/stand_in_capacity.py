"""How many messages the stand-in could take: it must never be what is measured."""

from __future__ import annotations

import asyncio
import tempfile
import time
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import aiohttp

from benchmarks.bot_api_stand_in.client import StandInClient
from benchmarks.laboratory import cpu_seconds
from tests.processes import TOKEN, Processes, start_stand_in

CALLERS = 32


@dataclass(frozen=True)
class Run:
    """Messages per second (a client shares the machine), and per second of the stand-in's CPU time."""

    messages_per_second: float
    messages_per_cpu_second: float


def run(messages: int) -> Run:
    """Measure once, with a client that does not even read the answers' contents."""
    with tempfile.TemporaryDirectory() as folder, Processes(Path(folder)) as processes:
        process, stand_in = start_stand_in(processes)
        before, started = cpu_seconds(process.process.pid), time.perf_counter()
        asyncio.run(_send(stand_in, messages))
        seconds = time.perf_counter() - started
        spent = cpu_seconds(process.process.pid) - before
        said = stand_in.state()["said"]
    if said != messages:
        raise RuntimeError(f"The stand-in has {said} of {messages} messages.")
    return Run(messages / seconds, messages / spent)


async def _send(stand_in: StandInClient, messages: int) -> None:
    numbers = iter(range(messages))

    async def caller(session: aiohttp.ClientSession) -> None:
        for n in numbers:
            data = {"chat_id": str(n % 200 + 1), "text": f"message {n}"}
            async with session.post(f"{stand_in.url}/bot{TOKEN}/sendMessage", data=data) as response:
                assert response.status == HTTPStatus.OK

    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*(caller(session) for _ in range(CALLERS)))
