"""Every line of the table "A message out": what Telegram or the network says, what the message becomes."""

from __future__ import annotations

import asyncio
import io
import logging
import socket
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from telegrambot.accounts.roles import Role
from telegrambot.engine.claims import Claim, claim
from telegrambot.engine.delivery import MAX_ATTEMPTS, Unauthorized, Unsendable, deliver, plain
from telegrambot.engine.models import Message, OutgoingFile, Priority
from telegrambot.engine.settlement import Outcome, settle
from telegrambot.engine.tests.factories import DialogFactory, MessageFactory
from telegrambot.engine.tests.scripted_api import DROP, HANG, OK, Answer, ScriptedApi, refusal
from telegrambot.engine.uploads import Uploads

pytestmark = pytest.mark.django_db


@pytest.fixture
def api() -> ScriptedApi:
    return ScriptedApi()


@pytest.fixture(autouse=True)
def _generous(settings):
    settings.SEND_LEASE_SECONDS = 2.0


def queued(**values: Any) -> Any:
    return MessageFactory(status=Message.Status.QUEUED, **values)


def an_edit(**values: Any) -> Any:
    shown = MessageFactory(**{"external_message_id": "55"} | values.pop("target", {}))
    return queued(dialog=shown.dialog, operation="edit", target=shown, **values)


def a_deletion(**values: Any) -> Any:
    shown = MessageFactory(external_message_id="55")
    return queued(dialog=shown.dialog, operation="delete", target=shown, **values)


async def load_file(key: str) -> bytes:
    raise AssertionError(f"nobody asked for {key}")


def carry_out(api: ScriptedApi, settings: Any, *, load: Any = load_file) -> list[Outcome]:
    """Claim, deliver and settle whatever is due."""
    claims, _ = claim(10)

    async def work() -> list[Outcome]:
        async with api.serve(settings) as bot:
            uploads = Uploads(load)
            return [await deliver(bot, found, uploads) for found in claims]

    outcomes = asyncio.run(work())
    settle(outcomes)
    return outcomes


def after(message: Any) -> Any:
    message.refresh_from_db()
    return message


# Sent


def test_a_text_is_sent_as_html_with_its_buttons_and_remembers_its_number(api, settings) -> None:
    message = queued(text="<b>Hi</b>", payload={"buttons": [[{"text": "Go", "data": "go:1"}]]})
    before = timezone.now() - timedelta(seconds=5)
    carry_out(api, settings)

    (call,) = api.of("sendMessage")
    assert call["text"] == "<b>Hi</b>"
    assert call["parse_mode"] == "HTML"
    assert call["reply_markup"] == {"inline_keyboard": [[{"text": "Go", "callback_data": "go:1"}]]}
    assert call["chat_id"] == message.dialog.telegram_dialog_id
    assert "business_connection_id" not in call
    sent = after(message)
    assert (sent.status, sent.external_message_id, sent.attempts, sent.error) == ("sent", "1001", 1, "")
    assert sent.timestamp > before
    assert sent.claim_token is None
    assert sent.lease_until is None


def test_a_business_chat_is_answered_through_its_connection(api, settings) -> None:
    queued(dialog=DialogFactory(business_connection_id="biz"))
    carry_out(api, settings)
    assert api.of("sendMessage")[0]["business_connection_id"] == "biz"


def test_a_link_button_opens_its_link(api, settings) -> None:
    queued(payload={"buttons": [[{"text": "Site", "url": "https://example.org/"}]]})
    carry_out(api, settings)
    assert api.of("sendMessage")[0]["reply_markup"]["inline_keyboard"][0][0]["url"] == "https://example.org/"


@pytest.mark.parametrize(
    ("kind", "method"), [("photo", "sendPhoto"), ("video", "sendVideo"), ("document", "sendDocument")]
)
def test_media_known_to_telegram_are_named_not_uploaded(api, settings, kind, method) -> None:
    queued(message_type=kind, text="caption", payload={"media": {"kind": kind, "file_id": "AgAC"}})
    carry_out(api, settings)
    (call,) = api.of(method)
    assert call[kind] == "AgAC"
    assert call["caption"] == "caption"


