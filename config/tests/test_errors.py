"""Errors that people read."""

from __future__ import annotations

import pytest
from django.utils import translation
from django.utils.translation import gettext_lazy

from config.errors import DomainError
from telegrambot.accounts.exceptions import OwnersOnly


class Taken(DomainError):
    """The name “{name}” is taken.
    Please choose another, {who}."""


class Silent(Taken):
    pass


def test_the_docstring_is_the_sentence():
    assert str(Taken(name="{who}", who=gettext_lazy("Ann"))) == (
        "The name “{who}” is taken. Please choose another, Ann."
    )


def test_without_a_sentence_of_its_own_an_error_speaks_its_parents():
    assert str(Silent(name="x", who="y")).startswith("The name “x”")
    assert str(DomainError()) == "That did not work. Please try again."


@pytest.mark.parametrize("language", ["en", "ru"])
def test_it_is_said_in_the_language_that_is_switched_on(language):
    with translation.override(language):
        assert str(OwnersOnly()) == translation.gettext("Only an owner may do this.")
