"""Which view answers an update."""

from __future__ import annotations

from datetime import UTC, datetime
from inspect import signature
from uuid import UUID, uuid4

import pytest
from telegram import Chat, Message, Update

from telegrambot.accounts.roles import Role
from telegrambot.engine import contents
from telegrambot.engine.chat import Button
from telegrambot.engine.identity import offline_bot
from telegrambot.engine.routing import Registry, Stale
from telegrambot.engine.tests.factories import BOT_ID
from telegrambot.engine.tests.incoming import message, person, said, update

BOT = offline_bot(BOT_ID, "test_bot")
GROUP = {"chat": {"id": -5, "type": "supergroup", "title": "Team"}}


@pytest.fixture
def registry():
    """One view of every kind, all of which would like to have any text."""
    registry = Registry()
    registry.command("open", description="")(opened)
    registry.command("shared", description="", groups=True)(shared)
    registry.button()(press)
    registry.answer()(asked)
    registry.phrase(r"what changed(?: since (?P<since>\w+))?\?|/\w+ .*")(phrase)
    registry.unknown_command(unknown)
    registry.fallback(fallback)
    return registry


def opened(request): ...
def shared(request): ...
def press(request, who: UUID, number: int, name: str = ""): ...
def asked(request): ...
def phrase(request, since=None): ...
def unknown(request): ...
def fallback(request): ...


def carrying(part: str) -> Update:
    """An update with a message in a group of which only one part is known."""
    chat = Chat(-5, Chat.SUPERGROUP)
    return Update(1, message=Message(1, datetime.fromtimestamp(0, UTC), chat, **{part: "x"}))


ASKED = {"answer": "test_routing.asked"}


def view_of(registry, raw, state=None):
    match = registry.match(Update.de_json(raw, BOT), state or {})
    return match and match.route.view


@pytest.mark.parametrize(
    ("text", "state", "view"),
    [
        ("/open", {}, opened),
        ("/open", ASKED, opened),
        ("/OPEN now", {}, opened),
        ("/open@test_bot", {}, opened),
        ("/open@Test_Bot x", {}, opened),
        ("/open@other_bot", {}, unknown),
        ("/nothing", {}, unknown),
        ("/nothing such", ASKED, unknown),
        ("/openly", {}, unknown),
        ("what changed?", ASKED, asked),
        ("What CHANGED since monday? ", {}, phrase),
        ("and what changed?", {}, fallback),
        ("open", {}, fallback),
        ("x" * 4096, {}, fallback),
        ("👋", ASKED, asked),
        ("anything", {"answer": "gone.view"}, fallback),
    ],
)
def test_the_order_is_commands_asked_answers_phrases_the_rest(registry, text, state, view):
    assert view_of(registry, said(text), state) is view


@pytest.mark.parametrize(
    ("text", "rest"),
    [("/open", ""), ("/open  a  b ", "a  b"), ("/open\na b", "a b"), ("/open@test_bot a\nb", "a\nb")],
)
def test_a_command_gets_what_follows_it(registry, text, rest):
    assert registry.match(Update.de_json(said(text), BOT), {}).rest == rest


def test_a_phrase_gets_its_named_groups(registry):
    match = registry.match(Update.de_json(said("what changed since monday?"), BOT), {})
    assert match.kwargs == {"since": "monday"}
    assert registry.match(Update.de_json(said("what changed?"), BOT), {}).kwargs == {"since": None}


@pytest.mark.parametrize("text", ["/open", "/shared", "/nothing", "what changed?", "anything"])
@pytest.mark.parametrize(
    "raw",
    [
        lambda text: said(text, **GROUP),
        lambda text: update(
            "channel_post", message(text, chat={"id": -6, "type": "channel", "title": "News"})
        ),
        lambda text: update("business_message", message(text, business_connection_id="abc")),
        lambda text: update("edited_message", message(text, edit_date=5)),
    ],
    ids=["group", "channel", "business", "edited"],
)
def test_elsewhere_only_a_command_that_says_so_is_heard(registry, raw, text, request):
    heard = view_of(registry, raw(text), ASKED)
    where = request.node.callspec.id.partition("-")[0]
    unwanted = fallback if where in {"group", "business"} else None
    assert heard is (shared if text == "/shared" and where == "group" else unwanted)


def test_a_command_without_its_entity_or_in_a_caption_is_none(registry):
    assert view_of(registry, said("/open", entities=[])) is fallback
    assert view_of(registry, said(None, photo=[], caption="/open")) is fallback