@pytest.mark.parametrize(
    ("kind", "method", "caption"),
    [
        ("voice", "sendVoice", "caption"),
        ("audio", "sendAudio", "caption"),
        ("animation", "sendAnimation", "caption"),
        ("sticker", "sendSticker", None),
        ("video_note", "sendVideoNote", None),
    ],
)
def test_other_kinds_are_passed_on_with_the_text_that_telegram_shows(
    api, settings, kind, method, caption
) -> None:
    message = queued(message_type=kind, text="caption", payload={"media": {"kind": kind, "file_id": "AgAC"}})
    carry_out(api, settings)
    (call,) = api.of(method)
    assert call[kind] == "AgAC"
    assert call.get("caption") == caption
    assert after(message).status == "sent"


def test_a_file_of_the_bots_own_is_uploaded_from_the_database(api, settings) -> None:
    stored = OutgoingFile.objects.create(name="план.txt", content=b"content")
    message = queued(
        message_type="document",
        text="",
        payload={"media": {"kind": "document", "file": str(stored.pk), "name": stored.name}},
    )

    async def load(key: str) -> bytes:
        assert key == str(stored.pk)
        return b"content"

    carry_out(api, settings, load=load)
    (call,) = [call for call in api.calls if call.method == "sendDocument"]
    assert call.files == {"document": b"content"}
    assert call.names == {"document": "план.txt"}
    assert after(message).status == "sent"


def test_an_album_remembers_the_number_of_each_of_its_parts(api, settings) -> None:
    photo = {"kind": "photo", "file_id": "A"}
    message = queued(message_type="album", text="", payload={"album": [photo, photo]})
    carry_out(api, settings)
    sent = after(message)
    assert len(api.of("sendMediaGroup")[0]["media"]) == 2
    assert sent.external_message_id == "1001"
    assert sent.payload["message_ids"] == [1001, 1002]
    assert sent.payload["album"] == [photo, photo]


def test_the_text_of_an_album_stands_below_it(api, settings) -> None:
    photo = {"kind": "photo", "file_id": "A"}
    queued(message_type="album", text="<b>Two</b>", payload={"album": [photo, photo]})
    carry_out(api, settings)
    first, second = api.of("sendMediaGroup")[0]["media"]
    assert (first["caption"], first["parse_mode"]) == ("<b>Two</b>", "HTML")
    assert "caption" not in second


def test_deleting_an_album_deletes_all_its_parts(api, settings) -> None:
    shown = MessageFactory(
        message_type="album", external_message_id="55", payload={"message_ids": [55, 56, 57]}
    )
    queued(dialog=shown.dialog, operation="delete", target=shown)
    business = MessageFactory(
        dialog__business_connection_id="biz", external_message_id="60", payload={"message_ids": [60, 61]}
    )
    queued(dialog=business.dialog, operation="delete", target=business)
    carry_out(api, settings)
    assert [call["message_ids"] for call in api.of("deleteMessages")] == [[55, 56, 57]]
    assert [call["message_ids"] for call in api.of("deleteBusinessMessages")] == [[60, 61]]
    assert api.of("deleteMessage") == []


@pytest.mark.parametrize("gone", ["message to edit not found", "MESSAGE_ID_INVALID"])
def test_a_broadcast_that_somebody_deleted_does_not_come_again_when_it_is_corrected(
    api, settings, gone
) -> None:
    message = an_edit(text="new", priority=Priority.BROADCAST)
    api.script("editMessageText", refusal(400, f"Bad Request: {gone}"))
    carry_out(api, settings)
    assert after(message).status == "failed"
    assert api.sent == []


def test_a_broadcast_that_never_arrived_is_not_corrected_into_being(api, settings) -> None:
    message = an_edit(text="new", priority=Priority.BROADCAST, target={"external_message_id": ""})
    carry_out(api, settings)
    assert after(message).status == "failed"
    assert api.of("editMessageText") == api.sent == []


def test_an_edit_changes_the_target_in_place(api, settings) -> None:
    message = an_edit(text="new")
    carry_out(api, settings)
    (call,) = api.of("editMessageText")
    assert (call["message_id"], call["text"]) == ("55", "new")
    assert api.sent == []
    # The screen keeps its one row: the next press on it must find the message, not its revision.
    assert (after(message).status, after(message).external_message_id) == ("sent", "")


