from __future__ import annotations

import pytest

from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.engine.models import Dialog
from telegrambot.guides.models import Guide, GuideCategory
from telegrambot.sandbox import call_log, demo, faults, people
from telegrambot.sandbox.models import (
    SandboxBot,
    SandboxChat,
    SandboxMessage,
    SandboxPerson,
    SandboxUpdate,
)

pytestmark = pytest.mark.django_db


def test_four_people_of_whom_the_bot_knows_three() -> None:
    demo.fill()

    assert SandboxBot.objects.count() == 1
    assert [person.part for person in SandboxPerson.objects.all()] == [
        "owner",
        "admin",
        "subscriber",
        "newcomer",
    ]
    roles = dict(TelegramUser.objects.values_list("username", "role"))
    assert roles == {"olivia_novak": Role.OWNER, "anton_berg": Role.ADMIN, "sara_haddad": Role.SUBSCRIBER}
    # The bot may write first to those whom it knows, and only to them.
    private = SandboxChat.objects.filter(kind="private")
    assert {chat.person.part for chat in private if chat.person} == {"owner", "admin", "subscriber"}
    assert not SandboxChat.objects.filter(person__part="newcomer").exists()


def test_filling_again_changes_nothing() -> None:
    demo.fill()
    token = SandboxBot.objects.current().token
    TelegramUser.objects.filter(username="anton_berg").update(role=Role.PUBLIC)
    SandboxPerson.objects.filter(part="owner").update(first_name="Renamed")

    demo.fill()

    assert SandboxBot.objects.current().token == token
    assert TelegramUser.objects.get(username="anton_berg").role == Role.PUBLIC
    assert SandboxPerson.objects.get(part="owner").first_name == "Renamed"
    assert SandboxPerson.objects.count() == 4
    assert SandboxChat.objects.count() == 7
    assert SandboxMessage.objects.count() == 6
    assert SandboxUpdate.objects.count() == 4


def test_everybody_finds_something_to_read() -> None:
    for slug in ("platform", "risk", "automation", "psychology"):  # a flush may have emptied the table
        GuideCategory.objects.get_or_create(slug=slug)
    demo.fill()
    Guide.objects.filter(description__contains="stop order").update(title="Renamed")
    known = Guide.objects.count()

    demo.fill()

    assert Guide.objects.count() == known + 1  # what was renamed is the operator's own now
    assert Guide.objects.filter(minimum_role=Role.PUBLIC).count() > 3
    assert Guide.objects.filter(minimum_role=Role.SUBSCRIBER).exists()


def test_there_is_a_chat_of_every_type() -> None:
    demo.fill()

    owner, admin, subscriber, newcomer = SandboxPerson.objects.all()
    shown = [(chat.kind, chat.name_for(subscriber)) for chat in people.chats_of(subscriber)]
    assert sorted(shown) == [
        ("business", "Anton Berg"),
        ("channel", "Switchboard News"),
        ("private", ""),
        ("supergroup", "Rowing club"),
        ("supergroup", "Switchboard News Chat"),
    ]
    assert people.chats_of(newcomer) == []
    assert people.connection_of(admin)
    assert not people.connection_of(owner)
    # The bot learns where it is, but not of what was said before it came.
    told = [next(iter(update.payload)) for update in SandboxUpdate.objects.all()]
    assert told == ["my_chat_member", "my_chat_member", "my_chat_member", "business_connection"]
    assert SandboxMessage.objects.filter(thread__isnull=False).count() == 1


def test_a_reset_brings_the_demo_back() -> None:
    demo.fill()
    bot = SandboxBot.objects.current()
    next_update = bot.next_update_id
    owner, admin, subscriber, newcomer = SandboxPerson.objects.all()
    guest = people.add_person(first_name="Guest")
    group = people.create_group(owner, "Another", [guest])
    people.send_text(guest, "Hello", chat=group)
    people.send_text(newcomer, "Hello")
    people.block(subscriber)
    SandboxBot.objects.update(privacy_mode=False)
    faults.switch_on("down")
    call_log.tell_call("getMe", {}, answer={}, status=200, duration_ms=1)
    for person in (guest, newcomer):
        TelegramUser.objects.create(telegram_id=person.pk, first_name=person.first_name)
    stranger = TelegramUser.objects.create(telegram_id=999, first_name="Not of the sandbox")
    TelegramUser.objects.filter(telegram_id=admin.pk).update(role=Role.PUBLIC)
    Dialog.objects.create(bot_id=bot.telegram_id, telegram_dialog_id=str(newcomer.pk), type="private")
    foreign = Dialog.objects.create(bot_id=1, telegram_dialog_id="1", type="private")

    demo.reset()

    assert [person.part for person in SandboxPerson.objects.all()] == [
        "owner",
        "admin",
        "subscriber",
        "newcomer",
    ]
    assert SandboxChat.objects.count() == 7
    assert not SandboxChat.objects.exclude(blocked_at=None).exists()
    assert SandboxMessage.objects.count() == 6
    assert faults.active() == []
    assert call_log.call_log() == []
    assert list(Dialog.objects.all()) == [foreign]
    roles = dict(TelegramUser.objects.values_list("telegram_id", "role"))
    assert roles == {
        owner.pk: Role.OWNER,
        admin.pk: Role.ADMIN,
        subscriber.pk: Role.SUBSCRIBER,
        stranger.telegram_id: Role.PUBLIC,
    }
    now = SandboxBot.objects.current()
    assert (now.token, now.privacy_mode) == (bot.token, True)
    assert min(update.pk for update in SandboxUpdate.objects.all()) > next_update
