"""The log in the admin: for owners only, never altered, fast whatever is asked."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from audit import directory
from audit.models import AuditSeal, EventLog, SealedEvent
from audit.seals import EVENT_HASH
from audit.tests.factories import EventFactory
from projects.tests.factories import FeatureFactory, ReleaseFactory
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory, UserFactory

pytestmark = pytest.mark.django_db

LIST = "admin:audit_eventlog_changelist"


@pytest.fixture
def sign_in(client):
    def _sign_in(role=Role.OWNER):
        staff = UserFactory()
        TelegramUserFactory(role=role, staff=staff, first_name="Olga", last_name="", timezone="Europe/Berlin")
        client.force_login(staff)
        return client

    return _sign_in


def page(event):
    return reverse("admin:audit_eventlog_change", args=[event.pk])


def found(client, **query):
    response = client.get(reverse(LIST), query)
    assert response.status_code == 200, response
    return [event.pk for event in response.context["cl"].result_list]


# ── Who may ───────────────────────────────────────────────────────────────────────────────────────────────


def test_an_owner_opens_the_list_and_a_page_and_finds_them_in_the_sidebar(sign_in):
    client, event = sign_in(), EventFactory()

    assert client.get(reverse(LIST)).status_code == 200
    assert client.get(page(event)).status_code == 200
    assert f'href="{reverse(LIST)}"' in client.get(reverse("admin:index")).content.decode()


def test_an_admin_sees_neither_the_log_nor_the_way_there(sign_in):
    client, event = sign_in(Role.ADMIN), EventFactory()

    assert client.get(reverse(LIST)).status_code == 403
    assert client.get(page(event)).status_code == 403
    assert reverse(LIST) not in client.get(reverse("admin:index")).content.decode()


@pytest.mark.parametrize("role", [Role.PUBLIC, Role.SUBSCRIBER])
def test_people_below_admin_do_not_get_in(sign_in, role):
    response = sign_in(role).get(reverse(LIST))

    assert response.status_code == 302
    assert "login" in response["Location"]


def test_nobody_adds_changes_or_deletes(sign_in):
    client, event = sign_in(), EventFactory(entity_id="7")

    assert 'name="_save"' not in client.get(page(event)).content.decode()
    assert client.get(reverse("admin:audit_eventlog_add")).status_code == 403
    assert client.get(reverse("admin:audit_eventlog_delete", args=[event.pk])).status_code == 403
    assert client.post(page(event), {"entity_id": "8"}).status_code == 403
    chosen = {"action": "delete_selected", ACTION_CHECKBOX_NAME: [event.pk], "index": 0, "select_across": 0}
    client.post(reverse(LIST), chosen)
    assert EventLog.objects.get(pk=event.pk).entity_id == "7"


# ── The list ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_line_tells_when_who_what_and_whence_with_links(sign_in):
    anna, feature = TelegramUserFactory(first_name="Anna"), FeatureFactory(name="<b>Login")
    event = EventFactory(
        user_id=str(anna.pk),
        entity_id=str(feature.pk),
        origin="shell",
        correlation_id="update:5",
        timestamp=datetime(2026, 11, 22, 23, 15, tzinfo=UTC),
    )

    content = sign_in().get(reverse(LIST), {"q": "update:5"}).content.decode()

    assert "23 Nov 2026, 00:15" in content
    assert f'href="{reverse("admin:accounts_telegramuser_change", args=[anna.pk])}">Anna</a>' in content
    assert "Changed status of feature “&lt;b&gt;Login”: planned → done" in content
    assert f"{reverse('admin:audit_eventlog_change', args=[event.pk])}?" in content
    assert f'href="{reverse("admin:projects_feature_change", args=[feature.pk])}"' in content
    assert "database" in content
    assert "<b>Login" not in content


def test_what_is_gone_is_not_linked(sign_in):
    EventFactory(
        action="projects.feature.deleted",
        entity_id="77",
        user_id="b9a1c1d2-0000-4000-8000-000000000001",
        details={"before": {"name": "Login"}},
        correlation_id="update:5",
    )

    content = sign_in().get(reverse(LIST), {"q": "update:5"}).content.decode()

    assert "Deleted feature “Login”" in content
    assert "#b9a1c1d2…" in content
    assert reverse("admin:projects_feature_change", args=[77]) not in content
    assert "b9a1c1d2-0000-4000-8000-000000000001/change" not in content


def test_a_full_page_costs_no_more_queries_than_a_short_one(sign_in):
    client = sign_in()

    def fill(count):
        for _number in range(count):
            release = ReleaseFactory()
            actor, account = TelegramUserFactory(), UserFactory()
            moved = {"before": {"release_id": None}, "after": {"release_id": release.pk}}
            feature = FeatureFactory(release=release, project=release.project)
            EventFactory(user_id=str(actor.pk), entity_id=str(feature.pk), details=moved)
            EventFactory(
                user_id=f"user:{account.pk}", entity_type="accounts.telegramuser", entity_id=str(actor.pk)
            )

    def cost():
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse(LIST)).status_code == 200
        return len(queries)

    fill(15)  # more than a page: only then are they counted
    client.get(reverse(LIST))  # content types and the like are remembered
    few = cost()
    fill(25)
    assert cost() == few <= 15


def test_a_page_costs_a_bounded_number_of_queries(sign_in):
    client, feature = sign_in(), FeatureFactory()
    event = EventFactory(entity_id=str(feature.pk), user_id=str(TelegramUserFactory().pk))
    client.get(page(event))

    with CaptureQueriesContext(connection) as queries:
        client.get(page(event))

    assert len(queries) <= 15


def test_the_choices_of_the_filters_are_known_without_the_table(sign_in):
    client = sign_in()
    with CaptureQueriesContext(connection) as queries:
        content = client.get(reverse(LIST)).content.decode()

    assert not any("DISTINCT" in query["sql"] for query in queries)
    for value in ("projects.feature", "accounts.telegramuser", "created", "accounts.role.granted", "shell"):
        assert f'<option value="{value}">' in content
    assert '<option value="audit.eventlog">' not in content


def test_a_list_without_a_match_says_so(sign_in):
    assert "Nothing matches" in sign_in().get(reverse(LIST), {"q": "nothing"}).content.decode()


# ── Filters ───────────────────────────────────────────────────────────────────────────────────────────────


def test_events_are_found_by_who_did_them(sign_in):
    account = UserFactory(username="zoe_office")
    anna = TelegramUserFactory(first_name="Anna", last_name="Berg", username="annab", staff=account)
    client = sign_in()
    by_anna = EventFactory(user_id=str(anna.pk))
    before_linked = EventFactory(user_id=f"user:{account.pk}")
    root = UserFactory(username="root", is_superuser=True)
    by_root = EventFactory(user_id=f"user:{root.pk}")

    both = [before_linked.pk, by_anna.pk]
    for typed in ("anna", "ANNA be", "@annab", str(anna.telegram_id)):
        assert found(client, who=typed) == both, typed
    assert found(client, who=str(anna.pk)) == [by_anna.pk]
    assert found(client, who="roo") == [by_root.pk]
    assert found(client, who=f"user:{root.pk}") == [by_root.pk]
    assert found(client, who="nobody of this name") == []
    assert by_root.pk not in found(client, who="system")


def test_events_are_found_by_kind_thing_what_happened_and_whence(sign_in):
    client = sign_in()
    changed = EventFactory(entity_id="42", correlation_id="update:9", origin="chat")
    deleted = EventFactory(
        entity_id="42", correlation_id="update:9", action="projects.feature.deleted", details={"before": {}}
    )
    release = EventFactory(entity_id="42", correlation_id="update:9", entity_type="projects.release")
    granted = EventFactory(
        action="accounts.role.granted", entity_type="accounts.telegramuser", correlation_id="update:9"
    )

    def shown(**query):
        return found(client, q="update:9", **query)

    assert shown() == [granted.pk, release.pk, deleted.pk, changed.pk]
    assert shown(kind="projects.feature") == [deleted.pk, changed.pk]
    assert shown(thing="42") == [release.pk, deleted.pk, changed.pk]
    assert shown(thing="42", kind="projects.feature") == [deleted.pk, changed.pk]
    assert shown(event="deleted") == [deleted.pk]
    assert shown(event="changed") == [release.pk, changed.pk]
    assert shown(event="changed", kind="projects.feature") == [changed.pk]
    assert shown(event="changed", kind="projects.feature", thing="42") == [changed.pk]
    assert shown(event="changed", kind="projects.feature", thing="43") == []
    assert shown(event="accounts.role.granted") == [granted.pk]
    assert shown(event="accounts.role.granted", kind="projects.feature") == []
    assert shown(origin="chat") == [changed.pk]
    assert shown(origin="", kind="", who=" ", days="") == shown()


def test_the_search_wants_whole_numbers_and_names(sign_in):
    client, event = sign_in(), EventFactory(entity_id="777888", correlation_id="update:31415")

    for term in (event.pk, "777888", "update:31415", " 777888 "):
        assert event.pk in found(client, q=term), term
    for term in ("77788", "update:3141", "7" * 5000, "%", "feature"):
        assert event.pk not in found(client, q=term), term


def test_days_are_those_of_whoever_reads(sign_in):
    """In Berlin it is the 23rd from 23:00 UTC of the 22nd."""
    client = sign_in()
    early = EventFactory(correlation_id="d", timestamp=datetime(2026, 11, 22, 22, 59, tzinfo=UTC))
    late = EventFactory(correlation_id="d", timestamp=datetime(2026, 11, 22, 23, 0, tzinfo=UTC))

    assert found(client, q="d", since="2026-11-23") == [late.pk]
    assert found(client, q="d", until="2026-11-22") == [early.pk]
    assert found(client, q="d", since="2026-11-22", until="2026-11-23") == [late.pk, early.pk]
    assert found(client, q="d", since="2026-11-24", until="2026-11-23") == []


def test_the_last_days_count_today(sign_in):
    client, now = sign_in(), timezone.now()
    today = EventFactory(correlation_id="d", timestamp=now)
    before = EventFactory(correlation_id="d", timestamp=now - timedelta(days=3))
    long_ago = EventFactory(correlation_id="d", timestamp=now - timedelta(days=8))

    assert found(client, q="d", days="1") == [today.pk]
    assert found(client, q="d", days="7") == [today.pk, before.pk]
    assert found(client, q="d", days="30") == [today.pk, before.pk, long_ago.pk]


@pytest.mark.parametrize(
    "query",
    [
        {"since": "yesterday"},
        {"until": "2026-02-30"},
        {"since": "0001-01-01"},
        {"until": "9999-12-31"},
        {"days": "-5"},
        {"older": "x"},
        {"days": "7", "older": "12"},
    ],
)
def test_a_mangled_address_leads_back_to_the_whole_list(sign_in, query):
    response = sign_in().get(reverse(LIST), query)

    assert response.status_code == 302
    assert response["Location"].endswith("?e=1")


def test_only_filters_with_an_index_are_obeyed(sign_in):
    response = sign_in().get(reverse(LIST), {"details__after__name__contains": "a"})
    assert (response.status_code, response.url) == (302, f"{reverse(LIST)}?e=1")


@pytest.mark.parametrize("query", ["?q=p", "?days=7&q=p"])
def test_one_goes_through_the_pages_and_back_without_gap_or_repetition(sign_in, monkeypatch, query):
    monkeypatch.setattr("audit.admin.events.EventLogAdmin.list_per_page", 2)
    client, moment = sign_in(), timezone.now()
    events = [EventFactory(correlation_id="p", timestamp=moment).pk for _number in range(5)]

    def walk(address, step):
        shown = []
        while address:
            changelist = client.get(reverse(LIST) + address).context["cl"]
            shown.append([event.pk for event in changelist.result_list])
            address = getattr(changelist, step)
        return shown, changelist

    down, last = walk(query, "older_url")
    up, first = walk(last.newer_url, "newer_url")

    assert [number for numbers in down for number in numbers] == sorted(events, reverse=True)
    assert [*reversed(up), down[-1]] == down
    assert first.newest_url == query


def test_the_way_to_the_newest_keeps_the_filters(sign_in, monkeypatch):
    monkeypatch.setattr("audit.admin.events.EventLogAdmin.list_per_page", 1)
    client = sign_in()
    EventFactory.create_batch(3, correlation_id="p")
    changelist = client.get(reverse(LIST), {"q": "p", "kind": "projects.feature"}).context["cl"]

    content = client.get(reverse(LIST) + changelist.older_url).content.decode()

    newest = re.search(r'<a href="([^"]*)">Newest</a>', content)[1].replace("&amp;", "&")
    assert newest == "?kind=projects.feature&q=p"


# ── Indexes ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def crowd():
    """Events enough that the planner has a choice, the rare ones long ago: what a scan is slowest for."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO audit_eventlog
                (user_id, action, entity_type, entity_id, origin, correlation_id, details, timestamp)
            SELECT CASE WHEN is_old THEN 'rare' ELSE 'somebody' || n % 50 END,
                kind || CASE WHEN is_old THEN (ARRAY['.created', '.deleted'])[1 + n % 2] ELSE '.changed' END,
                kind, (n % 5000)::text, CASE WHEN is_old THEN 'shell' ELSE 'chat' END,
                CASE WHEN n % 3 = 0 THEN '' ELSE 'update:' || n END,
                jsonb_build_object('after', jsonb_build_object('name', repeat('x', 100))),
                timestamptz '2020-01-01' + n * interval '1 minute'
            FROM (
                SELECT n, n <= 200 AS is_old,
                    CASE WHEN n <= 200 THEN 'projects.release' ELSE 'engine.dialog' END AS kind
                FROM generate_series(1, 20000) AS n
            ) AS numbered
            """
        )
        cursor.execute("ANALYZE audit_eventlog")


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("", "audit_eventlog_pkey"),
        ("who=rare", "ix_eventlog_user_id"),
        ("kind=projects.release", "ix_eventlog_kind"),
        ("kind=projects.release&event=deleted", "ix_eventlog_action"),
        ("kind=projects.release&thing=5", "ix_eventlog_entity"),
        ("thing=5", "ix_eventlog_entity"),
        ("event=created", "ix_eventlog_action"),
        ("event=deleted", "ix_eventlog_action"),
        ("event=accounts.role.granted", "ix_eventlog_action"),
        ("origin=shell", "ix_eventlog_origin"),
        ("days=7", "ix_eventlog_timestamp"),
        ("since=2020-01-05&until=2020-01-05", "ix_eventlog_timestamp"),
        ("q=update:77", "ix_eventlog_correlation"),
        ("q=77", "audit_eventlog_pkey"),
    ],
)
def test_every_filter_is_answered_by_an_index(sign_in, crowd, monkeypatch, query, index):
    monkeypatch.setattr(directory, "_finders", [])
    client = sign_in()
    with CaptureQueriesContext(connection) as queries:
        assert client.get(f"{reverse(LIST)}?{query}").status_code == 200

    asked = [found["sql"] for found in queries if 'FROM "audit_eventlog"' in found["sql"]]
    pages = [sql for sql in asked if sql.endswith("LIMIT 51")]
    assert len(pages) == 1
    with connection.cursor() as cursor:
        for sql in asked:
            cursor.execute(f"EXPLAIN {sql}")
            plan = "\n".join(line for (line,) in cursor.fetchall())
            if sql in pages:
                assert index in plan, plan
            if query:
                assert "Seq Scan" not in plan, plan


# ── The page of an event ──────────────────────────────────────────────────────────────────────────────────


def test_a_page_tells_all_and_escapes_it(sign_in):
    anna, feature = TelegramUserFactory(first_name="Anna"), FeatureFactory(name="Login")
    text = "People sign in with {} and wait, <script>alert(1)</script>"
    event = EventFactory(
        user_id=str(anna.pk),
        entity_id=str(feature.pk),
        correlation_id="request:a&b",
        details={
            "before": {"description": text.format("names")},
            "after": {"description": text.format("keys")},
        },
    )

    content = sign_in().get(page(event)).content.decode()

    assert "Anna changed description of feature “Login”" in content
    assert "<del>names</del><ins>keys</ins>" in content
    assert "<script>alert" not in content
    assert "&lt;script&gt;alert(1)" in content
    assert f'href="{reverse(LIST)}?q=request%3Aa%26b"' in content
    assert f'href="{reverse(LIST)}?kind=projects.feature&amp;thing={feature.pk}"' in content
    assert f'href="{reverse(LIST)}?who={anna.pk}"' in content
    assert "<details>" in content
    assert "&quot;description&quot;" in content


def test_an_event_about_nothing_has_a_page_too(sign_in):
    event = EventFactory(
        action="audit.log.verified", entity_type="", entity_id="", correlation_id="", details={}
    )

    content = sign_in().get(page(event)).content.decode()

    assert "The program: records checked" in content
    assert "?q=" not in content
    assert "?kind=" not in content


def test_an_event_that_is_not_there_leads_back(sign_in):
    assert sign_in().get(reverse("admin:audit_eventlog_change", args=[10**12])).status_code == 302


def test_a_page_tells_whether_the_event_is_sealed(sign_in):
    client = sign_in()
    sealed, inserted, altered, unsealed = EventFactory.create_batch(4)
    AuditSeal.objects.create(
        id=1,
        first_event_id=sealed.pk,
        last_event_id=altered.pk,
        event_count=2,
        digest=b"",
        previous_hash=b"",
        hash=b"1",
        sealed_at=datetime(2026, 11, 22, 23, 15, tzinfo=UTC),
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO audit_sealedevent SELECT id, 1, {EVENT_HASH} FROM audit_eventlog WHERE id = %s",
            [sealed.pk],
        )
    SealedEvent.objects.create(event_id=altered.pk, seal_id=1, hash=b"of something else")

    assert "not sealed yet" in client.get(page(unsealed)).content.decode()
    assert "seal 1, 23 Nov 2026, 00:15; unchanged since" in client.get(page(sealed)).content.decode()
    assert "somebody altered the event" in client.get(page(altered)).content.decode()
    assert "Seal 1 was put on without this event" in client.get(page(inserted)).content.decode()


def test_an_event_whose_seal_is_gone_is_not_as_one_that_waits(sign_in):
    event = EventFactory()
    SealedEvent.objects.create(event_id=event.pk, seal_id=1, hash=b"1")

    assert "This is not what seal 1 was put on" in sign_in().get(page(event)).content.decode()