def test_an_edit_of_a_photo_changes_its_caption(api, settings) -> None:
    an_edit(text="new", target={"message_type": "photo"})
    carry_out(api, settings)
    assert api.of("editMessageCaption")[0]["caption"] == "new"


def test_a_deletion_deletes_in_ordinary_and_in_business_chats(api, settings) -> None:
    message = a_deletion()
    shown = MessageFactory(external_message_id="56", dialog=DialogFactory(business_connection_id="biz"))
    queued(dialog=shown.dialog, operation="delete", target=shown)
    carry_out(api, settings)
    assert api.of("deleteMessage")[0]["message_id"] == "55"
    assert api.of("deleteBusinessMessages")[0]["message_ids"] == [56]
    assert after(message).status == "sent"


# Refused


def test_429_waits_as_long_as_telegram_says_and_costs_no_try(api, settings) -> None:
    message = queued()
    api.script("sendMessage", refusal(429, "Too Many Requests: retry after 7", retry_after=7))
    carry_out(api, settings)
    waiting = after(message)
    assert (waiting.status, waiting.attempts) == ("queued", 0)
    assert 5 < (waiting.not_before - timezone.now()).total_seconds() <= 7
    assert claim(10)[0] == []


@pytest.mark.parametrize(
    "description",
    [
        "Forbidden: bot was blocked by the user",
        "Forbidden: user is deactivated",
        "Forbidden: bot can't initiate conversation with a user",
    ],
)
def test_a_blocked_bot_fails_marks_the_person_and_takes_broadcasts_back(api, settings, description) -> None:
    message = queued()
    broadcast = queued(dialog=message.dialog, priority=Priority.BROADCAST)
    answer = queued(dialog=message.dialog)
    foreign = queued(priority=Priority.BROADCAST, not_before=None)
    api.script("sendMessage", refusal(403, description))
    carry_out(api, settings)

    assert (after(message).status, after(message).error) == ("failed", description)
    message.dialog.person.refresh_from_db()
    assert message.dialog.person.blocked_at is not None
    assert after(broadcast).status == "cancelled"
    assert (after(answer).status, after(foreign).status) == ("queued", "queued")


def test_another_403_marks_nobody(api, settings) -> None:
    message = queued()
    broadcast = queued(dialog=message.dialog, priority=Priority.BROADCAST)
    api.script("sendMessage", refusal(403, "Forbidden: not enough rights"))
    carry_out(api, settings)
    message.dialog.person.refresh_from_db()
    assert after(message).status == "failed"
    assert message.dialog.person.blocked_at is None
    assert after(broadcast).status == "queued"


def test_what_telegram_cannot_parse_is_sent_once_more_as_plain_text_and_the_owner_is_told(
    api, settings
) -> None:
    owner: Any = DialogFactory(person__role=Role.OWNER)
    message = queued(text="<b>5 &lt; 6<i>")
    unreadable = refusal(400, 'Bad Request: can\'t parse entities: Unsupported start tag "xylophone"')
    api.script("sendMessage", unreadable, OK)
    carry_out(api, settings)
    assert (after(message).status, after(message).attempts) == ("queued", 0)
    Message.objects.filter(dialog=owner).update(not_before=None)  # the notice is looked at, not sent
    carry_out(api, settings)

    again = api.of("sendMessage")[-1]
    assert again["text"] == "5 < 6"
    assert "parse_mode" not in again
    assert after(message).status == "sent"
    notice = Message.objects.get(dialog=owner)
    assert "(Can't parse entities: unsupported start tag)" in plain(notice.text)
    assert notice.priority == Priority.REPORT