@pytest.mark.parametrize(
    "service",
    [{"new_chat_title": "x"}, {"message_auto_delete_timer_changed": {"message_auto_delete_time": 5}}],
)
def test_what_telegram_says_by_itself_is_no_answer(registry, service):
    assert view_of(registry, said(None, **service), ASKED) is None
    assert view_of(registry, said(None, **service)) is None


def test_whatever_is_stored_as_said_by_telegram_itself_is_no_message_and_nothing_else(registry):
    parts = [name for name, part in signature(Message).parameters.items() if part.default is None]
    unheard = {name for name in parts if not registry.match(carrying(name), {})}
    assert unheard == {name for name in parts if contents.type_of({name: "x"}) == contents.SERVICE}
    assert unheard == set(contents._SERVICE)


def test_a_photo_is_an_answer(registry):
    photo = {"photo": [{"file_id": "1", "file_unique_id": "1", "width": 1, "height": 1}]}
    assert view_of(registry, said(None, **photo), ASKED) is asked


# ── Buttons ───────────────────────────────────────────────────────────────────────────────────────────────


def pressing(data):
    query = {"id": "1", "from": person(), "chat_instance": "1", "message": message("/open")}
    return Update.de_json(update("callback_query", query | ({} if data is None else {"data": data})), BOT)


def test_a_button_gets_its_arguments_back(registry):
    who = uuid4()
    for name in (":", "%", ""):
        match = registry.match(pressing(Button("x", press, who, -3, name).data), {})
        assert (match.route.view, match.args) == (press, (who, -3, name))
    assert registry.match(pressing(Button("x", press, who, 5).data), {}).args == (who, 5)


@pytest.mark.parametrize(
    "data",
    [
        None,
        "",
        "nobody.knows:1",
        "test_routing.press",
        "test_routing.press:1:2",
        f"test_routing.press:{UUID(int=1)}",
        f"test_routing.press:{UUID(int=1)}:x",
        f"test_routing.press:{UUID(int=1)}:1:a:b",
        "test_routing.opened",
        "test_routing.presses:1",
        "x" * 5_000,
        "::::",
        "\x00",
    ],
)
def test_data_that_no_view_understands_is_stale(registry, data):
    with pytest.raises(Stale):
        registry.match(pressing(data), {})


def test_a_button_refuses_what_telegram_would_refuse(registry):
    with pytest.raises(ValueError, match="64 bytes"):
        Button("x", press, "я" * 40)
    with pytest.raises(ValueError, match="either"):
        Button("x")
    with pytest.raises(ValueError, match="either"):
        Button("x", press, url="https://example.org")
    with pytest.raises(ValueError, match="not registered"):
        Button("x", opened)


def test_mistakes_of_authors_are_found_at_the_start():
    registry = Registry()
    registry.command("open", description="")(opened)
    with pytest.raises(ValueError, match="registered twice"):
        registry.command("open", description="")(shared)
    with pytest.raises(TypeError, match="str, int or UUID"):

        @registry.button()
        def odd(request, when: float): ...


def test_deep_links_are_found_by_prefix():
    registry = Registry()
    registry.deep_link("guide_")(opened)
    registry.deep_link("login_", secret=True, role=Role.ADMIN)(shared)

    assert registry.deep_link_for("guide_42").args == ("42",)
    assert registry.deep_link_for("login_x").route.role == Role.ADMIN
    assert registry.deep_link_for("other") is None
    assert list(registry.secret_prefixes()) == ["login_"]


def test_phrases_that_a_person_may_not_use_are_not_looked_for(registry):
    update = Update.de_json(said("what changed?"), BOT)
    assert registry.match(update, {}, lambda route: False).route.view is fallback
    assert registry.match(update, {}, lambda route: route.view is phrase).route.view is phrase


def test_an_answer_that_yields_gets_what_is_no_phrase(registry):
    registry.answer(yields=True)(opened)
    state = {"answer": "test_routing.opened"}
    assert view_of(registry, said("what changed?"), state) is phrase
    assert view_of(registry, said("42"), state) is opened
    assert view_of(registry, said("/nothing"), state) is unknown
    assert view_of(registry, said("/open"), state) is opened
    assert view_of(registry, said("42")) is fallback


def test_an_app_has_one_frame():
    registry = Registry()
    registry.command("open", description="")(opened)
    assert registry.frame_of(registry.commands["open"]) is None

    registry.frame(registry.frame(shared))
    assert registry.frame_of(registry.commands["open"]) is shared
    with pytest.raises(ValueError, match="two frames"):
        registry.frame(opened)


def test_one_view_may_have_several_names():
    registry = Registry()
    registry.command("a", description="")(registry.command("b", description="")(opened))
    assert view_of(registry, said("/a")) is view_of(registry, said("/b")) is opened
