from __future__ import annotations

from typing import Any

import pytest
from telegram import (
    Bot,
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaDocument,
    InputMediaPhoto,
    ReplyParameters,
)
from telegram.error import BadRequest, EndPointNotFound, Forbidden, InvalidToken

from telegrambot.engine.tests.pictures import UNFIT
from telegrambot.sandbox.models import SandboxBot, SandboxChat, SandboxFile, SandboxMessage
from telegrambot.sandbox.tests.conftest import RealBot
from telegrambot.sandbox.tests.factories import PNG, ChatFactory, MessageFactory


@pytest.fixture
def chat(transactional_db: None) -> SandboxChat:
    return ChatFactory.create()


def test_get_me_names_the_bot_of_the_token(bot: RealBot) -> None:
    me = bot(lambda b: b.get_me())

    assert me.is_bot
    assert me.id == int(bot.token.split(":")[0])
    assert me.username == "switchboard_demo_bot"


def test_a_wrong_token_is_unauthorized(bot: RealBot) -> None:
    with pytest.raises(InvalidToken):
        bot(lambda b: b.get_me(), token="1234567:wrong")


def test_an_unknown_method_is_not_found(bot: RealBot) -> None:
    with pytest.raises(EndPointNotFound):
        bot(lambda b: b.do_api_request("makeCoffee"))
    assert bot.raw("makeCoffee") == (
        404,
        {"ok": False, "error_code": 404, "description": "Not Found: method not found"},
    )


def test_a_message_arrives_formatted(bot: RealBot, chat: SandboxChat) -> None:
    sent = bot(lambda b: b.send_message(chat.pk, "😀 <b>bold</b> &amp; <i>it</i> /help", parse_mode="HTML"))

    assert sent.text == "😀 bold & it /help"
    assert [(e.type, sent.parse_entity(e)) for e in sent.entities] == [
        ("bold", "bold"),
        ("italic", "it"),
        ("bot_command", "/help"),
    ]
    assert sent.chat.first_name == "Greta"
    assert sent.from_user
    assert sent.from_user.is_bot
    assert SandboxMessage.objects.get(pk=sent.message_id).text == "😀 bold & it /help"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "Message text is empty"),
        ("  \n ", "Message text is empty"),
        ("<b></b>", "Message text is empty"),
        ("x" * 4097, "Message is too long"),
        ("<b>open", "Can't parse entities: can't find end tag corresponding to start tag \"b\""),
        ("<table>", 'Can\'t parse entities: unsupported start tag "table" at byte offset 0'),
        ("a < b", 'Can\'t parse entities: unsupported start tag "" at byte offset 2'),
    ],
)
def test_a_wrong_text_is_refused(bot: RealBot, chat: SandboxChat, text: str, complaint: str) -> None:
    with pytest.raises(BadRequest) as refusal:
        bot(lambda b: b.send_message(chat.pk, text, parse_mode="HTML"))

    assert refusal.value.message.lower() == complaint.lower()
    assert not SandboxMessage.objects.exists()


def test_4096_emoji_fit(bot: RealBot, chat: SandboxChat) -> None:
    sent = bot(lambda b: b.send_message(chat.pk, "😀" * 4096))

    assert sent.text == "😀" * 4096


def test_characters_that_postgresql_cannot_hold_become_spaces(bot: RealBot, chat: SandboxChat) -> None:
    assert bot(lambda b: b.send_message(chat.pk, "a\x00b")).text == "a b"


def test_markdown_is_refused_not_misread(bot: RealBot, chat: SandboxChat) -> None:
    with pytest.raises(BadRequest, match=r"(?i)unsupported parse_mode"):
        bot(lambda b: b.send_message(chat.pk, "*x*", parse_mode="MarkdownV2"))


def test_an_unknown_chat_is_not_found(bot: RealBot) -> None:
    with pytest.raises(BadRequest, match="Chat not found"):
        bot(lambda b: b.send_message(4711, "Hello"))


def test_somebody_who_blocked_the_bot_gets_nothing(bot: RealBot) -> None:
    chat = ChatFactory.create(blocked=True)

    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        bot(lambda b: b.send_message(chat.pk, "Hello"))
    with pytest.raises(Forbidden):
        bot(lambda b: b.send_chat_action(chat.pk, "typing"))
    assert not SandboxMessage.objects.exists()


def keyboard(*rows: list[InlineKeyboardButton]) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(rows)


def test_buttons_come_back_with_the_message(bot: RealBot, chat: SandboxChat) -> None:
    markup = keyboard(
        [InlineKeyboardButton("Save", callback_data="ж" * 32)],
        [InlineKeyboardButton("Site", url="https://example.org/x")],
    )

    assert bot(lambda b: b.send_message(chat.pk, "Hello", reply_markup=markup)).reply_markup == markup


