"""The inbox in chat, as customers and operators see it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from telegrambot.accounts import erasure
from telegrambot.accounts.models import BotCommand, TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory
from telegrambot.engine.models import Dialog, InboundUpdate, Message, Priority
from telegrambot.engine.privacy import set_keep_history
from telegrambot.engine.tasks import erase_history
from telegrambot.engine.testing import ChatClient
from telegrambot.engine.tests.dumping import stored_words
from telegrambot.inbox import answering, presence, services
from telegrambot.inbox.models import Conversation, MutedOperator, Note
from telegrambot.inbox.tasks import tell_undelivered_answers
from telegrambot.inbox.tests.factories import SavedReplyFactory, operator
from telegrambot.vault import settings_store

pytestmark = pytest.mark.django_db

CONFIRMATION = "your message has arrived"
PHOTO = {"photo": [{"file_id": "small", "file_unique_id": "s", "width": 9, "height": 9}]}
PHOTO["photo"].append({"file_id": "large", "file_unique_id": "l", "width": 900, "height": 900})


@pytest.fixture
def ann():
    return TelegramUserFactory(first_name="Ann", last_name="", username="ann_lee")


@pytest.fixture
def olga():
    return operator(first_name="Olga", last_name="")


@pytest.fixture
def customer(ann):
    return ChatClient(ann)


@pytest.fixture
def staff(olga):
    return ChatClient(olga)


def only():
    return Conversation.objects.get()


def answers(person):
    found = Message.objects.filter(dialog__person=person, priority=Priority.APPROVED_REPLY).order_by("pk")
    return [message.text for message in found]


def notices(person):
    return Message.objects.filter(dialog__person=person, origin__startswith="notice:inbox:").order_by("pk")


def replies(client, text, notice, **more):
    """Send `text` as a Telegram reply to something the bot said."""
    quoted = {
        "message_id": int(notice.external_message_id),
        "date": 1,
        "chat": {"id": client.telegram_id, "type": "private"},
        "text": "…",
    }
    return client.send(text, reply_to_message=quoted, **more)


# ── What people say ───────────────────────────────────────────────────────────────────────────────────────


def test_a_message_nobody_wanted_opens_a_conversation_and_is_confirmed_once(customer, ann):
    assert CONFIRMATION in customer.send("Is my parcel on its way?").text
    assert customer.send("Hello?").texts == []

    found = only()
    assert (found.is_active, found.message_count, found.unread_count) == (True, 2, 2)
    assert found.waiting_since == found.unread_since is not None
    assert found.dialog.person == ann


def test_the_confirmation_is_in_the_persons_language_and_may_be_empty():
    assert "Вам ответит" in ChatClient(telegram_id=901, language_code="ru").send("Здравствуйте").text
    settings_store.set("inbox.confirmation_ru", "", actor=None)

    assert ChatClient(telegram_id=902, language_code="ru").send("Здравствуйте").texts == []
    assert Conversation.objects.count() == 2


def test_commands_and_buttons_wait_for_nobody(customer):
    customer.send("/start")
    customer.press("What can you do?")
    customer.send("/nonsense")
    customer.send("help")

    assert not Conversation.objects.exists()


def test_every_kind_of_message_waits(customer):
    sticker = {"file_id": "x", "file_unique_id": "x", "width": 1, "height": 1}
    for more in (
        PHOTO,
        {"sticker": sticker | {"type": "regular", "is_animated": False, "is_video": False}},
        {"location": {"latitude": 1.0, "longitude": 2.0}},
        {"voice": {"file_id": "v", "file_unique_id": "v", "duration": 1}},
    ):
        body = customer._message() | more
        customer.offer("message", body)

    assert only().message_count == 4


def test_an_edit_is_no_new_message(customer):
    customer.send("Helo")
    body = customer._message() | {"text": "Hello", "edit_date": 1_900_000_000}
    customer.offer("edited_message", body)

    assert only().message_count == 1


def test_operators_are_told_that_the_bot_did_not_understand(staff):
    assert "did not understand" in staff.send("rocket").text
    assert not Conversation.objects.exists()


def test_somebody_the_bot_does_not_answer_opens_nothing(ann, customer):
    ann.is_active = False
    ann.save()

    assert customer.send("Hello?").texts == []
    assert not Conversation.objects.exists()


def test_in_a_business_chat_the_bot_is_silent_and_the_owners_word_counts_as_an_answer(staff, olga):
    customer = {"id": 777, "is_bot": False, "first_name": "Carl"}
    chat = {"id": 777, "type": "private", "first_name": "Carl"}
    body = {"message_id": 1, "date": 1_790_000_000, "chat": chat, "business_connection_id": "bc"}

    staff.offer("business_message", body | {"from": customer, "text": "What does it cost?"})

    found = only()
    assert found.waiting_since is not None
    assert found.dialog.business_connection_id == "bc"
    assert not Message.objects.filter(dialog=found.dialog, direction="outbound").exists()
    assert "Carl" in notices(olga).get().text
    owner = {"id": 778, "is_bot": False, "first_name": "Boss"}
    staff.offer(
        "business_message",
        body | {"from": owner, "text": "Ten.", "message_id": 2, "date": 1_790_000_060},
    )
    found = only()
    assert (found.waiting_since, found.unread_count, found.message_count) == (None, 0, 2)
    assert notices(olga).get().status == Message.Status.SENT  # it had left already


@pytest.mark.parametrize("is_on", [True, False])
def test_groups_come_in_only_where_the_setting_says_so(customer, is_on):
    settings_store.set("inbox.groups", is_on, actor=None)
    chat = {"id": -100200, "type": "supergroup", "title": "Fans"}

    customer.offer("message", customer._message() | {"chat": chat, "text": "Hi all"})

    assert Conversation.objects.filter(dialog__type=Dialog.Type.GROUP).count() == int(is_on)
    assert not Message.objects.filter(dialog__type=Dialog.Type.GROUP, direction="outbound").exists()


# ── Notices ───────────────────────────────────────────────────────────────────────────────────────────────


def test_operators_hear_once_of_a_person_who_begins_to_wait(customer, staff, olga, ann):
    customer.send("Where is <my> parcel?")
    customer.send("Hello?")

    notice = notices(olga).get()
    assert notice.priority == Priority.NOTICE
    assert notice.about == ann
    screen = staff.receive()
    assert "Ann (@ann_lee) waits for an answer." in screen.text
    assert "Where is <my> parcel?" in screen.text
    assert screen.buttons == ["Open", "Assign to me"]


def test_nobody_else_hears_of_it(customer, ann):
    subscriber = operator(role=Role.SUBSCRIBER)
    gone = operator(is_active=False)
    blocked = operator(blocked_at=timezone.now())
    muted = operator()
    MutedOperator.objects.create(person=muted)

    customer.send("Hello?")

    assert [notices(one).count() for one in (subscriber, gone, blocked, muted, ann)] == [0] * 5


def test_notices_can_be_switched_off_for_all(customer, olga):
    settings_store.set("inbox.notify", False, actor=None)

    customer.send("Hello?")

    assert not notices(olga).exists()
    assert only().is_waiting


def test_of_an_assigned_conversation_only_the_assignee_hears(customer, olga):
    boris = operator(first_name="Boris")
    customer.send("Hello?")
    services.assign(only(), boris, actor=boris)
    answering.answer(only(), "Hi!", key="1", actor=boris)
    Message.objects.filter(origin__startswith="notice:").delete()

    customer.send("One more thing")

    assert (notices(boris).count(), notices(olga).count()) == (1, 0)


def test_in_quiet_hours_a_notice_waits(customer, olga):
    olga.preferences = {"quiet_hours": "00:00–23:59"}
    olga.save()

    customer.send("Hello?")

    assert notices(olga).get().not_before > timezone.now()


def test_of_a_chat_without_history_nothing_is_quoted(customer, staff, olga):
    customer.send("/start")
    Dialog.objects.filter(person__first_name="Ann").update(keep_history=False)

    customer.send("A secret")

    screen = staff.receive()
    assert "waits for an answer" in screen.text
    assert "nothing is quoted" in screen.text
    assert "secret" not in screen.text
    assert "secret" not in staff.press("Open").text


def test_what_an_operator_has_set_wrong_stops_no_notice(customer, olga):
    olga.preferences, olga.timezone = {"quiet_hours": "always"}, "Mars/Olympus"
    olga.save()

    customer.send("Hello?")

    assert notices(olga).get().not_before <= timezone.now()


def test_who_may_not_use_the_inbox_hears_of_nothing(customer, olga):
    BotCommand.objects.filter(command="inbox").update(minimum_role=Role.OWNER)

    customer.send("Hello?")

    assert not notices(olga).exists()


def test_a_group_is_called_by_its_title(customer, staff, olga):
    settings_store.set("inbox.groups", True, actor=None)
    chat = {"id": -100200, "type": "supergroup", "title": "Fans & friends"}
    customer.offer("message", customer._message() | {"chat": chat, "text": "Hi all"})

    assert "Fans & friends waits for an answer." in staff.receive().text
    replies(staff, "Hi!", notices(olga).get())

    assert Message.objects.get(priority=Priority.APPROVED_REPLY).dialog.title == "Fans & friends"


# ── Replying to a notice ──────────────────────────────────────────────────────────────────────────────────


def test_a_reply_to_a_notice_answers_the_person(customer, staff, olga, ann):
    customer.send("Is it open on Sunday?")
    staff.receive()

    screen = replies(staff, "Yes, <until> six.", notices(olga).get())

    assert "Sent to Ann" in screen.text
    assert answers(ann) == ["Yes, &lt;until&gt; six."]
    assert customer.receive().text == "Yes, <until> six."
    message = Message.objects.get(dialog__person=ann, priority=Priority.APPROVED_REPLY)
    assert answering.author_of(message) == str(olga.pk)
    found = only()
    assert (found.waiting_since, found.unread_count, found.message_count) == (None, 0, 2)
    assert found.answered_by == str(olga.pk)


def test_such_a_reply_is_no_phrase_and_no_answer_to_a_question(customer, staff, olga, ann):
    customer.send("What do you have?")
    staff.receive()
    staff.send("/broadcast")  # asks for a text

    replies(staff, "guides", notices(olga).get())

    assert answers(ann) == ["guides"]


def test_a_photo_may_be_the_reply(customer, staff, olga, ann):
    customer.send("How does it look?")
    staff.receive()

    quoted = {"message_id": int(notices(olga).get().external_message_id), "date": 1}
    quoted["chat"] = {"id": staff.telegram_id, "type": "private"}
    staff.offer("message", staff._message() | PHOTO | {"caption": "Like this", "reply_to_message": quoted})

    sent = Message.objects.get(dialog__person=ann, priority=Priority.APPROVED_REPLY)
    assert (sent.message_type, sent.text) == ("photo", "Like this")
    assert sent.payload["media"]["file_id"] == "large"


@pytest.mark.parametrize("keeps_history", [True, False])
def test_of_an_album_every_photo_arrives(customer, staff, olga, ann, keeps_history):
    customer.send("How does it look?")
    Dialog.objects.filter(person=ann).update(keep_history=keeps_history)
    staff.receive()
    staff.press("Open")
    staff.press("✏️ Answer")

    screens = [staff.offer("message", staff._message() | PHOTO | {"media_group_id": "7"}) for _ in range(3)]

    assert "Sent to Ann" in screens[0].text
    assert [screen.text for screen in screens[1:]] == ["", ""]
    sent = Message.objects.filter(dialog__person=ann, priority=Priority.APPROVED_REPLY)
    assert [message.message_type for message in sent] == ["photo"] * 3
    assert not only().is_waiting

    unrelated = staff.offer("message", staff._message() | PHOTO | {"media_group_id": "8"})
    assert "did not understand" in unrelated.text
    assert sent.count() == 3


def test_an_answer_to_what_the_screen_shows_leaves_nobody_waiting(customer, ann, staff):
    customer.send("Hi")
    customer.send("Is my parcel on its way?")
    asked = Message.objects.filter(dialog__person=ann, direction="inbound").latest("pk")
    # Telegram's time is in whole seconds, ours is when the confirmation left.
    confirmed = Message.objects.filter(dialog__person=ann, direction="outbound")
    confirmed.update(timestamp=asked.timestamp + timedelta(seconds=0.9))
    staff.receive()

    assert "Is my parcel on its way?" in staff.press("Open").text
    assert only().unread_count == 0
    staff.press("✏️ Answer")
    staff.send("It comes tomorrow.")

    assert not only().is_waiting


def test_a_voice_message_may_be_the_reply(customer, staff, olga, ann):
    customer.send("How does it sound?")
    staff.receive()
    quoted = {"message_id": int(notices(olga).get().external_message_id), "date": 1}
    quoted["chat"] = {"id": staff.telegram_id, "type": "private"}
    voice = {"voice": {"file_id": "v", "file_unique_id": "v", "duration": 3}, "reply_to_message": quoted}

    staff.offer("message", staff._message() | voice)

    sent = Message.objects.get(dialog__person=ann, priority=Priority.APPROVED_REPLY)
    assert (sent.message_type, sent.payload["media"]["file_id"]) == ("voice", "v")


def test_what_cannot_be_passed_on_is_refused(customer, staff, olga, ann):
    customer.send("Where are you?")
    staff.receive()
    quoted = {"message_id": int(notices(olga).get().external_message_id), "date": 1}
    quoted["chat"] = {"id": staff.telegram_id, "type": "private"}
    place = {"location": {"latitude": 1.0, "longitude": 2.0}, "reply_to_message": quoted}

    screen = staff.offer("message", staff._message() | place)

    assert "cannot be passed on" in screen.text
    assert answers(ann) == []
    assert only().is_waiting


def test_what_came_after_the_notice_goes_on_waiting(customer, staff, olga):
    customer.send("First")
    staff.receive()
    customer.send("Second")

    screen = replies(staff, "To the first", notices(olga).get())

    assert "1 newer message waits." in screen.text
    assert (only().is_waiting, only().unread_count) == (True, 1)


def test_who_comes_second_is_told_and_nothing_is_sent(customer, staff, olga, ann):
    boris = operator(first_name="Boris", last_name="")
    customer.send("Hello?")
    staff.receive()
    answering.answer(only(), "Hi!", key="1", actor=boris)

    screen = replies(staff, "Good day", notices(olga).get())

    assert "Boris has answered since you looked" in screen.text
    assert screen.buttons == ["Open"]
    assert answers(ann) == ["Hi!"]


def test_a_reply_of_somebody_who_is_no_operator_any_more_is_a_message_like_any(customer, staff, olga, ann):
    customer.send("Hello?")
    staff.receive()
    olga.role = Role.PUBLIC
    olga.save()

    screen = replies(staff, "Hi!", notices(olga).get())

    assert answers(ann) == []
    assert CONFIRMATION in screen.text


def test_a_reply_to_anything_else_is_no_answer(customer, staff, ann):
    customer.send("Hello?")
    staff.send("/start")
    greeting = Message.objects.filter(dialog__person__first_name="Olga", origin__startswith="update:")

    replies(staff, "Hi!", greeting.filter(direction="outbound").get())

    assert answers(ann) == []


def test_what_the_operator_typed_is_about_the_person(customer, staff, olga, ann):
    customer.send("My secret")
    staff.receive()

    replies(staff, "Dear Ann", notices(olga).get())

    typed = Message.objects.get(dialog__person=olga, direction="inbound")
    assert typed.about == ann
    # Telegram repeats there what was quoted.
    assert InboundUpdate.objects.get(dialog__person=olga).payload is None


@pytest.mark.parametrize(
    ("steps", "text", "sentence"),
    [
        (["✏️ Answer"], "Dear marzipan", "has blocked the bot"),
        (["📝 Note"], "marzipan" * 500, "Please shorten it"),
        (["👉 Hand over", "Boris"], "marzipan" * 500, "Please shorten it"),
    ],
)
def test_what_was_refused_goes_with_the_person_and_may_be_tried_again(
    customer, staff, ann, steps, text, sentence
):
    operator(first_name="Boris", last_name="")
    customer.send("Hello?")
    staff.receive()
    staff.press("Open")
    for step in steps:
        staff.press(step)
    TelegramUser.objects.filter(pk=ann.pk).update(blocked_at=timezone.now())

    assert sentence in staff.send(text).text

    assert Message.objects.get(text=text).about == ann
    TelegramUser.objects.filter(pk=ann.pk).update(blocked_at=None)
    assert "did not understand" not in staff.send("Shorter marzipan").text
    assert "did not understand" in staff.send("Rocket").text
    erasure.erase(ann)
    assert stored_words("marzipan") == set()


def test_a_refused_reply_to_a_notice_goes_with_the_person(customer, staff, olga, ann):
    customer.send("Hello?")
    staff.receive()
    TelegramUser.objects.filter(pk=ann.pk).update(blocked_at=timezone.now())

    assert "has blocked the bot" in replies(staff, "Dear marzipan", notices(olga).get()).text

    assert "did not understand" in staff.send("Rocket").text
    assert answers(ann) == []
    erasure.erase(ann)
    assert stored_words("marzipan") == set()


@pytest.mark.parametrize("is_reply", [True, False])
def test_what_is_said_to_somebody_who_was_erased_meanwhile_is_not_kept(customer, staff, olga, ann, is_reply):
    customer.send("Hello?")
    staff.receive()
    notice = notices(olga).get()
    staff.press("Open")
    staff.press("✏️ Answer")
    erasure.erase(ann)

    screen = replies(staff, "Dear marzipan", notice) if is_reply else staff.send("Dear marzipan")

    assert "not there any more" in screen.text
    assert stored_words("marzipan") == set()


def test_a_refused_photo_of_an_album_is_told(customer, staff, ann):
    customer.send("How does it look?")
    staff.receive()
    staff.press("Open")
    staff.press("✏️ Answer")
    staff.offer("message", staff._message() | PHOTO | {"media_group_id": "7"})
    TelegramUser.objects.filter(pk=ann.pk).update(blocked_at=timezone.now())

    screen = staff.offer("message", staff._message() | PHOTO | {"media_group_id": "7", "caption": "marzipan"})

    assert "has blocked the bot" in screen.text
    assert Message.objects.get(text="marzipan").about == ann


def test_an_answer_to_a_chat_without_history_stays_nowhere(customer, staff, olga):
    customer.send("/start")
    Dialog.objects.filter(person__first_name="Ann").update(keep_history=False)
    customer.send("A secret")
    staff.receive()

    replies(staff, "Whispered", notices(olga).get())

    assert not Message.objects.filter(text__contains="Whispered").exists()
    assert not InboundUpdate.objects.filter(payload__icontains="Whispered").exists()
    assert customer.receive().texts  # it is on its way all the same


def test_what_was_quoted_goes_with_the_history(customer, staff):
    customer.send("I like marzipan")
    staff.receive()
    staff.press("Open")
    dialog = Dialog.objects.get(person__first_name="Ann")

    set_keep_history(dialog, False, actor=None)
    screen = staff.press("🔄 Refresh")  # before all is erased
    erase_history(dialog.pk, updates_up_to=2**31, messages_up_to=Message.objects.latest("pk").pk)

    assert "marzipan" not in screen.text
    assert stored_words("marzipan") == set()
    assert "Ann" in staff.press("🔄 Refresh").text


def test_what_was_quoted_of_a_group_goes_too(customer, staff, olga):
    settings_store.set("inbox.groups", True, actor=None)
    chat = {"id": -100200, "type": "supergroup", "title": "Fans"}
    customer.offer("message", customer._message() | {"chat": chat, "text": "We like marzipan"})
    staff.receive()
    staff.press("Open")
    replies(staff, "Is liquorice better?", notices(olga).get())
    group = Dialog.objects.get(type=Dialog.Type.GROUP)
    assert stored_words("marzipan", "liquorice") == {"marzipan", "liquorice"}

    set_keep_history(group, False, actor=None)
    erase_history(group.pk, updates_up_to=2**31, messages_up_to=Message.objects.latest("pk").pk)

    assert Message.objects.filter(sealed__isnull=False).get().dialog == group  # the answer has yet to leave
    assert stored_words("marzipan", "liquorice") == set()


# ── /inbox ────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_list_shows_who_has_waited_longest_first(staff):
    for number in range(10):
        ChatClient(telegram_id=910 + number).send("Hello?")
    Conversation.objects.filter(dialog__telegram_dialog_id="919").update(
        waiting_since=timezone.now() - timedelta(hours=3)
    )
    staff.receive()

    screen = staff.send("/inbox")

    assert "10 people wait." in screen.text
    assert len([label for label in screen.buttons if label.startswith("🔵")]) == 8
    assert screen.buttons[0] == "🔵 Newcomer · 3\xa0hours"
    assert "›" in screen.buttons
    assert len([label for label in staff.press("›").buttons if label.startswith("🔵")]) == 2
    assert "›" in staff.press("‹").buttons


def test_the_list_costs_the_same_however_long_it_is(staff, olga, django_assert_max_num_queries):
    MutedOperator.objects.create(person=olga)
    ChatClient(telegram_id=930).send("Hello?")
    staff.send("/inbox")
    with django_assert_max_num_queries(40) as few:
        staff.send("/inbox")
    for number in range(7):
        ChatClient(telegram_id=931 + number).send("Hello?")
    with django_assert_max_num_queries(40) as many:
        staff.send("/inbox")
    assert len(many) == len(few)


def test_an_empty_inbox_says_so(staff):
    screen = staff.send("/inbox")

    assert "Nobody waits for an answer." in screen.text
    assert "There is nothing here." in staff.press("Mine").text
    assert "There is nothing here." in staff.press("All open ones").text


def test_opening_shows_what_was_said_and_marks_it_read(customer, staff):
    customer.send("Where is my parcel?")
    staff.receive()
    staff.send("/inbox")

    screen = staff.press("🔵 Ann · just now")

    assert "Ann (@ann_lee)" in screen.text
    assert "waiting: just now" in screen.text
    assert "Where is my parcel?" in screen.text
    assert only().unread_count == 0
    assert Message.objects.get(text="Where is my parcel?").status == Message.Status.READ
    screens = Message.objects.filter(dialog__person__first_name="Olga", text__contains="Where is my")
    assert {message.about.first_name for message in screens} == {"Ann"}


def test_from_the_notice_to_the_answer_by_buttons(customer, staff, ann):
    customer.send("Where is my parcel?")
    staff.receive()

    assert "assigned to Olga" in staff.press("Assign to me").text
    assert "Send me your answer to Ann" in staff.press("✏️ Answer").text
    screen = staff.send("It comes today.")

    assert "Sent to Ann" in screen.text
    assert answers(ann) == ["It comes today."]
    assert "answered · assigned to Olga" in staff.press("Open").text
    assert "closed" in staff.press("✅ Close").text
    assert not only().is_active
    assert "Open again" in staff.press("🔄 Refresh").buttons
    staff.press("Open again")
    assert only().is_active
    assert only().assigned_to is not None
    staff.press("Not mine")
    assert only().assigned_to is None


def test_cancel_leaves_the_question(customer, staff, ann):
    customer.send("Hello?")
    staff.receive()
    staff.press("Open")
    staff.press("✏️ Answer")

    staff.send("/cancel")
    staff.send("Not an answer")

    assert answers(ann) == []


def test_a_saved_reply_is_sent_once(customer, staff, ann):
    SavedReplyFactory(title="Hours", text="Dear {first_name|friend}, we open at <b>nine</b>.")
    SavedReplyFactory(title="Часы", text="Мы открываемся в девять.", language="ru")
    customer.send("When do you open?")
    staff.receive()
    staff.press("Open")

    assert "Часы" not in staff.press("💾 Saved replies").buttons
    assert "Dear Ann, we open at nine." in staff.press("Hours").text
    question = Message.objects.filter(dialog__person__first_name="Olga").latest("pk")
    data = question.payload["buttons"][0][0]["data"]
    number = question.target.external_message_id if question.target else question.external_message_id
    assert staff.press_data(data, number).toast == "Sent."
    staff.press_data(data, number)

    assert answers(ann) == ["Dear Ann, we open at <b>nine</b>."]


def test_without_saved_replies_it_says_where_they_come_from(customer, staff):
    customer.send("Hello?")
    staff.receive()
    staff.press("Open")

    assert "no saved replies yet" in staff.press("💾 Saved replies").text


def test_notes_are_for_operators_only(customer, staff, ann):
    customer.send("Hello?")
    staff.receive()
    staff.press("Open")
    staff.press("📝 Note")

    screen = staff.send("Pays <late>")

    assert "Olga: Pays <late>" in screen.text
    assert Note.objects.get().about == ann
    assert not Message.objects.filter(dialog__person=ann, text__contains="late").exists()


def test_handing_over_tells_the_other_one_why(customer, staff, olga, ann):
    boris = operator(first_name="Boris", last_name="")
    customer.send("Hello?")
    staff.receive()
    staff.press("Open")
    staff.press("👉 Hand over")
    staff.press("Boris")

    screen = staff.send("You know her")

    assert "assigned to Boris" in screen.text
    told = ChatClient(boris)
    text = told.receive().text
    assert "Olga has handed over the conversation with Ann (@ann_lee) to you." in text
    assert "You know her" in text
    replies(told, "Hi Ann", notices(boris).last())
    assert answers(ann) == ["Hi Ann"]


@pytest.fixture
def handed_over(customer, olga):
    """Boris, who has the notice that Ann's conversation is his now."""
    boris = operator(first_name="Boris", last_name="")
    customer.send("Hello?")
    services.assign(only(), boris, actor=olga)
    boris.chat = ChatClient(boris)
    boris.chat.receive()
    return boris