def test_plain_text_that_is_refused_too_fails(api, settings) -> None:
    message = queued(payload={"plain": True})
    api.script("sendMessage", refusal(400, "Bad Request: can't parse entities"))
    carry_out(api, settings)
    assert after(message).status == "failed"


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        ("sendMessage", refusal(400, "Bad Request: can't parse entities: unsupported start tag")),
        ("sendMessage", refusal(400, "Bad Request: group chat was upgraded", migrate_to_chat_id=-1005)),
        ("sendPhoto", refusal(400, "Bad Request: wrong file identifier/HTTP URL specified")),
    ],
    ids=["unreadable", "moved", "wrong file"],
)
def test_a_broadcast_that_is_tried_again_leaves_a_pause_the_time_to_hold_it_back(
    api, settings, method, answer
) -> None:
    media = {"kind": "photo", "file": "key", "name": "a.png"}
    values = {"message_type": "photo", "payload": {"media": media}} if method == "sendPhoto" else {}
    _first, message = (queued(priority=Priority.BROADCAST, **values) for _ in range(2))
    photo = {"file_id": "known", "file_unique_id": "1", "width": 1, "height": 1}
    chat = {"id": 1, "type": "private"}
    sent = {"message_id": 5, "date": 1_700_000_000, "chat": chat, "photo": [photo]}
    api.script(method, Answer(result=sent), answer)

    async def load(key: str) -> bytes:
        return b"picture"

    carry_out(api, settings, load=load)

    assert after(message).status == "queued"
    assert after(message).not_before > timezone.now()


def test_a_group_that_moved_is_followed(api, settings) -> None:
    group: Any = DialogFactory(type="group", telegram_dialog_id="-5", person=None, title="Group")
    message = queued(dialog=group)
    moved = refusal(400, "Bad Request: group chat was upgraded", migrate_to_chat_id=-1005)
    api.script("sendMessage", moved)
    carry_out(api, settings)
    group.refresh_from_db()
    assert group.telegram_dialog_id == "-1005"
    assert (after(message).status, after(message).attempts) == ("queued", 0)
    carry_out(api, settings)
    assert api.of("sendMessage")[-1]["chat_id"] == "-1005"
    assert after(message).status == "sent"


def test_a_group_that_moved_to_a_chat_known_already_hands_its_messages_over(api, settings) -> None:
    group: Any = DialogFactory(type="group", telegram_dialog_id="-5", person=None, title="Group")
    supergroup = DialogFactory(type="group", telegram_dialog_id="-1005", person=None, title="Group")
    first, second = queued(dialog=group), queued(dialog=group)
    moved = refusal(400, "Bad Request: group chat was upgraded", migrate_to_chat_id=-1005)
    api.script("sendMessage", moved)
    carry_out(api, settings)
    group.refresh_from_db()
    assert group.telegram_dialog_id == "-5"
    assert after(first).dialog_id == after(second).dialog_id == supergroup.pk
    carry_out(api, settings)
    assert api.of("sendMessage")[-1]["chat_id"] == "-1005"


@pytest.mark.parametrize("status", [400, 406, 409, 413])
def test_any_other_refusal_fails_with_its_reason(api, settings, status) -> None:
    message = queued()
    api.script("sendMessage", refusal(status, "Bad Request: chat not found"))
    carry_out(api, settings)
    assert (after(message).status, after(message).error) == ("failed", "Chat not found")


def test_an_edit_to_what_is_there_already_counts_as_done(api, settings) -> None:
    message = an_edit()
    api.script("editMessageText", refusal(400, "Bad Request: message is not modified: same content"))
    carry_out(api, settings)
    assert after(message).status == "sent"


def test_a_deletion_of_what_is_gone_counts_as_done(api, settings) -> None:
    message = a_deletion()
    api.script("deleteMessage", refusal(400, "Bad Request: message to delete not found"))
    carry_out(api, settings)
    assert after(message).status == "sent"


@pytest.mark.parametrize(
    "reason",
    [
        "message to edit not found",
        "message can't be edited",
        "MESSAGE_ID_INVALID",
        "there is no text in the message to edit",
        "message caption is too long",
    ],
)
def test_an_edit_of_what_cannot_be_edited_becomes_a_message_of_its_own(api, settings, reason) -> None:
    message = an_edit(text="new", payload={"buttons": [[{"text": "Go", "data": "go"}]]})
    api.script("editMessageText", refusal(400, f"Bad Request: {reason}"))
    carry_out(api, settings)
    waiting = after(message)
    assert (waiting.status, waiting.operation, waiting.target_id) == ("queued", "send", None)
    carry_out(api, settings)
    (call,) = api.of("sendMessage")
    assert call["text"] == "new"
    assert call["reply_markup"]
    assert (after(message).status, after(message).external_message_id) == ("sent", "1001")


