"""What is read of an update before it is stored."""

from __future__ import annotations

import hashlib
import json

import pytest

from telegrambot.engine import arrivals
from telegrambot.engine.arrivals import Unreadable
from telegrambot.engine.tests.incoming import message, own_registry, person, said, update

SECRET = "Zq3-secret_code"
HASH = hashlib.sha256(SECRET.encode()).hexdigest()


def test_a_text_is_read():
    body = message("Hello", 77, message_id=5, date=1_700_000_000)
    body["from"] |= {"username": "ann", "last_name": "Lee"}

    arrival = arrivals.read(update("message", body, 12))

    assert (arrival.update_id, arrival.kind, arrival.chat_id, arrival.chat_type) == (
        12,
        "message",
        "77",
        "private",
    )
    assert (arrival.text, arrival.message_type, arrival.message_id) == ("Hello", "text", "5")
    assert (arrival.date, arrival.command, arrival.title) == (1_700_000_000, "", "Ann")
    assert (arrival.sender.telegram_id, arrival.sender.username) == (77, "ann")
    assert arrival.payload == {"update_id": 12, "message": body}


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/start", "start"),
        ("/HELP me", "help"),
        ("/grant@test_bot @ann", "grant"),
        ("/stats\nplease", "stats"),
        ("/", ""),
        ("/a-b", ""),
        ("see /start", ""),
        ("/" + "a" * 33, ""),
    ],
)
def test_the_name_of_a_command_is_read(text, command):
    assert arrivals.read(said(text)).command == command


def test_a_caption_is_a_text_but_no_command():
    arrival = arrivals.read(said(None, photo=[{"file_id": "small"}, {"file_id": "large"}], caption="/start"))

    assert (arrival.text, arrival.command, arrival.message_type) == ("/start", "", "photo")
    assert arrival.media["file_id"] == "large"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ({"voice": {"file_id": "1"}}, "voice"),
        ({"animation": {"file_id": "1"}, "document": {"file_id": "1"}}, "animation"),
        ({"venue": {"title": "Bar"}, "location": {"latitude": 1}}, "venue"),
        ({"new_chat_title": "x"}, "service"),
        ({"tomorrows_type": {}}, "other"),
    ],
)
def test_the_type_of_a_message_is_the_most_telling(content, kind):
    assert arrivals.read(said(None, **content)).message_type == kind


def test_groups_channels_and_business_chats_are_told_apart():
    group = said(chat={"id": -5, "type": "supergroup", "title": "Team"})
    channel = update("channel_post", message(chat={"id": -6, "type": "channel", "title": "News"}))
    business = update("business_message", message(business_connection_id="abc"))

    assert [arrivals.read(one).chat_type for one in (group, channel, business)] == [
        "group",
        "channel",
        "private",
    ]
    assert arrivals.read(group).title == "Team"
    assert arrivals.read(business).connection == "abc"


def test_a_press_belongs_to_the_person_who_pressed():
    shown = message("…", 501)
    shown["from"] = {"id": 1, "is_bot": True, "first_name": "Bot"}
    query = {"id": "9", "from": person(502), "data": "x", "message": shown}

    arrival = arrivals.read(update("callback_query", query))

    assert (arrival.chat_id, arrival.sender.telegram_id, arrival.message_id) == ("501", 502, "")


@pytest.mark.parametrize(
    "strange", [{"poll_answer": {"poll_id": "1"}}, {"next_years_kind": {"anything": [1]}}, {}]
)
def test_what_belongs_to_no_chat_is_read_as_such(strange):
    assert arrivals.read({"update_id": 1, **strange}).chat_id == ""


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "text",
        7,
        message(chat={"id": "x", "type": "private"}),
        message(chat={"id": 2**63, "type": "private"}),
        message(chat={"id": 1, "type": "hologram"}),
        message(chat={"id": 1}),
        message(message_id="abc"),
        message(message_id=float("inf")),
        message(date=float("nan")),
        message(date=None),
        {**message(), "text": 5},
        {**message(""), "caption": ["x"]},
        {**message(), "from": "somebody"},
        {**message(), "from": {"id": "7"}},
        {**message(), "from": {"id": 2**70}},
        {**message(), "from": person(username=None)},
    ],
)
def test_what_telegram_would_never_send_is_unreadable(body):
    with pytest.raises(Unreadable):
        arrivals.read(update("message", body))


