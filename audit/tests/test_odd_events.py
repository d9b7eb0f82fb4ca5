"""The log is read whatever somebody wrote into it, or into the tables it names, with SQL."""

from __future__ import annotations

import tracemalloc

import pytest
from django.urls import reverse

from audit.models import EventLog
from audit.tests.tampering import sql
from projects.tests.factories import FeatureFactory
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import UserFactory

pytestmark = pytest.mark.django_db

LIST = reverse("admin:audit_eventlog_changelist")
EXPORT = reverse("admin:audit_eventlog_export")


@pytest.fixture
def owner(client):
    client.force_login(UserFactory(person__role=Role.OWNER, person__timezone="Asia/Tokyo"))
    return client


def write(feature, column="origin", value="'shell'"):
    """An event of a feature, with one column that is as somebody likes it."""
    values = {
        "action": "'projects.feature.changed'",
        "entity_type": "'projects.feature'",
        "entity_id": f"'{feature.pk}'",
        column: value,
    }
    names = ", ".join(f'"{name}"' for name in values)
    [[pk]] = sql(f"INSERT INTO audit_eventlog ({names}) VALUES ({', '.join(values.values())}) RETURNING id")
    return pk


def shown(client, pk, feature):
    """What the event's page says; the list, the history of the thing and both files hold the event too."""
    assert pk in [event.pk for event in client.get(LIST).context["cl"].result_list]
    history = client.get(reverse("admin:projects_feature_history", args=[feature.pk]))
    assert history.status_code == 200
    for form in ("csv", "jsonl"):
        lines = b"".join(client.post(EXPORT, {"format": form}).streaming_content).decode()
        assert str(pk) in lines
    return client.get(reverse("admin:audit_eventlog_change", args=[pk])).content.decode()


def nested(depth):
    return f"""'{{"after": {'{"a":' * depth}1{"}" * depth}}}'"""


@pytest.mark.parametrize(
    ("column", "value", "text"),
    [
        ("details", "'[1, 2]'", "[\n"),
        ("details", "'5'", "5"),
        ("details", "'null'", "null"),
        ("details", """'{"before": 5, "after": [], "private": 5}'""", "private"),
        ("details", """'{"private": [{"a": 1}, "description"]}'""", "description"),
        ("details", """'{"before": {"status": [1]}, "after": {"status": {"a": 1}}}'""", "status"),
        ("details", """'{"before": {"position": "high"}, "after": {"position": [1]}}'""", "high"),
        ("details", """'{"before": {"release_id": [1]}, "after": {"release_id": {}}}'""", "[1]"),
        ("details", """'{"before": {"name": 1}, "after": {"name": {"a": 1}}}'""", "name"),
        ("details", """('{"after": {"x": 1' || repeat('0', 5000) || '}}')::jsonb""", "1000000"),
        ("details", nested(500), "after"),
        ("details", nested(900), "after"),
        ("details", nested(5000), "after"),
        ("timestamp", "'infinity'", "infinity"),
        ("timestamp", "'0044-03-15 00:00Z BC'", "0044-03-15 00:00:00+00 BC"),
        ("timestamp", "'12000-01-01 00:00Z'", "12000-01-01 00:00:00+00"),
        ("created_at", "'infinity'", "changed feature"),
        ("origin", "'elsewhere'", "changed feature"),
        ("action", "'.'", "."),
        ("user_id", "'user:99999999999999999999999'", "user:999"),
    ],
)
def test_an_event_that_makes_no_sense_is_shown_as_it_is(owner, column, value, text):
    feature = FeatureFactory()
    assert text in shown(owner, write(feature, column, value), feature)


@pytest.mark.parametrize("value", ["9999-12-31 23:59Z", "0001-01-01 00:00Z", "infinity", "-infinity"])
@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York"])
def test_a_moment_that_is_none_where_the_reader_is_is_shown_as_text(client, value, zone):
    person = UserFactory(person__role=Role.OWNER, person__timezone=zone).person
    client.force_login(person.staff)
    changed = UserFactory()
    sql("UPDATE accounts_user SET date_joined = %s WHERE id = %s", value, changed.pk)
    event = EventLog.objects.of(changed).newest_first()[0]

    assert value[:10] in shown(client, event.pk, FeatureFactory())


def test_a_list_of_certain_days_holds_what_is_in_the_calendar_and_ends(owner, monkeypatch):
    monkeypatch.setattr("audit.export._AT_ONCE", 1)
    feature = FeatureFactory()
    kept = [write(feature) for _number in range(2)]
    for moment in ("infinity", "0044-03-15 BC"):
        write(feature, "timestamp", f"'{moment}'")

    query = f"?kind=projects.feature&thing={feature.pk}&event=changed&since=2020-01-01&until=2100-01-01"
    lines = b"".join(owner.post(EXPORT + query, {"format": "jsonl"}).streaming_content).decode()

    assert lines.count("\n") == len(kept)


def test_pages_of_large_events_need_little_memory(owner):
    feature = FeatureFactory()
    sql("UPDATE projects_feature SET description = repeat('x', 500000) WHERE id = %s", feature.pk)
    for _number in range(60):
        sql("UPDATE projects_feature SET description = description || 'y' WHERE id = %s", feature.pk)

    for address in (LIST, reverse("admin:projects_feature_history", args=[feature.pk])):
        tracemalloc.start()
        page = owner.get(address).content.decode()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert "hanged description of feature" in page
        assert len(page) < 1_000_000
        assert peak < 30_000_000, "all of them together have 60 MB"