def test_an_edit_of_what_never_arrived_becomes_a_message_of_its_own(api, settings) -> None:
    message = an_edit(text="new", target={"status": "failed"})
    Message.objects.filter(pk=message.target_id).update(external_message_id="")
    carry_out(api, settings)
    assert api.calls[1:] == []  # getMe only
    carry_out(api, settings)
    assert api.of("sendMessage")[0]["text"] == "new"
    assert after(message).status == "sent"


def test_there_is_nothing_to_delete_of_what_never_arrived(api, settings) -> None:
    message = a_deletion()
    Message.objects.filter(pk=message.target_id).update(external_message_id="")
    carry_out(api, settings)
    assert after(message).status == "failed"
    assert api.of("deleteMessage") == []


# Nobody knows


TROUBLE = [
    pytest.param(refusal(502, "Bad Gateway"), id="5xx"),
    pytest.param(Answer(status=502, body=b"<html>Bad Gateway</html>"), id="5xx without JSON"),
]


@pytest.mark.parametrize("trouble", TROUBLE)
@pytest.mark.parametrize("priority", [Priority.ANSWER, Priority.NOTICE])
def test_a_server_error_lets_an_answer_wait_and_costs_a_try(api, settings, trouble, priority) -> None:
    message = queued(priority=priority)
    api.script("sendMessage", trouble)
    carry_out(api, settings)
    waiting = after(message)
    assert (waiting.status, waiting.attempts) == ("queued", 1)
    assert 0 < (waiting.not_before - timezone.now()).total_seconds() <= 1


def test_after_five_server_errors_an_answer_failed(api, settings) -> None:
    message = queued(attempts=MAX_ATTEMPTS - 1)
    api.script("sendMessage", refusal(500, "Internal Server Error"))
    carry_out(api, settings)
    assert (after(message).status, after(message).attempts) == ("failed", MAX_ATTEMPTS)


@pytest.mark.parametrize("trouble", TROUBLE)
@pytest.mark.parametrize("priority", [Priority.APPROVED_REPLY, Priority.BROADCAST])
def test_a_server_error_leaves_an_approved_reply_or_broadcast_uncertain(
    api, settings, trouble, priority
) -> None:
    message = queued(priority=priority)
    api.script("sendMessage", trouble)
    carry_out(api, settings)
    assert after(message).status == "uncertain"
    assert claim(10)[0] == []


@pytest.mark.parametrize(
    "trouble", [DROP, HANG, Answer(body=b"{")], ids=["connection lost", "no answer", "unreadable success"]
)
def test_what_may_have_arrived_is_uncertain_and_not_sent_again(api, settings, trouble) -> None:
    settings.SEND_LEASE_SECONDS = 0.4
    message = queued()
    api.script("sendMessage", trouble)
    (outcome,) = carry_out(api, settings)
    assert after(message).status == "uncertain"
    assert after(message).error
    assert not outcome.answered
    assert claim(10)[0] == []
    assert len(api.of("sendMessage")) == 1


@pytest.mark.parametrize("trouble", [DROP, refusal(500, "oops")], ids=["connection lost", "5xx"])
@pytest.mark.parametrize("make", [an_edit, a_deletion])
def test_an_edit_or_a_deletion_is_simply_repeated(api, settings, trouble, make) -> None:
    message = make(priority=Priority.BROADCAST)
    method = "editMessageText" if message.operation == "edit" else "deleteMessage"
    api.script(method, trouble)
    carry_out(api, settings)
    assert (after(message).status, after(message).attempts) == ("queued", 1)
    Message.objects.filter(pk=message.pk).update(not_before=timezone.now())
    carry_out(api, settings)
    assert after(message).status == "sent"
    assert len(api.of(method)) == 2