@pytest.mark.parametrize(
    ("button", "complaint"),
    [
        ({"text": "Save", "callback_data": "ж" * 33}, "BUTTON_DATA_INVALID"),
        ({"text": "Save", "callback_data": ""}, "BUTTON_DATA_INVALID"),
        ({"text": "Save"}, "text buttons are unallowed"),
        ({"text": " ", "callback_data": "x"}, "BUTTON_TEXT_EMPTY"),
        ({"callback_data": "x"}, "can't find field"),
        ({"text": "Site", "url": "http://localhost/"}, "Wrong HTTP URL"),
        ({"text": "Site", "url": "javascript:alert(1)"}, "Wrong HTTP URL"),
        ({"text": "Site", "url": "https://example.org:0/"}, "Wrong HTTP URL"),
        ("Save", "must be an Object"),
    ],
)
def test_a_wrong_button_is_refused(bot: RealBot, chat: SandboxChat, button: Any, complaint: str) -> None:
    parameters = {"chat_id": chat.pk, "text": "x", "reply_markup": {"inline_keyboard": [[button]]}}

    assert complaint in bot.refusal("sendMessage", parameters)


def test_other_markup_is_taken_and_not_returned(bot: RealBot, chat: SandboxChat) -> None:
    sent = bot(lambda b: b.send_message(chat.pk, "Your name?", reply_markup=ForceReply()))

    assert sent.reply_markup is None
    assert "reply keyboard markup" in bot.refusal(
        "sendMessage", {"chat_id": chat.pk, "text": "x", "reply_markup": {"a": 1}}
    )


def test_a_reply_shows_what_it_answers(bot: RealBot, chat: SandboxChat) -> None:
    first = MessageFactory.create(chat=chat, sender=chat.person, text="What?")
    foreign = MessageFactory.create()

    sent = bot(lambda b: b.send_message(chat.pk, "That.", reply_parameters=ReplyParameters(first.pk)))
    assert sent.reply_to_message
    assert sent.reply_to_message.text == "What?"

    with pytest.raises(BadRequest, match="Message to be replied not found"):
        bot(lambda b: b.send_message(chat.pk, "That.", reply_parameters=ReplyParameters(foreign.pk)))
    lenient = ReplyParameters(foreign.pk, allow_sending_without_reply=True)
    assert bot(lambda b: b.send_message(chat.pk, "That.", reply_parameters=lenient)).reply_to_message is None


def test_a_photo_can_be_uploaded_and_sent_again_by_its_id(bot: RealBot, chat: SandboxChat) -> None:
    sent = bot(lambda b: b.send_photo(chat.pk, PNG, caption="<b>Look</b>", parse_mode="HTML"))
    assert sent.caption == "Look"
    assert sent.caption_entities[0].type == "bold"
    assert (sent.photo[-1].width, sent.photo[-1].height) == (2, 1)

    again = bot(lambda b: b.send_photo(chat.pk, sent.photo[-1].file_id))
    assert again.photo[-1].file_unique_id == sent.photo[-1].file_unique_id

    async def download(b: Bot) -> bytes:
        file = await b.get_file(again.photo[-1].file_id)
        return bytes(await file.download_as_bytearray())

    assert bot(download) == PNG


def test_what_is_no_picture_is_no_photo(bot: RealBot, chat: SandboxChat) -> None:
    with pytest.raises(BadRequest, match=r"(?i)IMAGE_PROCESS_FAILED"):
        bot(lambda b: b.send_photo(chat.pk, b"plain text"))
    with pytest.raises(BadRequest, match=r"(?i)file must be non-empty"):
        bot(lambda b: b.send_photo(chat.pk, b""))
    with pytest.raises(BadRequest, match=r"(?i)wrong file identifier"):
        bot(lambda b: b.send_photo(chat.pk, "AgACunknown"))
    assert "there is no photo in the request" in bot.refusal("sendPhoto", {"chat_id": chat.pk})


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ("sides", r"(?i)PHOTO_INVALID_DIMENSIONS"),
        ("ratio", r"(?i)PHOTO_INVALID_DIMENSIONS"),
        ("size", r"is too big for a photo; the maximum size is 10485760 bytes"),
    ],
)
def test_what_is_too_large_for_a_photo_goes_as_a_file(
    bot: RealBot, chat: SandboxChat, wrong: str, complaint: str
) -> None:
    with pytest.raises(BadRequest, match=complaint):
        bot(lambda b: b.send_photo(chat.pk, UNFIT[wrong]))
    with pytest.raises(BadRequest, match=complaint):
        bot(lambda b: b.send_media_group(chat.pk, [InputMediaPhoto(PNG), InputMediaPhoto(UNFIT[wrong])]))
    assert not SandboxMessage.objects.exists()

    assert bot(lambda b: b.send_document(chat.pk, UNFIT[wrong])).document


