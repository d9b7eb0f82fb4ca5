"""Broadcasts in chat, as operators and recipients see them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from telegrambot.accounts.models import BotCommand
from telegrambot.accounts.roles import Role
from telegrambot.broadcasts import amendments, bot, fan_out, ledger, services
from telegrambot.broadcasts.bot import lists, texts
from telegrambot.broadcasts.models import Broadcast, BroadcastClick, FollowUp
from telegrambot.broadcasts.rounds import make_copies, start_due
from telegrambot.broadcasts.tests.factories import BroadcastFactory, SegmentFactory, recipient, recipients
from telegrambot.broadcasts.tests.test_services import media
from telegrambot.engine.chat import ChatRequest
from telegrambot.engine.models import Message
from telegrambot.engine.testing import ChatClient
from telegrambot.guides.models import GuideCategory
from telegrambot.guides.tests.factories import GuideFactory

pytestmark = pytest.mark.django_db

Status = Broadcast.Status
STICKER = {
    "sticker": {
        "file_id": "s",
        "file_unique_id": "s1",
        "type": "regular",
        "width": 1,
        "height": 1,
        "is_animated": False,
        "is_video": False,
    }
}
VOICE = {"voice": {"file_id": "v", "file_unique_id": "v1", "duration": 1}}
PHOTO = {"photo": [{"file_id": "p", "file_unique_id": "p1", "width": 10, "height": 10}]}
GUIDE_CATEGORY = {"slug": "risk", "name_en": "Risk", "name_ru": "Риск"}


@pytest.fixture
def operator():
    return recipient(role=Role.ADMIN, first_name="Olga", timezone="Europe/Berlin")


@pytest.fixture
def client(operator):
    return ChatClient(operator)


def only():
    return Broadcast.objects.get()


def send_file(client, file, caption=""):
    """Send a sticker, a voice message, a photo: what has no text of its own."""
    return client.send("", caption=caption, **file)


def sent_out(broadcast, **values):
    """Everybody got it."""
    services.start(broadcast, actor=None)
    while fan_out.advance(broadcast.pk):
        pass
    for copy in ledger.copies(broadcast):
        copy.status, copy.external_message_id = Message.Status.SENT, str(90_000 + copy.pk)
        copy.save()
    Message.objects.filter(origin=broadcast.origin, **values)
    fan_out.advance(broadcast.pk)
    broadcast.refresh_from_db()
    Message.objects.filter(origin="notice").delete()
    return broadcast


# ── Composing ─────────────────────────────────────────────────────────────────────────────────────────────


def test_from_the_text_to_the_start_on_one_screen(client, operator):
    recipients(2)
    recipient(opted_out_at=timezone.now())
    recipient(preferences={"quiet_hours": "00:00–23:59"})

    assert "Send me the text" in client.send("/broadcast").text
    screen = client.send("Hello, {first_name|friend}!\nBye")
    assert "Whom is “Hello, friend!” for?" in screen.text
    assert {"Everybody", "Subscribers", "Admins and owners"} <= set(screen.buttons)
    screen = client.press("Everybody")
    assert screen.edited
    assert "4 people get it" in screen.text
    assert "Left out: 1 opted out" in screen.text
    assert "1 have quiet hours now" in screen.text
    assert "Sending takes about 1 s" in screen.text
    assert screen.text.endswith("As people will see it:\n\nHello, Olga!\nBye")
    assert only().created_by == operator

    assert client.press("▶️ Start").text == "Send “Hello, friend!” to 4 people now?"
    assert only().status == Status.DRAFT
    screen = client.press("Yes, send to 4 people")
    assert screen.edited
    assert screen.toast == "It is on its way."
    assert "⏸ Pause" in screen.buttons
    assert only().status == Status.SENDING


@pytest.mark.parametrize(
    ("typed", "entities", "stored"),
    [
        ("Hi & bye, it's", [], "Hi &amp; bye, it's"),
        ("5 < 6", [], "5 &lt; 6"),
        ("<b>Hi</b>", [], "<b>Hi</b>"),
        ("Hi it's you", [{"type": "bold", "offset": 0, "length": 2}], "<b>Hi</b> it's you"),
        ("Hi <b>", [{"type": "italic", "offset": 0, "length": 2}], "<i>Hi</i> &lt;b&gt;"),
    ],
)
def test_the_formatting_of_the_text_is_kept(client, typed, entities, stored):
    client.send("/broadcast")
    client.send(typed, **({"entities": entities} if entities else {}))
    assert only().message_text == stored


def test_the_text_may_follow_the_command(client):
    command = {"type": "bot_command", "offset": 0, "length": 10}
    client.send("/broadcast Hi there", entities=[command, {"type": "bold", "offset": 11, "length": 2}])
    assert (only().message_text, only().title) == ("<b>Hi</b> there", "Hi there")


def test_the_title_has_no_gap_where_a_name_will_be(client):
    client.send("/broadcast Hi {first_name}, our {last_name} shop opens")
    assert only().title == "Hi, our shop opens"


def test_a_mistake_is_named_and_the_next_text_is_taken(client):
    client.send("/broadcast")
    screen = client.send("Hi <b>you")
    assert "Line 1, character 10: Telegram cannot read this" in screen.text
    assert not Broadcast.objects.exists()
    client.send("Hi <b>you</b>")
    assert only().message_text == "Hi <b>you</b>"


def test_a_segment_is_chosen_page_by_page(client):
    for number in range(9):
        SegmentFactory(name=f"Group {number}", conditions={"language": "ru"})
    recipient(language_code="ru")
    client.send("/broadcast Hi")

    assert "Group 8" in client.press("›").buttons
    screen = client.press("Group 8")
    assert "For: Group 8" in screen.text
    assert "1 person gets it" in screen.text
    assert only().segment.name == "Group 8"
    client.press("👥 For: Group 8")
    client.press("Subscribers")
    assert (only().target_audience, only().segment) == ("subscriber", None)


def test_a_segment_that_is_gone_is_not_taken(client):
    segment = SegmentFactory(name="Group")
    client.send("/broadcast Hi")
    segment.delete()
    assert client.press("Group").toast == "That segment is not there any more."
    assert only().target_audience == "all"


def test_buttons_are_typed_line_by_line(client):
    client.send("/broadcast Hi")
    client.press("Everybody")
    client.press("🔘 Buttons")
    screen = client.send("Site | https://example.org\nHelp | /help")
    assert "[Site]\n[Help]" in screen.text
    assert only().buttons == [
        [{"text": "Site", "url": "https://example.org"}],
        [{"text": "Help", "command": "help"}],
    ]
    client.press("🔘 Buttons")
    assert "one button a line" in client.send("Site https://example.org").text
    assert "opens nothing: there is no /nowhere" in client.send("Go | /nowhere").text
    assert "cannot be opened" in client.send("Go | http://example.org").text
    assert "opens nothing: there is no claim_x" in client.send("Go | claim_x").text
    assert len(only().buttons) == 2
    client.send("-")
    assert only().buttons == []


def test_another_text(client):
    client.send("/broadcast Hi")
    client.press("Everybody")
    client.press("✏️ Change text")
    screen = client.send("Bye")
    assert screen.text.endswith("Bye")
    assert only().message_text == "Bye"


@pytest.mark.parametrize("file", [STICKER, VOICE, PHOTO])
def test_what_says_nothing_in_words_changes_nothing(client, file):
    client.send("/broadcast")
    assert "no words" in send_file(client, file).text
    assert not Broadcast.objects.exists()

    client.send("Hi")
    client.press("Everybody")
    client.press("🔘 Buttons")
    client.send("Help | /help")
    client.press("✏️ Change text")
    assert "no words" in send_file(client, file).text
    client.send("Bye")
    client.press("🔘 Buttons")
    assert "no words" in send_file(client, file).text

    assert (only().message_text, only().buttons) == ("Bye", [[{"text": "Help", "command": "help"}]])


def test_of_a_photo_only_its_caption_is_taken_and_that_is_said(client):
    client.send("/broadcast")
    screen = send_file(client, PHOTO, "Look")
    assert "Whom is “Look” for?" in screen.text
    assert "photos and videos are added in the browser" in screen.text
    assert "browser" not in client.press("Everybody").text

    client.press("✏️ Change text")
    assert "photos and videos are added in the browser" in send_file(client, PHOTO, "Look here").text
    assert (only().message_text, only().message_type) == ("Look here", "text")


def test_leaving_a_question_leaves_it(client):
    client.send("/broadcast Hi")
    client.press("Everybody")
    client.press("✏️ Change text")
    client.press("‹ Back")
    client.send("Bye")
    assert only().message_text == "Hi"


def test_sending_it_to_oneself_first(client, operator):
    client.send("/broadcast Hi {first_name}")
    client.press("Everybody")

    screen = client.press("👁 Send to me first")

    assert screen.toast == "Sent to you. It does not count."
    assert screen.texts == ["Hi Olga"]
    assert not ledger.copies(only()).exists()


def test_discarding_asks_first(client):
    client.send("/broadcast Hi")
    client.press("Everybody")
    client.press("🗑 Discard")
    assert "Discard “Hi”?" in client.press("No").text or Broadcast.objects.exists()
    client.press("🗑 Discard")
    assert "is discarded" in client.press("Yes, discard it").text
    assert not Broadcast.objects.exists()


def test_a_photo_made_in_the_admin_is_named(client):
    broadcast = BroadcastFactory(message_type="photo", title="Photo")
    media(broadcast)
    client.send("/broadcasts")
    assert "With it: photo" in client.press("📝 Photo · draft").text


def test_a_text_too_long_for_the_screen_is_not_cut(client):
    BroadcastFactory(title="Long", message_text="x" * 4000)
    client.send("/broadcasts")
    screen = client.press("📝 Long · draft")
    assert len(screen.texts) == 1
    assert "press “Send to me first”" in screen.text


# ── Starting ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_large_audience_has_to_be_typed(client, settings):
    settings.BROADCAST_CONFIRM_ABOVE = 2
    recipients(3)
    client.send("/broadcast Hi")
    client.press("Everybody")

    assert "goes to 4 people. Please type that number" in client.press("▶️ Start").text
    assert "not the number" in client.send("yes").text
    assert "would go to 4 people" in client.send("5").text
    assert only().status == Status.DRAFT
    assert "⏸ Pause" in client.send(" 4 ").buttons
    assert only().status == Status.SENDING


def test_what_was_looked_at_is_what_goes(client):
    client.send("/broadcast Hi")
    client.press("Admins and owners")
    services.change(only(), actor=None, message_text="Half a sente")
    client.press("▶️ Start")

    screen = client.press("Yes, send to 1 person")

    assert screen.toast == "“Hi” was changed meanwhile. Please look at it again."
    assert screen.text.endswith("Half a sente")
    assert only().status == Status.DRAFT
    client.press("▶️ Start")
    assert client.press("Yes, send to 1 person").toast == "It is on its way."


def test_what_was_looked_at_is_what_is_scheduled(client):
    client.send("/broadcast Hi")
    client.press("Admins and owners")
    client.press("🗓 Schedule")
    client.press("⬜️ By each recipient's own clock")
    services.change(only(), actor=None, target_audience="all")

    screen = client.send("tomorrow 9:00")

    assert "For: everybody" in screen.text
    assert "was changed meanwhile" in screen.text
    assert only().status == Status.DRAFT


def test_the_number_confirms_what_was_looked_at(client, settings):
    settings.BROADCAST_CONFIRM_ABOVE = 0
    client.send("/broadcast Hi")
    client.press("Everybody")
    client.press("▶️ Start")
    services.change(only(), actor=None, message_text="Half a sente")

    assert "was changed meanwhile" in client.send("1").text
    assert only().status == Status.DRAFT


def test_a_time_schedules_it_on_the_operators_clock(client, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: datetime(2026, 3, 14, 11, 0, tzinfo=UTC))
    client.send("/broadcast Hi")
    client.press("Everybody")

    screen = client.press("🗓 Schedule")
    assert "Your clock shows 14 Mar 2026, 12:00 (Europe/Berlin)" in screen.text
    assert "I do not understand “soon”" in client.send("soon").text
    assert "That moment is past" in client.send("2026-03-14 11:00").text
    screen = client.send("завтра 9:00")
    assert "It starts on 15 Mar 2026, 09:00 (Europe/Berlin)" in screen.text
    assert only().scheduled_at == datetime(2026, 3, 15, 8, 0, tzinfo=UTC)
    assert (only().status, only().schedule_timezone) == (Status.SCHEDULED, "Europe/Berlin")
    assert client.press("Take off the schedule").toast == "It is a draft again."
    assert only().status == Status.DRAFT


def test_everybodys_own_clock(client, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: datetime(2026, 3, 14, 11, 0, tzinfo=UTC))
    client.send("/broadcast Hi")
    client.press("Everybody")
    client.press("🗓 Schedule")
    assert client.press("⬜️ By each recipient's own clock").buttons[0].startswith("☑️")
    assert "for each recipient by their own clock" in client.send("16.03 9:00").text
    assert only().is_local_time


def test_scheduling_for_a_large_audience_asks_for_the_number_too(client, settings):
    settings.BROADCAST_CONFIRM_ABOVE = 2
    recipients(3)
    client.send("/broadcast Hi")
    client.press("Everybody")
    client.press("🗓 Schedule")

    assert "goes to 4 people" in client.send("tomorrow 9:00").text
    assert only().status == Status.DRAFT
    assert "would go to 4 people" in client.send("3").text
    assert "It starts on" in client.send("4").text
    assert only().status == Status.SCHEDULED


def test_another_audience_takes_it_off_the_schedule(client):
    client.send("/broadcast Hi")
    client.press("Admins and owners")
    client.press("🗓 Schedule")
    client.send("tomorrow 9:00")
    client.press("👥 For: admins and owners")
    assert "🗓 Schedule" in client.press("Everybody").buttons
    assert only().status == Status.DRAFT


def test_nobody_to_tell(client):
    client.send("/broadcast Hi")
    client.press("Subscribers")
    assert "Nobody would get" in client.press("▶️ Start").alert


def test_the_second_of_two_operators_is_told(client):
    other = ChatClient(recipient(role=Role.ADMIN))
    client.send("/broadcast Hi")
    client.press("Everybody")
    client.press("▶️ Start")
    other.send("/broadcasts")
    other.press("📝 Hi · draft")
    other.press("▶️ Start")
    client.press("Yes, send to 2 people")

    assert "is sending: it cannot be changed" in other.press("Yes, send to 2 people").alert
    make_copies()
    assert ledger.copies(only()).count() == 2


def test_a_missed_one_is_decided_in_the_notice(client, monkeypatch):
    broadcast = BroadcastFactory(title="News")
    moment = timezone.now() + timedelta(hours=1)
    services.schedule(broadcast, moment, actor=None)
    monkeypatch.setattr(timezone, "now", lambda: moment + timedelta(hours=1))
    start_due()

    screen = client.send("/broadcasts")
    assert screen.texts[0].startswith("Broadcasts") or "was to start on" in screen.text
    assert client.press("Leave it").toast == "It is a draft again."
    assert only().status == Status.DRAFT
    Broadcast.objects.update(status=Status.SCHEDULED, needs_confirmation=True)
    client.send("/broadcasts")
    assert "It waits for your decision" in client.press("❓ News · scheduled").text
    client.press("▶️ Start")
    client.press("Yes, send to 1 person")
    assert only().status == Status.SENDING


# ── Running ───────────────────────────────────────────────────────────────────────────────────────────────


def test_progress_pause_resume_cancel(client, monkeypatch):
    people = recipients(9)
    broadcast = BroadcastFactory(title="News", clicks_count=5)
    services.start(broadcast, actor=None)
    make_copies()
    copies = ledger.copies(broadcast)
    copies.filter(person__in=people[:5]).update(
        status=Message.Status.SENT, timestamp=timezone.now() - timedelta(seconds=5)
    )
    copies.filter(person=people[5]).update(status=Message.Status.FAILED)

    client.send("/broadcasts")
    screen = client.press("▶️ News · sending")
    assert "▓▓▓▓▓▓▓▓░░░░ 70 %" in screen.text
    assert "6 received · 1 failed · 3 waiting" in screen.text  # the operator got it too
    assert "a second, about 3 s left" in screen.text
    assert "Clicks: 5 · opt-outs: 0" in screen.text
    screen = client.press("⏸ Pause")
    assert screen.edited
    assert screen.toast == "Paused."
    assert only().status == Status.PAUSED
    assert client.press("▶️ Resume").toast == "It goes on."
    assert "Cancel “News”?" in client.press("⏹ Cancel").text
    assert only().status == Status.SENDING
    screen = client.press("Yes, cancel it")
    assert "6 received · 1 failed · 3 cancelled" in screen.text
    assert only().status == Status.CANCELLED
    assert "🔁" not in "".join(screen.buttons)


def test_what_became_of_it_and_another_try(client):
    lost = recipient()
    broadcast = BroadcastFactory(title="News")
    services.start(broadcast, actor=None)
    make_copies()
    copies = ledger.copies(broadcast)
    copies.filter(person=lost).update(status=Message.Status.FAILED, error="Bad Request: <chat> not found")
    copies.filter(status="queued").update(status=Message.Status.SENT)
    make_copies()

    client.send("/broadcasts")
    screen = client.press("✅ News · sent")
    assert "1 received · 1 failed" in screen.text
    assert "1 × Bad Request: <chat> not found" in screen.text
    assert client.press("🔁 Retry failed (1)").toast == "1 person gets another try."
    assert only().status == Status.SENDING


def test_taking_back_asks_first(client):
    sent_out(BroadcastFactory(title="News"))
    client.send("/broadcasts")
    client.press("✅ News · sent")

    assert "in the last 48 hours (1 person)" in client.press("↩️ Take back").text
    assert not FollowUp.objects.exists()
    screen = client.press("Yes, take it back")
    assert screen.toast == "It is being taken back."
    assert "↩️ Take back" not in screen.buttons
    amendments.advance_all()
    assert "Taken back: 0 deleted · 1 waiting" in client.press("🔄 Refresh").text


def test_correcting(client):
    sent_out(BroadcastFactory(title="News", message_text="Helo"))
    client.send("/broadcasts")
    client.press("✅ News · sent")
    client.press("✏️ Correct")

    assert "Telegram cannot read this" in client.send("<b>Hello").text
    client.send("Hello", entities=[{"type": "bold", "offset": 0, "length": 5}])

    assert only().message_text == "<b>Hello</b>"
    amendments.advance_all()
    Message.objects.filter(origin__startswith="correct:").update(status=Message.Status.FAILED)
    assert "Corrected: 0 edited · 1 failed" in client.press("🔄 Refresh").text


def test_a_correction_without_words_takes_no_caption_away(client):
    broadcast = BroadcastFactory(title="News", message_text="The price is 10", message_type="photo")
    media(broadcast)
    sent_out(broadcast)
    client.send("/broadcasts")
    client.press("✅ News · sent")
    client.press("✏️ Correct")

    assert "no words" in send_file(client, STICKER).text
    assert not FollowUp.objects.exists()
    assert "photos and videos stay" in send_file(client, PHOTO, "The price is 100").text
    assert only().message_text == "The price is 100"


def test_a_copy_is_a_new_draft(client):
    sent_out(BroadcastFactory(title="News"))
    client.send("/broadcasts")
    client.press("✅ News · sent")
    assert client.press("📄 Copy").toast == "This is the copy."
    assert Broadcast.objects.filter(status=Status.DRAFT).count() == 1


def test_a_stopped_one_says_why(client):
    BroadcastFactory(title="News", status=Status.FAILED, problem="<broken>")
    client.send("рассылки")
    assert "⚠️ <broken>" in client.press("⚠️ News · failed").text


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 s"), (59, "59 s"), (60, "1 min"), (3599, "1 h 0 min"), (3289, "55 min"), (9000, "2 h 30 min")],
)
def test_times_in_words(seconds, words):
    assert texts.duration(seconds) == words


# ── The list ──────────────────────────────────────────────────────────────────────────────────────────────


def test_eight_on_a_page_the_newest_first(client):
    assert "There are no broadcasts yet" in client.send("/broadcasts").text
    for number in range(10):
        BroadcastFactory(title=f"News {number}")
    screen = client.send("/broadcasts")
    assert screen.buttons[0] == "📝 News 9 · draft"
    assert "📝 News 1 · draft" not in screen.buttons
    assert "📝 News 1 · draft" in client.press("›").buttons
    assert client.press("‹").edited


# ── Who may ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("role", [Role.PUBLIC, Role.SUBSCRIBER])
@pytest.mark.parametrize("text", ["/broadcast", "/broadcast Hi", "/broadcasts"])
def test_only_admins_may(role, text):
    screen = ChatClient(recipient(role=role)).send(text)
    assert "not available to you" in screen.text
    assert not Broadcast.objects.exists()


@pytest.mark.parametrize(
    ("stage", "label"),
    [
        ("draft", "▶️ Start"),
        ("draft", "👁 Send to me first"),
        ("draft", "🗑 Discard"),
        ("draft", "✏️ Change text"),
        ("sending", "⏸ Pause"),
        ("sending", "⏹ Cancel"),
    ],
)
def test_who_lost_the_role_meanwhile_changes_nothing(client, operator, stage, label):
    broadcast = BroadcastFactory(title="News")
    if stage == "sending":
        services.start(broadcast, actor=None)
    client.send("/broadcasts")
    client.press(client.send("/broadcasts").buttons[0])
    before = only().updated_at
    operator.role = Role.SUBSCRIBER
    operator.save()

    screen = client.press(label)

    assert "not available to you" in screen.toast
    assert (only().updated_at, Message.objects.filter(operation="edit", status="queued").exists()) == (
        before,
        False,
    )


def test_who_lost_the_role_meanwhile_is_not_asked_any_more(client, operator):
    client.send("/broadcast")
    operator.role = Role.PUBLIC
    operator.save()
    client.send("Hi")
    assert not Broadcast.objects.exists()


def test_a_stricter_role_in_the_catalogue_counts(client):
    BotCommand.objects.filter(command="broadcast").update(minimum_role=Role.OWNER)
    assert "not available to you" in client.send("/broadcast Hi").text
    assert not Broadcast.objects.exists()


def test_buttons_of_what_is_gone_say_so(client):
    BroadcastFactory(title="News")
    client.send("/broadcasts")
    client.press("📝 News · draft")
    Broadcast.objects.all().delete()
    for label in ("▶️ Start", "👁 Send to me first", "🗑 Discard", "‹ All broadcasts"):
        screen = client.press(label)
        assert "not there any more" in screen.alert or "no broadcasts yet" in screen.text


@pytest.mark.parametrize("name", ["start", "discard", "cancel", "recall", "pause", "retry"])
def test_a_forged_press_does_nothing(client, name):
    broadcast = BroadcastFactory(title="News")
    client.send("/broadcasts")
    shown = Message.objects.filter(direction="outbound").latest("pk")

    screen = client.press_data(f"broadcasts.{name}:{broadcast.pk}", shown.external_message_id)

    assert screen.toast == "That button is no longer valid."
    assert only().status == Status.DRAFT


# ── Clicks ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def guide():
    category, _ = GuideCategory.objects.get_or_create(slug="risk", defaults=GUIDE_CATEGORY)
    return GuideFactory(title="Stops", category=category)


@pytest.fixture
def copy(guide):
    """A broadcast with buttons that two people got."""
    reader = recipient(first_name="Rita")
    buttons = [
        [{"text": "Site", "url": "https://example.org"}, {"text": "What can you do", "command": "help"}],
        [{"text": "Read on", "link": f"guide_{guide.pk}"}],
        [{"text": "People", "command": "users"}],
    ]
    sent_out(BroadcastFactory(title="News", buttons=buttons))
    return ChatClient(reader)


def clicks():
    return sorted(BroadcastClick.objects.values_list("person__first_name", "button"))


def test_a_button_opens_a_command_in_a_message_of_its_own_and_counts_once(copy):
    screen = copy.press("What can you do")
    assert "What I can do" in screen.text
    assert not screen.edited
    copy.press("What can you do")
    assert clicks() == [("Rita", 1)]
    ledger.count(only())
    assert only().clicks_count == 1


def test_a_button_opens_a_guide(copy):
    screen = copy.press("Read on")
    assert "Stops" in screen.text
    assert not screen.edited
    assert clicks() == [("Rita", 2)]


def test_a_button_opens_nothing_that_the_role_does_not_allow(copy):
    screen = copy.press("People")
    assert "not available to you" in screen.toast
    assert screen.texts == []


def test_a_press_counts_even_if_what_it_opens_refuses(copy, guide):
    guide.delete()
    screen = copy.press("Read on")
    assert screen.alert
    assert clicks() == [("Rita", 2)]


def test_a_press_on_a_copy_of_a_broadcast_that_is_gone(copy):
    Broadcast.objects.all().delete()
    assert copy.press("Read on").toast == "That button is no longer valid."
    assert clicks() == []


def test_a_press_on_ones_own_trial_copy_works_and_does_not_count(client, operator):
    broadcast = BroadcastFactory(buttons=[[{"text": "What can you do", "command": "help"}]])
    services.send_to_me(broadcast, actor=operator)
    client.send("/cancel")

    assert "What I can do" in client.press("What can you do").text
    assert clicks() == []


def test_a_recipient_cannot_press_for_another_broadcast(copy):
    other = BroadcastFactory(buttons=[[{"text": "Help", "command": "help"}]])
    shown = Message.objects.filter(person__first_name="Rita", priority=9).get()
    screen = copy.press_data(f"broadcasts.click:{other.pk}:0", shown.external_message_id)
    assert screen.toast == "That button is no longer valid."
    assert clicks() == []


# ── Queries ───────────────────────────────────────────────────────────────────────────────────────────────


def request_of(person):
    dialog = person.dialogs.get()
    return ChatRequest(person, dialog, "", "", "en", 1, timezone.now(), is_button=True)


@pytest.mark.parametrize("count", [1, 12])
@pytest.mark.parametrize("stage", ["draft", "scheduled", "sending", "paused", "sent", "list"])
def test_no_screen_takes_more_than_eight_queries(operator, count, stage, django_assert_max_num_queries):
    recipients(count)
    broadcasts = [BroadcastFactory() for _ in range(count)]
    broadcast = broadcasts[0]
    request = request_of(operator)
    if stage == "scheduled":
        services.schedule(broadcast, timezone.now() + timedelta(hours=1), actor=None)
    elif stage in {"sending", "paused"}:
        services.start(broadcast, actor=None)
        fan_out.advance(broadcast.pk)
        if stage == "paused":
            services.pause(broadcast, actor=None)
    elif stage == "sent":
        sent_out(broadcast)
        ledger.copies(broadcast).filter(person=operator).update(status=Message.Status.FAILED)

    with django_assert_max_num_queries(8):
        if stage == "list":
            lists.broadcasts(request)
        else:
            lists.show(request, broadcast.pk)


@pytest.mark.parametrize(
    ("act", "queries"),
    [("pause", 8), ("resume", 11), ("cancel", 11), ("start", 8), ("ask_start", 8), ("leave", 8)],
)
def test_actions_take_few_queries(operator, act, queries, django_assert_max_num_queries):
    recipients(12)
    broadcast = BroadcastFactory()
    if act == "leave":
        services.schedule(broadcast, timezone.now() + timedelta(hours=1), actor=None)
    elif act not in {"start", "ask_start"}:
        services.start(broadcast, actor=None)
        fan_out.advance(broadcast.pk)
    if act == "resume":
        services.pause(broadcast, actor=None)
    view = getattr(bot.running, act, None) or getattr(bot.starting, act)

    request = request_of(operator)

    with django_assert_max_num_queries(queries):
        view(request, broadcast.pk)


def test_what_is_gone_is_refused_everywhere(operator):
    for act in (services.pause, services.cancel, services.discard):
        with pytest.raises(Exception, match="not there any more"):
            act(Broadcast(pk=uuid4()), actor=operator)


def test_a_value_that_is_none_of_the_choices_changes_nothing():
    broadcast = BroadcastFactory()
    for values in ({"target_audience": "martians"}, {"target_audience": "segment"}, {"title": ""}):
        with pytest.raises(ValidationError):
            services.change(broadcast, actor=None, **values)
    assert only().target_audience == "all"
