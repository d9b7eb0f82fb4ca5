"""Telegram's command menus follow the catalogue and people's roles, with real HTTP to a small stand-in."""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import contextmanager

import pytest
from aiohttp import web
from django.db import connections
from django.utils import timezone

from telegrambot.accounts.models import BotCommand, TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import BotCommandFactory, TelegramUserFactory
from telegrambot.engine import command_menus, menu
from telegrambot.engine.client import make_bot
from telegrambot.engine.menu import CALLS_PER_PASS, MenuKeeper
from telegrambot.engine.models import CommandMenu, Dialog
from telegrambot.engine.tests.factories import DialogFactory
from telegrambot.engine.threads import DatabaseThreads

pytestmark = pytest.mark.django_db(transaction=True)


class Telegram:
    """The menus Telegram shows, by scope and language, and every call that changed one."""

    def __init__(self) -> None:
        self.menus: dict[tuple[str, str], list[tuple[str, str]]] = {}
        self.calls: list[tuple[str, str, str]] = []
        self.refusals: dict[str, tuple[int, str, dict[str, int]]] = {}

    async def answer(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        if method == "getMe":
            return _ok({"id": 7000001, "is_bot": True, "first_name": "Bot", "username": "test_bot"})
        form = await request.post()
        scope = json.loads(form.get("scope", '{"type": "default"}'))
        name = f"{scope['type']}:{scope['chat_id']}" if "chat_id" in scope else scope["type"]
        where = (name, form.get("language_code", ""))
        self.calls.append((method, *where))
        if name in self.refusals:
            status, description, parameters = self.refusals[name]
            body = {"ok": False, "error_code": status, "description": description, "parameters": parameters}
            return web.json_response(body, status=status)
        if method == "setMyCommands":
            commands = json.loads(form["commands"])
            self.menus[where] = [(command["command"], command["description"]) for command in commands]
        elif method == "deleteMyCommands":
            self.menus.pop(where, None)
        return _ok(True)

    def names(self, scope, language=""):
        return [name for name, _description in self.menus[scope, language]]


def _ok(result):
    return web.json_response({"ok": True, "result": result})


@pytest.fixture
def telegram(settings):
    settings.TELEGRAM_BOT_TOKEN = "7000001:" + "A" * 35
    return Telegram()


@pytest.fixture
def passes(telegram, settings):
    """Run a scenario: `passes(first, second, …)` makes a pass, then each change and another pass.

    Returns how many menus each pass set. All passes have one keeper, as in a running bot.
    """

    async def run(changes):
        app = web.Application()
        app.router.add_post("/bot{token}/{method}", telegram.answer)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        settings.TELEGRAM_API_URL = f"http://127.0.0.1:{runner.addresses[0][1]}"
        threads = DatabaseThreads(1)
        try:
            async with make_bot() as bot:
                keeper = MenuKeeper(bot, threads)
                done = [await keeper.sync()]
                for change in changes:
                    await threads.run(change, keeper) if _wants_keeper(change) else await threads.run(change)
                    done.append(await keeper.sync())
                return done
        finally:
            threads.close()
            await runner.cleanup()

    def scenario(*changes):
        try:
            return asyncio.run(run(changes))
        finally:
            connections.close_all()

    return scenario


def _wants_keeper(change):
    return getattr(change, "wants_keeper", False)


def nothing():
    """A pass without a change before it."""


@contextmanager
def counted_statements():
    statements = []

    def note(execute, sql, *args):
        statements.append(sql)
        return execute(sql, *args)

    with connections["default"].execute_wrapper(note):
        yield statements


def person_with_chat(**fields):
    return DialogFactory(person=TelegramUserFactory(**fields)).person


def chat(person):
    return f"chat:{person.telegram_id}"


@pytest.fixture
def commands():
    BotCommand.objects.all().delete()
    return [
        BotCommandFactory(command="start", description_en="Begin", description_ru="Начать"),
        BotCommandFactory(command="facts", description_en="Facts", description_ru="Факты", code_role=1),
        BotCommandFactory(command="stats", description_en="Numbers", description_ru="Числа", code_role=2),
        BotCommandFactory(command="users", description_en="People", description_ru="Люди", code_role=3),
        BotCommandFactory(command="hidden", is_active=False),
    ]


# ── What is shown ─────────────────────────────────────────────────────────────────────────────────────────


def test_everyone_sees_the_public_commands_in_both_languages(telegram, passes, commands):
    person_with_chat(role=Role.PUBLIC)

    assert passes() == [2]
    assert telegram.menus == {("default", ""): [("start", "Begin")], ("default", "ru"): [("start", "Начать")]}


@pytest.mark.parametrize(
    ("role", "names"),
    [
        (Role.SUBSCRIBER, ["facts", "start"]),
        (Role.ADMIN, ["facts", "start", "stats"]),
        (Role.OWNER, ["facts", "start", "stats", "users"]),
    ],
)
def test_people_with_a_role_see_what_it_may_use(telegram, passes, commands, role, names):
    person = person_with_chat(role=role)

    assert passes() == [3]
    assert telegram.names(chat(person)) == names


def test_a_persons_menu_is_in_their_own_language(telegram, passes, commands):
    by_telegram = person_with_chat(role=Role.SUBSCRIBER, language_code="ru-RU")
    by_choice = person_with_chat(role=Role.SUBSCRIBER, language_code="ru", preferences={"language": "en"})

    passes()

    assert ("start", "Начать") in telegram.menus[chat(by_telegram), ""]
    assert ("start", "Begin") in telegram.menus[chat(by_choice), ""]


def test_only_the_private_chat_with_the_bot_gets_a_menu(telegram, passes, commands):
    owner = TelegramUserFactory(role=Role.OWNER)
    DialogFactory(person=owner, telegram_dialog_id="-100", type=Dialog.Type.GROUP)
    DialogFactory(person=owner, business_connection_id="business")

    assert passes() == [2]
    assert {scope for scope, _language in telegram.menus} == {"default"}


def test_telegram_takes_no_more_than_a_hundred_commands(telegram, passes, commands):
    for number in range(120):
        BotCommandFactory(command=f"z{number:03}")
    passes()
    assert len(telegram.menus["default", ""]) == 100


# ── What changes ──────────────────────────────────────────────────────────────────────────────────────────


def test_nothing_is_called_when_nothing_changed(telegram, passes, commands):
    person_with_chat(role=Role.OWNER)

    assert passes(nothing, nothing) == [3, 0, 0]
    assert len(telegram.calls) == 3


def test_a_restarted_bot_calls_nothing_that_telegram_has(telegram, passes, commands):
    person_with_chat(role=Role.OWNER)
    passes()

    assert passes() == [0]
    assert len(telegram.calls) == 3


def test_a_sighting_alone_calls_nothing(telegram, passes, commands):
    person = person_with_chat(role=Role.OWNER)

    def sighting():
        TelegramUser.objects.filter(pk=person.pk).update(last_seen_at=timezone.now(), first_name="Other")

    assert passes(sighting) == [3, 0]


def test_an_operators_wording_and_switch_reach_telegram(telegram, passes, commands):
    def reword():
        BotCommand.objects.filter(command="start").update(description_ru="Поехали")

    def switch_off():
        BotCommand.objects.filter(command="stats").update(is_active=False)

    owner = person_with_chat(role=Role.OWNER, language_code="en")

    assert passes(reword, switch_off) == [3, 1, 1]
    assert telegram.menus["default", "ru"] == [("start", "Поехали")]
    assert telegram.names(chat(owner)) == ["facts", "start", "users"]


def test_a_role_given_and_taken_changes_one_menu(telegram, passes, commands):
    person, _other = person_with_chat(role=Role.PUBLIC), person_with_chat(role=Role.OWNER)

    def become(role):
        return lambda: TelegramUser.objects.filter(pk=person.pk).update(role=role)

    assert passes(become(Role.ADMIN)) == [3, 1]
    assert telegram.names(chat(person)) == ["facts", "start", "stats"]
    assert passes(become(Role.PUBLIC)) == [0, 1]
    assert (chat(person), "") not in telegram.menus
    assert telegram.calls[-1] == ("deleteMyCommands", chat(person), "")
    assert not CommandMenu.objects.filter(scope=chat(person)).exists()
    assert passes(nothing) == [0, 0]


def test_a_new_language_changes_one_menu(telegram, passes, commands):
    person = person_with_chat(role=Role.ADMIN, language_code="en")

    def choose():
        TelegramUser.objects.filter(pk=person.pk).update(preferences={"language": "ru"})

    assert passes(choose) == [3, 1]
    assert ("start", "Начать") in telegram.menus[chat(person), ""]


def test_without_commands_the_menus_are_deleted(telegram, passes, commands):
    owner = person_with_chat(role=Role.OWNER)

    def switch_all_off():
        BotCommand.objects.update(is_active=False)

    assert passes(switch_all_off, nothing) == [3, 3, 0]
    assert telegram.menus == {}
    assert ("deleteMyCommands", "default", "ru") in telegram.calls
    assert ("deleteMyCommands", chat(owner), "") in telegram.calls


def test_a_removed_command_leaves_the_menu(telegram, passes, commands):
    def remove():
        BotCommand.objects.filter(command="facts").delete()

    owner = person_with_chat(role=Role.OWNER)
    assert passes(remove) == [3, 1]
    assert telegram.names(chat(owner)) == ["start", "stats", "users"]


# ── What it costs ─────────────────────────────────────────────────────────────────────────────────────────


def test_many_chats_are_taken_a_few_at_a_time_and_all_in_the_end(telegram, passes, commands, monkeypatch):
    monkeypatch.setattr(command_menus, "_CHUNK", 7)
    for _ in range(45):
        person_with_chat(role=Role.SUBSCRIBER)

    done = passes(nothing, nothing, nothing)

    assert max(done) == CALLS_PER_PASS
    assert done == [20, 20, 7, 0]
    assert len(telegram.menus) == len(telegram.calls) == 47


def test_each_pass_goes_on_where_the_last_one_was(passes, commands, monkeypatch):
    for _ in range(45):
        person_with_chat(role=Role.SUBSCRIBER)
    began, look = [], command_menus.stale_menus

    def watch(catalogue, *, after, **options):
        began.append(after)
        return look(catalogue, after=after, **options)

    monkeypatch.setattr(command_menus, "stale_menus", watch)
    passes(nothing, nothing)

    keys = list(Dialog.objects.order_by("pk").values_list("pk", flat=True))
    assert began == [0, keys[17], keys[37]]


def test_a_pass_without_a_change_is_one_query(passes, commands):
    person_with_chat(role=Role.OWNER)
    seen = []

    def watch(keeper):
        with counted_statements() as statements:
            assert keeper._current_scan() is None
        seen.extend(statements)

    watch.wants_keeper = True
    passes(watch)
    assert len(seen) == 1


# ── What Telegram refuses ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("status", "description"),
    [(403, "Forbidden: bot was blocked by the user"), (400, "Bad Request: chat not found")],
)
def test_a_chat_that_refuses_is_not_tried_for_ever(telegram, passes, commands, status, description, caplog):
    gone, here = person_with_chat(role=Role.ADMIN), person_with_chat(role=Role.ADMIN)
    telegram.refusals[chat(gone)] = (status, description, {})

    with caplog.at_level(logging.WARNING, logger=menu.__name__):
        passes(nothing)
        passes()

    assert [scope for _method, scope, _language in telegram.calls].count(chat(gone)) == 1
    assert telegram.names(chat(here)) == ["facts", "start", "stats"]
    assert len(caplog.records) == 1


