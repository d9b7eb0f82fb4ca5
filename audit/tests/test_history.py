"""The history of one thing in the admin: for whoever may look at the thing, from the log."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit import history
from audit.audited import audited_models
from audit.history import HistoryAdmin
from audit.models import EventLog
from audit.services import record
from audit.tests.factories import EventFactory
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory, UserFactory
from telegrambot.engine.models import BackgroundJob
from telegrambot.engine.tests.factories import ProcessedMessageFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def sign_in(client):
    def _sign_in(role=Role.ADMIN):
        staff = UserFactory()
        TelegramUserFactory(role=role, staff=staff, first_name="Olga")
        client.force_login(staff)
        return client

    return _sign_in


def page(row, name="history"):
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{name}", args=[row.pk])


def happened(person, **values):
    return EventFactory(entity_type="accounts.telegramuser", entity_id=str(person.pk), **values)


def deeds(response):
    return [entry.deed for entry in response.context["entries"]]


def test_every_page_of_an_audited_model_offers_its_history():
    """A page that showed Django's own record would show nothing of what the chat, tasks and psql changed."""
    pages = {
        model: admin.site._registry[model] for model in audited_models() if admin.site.is_registered(model)
    }

    assert pages
    assert [model for model, shown in pages.items() if not isinstance(shown, HistoryAdmin)] == []


def test_a_person_s_history_tells_what_happened_newest_first(sign_in):
    client, person = sign_in(), TelegramUserFactory(first_name="Greta")
    other = TelegramUserFactory()
    actor = TelegramUserFactory(first_name="Anna")
    happened(person, details={"before": {"role": 0}, "after": {"role": 1}}, user_id=str(actor.pk))
    happened(person, details={"private": ["first_name"]}, origin="chat")
    happened(other, details={"before": {"role": 0}, "after": {"role": 3}})

    response = client.get(page(person))

    assert deeds(response)[:2] == [
        "Changed first name of person “Greta” (not kept here)",
        "Changed role of person “Greta”: public → subscriber",
    ]
    assert all("owner" not in deed for deed in deeds(response))
    content = response.content.decode()
    assert f'href="{page(actor, "change")}">Anna</a>' in content
    assert "<del>public</del>" in content
    assert "<ins>subscriber</ins>" in content


def test_the_page_of_a_person_leads_to_the_history(sign_in):
    person = TelegramUserFactory()

    assert f'href="{page(person)}"' in sign_in().get(page(person, "change")).content.decode()


def test_pages_without_a_history_offer_none(sign_in):
    mark = ProcessedMessageFactory()

    assert page(mark) not in sign_in().get(page(mark, "change")).content.decode()


def test_only_owners_are_led_to_the_whole_log(sign_in):
    person = TelegramUserFactory()
    event = happened(person)
    own_page = reverse("admin:audit_eventlog_change", args=[event.pk])
    whole = reverse("admin:audit_eventlog_changelist")

    as_admin = sign_in(Role.ADMIN).get(page(person)).content.decode()
    as_owner = sign_in(Role.OWNER).get(page(person)).content.decode()

    assert own_page not in as_admin
    assert whole not in as_admin
    assert own_page in as_owner
    assert f"{whole}?kind=accounts.telegramuser&amp;thing={person.pk}" in as_owner


def test_an_admin_sees_no_history_of_what_only_owners_see(sign_in):
    account = UserFactory()

    assert sign_in(Role.ADMIN).get(page(account)).status_code == 403
    assert sign_in(Role.OWNER).get(page(account)).status_code == 200


@pytest.mark.parametrize("role", [Role.PUBLIC, Role.SUBSCRIBER])
def test_people_below_admin_see_no_history(sign_in, role):
    response = sign_in(role).get(page(TelegramUserFactory()))

    assert response.status_code == 302
    assert "login" in response["Location"]


def test_what_is_not_there_has_no_page(sign_in):
    person = TelegramUserFactory()
    address = page(person)
    person.delete()

    assert sign_in().get(address).status_code == 302


def test_a_long_history_has_pages_without_gap_or_repetition(sign_in, monkeypatch):
    monkeypatch.setattr(history, "PAGE", 2)
    client, person = sign_in(), TelegramUserFactory()
    for _number in range(4):
        happened(person)

    address, found = page(person), []
    while address:
        response = client.get(address)
        found += [entry.told.event.pk for entry in response.context["entries"]]
        older = response.context["older"]
        address = f"{page(person)}?older={older}" if older else ""

    events = EventLog.objects.of(person)
    assert found == list(events.newest_first().values_list("pk", flat=True))
    assert len(found) >= 4


@pytest.mark.parametrize("place", ["x", "1~2", "9" * 30])
def test_a_mangled_place_shows_the_newest(sign_in, place):
    person = TelegramUserFactory()
    happened(person)

    response = sign_in().get(f"{page(person)}?older={place}")

    assert response.status_code == 200


def test_a_history_costs_as_many_queries_with_thirty_events_as_with_three(sign_in):
    client, person = sign_in(), TelegramUserFactory()
    for _number in range(3):
        happened(person, user_id=str(TelegramUserFactory().pk))
    client.get(page(person))
    with CaptureQueriesContext(connection) as few:
        client.get(page(person))
    for _number in range(27):
        happened(person, user_id=str(TelegramUserFactory().pk))
    with CaptureQueriesContext(connection) as many:
        client.get(page(person))

    assert len(many) == len(few) <= 15


def test_what_is_recorded_of_a_proxy_is_in_its_history():
    job = BackgroundJob(id=5)
    recorded = record("engine.job.retried", job)

    assert list(EventLog.objects.of(job)) == [recorded]


def test_what_people_wrote_is_escaped(sign_in):
    person = TelegramUserFactory(first_name="<b>Greta</b>")
    happened(person, details={"before": {"timezone": "<i>"}, "after": {"timezone": "<u>"}})

    content = sign_in().get(page(person)).content.decode()

    assert "<b>Greta" not in content
    assert "<del>&lt;i&gt;</del>" in content


def test_changes_made_in_the_admin_are_in_the_log_and_not_in_djangos_own(sign_in):
    """Django's record would keep the names of people after they were erased."""
    client, person = sign_in(Role.OWNER), TelegramUserFactory(first_name="Greta")

    form = {"role": int(Role.SUBSCRIBER), "is_active": "on", "is_friend": "on", "staff": ""}
    assert client.post(page(person, "change"), form).status_code == 302

    assert not LogEntry.objects.exists()
    assert any("Changed friend of" in deed for deed in deeds(client.get(page(person))))


def test_a_thing_without_events_says_so(sign_in, monkeypatch):
    monkeypatch.setattr(EventLog.objects.__class__, "of", lambda manager, entity: EventLog.objects.none())

    assert "No history yet" in sign_in().get(page(TelegramUserFactory())).content.decode()
