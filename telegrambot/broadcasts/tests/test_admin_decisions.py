"""What operators decide in the browser: what is offered, what is asked, what happens, what is refused."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from audit.models import EventLog
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory, UserFactory
from telegrambot.broadcasts import files, ledger, segments, services
from telegrambot.broadcasts.admin.decisions import DECISIONS
from telegrambot.broadcasts.models import Broadcast, BroadcastClick, BroadcastOptOut, FollowUp
from telegrambot.broadcasts.rounds import amend_copies
from telegrambot.broadcasts.tests.factories import BroadcastFactory, SegmentFactory, recipient, recipients
from telegrambot.broadcasts.tests.test_follow_ups import arrive, over, run
from telegrambot.engine.first_steps import checklist
from telegrambot.engine.models import Dialog, Message
from telegrambot.engine.testing import BOT_ID
from telegrambot.engine.tests.pictures import png

pytestmark = pytest.mark.django_db

Status = Broadcast.Status


@pytest.fixture
def admin(client):
    client.force_login(UserFactory(person__role=Role.ADMIN, person__first_name="Ann"))
    return client


def page_of(broadcast, page="change", *args):
    return reverse(f"admin:broadcasts_broadcast_{page}", args=[broadcast.pk, *args])


def decide(client, broadcast, name, **data):
    return client.post(page_of(broadcast, "decide", name), data, follow=True)


def fresh(row):
    return type(row).objects.get(pk=row.pk)


def said(answer):
    return " ".join(str(message) for message in answer.context["messages"])


def offered(client, broadcast):
    return [decision.name for decision in client.get(page_of(broadcast)).context["decisions"]]


def running(people=3, **values):
    """A broadcast of which all copies wait."""
    recipients(people)
    broadcast = BroadcastFactory(**values)
    services.start(broadcast, actor=None)
    run(broadcast)
    return broadcast


# ── Who may ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("role", [Role.PUBLIC, Role.SUBSCRIBER])
@pytest.mark.parametrize("name", DECISIONS)
def test_readers_decide_nothing(client, role, name):
    client.force_login(UserFactory(person__role=role))
    recipient()
    broadcast = BroadcastFactory()

    for answer in (
        client.get(page_of(broadcast, "decide", name)),
        client.post(page_of(broadcast, "decide", name)),
        client.get(page_of(broadcast, "progress")),
    ):
        assert answer.status_code in {302, 403}
    assert Broadcast.objects.get().status == Status.DRAFT
    assert not Message.objects.exists()


@pytest.mark.parametrize("role", [Role.ADMIN, Role.OWNER])
def test_operators_start(client, role):
    client.force_login(UserFactory(person__role=role))
    recipients(2)
    broadcast = BroadcastFactory()

    assert "It is on its way." in said(decide(client, broadcast, "start"))
    assert fresh(broadcast).status == Status.SENDING


def test_the_owner_may_forbid_it_by_role(admin, monkeypatch):
    monkeypatch.setattr("telegrambot.accounts.permissions.ADMINS_MAY", frozenset())
    recipient()
    broadcast = BroadcastFactory()

    assert offered(admin, broadcast) == []
    assert admin.post(page_of(broadcast, "decide", "start")).status_code == 403
    assert admin.post(page_of(broadcast, "decide", "copy")).status_code == 403
    assert Broadcast.objects.get().status == Status.DRAFT


def test_looking_does_nothing_and_a_forged_form_neither(admin):
    recipient()
    broadcast = BroadcastFactory()
    for name in DECISIONS:
        admin.get(page_of(broadcast, "decide", name))

    strict = Client(enforce_csrf_checks=True)
    strict.force_login(UserFactory(person__role=Role.OWNER))
    assert strict.post(page_of(broadcast, "decide", "start")).status_code == 403
    assert (Broadcast.objects.count(), fresh(broadcast).status) == (1, Status.DRAFT)
    assert not Message.objects.exists()


def test_an_unknown_decision_is_not_there(admin):
    assert admin.post(page_of(BroadcastFactory(), "decide", "explode")).status_code == 404


# ── What is offered ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("status", "names"),
    [
        (Status.DRAFT, ["start", "schedule", "try", "copy"]),
        (Status.SCHEDULED, ["start", "schedule", "unschedule", "try", "copy"]),
        (Status.SENDING, ["pause", "cancel", "recall", "copy"]),
        (Status.PAUSED, ["resume", "retry", "correct", "cancel", "recall", "copy"]),
        (Status.SENT, ["retry", "correct", "recall", "copy"]),
        (Status.FAILED, ["retry", "correct", "recall", "copy"]),
        (Status.CANCELLED, ["correct", "recall", "copy"]),
    ],
)
def test_what_makes_sense_is_offered(admin, status, names):
    broadcast = running()
    arrive(broadcast, ledger.copies(broadcast).first().person)
    arrive(broadcast, ledger.copies(broadcast).last().person, status=Message.Status.FAILED)
    Broadcast.objects.update(status=status, scheduled_at=timezone.now())

    assert offered(admin, broadcast) == names


def test_what_was_taken_back_stays_so(admin):
    broadcast = over(2)
    assert "It is being taken back." in said(decide(admin, broadcast, "recall"))

    assert offered(admin, broadcast) == ["copy"]
    assert "was taken back already" in said(decide(admin, broadcast, "recall"))
    answer = admin.get(page_of(broadcast, "decide", "correct"), follow=True)
    assert "“Correct” is not possible now" in said(answer)


# ── Starting ──────────────────────────────────────────────────────────────────────────────────────────────


def test_before_it_starts_everything_is_shown(admin):
    recipients(3)
    recipient(blocked_at=timezone.now())
    recipient(opted_out_at=timezone.now())
    recipient(is_active=False)
    recipient(preferences={"quiet_hours": "00:00-23:59"})
    broadcast = BroadcastFactory(message_text="Hello <b>{first_name}</b>", target_audience="all")

    page = " ".join(admin.get(page_of(broadcast, "decide", "start")).content.decode().split())

    assert "<strong>4</strong> people get it" in page
    for line in (
        "1 blocked the bot",
        "1 opted out",
        "1 switched off",
        "1 have quiet hours now",
        "Sending takes",
    ):
        assert line in page
    assert "Hello <b>Ann</b>" in page
    assert 'name="confirmed"' not in page
    assert fresh(broadcast).status == Status.DRAFT


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "This field is required"),
        ("2", "would go to 3 people"),
        ("three", "not the number of recipients"),
    ],
)
def test_a_large_audience_has_to_be_typed(admin, settings, typed, sentence):
    settings.BROADCAST_CONFIRM_ABOVE = 2
    recipients(3)
    broadcast = BroadcastFactory()
    assert 'name="confirmed"' in admin.get(page_of(broadcast, "decide", "start")).content.decode()

    answer = decide(admin, broadcast, "start", confirmed=typed)
    assert sentence in answer.content.decode()
    assert fresh(broadcast).status == Status.DRAFT
    decide(admin, broadcast, "start", confirmed=" 3 ")
    assert fresh(broadcast).status == Status.SENDING


def test_an_audience_that_grew_meanwhile_is_asked_about_again(admin, settings):
    settings.BROADCAST_CONFIRM_ABOVE = 2
    recipients(2)
    broadcast = BroadcastFactory()
    assert 'name="confirmed"' not in admin.get(page_of(broadcast, "decide", "start")).content.decode()
    recipient()

    answer = decide(admin, broadcast, "start")

    assert 'name="confirmed"' in answer.content.decode()
    assert fresh(broadcast).status == Status.DRAFT


@pytest.mark.parametrize("name", ["start", "schedule"])
@pytest.mark.parametrize(
    "change",
    [
        {"message_text": "Half a sente"},
        {"target_audience": "all", "segment": None},
        {"buttons": [[{"text": "Help", "command": "help"}]]},
    ],
)
def test_what_was_looked_at_is_what_goes(admin, name, change):
    recipient(is_friend=True)
    recipients(2)
    segment = SegmentFactory(conditions={"is_friend": True})
    broadcast = BroadcastFactory(target_audience="segment", segment=segment, message_text="Dear friend")
    question = admin.get(page_of(broadcast, "decide", name))
    yes = {"seen": question.context["form"]["seen"].value(), "moment": "tomorrow 9:00"}
    assert f'value="{yes["seen"]}"' in question.content.decode()
    services.change(fresh(broadcast), actor=None, **change)

    answer = decide(admin, broadcast, name, **yes)

    assert "was changed meanwhile. Please look at it again." in answer.content.decode()
    assert fresh(broadcast).status == Status.DRAFT
    # Now they have.
    decide(admin, broadcast, name, **yes | {"seen": answer.context["form"]["seen"].value()})
    assert fresh(broadcast).status != Status.DRAFT


def test_another_title_is_nothing_to_look_at(admin):
    recipient()
    broadcast = BroadcastFactory()
    seen = admin.get(page_of(broadcast, "decide", "start")).context["form"]["seen"].value()
    services.change(fresh(broadcast), actor=None, title="Another")

    decide(admin, broadcast, "start", seen=seen)

    assert fresh(broadcast).status == Status.SENDING


@pytest.mark.parametrize("act", [segments.save, files.replace])
def test_other_people_or_other_photos_are_to_be_looked_at_too(admin, act):
    recipient(is_friend=True)
    segment = SegmentFactory()
    broadcast = BroadcastFactory(target_audience="segment", segment=segment)
    files.replace(broadcast, [files.File("a.png", png())], actor=None)
    seen = admin.get(page_of(broadcast, "decide", "start")).context["form"]["seen"].value()
    if act is segments.save:
        segments.save(segment, conditions={"is_friend": True}, actor=None)
    else:
        files.replace(broadcast, [files.File("b.png", png())], actor=None)

    answer = decide(admin, broadcast, "start", seen=seen)

    assert "was changed meanwhile" in answer.content.decode()
    assert fresh(broadcast).status == Status.DRAFT


def test_starting_twice_starts_once(admin):
    recipient()
    broadcast = BroadcastFactory(title="News")
    decide(admin, broadcast, "start")

    answer = decide(admin, broadcast, "start")

    assert "“News” is sending: it cannot be changed or started any more." in said(answer)


@pytest.mark.parametrize(
    ("values", "people", "sentence"),
    [
        ({"message_text": " "}, 1, "says nothing yet"),
        ({}, 0, "Nobody would get"),
        ({"message_type": "photo"}, 1, "says"),
    ],
)
def test_what_cannot_start_says_why(admin, values, people, sentence):
    recipients(people)
    broadcast = BroadcastFactory(**values)

    page = admin.get(page_of(broadcast, "decide", "start")).content.decode()
    assert "Yes, send it" not in page
    answer = decide(admin, broadcast, "start")
    assert sentence in answer.content.decode()
    assert fresh(broadcast).status == Status.DRAFT


def test_an_unreadable_segment_is_named(admin):
    segment = SegmentFactory(conditions={"shoe_size": 42})
    broadcast = BroadcastFactory(target_audience="segment", segment=segment)

    for page in (page_of(broadcast), page_of(broadcast, "decide", "start")):
        assert "shoe_size" in admin.get(page).content.decode()


# ── Schedule ──────────────────────────────────────────────────────────────────────────────────────────────


def test_it_is_scheduled_on_the_operators_clock(client):
    client.force_login(UserFactory(person__role=Role.ADMIN, person__timezone="Asia/Tokyo"))
    recipient()
    broadcast, year = BroadcastFactory(), timezone.now().year + 1

    answer = decide(client, broadcast, "schedule", moment=f"{year}-03-15T18:30", is_local_time="on")

    found = fresh(broadcast)
    sentence = f"It starts on 15 Mar {year}, 18:30 (Asia/Tokyo), for each recipient by their own clock"
    assert sentence in said(answer)
    assert (found.scheduled_at.isoformat(), found.is_local_time) == (f"{year}-03-15T09:30:00+00:00", True)
    assert (found.status, found.schedule_timezone) == (Status.SCHEDULED, "Asia/Tokyo")
    again = client.get(page_of(broadcast, "decide", "schedule"))
    assert f'value="{year}-03-15T18:30"' in again.content.decode()

    assert "It is a draft again." in said(decide(client, broadcast, "unschedule"))
    assert fresh(broadcast).status == Status.DRAFT


@pytest.mark.parametrize(
    ("moment", "sentence"),
    [
        ("", "This field is required"),
        ("2020-01-01T10:00", "That moment is past"),
        ("soon", "I do not understand"),
    ],
)
def test_a_moment_that_makes_no_sense_is_refused(admin, moment, sentence):
    recipient()
    broadcast = BroadcastFactory()

    assert sentence in decide(admin, broadcast, "schedule", moment=moment).content.decode()
    assert fresh(broadcast).status == Status.DRAFT


def test_what_waits_for_a_decision_asks_for_it(admin):
    recipient()
    broadcast = BroadcastFactory(
        status=Status.SCHEDULED, scheduled_at="2020-01-01T00:00Z", needs_confirmation=True
    )

    page = admin.get(page_of(broadcast)).content.decode()
    assert "It was due while nothing was running." in page
    assert "It was due on 1 Jan 2020" in page
    decide(admin, broadcast, "start")
    assert (fresh(broadcast).status, fresh(broadcast).needs_confirmation) == (Status.SENDING, False)


# ── To me first ───────────────────────────────────────────────────────────────────────────────────────────


def test_an_operator_gets_it_first_and_it_does_not_count(admin):
    me = UserFactory(person__role=Role.OWNER, person__first_name="Olga")
    broadcast = BroadcastFactory()
    admin.force_login(me)
    assert "cannot write to you yet" in said(decide(admin, broadcast, "try"))
    recipient()
    Dialog.objects.create(bot_id=BOT_ID, telegram_dialog_id=str(me.person.telegram_id), person=me.person)
    assert not {step.name: done for step, done in checklist()}["broadcast"]

    assert "Sent to you. It does not count." in said(decide(admin, broadcast, "try"))

    message = Message.objects.get()
    assert (message.person, message.text) == (me.person, "Hello, Olga!")
    assert fresh(broadcast).status == Status.DRAFT
    assert {step.name: done for step, done in checklist()}["broadcast"]


# ── While it runs, and after ──────────────────────────────────────────────────────────────────────────────


def test_it_is_paused_resumed_and_cancelled(admin):
    broadcast = running()

    assert "Paused." in said(decide(admin, broadcast, "pause"))
    assert not ledger.copies(broadcast).filter(not_before__isnull=False).exists()
    assert "so it cannot be paused" in said(decide(admin, broadcast, "pause"))
    assert "It goes on." in said(decide(admin, broadcast, "resume"))
    assert (
        "They have not got it yet: 3 people."
        in admin.get(page_of(broadcast, "decide", "cancel")).content.decode()
    )
    assert "Cancelled." in said(decide(admin, broadcast, "cancel"))
    assert fresh(broadcast).status == Status.CANCELLED
    assert set(ledger.copies(broadcast).values_list("status", flat=True)) == {"cancelled"}
    assert EventLog.objects.filter(action="broadcasts.broadcast.changed", origin="admin").exists()


def test_failed_copies_get_another_try(admin):
    broadcast = running()
    arrive(broadcast, status=Message.Status.FAILED, error="Bad Gateway")
    run(broadcast)

    assert (
        "They can be reached now: 3 people."
        in admin.get(page_of(broadcast, "decide", "retry")).content.decode()
    )
    assert "3 people get another try." in said(decide(admin, broadcast, "retry"))
    assert fresh(broadcast).status == Status.SENDING
    assert "No copy" in said(decide(admin, broadcast, "retry"))


def test_it_is_taken_back(admin):
    broadcast = over(2)

    assert (
        "It can be deleted for 2 people."
        in admin.get(page_of(broadcast, "decide", "recall")).content.decode()
    )
    decide(admin, broadcast, "recall")
    while amend_copies():
        pass
    assert Message.objects.filter(operation="delete").count() == 2


def test_it_is_corrected(admin):
    broadcast = over(2, message_text="Old")

    page = admin.get(page_of(broadcast, "decide", "correct")).content.decode()
    assert "They have it with the old text: 2 people." in page
    assert "Old</textarea>" in page
    refused = decide(admin, broadcast, "correct", text="a\r\n<b>")
    assert "Line 2, character 4: Telegram cannot read this" in refused.content.decode()
    assert "That is the text" in decide(admin, broadcast, "correct", text="Old").content.decode()
    assert "2 people had it with the old one" in said(decide(admin, broadcast, "correct", text="New"))
    assert (fresh(broadcast).message_text, FollowUp.objects.count()) == ("New", 1)


def test_a_copy_is_a_draft_of_its_own(admin):
    broadcast = over(1, title="News", buttons=[[{"text": "Go", "url": "https://e.org"}]])

    answer = decide(admin, broadcast, "copy")

    made = Broadcast.objects.exclude(pk=broadcast.pk).get()
    assert answer.redirect_chain[-1][0] == page_of(made)
    assert (made.title, made.status, made.created_by.first_name) == ("News", Status.DRAFT, "Ann")
    assert made.buttons == broadcast.buttons


# ── Progress ──────────────────────────────────────────────────────────────────────────────────────────────

BUTTONS = [[{"text": "Guides", "command": "guides"}, {"text": "Site", "url": "https://example.org"}]]


def test_the_page_tells_how_far_it_is_and_why_not(admin):
    broadcast = running(4, buttons=BUTTONS)
    first, second, third, _fourth = ledger.copies(broadcast).order_by("pk")
    arrive(broadcast, first.person)
    arrive(broadcast, second.person, status=Message.Status.FAILED, error="Forbidden: <b>bot</b> was blocked")
    arrive(
        broadcast, third.person, status=Message.Status.CANCELLED, error="The person opted out of broadcasts."
    )
    BroadcastClick.objects.create(broadcast=broadcast, person=first.person, button=0)
    BroadcastOptOut.objects.create(broadcast=broadcast, person=third.person)

    answer = admin.get(page_of(broadcast, "progress"))
    page = " ".join(answer.content.decode().split())

    assert "<strong>75 %</strong>" in page
    assert 'aria-valuenow="75"' in page
    assert "Forbidden: &lt;b&gt;bot&lt;/b&gt; was blocked</a><span>1</span>" in page
    assert "The person opted out of broadcasts." in page
    assert "<span>Guides</span>" in page
    assert "<span>Site</span>" not in page
    assert "Opted out because of it: <strong>1</strong>" in page
    assert answer["X-State"] == "4-0-1"
    assert "no-store" in answer["Cache-Control"]


def test_the_page_rests_when_it_is_over(admin):
    broadcast = running()
    assert " data-live" in admin.get(page_of(broadcast)).content.decode()
    arrive(broadcast)
    run(broadcast)

    assert " data-live" not in admin.get(page_of(broadcast)).content.decode()
    assert admin.get(page_of(broadcast, "progress"))["X-State"] == "2-0-0"
    decide(admin, broadcast, "recall")
    assert " data-live" in admin.get(page_of(broadcast)).content.decode()
    while amend_copies():
        pass
    Message.objects.filter(operation="delete").update(status="sent")
    page = admin.get(page_of(broadcast)).content.decode()
    assert " data-live" not in page
    assert "Taken back: 3 deleted" in page


def test_progress_is_only_looked_at(admin):
    assert admin.post(page_of(running(), "progress")).status_code == 405


@pytest.mark.parametrize("page", ["change", "progress", "decide"])
def test_pages_cost_the_same_for_any_number(admin, page):
    broadcast = running(3, buttons=BUTTONS)
    arrive(broadcast, status=Message.Status.FAILED, error="Bad Gateway")
    address = page_of(broadcast, page, *(["cancel"] if page == "decide" else []))

    def cost():
        admin.get(address)
        with CaptureQueriesContext(connection) as queries:
            assert admin.get(address).status_code == 200
        return len(queries)

    few = cost()
    for person in recipients(30):
        chat = Dialog.objects.get(person=person)
        Message.objects.create(
            dialog=chat,
            person=person,
            direction="outbound",
            origin=broadcast.origin,
            priority=9,
            status="failed",
            error=f"Reason {person.pk}",
        )
        BroadcastClick.objects.create(broadcast=broadcast, person=person, button=0)
    assert cost() == few <= 20


# ── A person's card ───────────────────────────────────────────────────────────────────────────────────────


def test_a_persons_page_tells_what_they_were_sent(admin):
    broadcast = running(1, title="Spring <news>")
    person = ledger.copies(broadcast).get().person
    arrive(broadcast, status=Message.Status.FAILED, error="Chat not found")

    page = admin.get(reverse("admin:accounts_telegramuser_change", args=[person.pk])).content.decode()
    assert page_of(broadcast) in page
    assert "Spring &lt;news&gt;" in page
    assert "failed: Chat not found" in page
    other = TelegramUserFactory()
    page = admin.get(reverse("admin:accounts_telegramuser_change", args=[other.pk])).content.decode()
    assert "No broadcast was sent to this person yet." in page


def test_the_copies_of_a_person_are_read_at_constant_cost(admin):
    person = recipient()

    def cost():
        url = reverse("admin:accounts_telegramuser_change", args=[person.pk])
        admin.get(url)
        with CaptureQueriesContext(connection) as queries:
            admin.get(url)
        return len(queries)

    def send(count):
        for _ in range(count):
            broadcast = BroadcastFactory()
            services.start(broadcast, actor=None)
            run(broadcast)

    send(1)
    few = cost()
    send(12)
    assert cost() == few
