"""Groups and channels: what people do there, and what the bot gets to see."""

from __future__ import annotations

from typing import Any

import pytest
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, ReplyParameters, Update
from telegram.error import BadRequest, Forbidden

from telegrambot.sandbox import people
from telegrambot.sandbox.exceptions import (
    InvalidTitle,
    MessageGone,
    NotAMember,
    NotYourMessage,
    OnlyAdminsManage,
    OnlyAdminsPost,
)
from telegrambot.sandbox.models import (
    SandboxBot,
    SandboxCallback,
    SandboxChat,
    SandboxMessage,
    SandboxPerson,
    SandboxUpdate,
)
from telegrambot.sandbox.tests.conftest import RealBot
from telegrambot.sandbox.tests.factories import PersonFactory


@pytest.fixture
def owner(transactional_db: None) -> SandboxPerson:
    return PersonFactory.create(first_name="Olga")


@pytest.fixture
def member(transactional_db: None) -> SandboxPerson:
    return PersonFactory.create()


def updates(bot: RealBot) -> list[Update]:
    """What the bot is told now, and that it has it."""

    async def fetch(b: Bot) -> list[Update]:
        found = list(await b.get_updates())
        if found:
            await b.get_updates(offset=found[-1].update_id + 1)
        return found

    return bot(fetch)


def forget_updates() -> None:
    SandboxUpdate.objects.all().delete()


def kinds() -> list[str]:
    return [next(iter(update.payload)) for update in SandboxUpdate.objects.all()]


def test_the_bot_learns_that_it_joined_and_was_removed(
    bot: RealBot, owner: SandboxPerson, member: SandboxPerson
) -> None:
    group = people.create_group(owner, " Rowing ", [member, owner])
    people.remove_bot(owner, group)

    joined, removed = (update.my_chat_member for update in updates(bot))

    assert joined
    assert (joined.chat.type, joined.chat.title, joined.chat.id) == ("supergroup", "Rowing", group.pk)
    assert joined.from_user.id == owner.pk
    assert (joined.old_chat_member.status, joined.new_chat_member.status) == ("left", "member")
    assert removed
    assert (removed.old_chat_member.status, removed.new_chat_member.status) == ("member", "kicked")
    assert joined.new_chat_member.user.id == SandboxBot.objects.current().telegram_id


def test_with_privacy_mode_the_bot_hears_commands_and_replies_only(
    bot: RealBot, owner: SandboxPerson, member: SandboxPerson
) -> None:
    group = people.create_group(owner, "Rowing", [member])
    said = bot(lambda b: b.send_message(group.pk, "Hello all"))
    forget_updates()

    people.send_text(member, "just talking", chat=group)
    people.send_text(member, "/help@another_bot", chat=group)
    people.send_text(member, "say /help", chat=group)
    assert updates(bot) == []

    people.send_text(member, "/help", chat=group)
    people.send_text(member, "/help@Switchboard_Demo_Bot now", chat=group)
    people.send_text(owner, "to you", chat=group, reply_to=said.message_id)
    heard = [update.message for update in updates(bot) if update.message]
    assert [message.text for message in heard] == ["/help", "/help@Switchboard_Demo_Bot now", "to you"]
    assert heard[0].chat.type == "supergroup"
    assert heard[0].from_user
    assert heard[0].from_user.id == member.pk
    assert heard[2].reply_to_message
    assert heard[2].reply_to_message.message_id == said.message_id


def test_without_privacy_mode_or_as_an_administrator_it_hears_everything(
    bot: RealBot, owner: SandboxPerson
) -> None:
    group = people.create_group(owner, "Rowing")
    SandboxBot.objects.update(privacy_mode=False)
    people.send_text(owner, "one", chat=group)
    assert bot(lambda b: b.get_me()).can_read_all_group_messages is True

    SandboxBot.objects.update(privacy_mode=True)
    people.add_bot(owner, group, as_admin=True)
    message = people.send_text(owner, "two", chat=group)
    people.edit_text(owner, message.pk, "three")
    people.remove_bot(owner, group)
    people.send_text(owner, "/four", chat=group)

    assert kinds() == [
        "my_chat_member",
        "message",
        "my_chat_member",
        "message",
        "edited_message",
        "my_chat_member",
    ]


