"""Who acts: one inside the other, and found out as late as possible."""

from __future__ import annotations

import json
from contextvars import copy_context

import pytest

from audit.context import SYSTEM, Context, acting, current


def test_without_anybody_it_is_the_program_from_the_shell():
    assert current() == Context("system", "shell", "")


def test_what_is_not_named_stays_as_it_is_around():
    with acting(user_id="ann", origin="chat", correlation_id="update:1"):
        with acting(correlation_id="update:2"):
            assert current() == Context("ann", "chat", "update:2")
        with acting(user_id="bob", correlation_id=""):
            assert current() == Context("bob", "chat", "")
        assert current() == Context("ann", "chat", "update:1")
    assert current() == Context()


def test_an_error_ends_it_too():
    with pytest.raises(LookupError), acting(user_id="ann"):
        raise LookupError

    assert current() == Context()


def test_it_serves_as_a_decorator_again_and_again():
    @acting(user_id="ann")
    def work() -> str:
        return current().user_id

    assert [work(), work()] == ["ann", "ann"]
    assert current() == Context()


def test_another_course_of_events_does_not_see_it():
    with acting(user_id="ann"):
        apart = copy_context()
    assert apart.run(lambda: current().user_id) == "ann"
    assert current().user_id == SYSTEM


def test_more_is_kept_until_another_origin_begins():
    with acting(origin="command", command="runbot"), acting(undoes=7):
        assert current().extra == {"command": "runbot", "undoes": 7}
        with acting(origin="command", user_id="ann"):
            assert current().extra == {"command": "runbot", "undoes": 7}
        with acting(origin="task", task="purge"):
            assert current().extra == {"task": "purge"}
        with acting(origin="chat"):
            assert current().extra == {}


def test_the_database_is_told_in_json_that_any_encoding_carries():
    with acting(user_id="ann", origin="chat", correlation_id="update:1", undoes=7, why="чай"):
        stated = current().stated()

    assert stated.isascii()
    assert json.loads(stated) == {
        "user_id": "ann",
        "origin": "chat",
        "correlation_id": "update:1",
        "extra": {"undoes": 7, "why": "чай"},
    }


def test_who_acts_is_found_out_only_when_it_is_needed_and_anew_each_time():
    signed_in = [SYSTEM]
    asked = []

    def who() -> str:
        asked.append(signed_in[-1])
        return signed_in[-1]

    with acting(user_id=who, origin="admin") as context:
        assert current() is context
        assert asked == []
        assert json.loads(context.stated())["user_id"] == SYSTEM
        signed_in.append("ann")
        assert json.loads(context.stated())["user_id"] == "ann"
        assert context.user_id == "ann"
    assert asked == [SYSTEM, "ann", "ann"]
