"""An answer as it arrives: in pieces, before a deadline that nothing can stretch."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum

# Seconds after which whoever waits hears that nothing came yet.
MOMENT = 0.5


class Finish(StrEnum):
    """Why a model stopped."""

    STOP = "stop"
    LENGTH = "length"
    REFUSAL = "refusal"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Piece:
    """What has just arrived; whatever is not said in it is left out.

    Attributes:
        model: what the provider calls the model that answers.
        tokens_in: of the whole prompt.
        tokens_out: of the answer so far.
    """

    text: str = ""
    model: str = ""
    tokens_in: int | None = None
    tokens_out: int | None = None
    finish: Finish | None = None


def in_steps(pieces: AsyncGenerator[Piece], *, seconds: float) -> Generator[Piece | None]:
    """Go through what arrives over the network from synchronous code; None: nothing came for a moment.

    The loop runs only while the next piece is awaited, so that whoever gets it may use the database. A read
    time-out would not do: a server that sends a byte now and then would never let go.

    Args:
        seconds: how long all of it may take, connecting included.

    Raises:
        TimeoutError: it took longer.
        RuntimeError: called from asynchronous code.
    """
    deadline = time.monotonic() + seconds
    # No asyncio.Runner: it waits for threads, and a name server that does not answer holds one for a minute.
    with closing(asyncio.new_event_loop()) as loop:
        coming = loop.create_task(_next(pieces))
        try:
            while True:
                while not loop.run_until_complete(_has_come(coming, deadline)):
                    yield None
                if (piece := coming.result()) is None:
                    return
                yield piece
                coming = loop.create_task(_next(pieces))
        finally:
            coming.cancel()
            loop.run_until_complete(asyncio.gather(coming, return_exceptions=True))
            loop.run_until_complete(pieces.aclose())
            loop.run_until_complete(loop.shutdown_asyncgens())


async def _next(pieces: AsyncGenerator[Piece]) -> Piece | None:
    return await anext(pieces, None)


async def _has_come(coming: asyncio.Task[Piece | None], deadline: float) -> bool:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    done, _ = await asyncio.wait({coming}, timeout=min(left, MOMENT))
    return bool(done)