def test_a_person_who_blocked_the_bot_is_not_tried_until_they_come_back(telegram, passes, commands):
    person = person_with_chat(role=Role.ADMIN, blocked_at=timezone.now())

    def come_back():
        TelegramUser.objects.filter(pk=person.pk).update(blocked_at=None)

    assert passes(come_back) == [2, 1]
    assert telegram.names(chat(person)) == ["facts", "start", "stats"]


def test_bad_weather_is_logged_once_and_tried_again(telegram, passes, commands, caplog):
    person = person_with_chat(role=Role.ADMIN)
    telegram.refusals["default"] = (502, "Bad Gateway", {})

    def clear_up():
        telegram.refusals.clear()

    with caplog.at_level(logging.WARNING, logger=menu.__name__):
        assert passes(nothing, clear_up, nothing) == [0, 0, 3, 0]

    assert len(caplog.records) == 1
    assert telegram.names(chat(person)) == ["facts", "start", "stats"]


def test_told_to_wait_it_waits(telegram, passes, commands, monkeypatch):
    telegram.refusals["default"] = (429, "Too Many Requests: retry after 30", {"retry_after": 30})
    now = [1000.0]
    monkeypatch.setattr(menu, "monotonic", lambda: now[0])

    def clear_up():
        telegram.refusals.clear()
        now[0] += 29

    def wait():
        now[0] += 2

    assert passes(clear_up, wait) == [0, 0, 2]
    assert len(telegram.calls) == 3
