"""Segments in the browser: conditions to fill in, live numbers, refusals."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from config.tests.browsing import send
from telegrambot.accounts import audience
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import UserFactory
from telegrambot.broadcasts import segments
from telegrambot.broadcasts.admin.segment_form import condition_names
from telegrambot.broadcasts.exceptions import SegmentInUse
from telegrambot.broadcasts.models import Broadcast, Segment
from telegrambot.broadcasts.tests.factories import BroadcastFactory, SegmentFactory, recipient, recipients

pytestmark = pytest.mark.django_db

LIST = reverse("admin:broadcasts_segment_changelist")
ADD = reverse("admin:broadcasts_segment_add")
COUNT = reverse("admin:broadcasts_segment_count")
Status = Broadcast.Status


@pytest.fixture
def admin(client):
    client.force_login(UserFactory(person__role=Role.ADMIN))
    return client


def page_of(segment, page="change"):
    return reverse(f"admin:broadcasts_segment_{page}", args=[segment.pk])


def fresh(row):
    return type(row).objects.get(pk=row.pk)


def said(answer):
    return " ".join(str(message) for message in answer.context["messages"])


def test_the_form_speaks_the_language_of_whoever_opens_it(admin):
    admin.get(ADD, headers={"accept-language": "en"})

    page = admin.get(ADD, headers={"accept-language": "ru"}).content.decode()

    assert "Отмечен как друг" in page
    assert "Is a friend" not in page


@pytest.mark.parametrize("role", [Role.PUBLIC, Role.SUBSCRIBER])
def test_readers_have_no_business_here(client, role):
    client.force_login(UserFactory(person__role=role))
    segment = SegmentFactory(name="Kept")

    answers = [
        client.get(LIST),
        client.post(ADD, {"name": "Forged"}),
        client.get(page_of(segment)),
        client.post(page_of(segment), {"name": "Forged"}),
        client.post(page_of(segment, "delete"), {"post": "yes"}),
        client.post(COUNT, {}),
    ]

    assert {answer.status_code for answer in answers} <= {302, 403}
    assert Segment.objects.get().name == "Kept"


@pytest.mark.parametrize("role", [Role.ADMIN, Role.OWNER])
def test_operators_open_every_page(client, role):
    client.force_login(UserFactory(person__role=role))
    segment = SegmentFactory()

    for address in (LIST, ADD, page_of(segment), page_of(segment, "delete"), page_of(segment, "history")):
        assert client.get(address).status_code == 200, address


def test_every_condition_has_a_field(admin):
    page = admin.get(ADD).content.decode()

    assert [name.removeprefix("condition_") for name in condition_names()] == [
        condition.name for condition in audience.conditions()
    ]
    assert all(f'name="{name}"' in page for name in condition_names())
    assert {"condition_guide_saved", "condition_got_broadcast"} <= set(condition_names())


def test_conditions_are_filled_in_kept_and_shown_again(admin):
    got = BroadcastFactory(title="Spring", started_at=timezone.now())
    filled = {
        "name": "Readers",
        "condition_roles": ["1", "2"],
        "condition_language": "ru",
        "condition_is_friend": "False",
        "condition_seen_within_days": "30",
        "condition_joined_from": "2026-01-31",
        "condition_got_broadcast": str(got.pk),
    }

    answer = admin.post(ADD, filled)

    assert answer.status_code == 302
    segment = Segment.objects.get()
    assert segment.conditions == {
        "roles": [1, 2],
        "language": "ru",
        "is_friend": False,
        "seen_within_days": 30,
        "joined_from": "2026-01-31",
        "got_broadcast": str(got.pk),
    }
    form = admin.get(page_of(segment)).context["adminform"].form
    shown = {name: form[name].value() for name in filled if name != "name"}
    assert shown == {
        "condition_roles": [1, 2],
        "condition_language": "ru",
        "condition_is_friend": False,
        "condition_seen_within_days": 30,
        "condition_joined_from": "2026-01-31",
        "condition_got_broadcast": str(got.pk),
    }
    assert '<option value="False" selected>' in admin.get(page_of(segment)).content.decode()

    emptied = {name: None if name == "condition_roles" else "" for name in condition_names()}
    save(admin, admin.get(page_of(segment)), name="Everybody", **emptied)
    assert (fresh(segment).name, fresh(segment).conditions) == ("Everybody", {})


def save(client, answer, follow=False, **changes):
    """Save a page as it was opened, with some changes."""
    return send(client, answer, "segment_form", changes, follow=follow)


def test_an_old_tab_keeps_what_others_changed_meanwhile(admin):
    segment = SegmentFactory(name="Readers", conditions={"roles": [1], "language": "ru", "is_friend": False})
    old_tab = admin.get(page_of(segment))
    Segment.objects.update(
        name="Friends", conditions={"roles": [1, 2], "is_friend": True, "joined_from": "2026-01-31"}
    )

    assert save(admin, old_tab, description="All of them", condition_language="en").status_code == 302

    kept = fresh(segment)
    assert (kept.name, kept.description) == ("Friends", "All of them")
    assert kept.conditions == {
        "roles": [1, 2],
        "is_friend": True,
        "joined_from": "2026-01-31",
        "language": "en",
    }


def test_what_was_chosen_before_a_mistake_is_saved_after_it(admin):
    segment = SegmentFactory()
    refused = save(
        admin, admin.get(page_of(segment)), condition_roles=["1", "2"], condition_seen_within_days="0"
    )
    assert refused.status_code == 200

    assert save(admin, refused, condition_seen_within_days="7").status_code == 302

    assert fresh(segment).conditions == {"roles": [1, 2], "seen_within_days": 7}


def test_a_condition_that_no_app_knows_goes_with_the_next_save(admin):
    segment = SegmentFactory(conditions={"shoe_size": 42, "language": "ru"})

    assert save(admin, admin.get(page_of(segment)), name="Readers").status_code == 302

    assert (fresh(segment).name, fresh(segment).conditions) == ("Readers", {"language": "ru"})


@pytest.mark.parametrize(
    ("filled", "sentence"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "taken"}, "There is a segment of that name already."),
        ({"name": "x", "condition_seen_within_days": "0"}, "greater than or equal to 1"),
        ({"name": "x", "condition_joined_from": "soon"}, "Enter a valid date"),
        ({"name": "x", "condition_roles": ["9"]}, "Select a valid choice"),
        ({"name": "x", "condition_guide_saved": "nonsense"}, "Select a valid choice"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_kept(admin, filled, sentence):
    SegmentFactory(name="Taken")

    assert sentence in admin.post(ADD, filled).content.decode()
    assert Segment.objects.count() == 1


# ── Numbers ───────────────────────────────────────────────────────────────────────────────────────────────


def test_people_are_counted_while_it_is_filled_in(admin):
    recipients(3, language_code="ru")
    recipient(language_code="ru", blocked_at=timezone.now())
    recipient(language_code="en")

    found = admin.post(COUNT, {"name": "", "condition_language": "ru"}).json()
    assert found == {"people": "4 people", "note": "3 of them would get a broadcast now."}
    wrong = admin.post(COUNT, {"condition_seen_within_days": "x"}).json()
    assert wrong["people"] == ""
    assert "whole number" in wrong["note"]
    assert admin.get(COUNT).status_code == 405
    assert not Segment.objects.exists()


def test_the_page_counts_too_and_names_what_it_cannot_read(admin):
    recipients(2)
    # The operator is a person as well, and has no chat with the bot.
    assert "<strong data-people>3 people</strong>" in admin.get(page_of(SegmentFactory())).content.decode()
    odd = SegmentFactory(conditions={"shoe_size": 42})
    assert "shoe_size" in admin.get(page_of(odd)).content.decode()


def test_the_list_costs_the_same_for_any_number(admin):
    def cost():
        admin.get(LIST)
        with CaptureQueriesContext(connection) as queries:
            assert admin.get(LIST).status_code == 200
        return len(queries)

    BroadcastFactory(target_audience="segment", segment=SegmentFactory())
    few = cost()
    for _ in range(20):
        BroadcastFactory(target_audience="segment", segment=SegmentFactory())
    assert cost() == few <= 12


# ── Broadcasts for it ─────────────────────────────────────────────────────────────────────────────────────


def test_a_segment_in_use_is_not_deleted(admin):
    segment = SegmentFactory(name="Readers")
    BroadcastFactory(target_audience="segment", segment=segment)

    for answer in (
        admin.get(page_of(segment, "delete"), follow=True),
        admin.post(page_of(segment, "delete"), {"post": "yes"}, follow=True),
    ):
        assert "“Readers” cannot be deleted: 1 broadcasts are for it." in said(answer)
    with pytest.raises(SegmentInUse):
        segments.discard(segment, actor=None)
    assert Segment.objects.exists()

    Broadcast.objects.all().delete()
    admin.post(page_of(segment, "delete"), {"post": "yes"})
    assert not Segment.objects.exists()


def test_other_people_take_broadcasts_off_the_schedule(admin):
    segment = SegmentFactory(name="Readers", conditions={"language": "ru"})
    when = timezone.now() + timedelta(days=1)
    scheduled = BroadcastFactory(
        target_audience="segment", segment=segment, status=Status.SCHEDULED, scheduled_at=when
    )
    other = BroadcastFactory(status=Status.SCHEDULED, scheduled_at=when)

    answer = save(admin, admin.get(page_of(segment)), follow=True, name="Renamed")
    assert "draft again" not in said(answer)
    assert fresh(scheduled).status == Status.SCHEDULED

    answer = save(admin, admin.get(page_of(segment)), follow=True, condition_language="en")
    assert "1 scheduled broadcast is a draft again" in said(answer)
    assert (fresh(scheduled).status, fresh(other).status) == (Status.DRAFT, Status.SCHEDULED)
