"""The closed list of events that the code records."""

from __future__ import annotations

import pytest
from django.utils.functional import Promise

from audit import vocabulary
from audit.exceptions import UnknownEvent
from audit.vocabulary import declare, declared


@pytest.fixture(autouse=True)
def _no_trace(monkeypatch):
    monkeypatch.setattr(vocabulary, "_labels", vocabulary._labels.copy())


def test_every_app_declares_its_own_events_with_words_that_can_be_translated():
    names = set(declared())

    assert {
        "audit.log.exported",
        "audit.log.verified",
        "accounts.role.granted",
        "accounts.owner.claimed",
        "sign_in.session.refused",
        "engine.command.refused",
        "engine.message.cancelled",
    } <= names
    assert all(isinstance(label, Promise) and str(label) for label in declared().values())


def test_a_declared_event_is_known_from_then_on():
    with pytest.raises(UnknownEvent, match=r"tea\.cup\.broken"):
        vocabulary.require("tea.cup.broken")

    declare("tea.cup.broken", "broken")

    vocabulary.require("tea.cup.broken")
    assert declared()["tea.cup.broken"] == "broken"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "tea",
        "tea.cup",
        "tea.cup.was.broken",
        "Tea.cup.broken",
        "tea.cup.",
        "tea. cup.broken",
        "tea.cup.брошена",
    ],
)
def test_a_name_tells_app_entity_and_verb(name):
    with pytest.raises(ValueError, match=r"app\.entity\.verb"):
        declare(name, "broken")


def test_a_name_fits_its_column():
    declare(f"tea.cup.{'b' * 92}", "broken")

    with pytest.raises(ValueError, match=r"app\.entity\.verb"):
        declare(f"tea.cup.{'b' * 93}", "broken")


@pytest.mark.parametrize("verb", ["created", "changed", "deleted"])
def test_what_triggers_write_cannot_be_declared(verb):
    with pytest.raises(ValueError, match="trigger"):
        declare(f"tea.cup.{verb}", "broken")


def test_nothing_is_declared_twice():
    with pytest.raises(ValueError, match="twice"):
        declare("audit.log.exported", "exported")


def test_the_list_cannot_be_changed_from_outside():
    with pytest.raises(TypeError):
        declared()["tea.cup.broken"] = "broken"
