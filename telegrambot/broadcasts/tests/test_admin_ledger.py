"""Who got a broadcast, who did not and why: the page and the file."""

from __future__ import annotations

import csv
import io
import tracemalloc

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.models import EventLog
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import UserFactory
from telegrambot.broadcasts import ledger, services
from telegrambot.broadcasts.admin import ledger_rows
from telegrambot.broadcasts.models import Broadcast
from telegrambot.broadcasts.tests.factories import BroadcastFactory, recipient, recipients
from telegrambot.broadcasts.tests.test_follow_ups import arrive, run
from telegrambot.engine import services as engine_services
from telegrambot.engine.models import Message

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client):
    client.force_login(UserFactory(person__role=Role.ADMIN))
    return client


def page_of(broadcast, page="ledger"):
    return reverse(f"admin:broadcasts_broadcast_{page}", args=[broadcast.pk])


@pytest.fixture
def broadcast():
    """One that Ann got, that failed for Boris, is uncertain for Carl, cancelled for Dora, waits for Eve."""
    people = {
        name: recipient(first_name=name, username=name.lower())
        for name in ("Ann", "Boris", "Carl", "Dora", "Eve")
    }
    found = BroadcastFactory()
    services.start(found, actor=None)
    run(found)
    arrive(found, people["Ann"])
    arrive(found, people["Boris"], status=Message.Status.FAILED, error="Chat not found")
    arrive(found, people["Carl"], status=Message.Status.UNCERTAIN, error="No answer")
    arrive(
        found, people["Dora"], status=Message.Status.CANCELLED, error="The person opted out of broadcasts."
    )
    return found


def listed(client, broadcast, **query):
    return {row.person.first_name for row, _reason in client.get(page_of(broadcast), query).context["rows"]}


def exported(client, broadcast, query=""):
    answer = client.post(page_of(broadcast, "export") + query)
    return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode()))), answer


@pytest.mark.parametrize("role", [Role.PUBLIC, Role.SUBSCRIBER])
def test_readers_learn_nothing(client, broadcast, role):
    client.force_login(UserFactory(person__role=role))

    assert client.get(page_of(broadcast)).status_code in {302, 403}
    assert client.post(page_of(broadcast, "export")).status_code in {302, 403}
    assert not EventLog.objects.filter(action="broadcasts.ledger.exported").exists()


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, {"Ann", "Boris", "Carl", "Dora", "Eve"}),
        ({"outcome": "missed"}, {"Boris", "Carl", "Dora"}),
        ({"outcome": "received"}, {"Ann"}),
        ({"outcome": "failed"}, {"Boris"}),
        ({"outcome": "uncertain"}, {"Carl"}),
        ({"outcome": "cancelled"}, {"Dora"}),
        ({"outcome": "waiting"}, {"Eve"}),
        ({"reason": "Chat not found"}, {"Boris"}),
        ({"person": "bor"}, {"Boris"}),
        ({"person": "@ann"}, {"Ann"}),
        ({"outcome": "missed", "person": "ann"}, set()),
        ({"outcome": "forged", "reason": " ", "person": " "}, {"Ann", "Boris", "Carl", "Dora", "Eve"}),
    ],
)
def test_the_list_is_filtered(admin, broadcast, query, names):
    assert listed(admin, broadcast, **query) == names
    assert {row["first_name"] for row in exported(admin, broadcast, "?" + _query(query))[0]} == names


def _query(values):
    from django.utils.http import urlencode

    return urlencode(values)


def test_who_was_sent_it_again_is_not_missed(admin, broadcast):
    failed = ledger.copies(broadcast).filter(status="failed")
    engine_services.send_again(failed.values("pk"), actor=None)

    assert listed(admin, broadcast, outcome="missed") == {"Carl", "Dora"}
    assert listed(admin, broadcast, outcome="failed") == set()


def test_it_leads_to_the_person_and_the_message(admin, broadcast):
    copy = ledger.copies(broadcast).get(status="failed")
    page = admin.get(page_of(broadcast), {"outcome": "failed"}).content.decode()

    assert reverse("admin:accounts_telegramuser_change", args=[copy.person_id]) in page
    assert reverse("admin:engine_message_change", args=[copy.pk]) in page
    assert "Chat not found (1)" in page


def test_an_empty_list_says_so(admin, broadcast):
    assert "Nothing matches" in admin.get(page_of(broadcast), {"person": "zoe"}).content.decode()
    assert "Nothing here yet" in admin.get(page_of(BroadcastFactory())).content.decode()


def test_pages_follow_each_other(admin):
    people = recipients(120)
    broadcast = BroadcastFactory()
    services.start(broadcast, actor=None)
    run(broadcast)

    seen, address = [], page_of(broadcast)
    while address:
        page = admin.get(address)
        seen += [row.person_id for row, _reason in page.context["rows"]]
        older = page.context["older"]
        address = older and page_of(broadcast) + older
    assert len(seen) == len(set(seen)) == len(people)
    assert admin.get(page_of(broadcast), {"older": "nonsense"})["Location"] == page_of(broadcast)


@pytest.mark.parametrize("query", [{}, {"outcome": "missed"}, {"person": "person"}])
def test_the_page_costs_the_same_for_any_number(admin, broadcast, query):
    def cost():
        admin.get(page_of(broadcast), query)
        with CaptureQueriesContext(connection) as queries:
            assert admin.get(page_of(broadcast), query).status_code == 200
        return len(queries)

    few = cost()
    _copies(broadcast, 60)
    assert cost() == few <= 10


def _copies(broadcast, count):
    dialog = ledger.copies(broadcast).first().dialog
    Message.objects.bulk_create(
        Message(
            dialog=dialog,
            person=dialog.person,
            direction="outbound",
            origin=broadcast.origin,
            priority=9,
            status="failed",
            error="Chat not found",
            text="x" * 4000,
        )
        for _ in range(count)
    )


def test_the_file_tells_all_and_taking_it_is_recorded(admin, broadcast):
    ledger.copies(broadcast).filter(status="failed").update(error='=HYPERLINK("x")')

    rows, answer = exported(admin, broadcast)

    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert "no-store" in answer["Cache-Control"]
    assert broadcast.title not in answer["Content-Disposition"]
    found = {row["username"]: row for row in rows}
    assert found["boris"]["reason"] == '\'=HYPERLINK("x")'
    assert (found["ann"]["status"], found["dora"]["status"]) == ("sent", "cancelled")
    event = EventLog.objects.get(action="broadcasts.ledger.exported")
    assert (event.entity_id, event.details["filters"]) == (str(broadcast.pk), 0)
    assert admin.get(page_of(broadcast, "export")).status_code == 405


def test_the_file_is_written_in_constant_memory(broadcast):
    def peak():
        tracemalloc.start()
        lines = sum(
            chunk.count("\n") for chunk in ledger_rows.csv_lines(ledger.copies(Broadcast(pk=broadcast.pk)))
        )
        _now, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return lines, most

    _copies(broadcast, 3000)  # more than two pages
    peak()
    _lines, few = peak()
    _copies(broadcast, 5000)
    lines, many = peak()

    assert lines == 8000 + 5 + 1
    assert many < few * 1.5