def test_what_comes_after_a_handing_over_goes_on_waiting(handed_over, customer, ann):
    customer.send("And please cancel my order!")

    screen = replies(handed_over.chat, "Hi Ann", notices(handed_over).last())

    assert answers(ann) == ["Hi Ann"]
    assert "1 newer message waits." in screen.text
    assert (only().waiting_since is not None, only().unread_count) == (True, 1)


def test_a_handing_over_is_not_answered_twice(handed_over, ann, olga):
    answering.answer(only(), "It is 10 euros", key="x", actor=olga)

    screen = replies(handed_over.chat, "It is 12 euros", notices(handed_over).last())

    assert "Olga has answered since you looked" in screen.text
    assert answers(ann) == ["It is 10 euros"]


def test_an_answer_before_a_handing_over_hinders_nobody(customer, ann, olga):
    boris = operator(first_name="Boris", last_name="")
    customer.send("Hello?")
    answering.answer(only(), "My colleague knows", key="x", actor=olga)
    services.assign(only(), boris, actor=olga)
    told = ChatClient(boris)
    told.receive()

    replies(told, "Hi Ann", notices(boris).last())

    assert answers(ann) == ["My colleague knows", "Hi Ann"]


def test_a_lost_answer_that_another_has_replaced_is_not_replaced_again(customer, staff, olga, ann):
    customer.send("Hello?")
    (lost,) = answering.answer(only(), "It is 10 euros", key="x", actor=olga)
    Message.objects.filter(pk=lost).update(status="failed", error="Bad Request")
    customer.send("Anybody?")
    answering.answer(only(), "It is 12 euros", key="y", actor=operator(first_name="Boris", last_name=""))
    tell_undelivered_answers(0)
    staff.receive()

    screen = replies(staff, "It is 10 euros, really", notices(olga).last())

    assert "Boris has answered since you looked" in screen.text
    assert answers(ann) == ["It is 10 euros", "It is 12 euros"]


