"""The log as a file: complete, safe for spreadsheets, for owners only, with memory that does not grow."""

from __future__ import annotations

import csv
import io
import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from audit import export
from audit.models import EventLog
from audit.tests.factories import EventFactory
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory, UserFactory

pytestmark = pytest.mark.django_db

EXPORTED = "audit.log.exported"


@pytest.fixture
def sign_in(client):
    def _sign_in(role=Role.OWNER):
        staff = UserFactory()
        TelegramUserFactory(role=role, staff=staff, first_name="Olga", timezone="Europe/Berlin")
        client.force_login(staff)
        return client

    return _sign_in


def take(client, form="csv", query="?q=update:1"):
    return client.post(reverse("admin:audit_eventlog_export") + query, {"format": form})


def text_of(response):
    return b"".join(response.streaming_content).decode()


def test_an_owner_takes_the_filtered_list_as_csv_newest_first(sign_in):
    first = EventFactory(correlation_id="update:1", entity_id="1")
    second = EventFactory(correlation_id="update:1", entity_id="2", origin="chat")
    EventFactory(correlation_id="update:2")

    response = take(sign_in())

    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == f'attachment; filename="events-{timezone.localdate()}.csv"'
    text = text_of(response)
    assert text.startswith("id,timestamp,user_id,")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["id"] for row in rows] == [str(second.pk), str(first.pk)]
    assert rows[0]["timestamp"] == EventLog.objects.get(pk=second.pk).timestamp.isoformat()
    assert rows[0]["timestamp"].endswith("+00:00")
    assert rows[0]["user_name"] == "The program"
    assert rows[0]["sentence"] == "The program changed status of feature #2: planned → done"
    assert json.loads(rows[0]["details"]) == {"before": {"status": "planned"}, "after": {"status": "done"}}


def test_each_line_of_the_other_form_is_json(sign_in):
    event = EventFactory(correlation_id="update:1", details={"after": {"name": "Ключ\n=1"}})

    response = take(sign_in(), "jsonl")

    assert response["Content-Type"] == "application/jsonl; charset=utf-8"
    (line,) = text_of(response).splitlines()
    found = json.loads(line)
    assert (found["id"], found["details"]) == (event.pk, {"after": {"name": "Ключ\n=1"}})


@pytest.mark.parametrize("harmful", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_is_a_formula(sign_in, harmful):
    EventFactory(correlation_id="update:1", entity_id=harmful)

    (row,) = csv.DictReader(io.StringIO(text_of(take(sign_in())), newline=""))

    assert row["entity_id"] == f"'{harmful}"


def test_quotes_commas_and_line_breaks_stay_in_their_cell(sign_in):
    EventFactory(correlation_id="update:1", entity_id='a,"b"\nc')

    (row,) = csv.DictReader(io.StringIO(text_of(take(sign_in()))))

    assert row["entity_id"] == 'a,"b"\nc'


@pytest.mark.parametrize(("form", "headings"), [("csv", 1), ("jsonl", 0)])
def test_the_file_leaves_event_by_event(sign_in, form, headings):
    EventFactory.create_batch(3, correlation_id="update:1")

    assert len(list(take(sign_in(), form).streaming_content)) == headings + 3


def test_pages_join_without_gap_or_repetition_and_cost_the_same_each(sign_in, monkeypatch):
    client = sign_in()
    EventFactory.create_batch(7, correlation_id="update:1")

    def read(at_once):
        monkeypatch.setattr(export, "_AT_ONCE", at_once)
        response = take(client, "jsonl")
        with CaptureQueriesContext(connection) as queries:
            found = [json.loads(line)["id"] for line in text_of(response).splitlines()]
        return found, len(queries)

    in_one, few = read(100)
    in_pages, many = read(2)

    assert in_pages == in_one == sorted(in_one, reverse=True)
    assert len(in_one) == 7
    # A query for the events and one for titles in each page; one more finds that there is no next page.
    assert (few, many) == (3, 9)


def test_a_list_of_certain_days_is_complete_too(sign_in, monkeypatch):
    monkeypatch.setattr(export, "_AT_ONCE", 2)
    moment = timezone.now()
    same = [EventFactory(correlation_id="update:1", timestamp=moment) for _number in range(5)]

    text = text_of(take(sign_in(), "jsonl", "?q=update:1&days=7"))

    assert [json.loads(line)["id"] for line in text.splitlines()] == [event.pk for event in reversed(same)]


def test_taking_the_log_is_recorded_with_the_number_of_filters(sign_in):
    client = sign_in()
    EventFactory(correlation_id="update:1")

    text_of(take(client, "csv", "?q=update:1&kind=projects.feature&origin=&days=7"))

    event = EventLog.objects.get(action=EXPORTED)
    assert event.details == {"format": "csv", "filters": 3}


def test_an_empty_list_is_a_heading(sign_in):
    assert text_of(take(sign_in(), query="?q=nothing")) == ",".join(export.COLUMNS) + "\r\n"


@pytest.mark.parametrize("role", [Role.PUBLIC, Role.SUBSCRIBER, Role.ADMIN])
def test_others_take_nothing_and_nothing_is_recorded(sign_in, role):
    EventFactory(correlation_id="update:1")

    response = take(sign_in(role))

    assert response.status_code == (403 if role == Role.ADMIN else 302)
    assert not response.streaming
    assert not EventLog.objects.filter(action=EXPORTED).exists()


def test_a_link_takes_nothing(sign_in):
    """Whatever is recorded needs a form, which nobody else can send."""
    assert sign_in().get(reverse("admin:audit_eventlog_export")).status_code == 403
    assert not EventLog.objects.filter(action=EXPORTED).exists()


def test_a_mangled_address_takes_nothing(sign_in):
    response = take(sign_in(), query="?since=yesterday")

    assert response.status_code == 302
    assert not EventLog.objects.filter(action=EXPORTED).exists()
