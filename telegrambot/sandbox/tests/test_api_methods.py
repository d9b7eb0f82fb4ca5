"""The sandbox offers every method that the project calls, and sends every kind of update it asks for."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from telegram import Bot

import telegrambot
from telegrambot.engine.intake import ALLOWED_UPDATES
from telegrambot.sandbox.api.methods import METHODS, canonical_name

PROJECT = Path(telegrambot.__file__).parent
# Kinds that people's acts queue, see `said.tell_bot` and `people`.
OFFERED_UPDATES = {
    "message",
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "business_connection",
    "business_message",
    "edited_business_message",
    "deleted_business_messages",
    "callback_query",
    "my_chat_member",
}
# Of python-telegram-bot's Bot, but no call of a method.
NO_CALLS = {"initialize", "shutdown", "do_api_request", "parse_json_payload", "to_dict", "to_json", "de_json"}


def called_methods() -> Iterator[tuple[str, str]]:
    """Bot API methods called outside of the sandbox and of tests, with the file that does."""
    offered_by_library = {
        name
        for name in dir(Bot)
        if not name.startswith("_") and callable(getattr(Bot, name)) and name not in NO_CALLS
    }
    for path in sorted(PROJECT.rglob("*.py")):
        if {"sandbox", "tests", "migrations"} & set(path.relative_to(PROJECT).parts):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Attribute):
                continue
            owner = (
                node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
            )
            if owner.lstrip("_") in {"bot", "client"} and node.attr in offered_by_library:
                yield node.attr.replace("_", ""), path.name
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            function = getattr(node.func, "attr", "") if isinstance(node, ast.Call) else ""
            is_request = function in {"do_api_request", "_post"}
            if is_request and isinstance(node.args[0], ast.Constant):  # type: ignore[attr-defined]
                yield str(node.args[0].value), path.name  # type: ignore[attr-defined]


def test_no_method_that_the_project_calls_is_missing() -> None:
    called = set(called_methods())
    names = {name.lower() for name, _ in called}
    assert {"sendmessage", "getupdates", "deletebusinessmessages"} <= names, "nothing was found at all"

    assert {(name, file) for name, file in called if not canonical_name(name)} == set()


def test_every_kind_of_update_that_the_engine_asks_for_is_sent() -> None:
    assert set(ALLOWED_UPDATES) <= OFFERED_UPDATES


def test_methods_are_named_as_in_the_documentation() -> None:
    library = {name.replace("_", "").lower() for name in dir(Bot)}
    assert {name for name in METHODS if name.lower() not in library} == set()
    assert canonical_name("SENDMESSAGE") == "sendMessage"
    assert canonical_name("makeCoffee") == ""