def test_an_error_never_quotes_the_person():
    with pytest.raises(Unreadable) as caught:
        arrivals.read(said("my darkest secret", message_id="my darkest secret"))
    assert "darkest" not in str(caught.value)


def test_presses_without_an_id_and_endless_kinds_are_unreadable():
    for odd in ({"callback_query": {"from": person(), "message": message()}}, {"k" * 51: message()}):
        with pytest.raises(Unreadable):
            arrivals.read({"update_id": 1, **odd})


def test_nesting_without_end_is_unreadable():
    deep: list = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(Unreadable):
        arrivals.read(said("x", odd=deep))


@pytest.mark.parametrize("number", [None, "7", 1.5, True, 2**63, -(2**63)])
def test_an_update_needs_a_number(number):
    with pytest.raises(Unreadable):
        arrivals.update_key({"update_id": number})
    with pytest.raises(Unreadable):
        arrivals.update_key([1])


# ── Secret links ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(autouse=True)
def _secret_link(monkeypatch):
    registry = own_registry(monkeypatch)
    registry.deep_link("hush_", secret=True)(lambda request, value: None)
    registry.deep_link("open_")(test_a_text_is_read)


@pytest.mark.parametrize(
    "hiding",
    [
        said(f"/start hush_{SECRET}"),
        said(f"/START@test_bot   hush_{SECRET}"),
        said(f"/start\nhush_{SECRET} thanks"),
        said(f"/start HUSH_{SECRET}"),
        said("does not work", pinned_message=message(f"/start hush_{SECRET}")),
        said("why?", quote={"text": f"/start hush_{SECRET}"}),
        said(f"I got https://t.me/test_bot?start=hush_{SECRET}&x=1"),
        said(None, photo=[], caption=f"/start hush_{SECRET}"),
        update("edited_message", message(f"/start hush_{SECRET}")),
        update("business_message", message(f"/start hush_{SECRET}")),
    ],
)
def test_a_secret_is_nowhere_in_what_is_stored(hiding):
    arrival = arrivals.read(hiding)

    assert SECRET not in json.dumps(arrival.payload) + arrival.text
    assert HASH in json.dumps(arrival.payload)


@pytest.mark.parametrize("name", ["reply_to_message", "message"])
def test_the_words_of_other_messages_are_not_stored_again(name):
    repeated = message("Words of somebody", reply_markup={"inline_keyboard": []})
    if name == "message":
        body = {"id": "1", "from": person(), "chat_instance": "1", "data": "x", "message": repeated}
        stored = arrivals.read(update("callback_query", body)).payload["callback_query"]
    else:
        stored = arrivals.read(said("Mine", reply_to_message=repeated, quote={"text": "Words"})).payload[
            "message"
        ]
        assert stored["text"] == "Mine"

    assert "Words" not in json.dumps(stored)
    assert stored[name] == {key: repeated[key] for key in ("message_id", "date", "chat")}


def test_the_view_gets_the_hash_of_the_whole_value():
    assert arrivals.read(said(f"/start hush_{SECRET}")).text == f"/start hush_{HASH}"


def test_other_texts_are_left_alone():
    for text in (f"/start open_{SECRET}", f"hush_{SECRET}", f"/help hush_{SECRET}", "/start", "let us start"):
        assert arrivals.read(said(text)).text == text


def test_half_a_character_in_a_secret_is_no_way_around():
    assert SECRET not in arrivals.read(said(f"/start hush_{SECRET}\ud800")).text
