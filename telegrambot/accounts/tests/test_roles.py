"""Roles as people type them."""

from __future__ import annotations

import pytest

from telegrambot.accounts.exceptions import UnknownRole
from telegrambot.accounts.roles import Role, parse_role


@pytest.mark.parametrize(
    ("text", "role"),
    [("public", 0), ("subscriber", 1), ("Admin", 2), (" OWNER ", 3)],
)
def test_a_role_is_read_in_any_case(text, role):
    assert parse_role(text) is Role(role)


def test_a_role_is_read_in_russian():
    assert parse_role("владелец") is Role.OWNER


@pytest.mark.parametrize("text", ["king", "", "2", "admin owner"])
def test_an_unknown_role_is_refused_with_the_choice(text):
    with pytest.raises(UnknownRole, match="public, subscriber, admin, owner"):
        parse_role(text)