def test_only_members_talk_and_only_admins_manage(owner: SandboxPerson, member: SandboxPerson) -> None:
    group = people.create_group(owner, "Rowing", [member], with_bot=False)
    stranger = PersonFactory.create()
    message = people.send_text(owner, "Hello", chat=group)

    with pytest.raises(NotAMember):
        people.send_text(stranger, "Hello", chat=group)
    with pytest.raises(MessageGone):
        people.delete_message(stranger, message.pk)
    with pytest.raises(NotAMember):
        people.add_member(stranger, group, stranger)
    with pytest.raises(OnlyAdminsManage):
        people.add_bot(member, group)
    with pytest.raises(NotYourMessage):
        people.delete_message(member, message.pk)
    with pytest.raises(InvalidTitle):
        people.create_group(owner, " ")
    with pytest.raises(InvalidTitle):
        people.create_channel(owner, "x" * 129)
    assert not SandboxUpdate.objects.exists()

    people.add_member(member, group, stranger)
    own = people.send_text(stranger, "Hello", chat=group)
    people.leave(stranger, group)
    assert people.chats_of(stranger) == []
    with pytest.raises(NotAMember):
        people.leave(stranger, group)
    people.delete_message(owner, own.pk)
    assert SandboxMessage.objects.get(pk=own.pk).deleted_at


def test_the_bot_writes_only_where_it_is(bot: RealBot, owner: SandboxPerson) -> None:
    group = people.create_group(owner, "Rowing", with_bot=False)
    with pytest.raises(Forbidden, match="bot is not a member of the supergroup chat"):
        bot(lambda b: b.send_message(group.pk, "Hello"))

    people.add_bot(owner, group)
    said = bot(lambda b: b.send_message(group.pk, "Hello"))
    assert said.chat.title == "Rowing"
    theirs = people.send_text(owner, "mine", chat=group)
    with pytest.raises(BadRequest, match="can't be deleted"):
        bot(lambda b: b.delete_message(group.pk, theirs.pk))
    people.add_bot(owner, group, as_admin=True)
    assert bot(lambda b: b.delete_message(group.pk, theirs.pk))

    people.remove_bot(owner, group)
    with pytest.raises(Forbidden, match="bot was kicked from the supergroup chat"):
        bot(lambda b: b.send_message(group.pk, "Hello"))
    with pytest.raises(Forbidden, match="bot was kicked from the supergroup chat"):
        bot(lambda b: b.edit_message_text("Hi", group.pk, said.message_id))
    assert SandboxMessage.objects.get(sender=None).text == "Hello"


def test_a_post_is_copied_into_the_discussion_group_and_commented_there(
    bot: RealBot, owner: SandboxPerson, member: SandboxPerson
) -> None:
    channel = people.create_channel(owner, "News", [member])
    group = channel.discussion
    assert group
    assert group.title == "News Chat"
    forget_updates()

    with pytest.raises(OnlyAdminsPost):
        people.send_text(member, "me too", chat=channel)
    post = people.send_text(owner, "First", chat=channel)
    copy = SandboxMessage.objects.get(chat=group)
    people.send_text(member, "Nice", chat=group, reply_to=copy.pk)
    people.edit_text(owner, post.pk, "First!")

    posted, copied, comment, edited, copy_edited = updates(bot)
    assert posted.channel_post
    assert posted.channel_post.from_user is None
    assert posted.channel_post.sender_chat
    assert posted.channel_post.sender_chat.id == channel.pk
    assert copied.message
    assert copied.message.is_automatic_forward
    assert copied.message.from_user
    assert copied.message.from_user.id == 777000
    assert copied.message.sender_chat == posted.channel_post.sender_chat
    assert copied.message.forward_origin
    assert copied.message.forward_origin.message_id == post.pk  # type: ignore[attr-defined]
    assert comment.message
    assert comment.message.message_thread_id == copied.message.message_id
    assert comment.message.reply_to_message
    assert comment.message.reply_to_message.is_automatic_forward
    assert edited.edited_channel_post
    assert edited.edited_channel_post.text == "First!"
    assert copy_edited.edited_message
    assert copy_edited.edited_message.message_id == copied.message.message_id