def test_a_document_and_a_video_keep_their_names(bot: RealBot, chat: SandboxChat) -> None:
    document = bot(lambda b: b.send_document(chat.pk, b"Hello", filename="Отчёт.txt"))
    assert document.document
    assert (document.document.file_name, document.document.file_size) == ("Отчёт.txt", 5)
    assert document.document.mime_type == "text/plain"

    video = bot(lambda b: b.send_video(chat.pk, b"not really", filename="clip.mp4"))
    assert video.video
    assert video.video.mime_type == "video/mp4"
    with pytest.raises(BadRequest, match=r"(?i)can't use file of type Video as Photo"):
        bot(lambda b: b.send_photo(chat.pk, video.video.file_id))  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("name", "suffix"),
    [
        ("notes.tar.gz", ".gz"),
        ("Invoice No.#12", ""),
        ("what.is it?", ""),
        ("100%.50%25", ""),
        ("v1.file_9", ""),
        ("плюс.+ и", ""),
        ("x.elevenchars", ""),
        ("pdf", ""),
        ("dot.", ""),
    ],
)
def test_a_file_of_any_name_can_be_fetched(bot: RealBot, chat: SandboxChat, name: str, suffix: str) -> None:
    async def fetched(b: Bot) -> tuple[str, bytes]:
        message = await b.send_document(chat.pk, b"Hello", filename=name)
        assert message.document
        file = await message.document.get_file()
        return file.file_path or "", bytes(await file.download_as_bytearray())

    path, content = bot(fetched)
    assert path.endswith(f"/documents/file_{SandboxFile.objects.get().pk}{suffix}")
    assert content == b"Hello"


def test_a_caption_has_1024_characters(bot: RealBot, chat: SandboxChat) -> None:
    assert bot(lambda b: b.send_photo(chat.pk, PNG, caption="x" * 1024)).caption == "x" * 1024
    with pytest.raises(BadRequest, match=r"(?i)caption is too long"):
        bot(lambda b: b.send_photo(chat.pk, PNG, caption="x" * 1025))


def test_a_file_is_fetched_from_an_address(bot: RealBot, chat: SandboxChat, live_server: Any) -> None:
    async def path(b: Bot) -> str:
        message = await b.send_document(chat.pk, PNG, filename="dot.png")
        assert message.document
        return (await b.get_file(message.document.file_id)).file_path or ""

    address = bot(path)
    assert address.startswith(live_server.url)

    assert bot(lambda b: b.send_photo(chat.pk, address)).photo[-1].width == 2
    with pytest.raises(BadRequest, match=r"(?i)failed to get HTTP URL content"):
        bot(lambda b: b.send_photo(chat.pk, f"{live_server.url}/nothing-here"))
    with pytest.raises(BadRequest, match=r"(?i)failed to get HTTP URL content"):
        bot(lambda b: b.send_photo(chat.pk, f"{live_server.url}/a blank.png"))


def test_an_album_is_several_messages_with_one_id(bot: RealBot, chat: SandboxChat) -> None:
    items = [InputMediaPhoto(PNG, caption="One"), InputMediaPhoto(PNG)]

    messages = bot(lambda b: b.send_media_group(chat.pk, items))

    assert len({message.media_group_id for message in messages}) == 1
    assert messages[0].media_group_id
    assert [message.caption for message in messages] == ["One", None]


def test_a_wrong_album_is_refused_whole(bot: RealBot, chat: SandboxChat) -> None:
    mixed = [InputMediaPhoto(PNG), InputMediaDocument(b"x", filename="x.txt")]
    with pytest.raises(BadRequest, match=r"(?i)can't be mixed"):
        bot(lambda b: b.send_media_group(chat.pk, mixed))
    for media, complaint in (
        ("[]", "no messages to send"),
        ('[{"type": "photo", "media": "attach://nothing"}]', "can't find attached file"),
        ('[{"type": "sticker", "media": "x"}]', "unsupported"),
        ("nonsense", "can't parse media"),
        ('["x"]', "expected an Object"),
        ("[" + ",".join(["{}"] * 11) + "]", "too many messages"),
    ):
        assert complaint in bot.refusal("sendMediaGroup", {"chat_id": chat.pk, "media": media})
    assert not SandboxMessage.objects.exists()


def test_a_chat_action_ends_with_the_next_message(bot: RealBot, chat: SandboxChat) -> None:
    bot(lambda b: b.send_chat_action(chat.pk, "typing"))
    chat.refresh_from_db()
    assert chat.action == "typing"
    assert chat.action_until

    bot(lambda b: b.send_message(chat.pk, "Done"))
    chat.refresh_from_db()
    assert chat.action_until is None
    with pytest.raises(BadRequest, match=r"(?i)wrong parameter action"):
        bot(lambda b: b.send_chat_action(chat.pk, "juggling"))


def test_get_chat_tells_what_is_known_of_a_person(bot: RealBot, chat: SandboxChat) -> None:
    assert bot(lambda b: b.get_chat(chat.pk)).username == chat.person.username  # type: ignore[union-attr]
    with pytest.raises(BadRequest, match="Chat not found"):
        bot(lambda b: b.get_chat(1))


def test_get_file_knows_only_its_own_ids(bot: RealBot) -> None:
    with pytest.raises(BadRequest, match=r"(?i)wrong file_id"):
        bot(lambda b: b.get_file("nonsense"))


def test_every_bot_has_one_random_token(db: None) -> None:
    token = SandboxBot.objects.current().token

    assert SandboxBot.objects.current().token == token
    assert len(token.split(":")[0]) == 7
    assert len(token.split(":")[1]) == 35