def test_handing_over_without_a_note(customer, staff):
    operator(first_name="Boris", last_name="")
    customer.send("Hello?")
    staff.receive()
    staff.press("Open")
    staff.press("👉 Hand over")
    staff.press("Boris")

    staff.press("Without a note")

    assert only().assigned_to.first_name == "Boris"
    assert not Note.objects.exists()


def test_the_other_operator_in_it_is_shown(customer, staff):
    boris = operator(first_name="Boris", last_name="")
    customer.send("Hello?")
    staff.receive()
    presence.beat(only(), actor=boris)

    assert "Boris also looks at this." in staff.press("Open").text


def test_an_operator_switches_notices_off_and_on(customer, staff, olga):
    staff.send("/inbox")
    assert "You will not hear" in staff.press("🔕 No notices, please").toast
    customer.send("Hello?")
    assert not notices(olga).exists()

    staff.press("🔔 Tell me who waits")
    ChatClient(telegram_id=950).send("Hello?")

    assert notices(olga).count() == 1


# ── Who may ───────────────────────────────────────────────────────────────────────────────────────────────


def test_people_below_admin_are_refused(customer):
    assert "not available to you" in customer.send("/inbox").text


def test_a_switched_off_command_takes_its_buttons_and_replies_along(customer, staff, olga, ann):
    customer.send("Hello?")
    staff.receive()
    BotCommand.objects.filter(command="inbox").update(is_active=False)

    assert "not available" in staff.press("Open").toast
    replies(staff, "Hi!", notices(olga).get())

    assert answers(ann) == []


def test_the_role_is_checked_at_each_press(customer, staff, olga):
    customer.send("Hello?")
    staff.receive()
    olga.role = Role.SUBSCRIBER
    olga.save()

    assert "not available to you" in staff.press("Open").toast
    assert only().unread_count == 1


def test_a_forged_button_is_refused(customer, staff):
    customer.send("Hello?")

    assert "no longer valid" in customer.press_data(f"inbox.show:{only().pk}").toast
    assert "no longer valid" in staff.press_data(f"inbox.close:{only().pk}").toast
    assert only().is_active


def test_a_button_of_an_erased_conversation_says_so(customer, staff):
    customer.send("Hello?")
    staff.receive()
    Conversation.objects.all().delete()

    assert "not there any more" in staff.press("Open").alert
