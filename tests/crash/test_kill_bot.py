"""`kill -9` at random moments: nothing is lost, nothing is done twice, nothing is said twice."""

from __future__ import annotations

import random
import time

import pytest

from tests.crash.accounting import Books, ask_to_record

ONE_PROCESS = [()]
TWO_PROCESSES = [(), ("--no-polling",)]
both_ways = pytest.mark.parametrize(
    "bots", [ONE_PROCESS, TWO_PROCESSES], ids=["one process", "two processes"]
)


@both_ways
def test_a_few_kills(start_bot, database, stand_in, bots):
    kill_while_it_works(start_bot, ask_to_record(database, stand_in, updates=400, chats=40), bots, kills=3)


@pytest.mark.crash
@pytest.mark.timeout(600)
@both_ways
def test_ten_kills(start_bot, database, stand_in, bots):
    kill_while_it_works(start_bot, ask_to_record(database, stand_in, updates=5000, chats=200), bots, kills=10)


def kill_while_it_works(start_bot, books: Books, bots, *, kills: int) -> None:
    """Kill one of the bots at random points of the work, start it again each time, check the books."""
    running = [start_bot(*options) for options in bots]
    total = sum(map(len, books.expected.values()))
    share = total // (kills + 1)
    for number in range(kills):
        # While at least one kill is to come, there is still work to be interrupted.
        books.wait_until_said(share * number + random.randrange(1, share), seconds=60)
        time.sleep(random.uniform(0, 0.05))
        victim = random.randrange(len(bots))
        running[victim].kill()
        running[victim] = start_bot(*bots[victim])
    books.wait_until_closed(seconds=60)
    books.check()
    assert all(bot.is_alive for bot in running)