def test_what_the_bot_posts_is_copied_too(bot: RealBot, owner: SandboxPerson) -> None:
    channel = people.create_channel(owner, "News")
    forget_updates()

    post = bot(lambda b: b.send_message(channel.pk, "Dear readers"))
    bot(lambda b: b.edit_message_text("Dear all", channel.pk, post.message_id))

    assert post.sender_chat
    assert post.sender_chat.id == channel.pk
    copied, edited = updates(bot)
    assert copied.message
    assert copied.message.text == "Dear readers"
    assert edited.edited_message
    assert edited.edited_message.text == "Dear all"
    answer = bot(
        lambda b: b.send_message(
            channel.discussion.pk,  # type: ignore[union-attr]
            "First comment",
            reply_parameters=ReplyParameters(copied.message.message_id),  # type: ignore[union-attr]
        )
    )
    assert answer.message_thread_id == copied.message.message_id
    with pytest.raises(BadRequest, match="can't be edited"):
        bot(lambda b: b.edit_message_text("x", answer.chat.id, copied.message.message_id))  # type: ignore[union-attr]


def test_the_bot_asks_who_is_there_and_leaves(
    bot: RealBot, owner: SandboxPerson, member: SandboxPerson
) -> None:
    group = people.create_group(owner, "Rowing", [member])
    stranger = PersonFactory.create()
    forget_updates()

    async def ask(b: Bot) -> list[Any]:
        me = await b.get_me()
        return [
            [
                (await b.get_chat_member(group.pk, who)).status
                for who in (owner.pk, member.pk, stranger.pk, me.id)
            ],
            [admin.user.id for admin in await b.get_chat_administrators(group.pk)],
            await b.get_chat_member_count(group.pk),
            (await b.get_chat(group.pk)).title,
        ]

    assert bot(ask) == [["creator", "member", "left", "member"], [owner.pk], 3, "Rowing"]
    assert bot(lambda b: b.leave_chat(group.pk))
    assert SandboxChat.objects.get(pk=group.pk).bot_status == "left"
    assert kinds() == ["my_chat_member"]
    with pytest.raises(BadRequest):
        bot(lambda b: b.get_chat_member(4711, owner.pk))


def test_lists_show_everybody_their_own_chats(owner: SandboxPerson, member: SandboxPerson) -> None:
    group = people.create_group(owner, "Rowing", [member], with_bot=False)
    channel = people.create_channel(owner, "News", [member], with_discussion=False)
    business = people.open_business_chat(owner, member)

    assert [chat.name_for(owner) for chat in people.chats_of(owner)] == ["Rowing", "News", "Greta Lind"]
    assert [chat.name_for(member) for chat in people.chats_of(member)] == ["Rowing", "News", "Olga Lind"]
    assert [people.may_write(member, chat) for chat in (group, channel, business)] == [True, False, True]
    assert not people.may_write(PersonFactory.create(), business)


def test_a_button_in_a_group_is_anybodys_to_press(
    bot: RealBot, owner: SandboxPerson, member: SandboxPerson
) -> None:
    group = people.create_group(owner, "Rowing", [member])
    markup = InlineKeyboardMarkup([[InlineKeyboardButton("I come", callback_data="come")]])
    asked = bot(lambda b: b.send_message(group.pk, "Who comes?", reply_markup=markup))
    forget_updates()

    people.press(member, asked.message_id, 0, 0)
    with pytest.raises(MessageGone):
        people.press(PersonFactory.create(), asked.message_id, 0, 0)

    (update,) = updates(bot)
    query = update.callback_query
    assert query
    assert (query.from_user.id, query.data) == (member.pk, "come")
    assert query.message
    assert query.message.chat.id == group.pk
    assert bot(lambda b: b.answer_callback_query(query.id, "See you"))
    assert SandboxCallback.objects.get().answer == "See you"
