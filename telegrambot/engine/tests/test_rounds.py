"""Work that every bot process does again and again."""

from __future__ import annotations

import asyncio
import logging

import pytest
from django.db import OperationalError

from telegrambot.accounts.roles import Role
from telegrambot.engine import rounds
from telegrambot.engine.models import Message
from telegrambot.engine.tests.factories import DialogFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _own_rounds(monkeypatch):
    monkeypatch.setattr(rounds, "_registered", {})
    monkeypatch.setattr(rounds, "_AFTER_FAILURE_SECONDS", 0.01)


def run_until(condition, *, seconds=10):
    async def work():
        stop = asyncio.Event()
        task = asyncio.create_task(rounds.run(stop))
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.005)
        stop.set()
        await task

    asyncio.run(work())


def test_each_goes_at_its_own_pace():
    often, seldom = [], []

    @rounds.every(seconds=0.01)
    def quick():
        often.append(1)
        return False

    @rounds.every(seconds=3600)
    def slow():
        seldom.append(1)
        return False

    run_until(lambda: len(often) >= 5)

    assert len(seldom) == 1


def test_one_with_more_to_do_goes_on_at_once():
    done = []

    @rounds.every(seconds=3600)
    def work():
        done.append(1)
        return len(done) < 4

    run_until(lambda: len(done) == 4)


def test_without_work_it_ends():
    asyncio.run(rounds.run(asyncio.Event()))


def test_one_that_fails_is_logged_without_its_words_told_once_and_tried_again(caplog):
    owner = DialogFactory(person__role=Role.OWNER)
    tries, others = [], []

    @rounds.every(seconds=0.01)
    def broken():
        tries.append(1)
        raise ValueError("what somebody wrote")

    @rounds.every(seconds=0.01)
    def sound():
        others.append(1)
        return False

    with caplog.at_level(logging.ERROR):
        run_until(lambda: len(tries) >= 3 and len(others) >= 3)

    assert "broken failed\nValueError" in caplog.text
    assert "what somebody wrote" not in caplog.text
    notice = Message.objects.get()
    assert notice.dialog == owner
    assert "ValueError" in notice.text


def test_a_database_that_is_away_is_nobodys_fault(caplog):
    DialogFactory(person__role=Role.OWNER)
    tries = []

    @rounds.every(seconds=0.01)
    def waiting():
        tries.append(1)
        if len(tries) < 3:
            raise OperationalError
        return False

    with caplog.at_level(logging.WARNING):
        run_until(lambda: len(tries) >= 4)

    assert caplog.text == ""
    assert not Message.objects.exists()


def test_owners_who_cannot_be_told_keep_nothing_from_going_on(monkeypatch, caplog):
    def fail(*_):
        raise OperationalError

    monkeypatch.setattr(rounds.failures, "notify_owners", fail)
    tries = []

    @rounds.every(seconds=0.01)
    def broken():
        tries.append(1)
        raise ValueError

    run_until(lambda: len(tries) >= 2)

    assert "owners could not be told: OperationalError" in caplog.text


def test_one_thing_that_fails_does_not_keep_the_others_from_their_turn():
    seen = []

    def work(number):
        seen.append(number)
        if number in {1, 2}:
            raise ValueError(number)
        return number == 3

    with pytest.raises(ValueError, match="1"):
        rounds.for_each([1, 2, 3], work)
    assert seen == [1, 2, 3]
    assert rounds.for_each([3, 4], work) is True
    assert rounds.for_each([4], work) is False