def test_what_never_left_waits_without_costing_a_try(settings) -> None:
    message = queued(priority=Priority.BROADCAST)
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        settings.TELEGRAM_API_URL = f"http://127.0.0.1:{sock.getsockname()[1]}"
    (found,), _ = claim(10)

    async def work() -> Outcome:
        from telegrambot.engine.client import make_bot

        settings.TELEGRAM_BOT_TOKEN = "7000001:AAExampleExampleExampleExample_-0ab"
        bot = make_bot()
        await bot.request.initialize()
        try:
            return await deliver(bot, found, Uploads(load_file))
        finally:
            await bot.request.shutdown()

    outcome = asyncio.run(work())
    settle([outcome])
    assert (after(message).status, after(message).attempts) == ("queued", 0)
    assert after(message).not_before > timezone.now()
    assert not outcome.answered


@pytest.mark.parametrize("status", [401, 404])
def test_a_refused_token_is_no_ones_outcome(api, settings, status) -> None:
    queued()
    api.script("sendMessage", refusal(status, "Unauthorized"))
    with pytest.raises(Unauthorized):
        carry_out(api, settings)


def test_what_cannot_be_put_into_a_call_is_known_not_to_have_left(api, settings) -> None:
    queued(message_type="photo", payload={})
    with pytest.raises(Unsendable):
        carry_out(api, settings)
    assert api.sent == []


def test_neither_errors_nor_logs_hold_the_token(api, settings, caplog) -> None:
    message = queued()
    api.script("sendMessage", refusal(400, "Bad Request: /bot123456789:AAExampleExampleExampleExample_-0ab"))
    with caplog.at_level(logging.INFO):
        carry_out(api, settings)
    assert "AAExample" not in after(message).error
    assert "<token>" in after(message).error


# Settling


def outcome_for(found: Claim, status: str, **more: Any) -> Outcome:
    return Outcome(found.message_id, found.token, found.dialog_id, status, **more)


def test_a_late_answer_with_the_right_token_settles_what_was_uncertain() -> None:
    message = queued()
    (found,), _ = claim(1)
    settle([outcome_for(found, "uncertain", error="lease")])
    assert after(message).claim_token == found.token
    settle([outcome_for(found, "queued")])
    assert after(message).status == "uncertain"  # an operator may have sent it again by now
    settle([outcome_for(found, "sent", external_message_id="9")])
    assert (after(message).status, after(message).external_message_id) == ("sent", "9")


def test_an_answer_with_another_token_changes_nothing() -> None:
    message = queued()
    (old,), _ = claim(1)
    settle([outcome_for(old, "queued")])
    (new,), _ = claim(1)
    settle([outcome_for(old, "failed", error="stale")])
    assert (after(message).status, after(message).error) == ("sending", "")
    settle([outcome_for(new, "sent", external_message_id="9")])
    assert after(message).status == "sent"
    settle([outcome_for(new, "failed")])
    assert after(message).status == "sent"


def test_an_error_with_a_nul_character_can_be_recorded() -> None:
    message = queued()
    (found,), _ = claim(1)
    settle([outcome_for(found, "failed", error="a\x00b")])
    assert after(message).error == "a\ufffdb"


def test_plain_takes_the_tags_out_and_nothing_else() -> None:
    assert plain('<b>a</b> &lt; <a href="x">b</a> 1 < 2') == "a < b 1 < 2"
    assert plain("/?a=1&copy=2&nbsp;&amp;copy=3") == "/?a=1&copy=2&nbsp;&copy=3"


def test_an_album_upload_reads_each_file_once(api, settings) -> None:
    files = {"one": b"1" * 10, "two": b"2" * 10}
    queued(
        message_type="album",
        text="",
        payload={"album": [{"kind": "photo", "file": key, "name": f"{key}.jpg"} for key in files]},
    )
    asked: list[str] = []

    async def load(key: str) -> bytes:
        asked.append(key)
        return io.BytesIO(files[key]).read()

    carry_out(api, settings, load=load)
    (call,) = [call for call in api.calls if call.method == "sendMediaGroup"]
    assert sorted(call.files.values()) == sorted(files.values())
    assert asked == ["one", "two"]


def test_a_channel_is_no_person_to_mark(api, settings) -> None:
    channel = DialogFactory(type="channel", telegram_dialog_id="-9", person=None, title="Channel")
    message = queued(dialog=channel, person=None)
    api.script("sendMessage", refusal(403, "Forbidden: bot was blocked by the user"))
    carry_out(api, settings)
    assert after(message).status == "failed"
