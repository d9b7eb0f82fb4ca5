"""Who sees projects in the browser and what the lists tell, at constant cost."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from projects.admin.searching import with_words
from projects.models import Feature, Project, Release
from projects.services import activate
from projects.tests.factories import FeatureFactory, ProjectFactory, ReleaseFactory
from telegrambot.accounts.roles import Role

pytestmark = pytest.mark.django_db

FACTORIES = {Project: ProjectFactory, Release: ReleaseFactory, Feature: FeatureFactory}
MOST_QUERIES = 15


def address(model, page, *args):
    return reverse(f"admin:projects_{model._meta.model_name}_{page}", args=args)


def listed(client, model, **query):
    return list(client.get(address(model, "changelist"), query).context["cl"].result_list)


def words(response):
    """What a person reads, without the markup."""
    text = re.sub(r"<(script|style|head).*?</\1>", " ", response.content.decode(), flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def fill(model, count):
    if model is Project:
        for project in ProjectFactory.create_batch(count):
            FeatureFactory(project=project, status="done")
            ReleaseFactory(project=project, target_date=timezone.localdate())
        return
    for _ in range(count):
        release = ReleaseFactory()
        FeatureFactory(project=release.project, release=release, assigned_teams=["web"], assigned_po="Ann")


# ── Roles ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("role", [Role.ADMIN, Role.OWNER])
@pytest.mark.parametrize("model", FACTORIES)
def test_admins_and_owners_open_every_page(sign_in, role, model):
    client, row = sign_in(role), FACTORIES[model]()

    for page, args in (("changelist", []), ("add", []), ("change", [row.pk]), ("delete", [row.pk])):
        assert client.get(address(model, page, *args)).status_code == 200, page
    assert client.get(address(Project, "board", getattr(row, "project_id", row.pk))).status_code == 200


@pytest.mark.parametrize("role", [Role.PUBLIC, Role.SUBSCRIBER])
@pytest.mark.parametrize("model", FACTORIES)
def test_others_neither_see_nor_add_nor_change_nor_delete(sign_in, role, model):
    client, row = sign_in(role), FACTORIES[model]()
    project = getattr(row, "project_id", row.pk)

    answers = [
        client.get(address(model, "changelist")),
        client.get(address(model, "change", row.pk)),
        client.post(address(model, "add"), {"name": "Forged", "version": "6", "project": project}),
        client.post(address(model, "change", row.pk), {"name": "Forged", "version": "6.6"}),
        client.post(address(model, "delete", row.pk), {"post": "yes"}),
        client.get(address(Project, "board", project)),
        client.post(address(Project, "board", project), {"feature": row.pk, "status": "done"}),
    ]

    assert {answer.status_code for answer in answers} == {302}
    assert all("login" in answer["Location"] for answer in answers)
    fresh = model.objects.get()
    assert (str(fresh), fresh.status, fresh.revision) == (str(row), row.status, 1)


@pytest.mark.parametrize("role", [Role.ADMIN, Role.OWNER])
def test_the_sidebar_leads_there(sign_in, role):
    page = sign_in(role).get(reverse("admin:index")).content.decode()

    assert all(address(model, "changelist") in page for model in FACTORIES)


# ── Constant cost ─────────────────────────────────────────────────────────────────────────────────────────


def cost(client, url):
    client.get(url)  # content types and the like are remembered
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


@pytest.mark.parametrize(
    "query", ["", "?q=e", "?status=open&team=web&owner=Ann&release=none", "?status__exact=planned"]
)
@pytest.mark.parametrize("model", FACTORIES)
def test_a_list_costs_the_same_with_three_rows_as_with_forty(sign_in, model, query):
    if ("status=" in query) != (model is Feature) and "status" in query:
        query = "?p=1"
    client = sign_in()
    fill(model, 3)
    few = cost(client, address(model, "changelist") + query)
    fill(model, 37)

    assert cost(client, address(model, "changelist") + query) == few <= MOST_QUERIES


@pytest.mark.parametrize("page", ["change", "board", "delete"])
def test_a_projects_pages_cost_the_same_with_three_features_as_with_sixty(sign_in, page):
    client, project = sign_in(), ProjectFactory()

    def grow(count):
        for release in ReleaseFactory.create_batch(count, project=project, target_date=timezone.localdate()):
            for status in ("backlog", "done", "planned"):
                FeatureFactory(project=project, release=release, status=status)

    grow(1)
    few = cost(client, address(Project, page, project.pk))
    grow(30)

    assert cost(client, address(Project, page, project.pk)) == few <= MOST_QUERIES


@pytest.mark.parametrize("model", [Release, Feature])
def test_a_page_costs_the_same_whatever_its_project_holds(sign_in, model):
    client, release = sign_in(), ReleaseFactory()
    feature = FeatureFactory(project=release.project, release=release)
    url = address(model, "change", {Release: release, Feature: feature}[model].pk)
    few = cost(client, url)
    for number in range(30):
        one = ReleaseFactory(project=release.project)
        FeatureFactory(project=release.project, release=release if number % 2 else one)

    assert cost(client, url) == few <= MOST_QUERIES


def test_a_search_for_a_feature_is_answered_by_an_index(db):
    found = with_words(Feature.objects.all(), "name", "log pa")

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    assert "ix_feature_name_words" in found.explain()


# ── The list of projects ──────────────────────────────────────────────────────────────────────────────────


def test_the_list_of_projects_tells_how_far_each_is(sign_in):
    today = timezone.localdate()
    shop = ProjectFactory(name="Shop", status="paused")
    for status in ("done", "done", "backlog", "blocked", "dropped"):
        FeatureFactory(project=shop, status=status, status_reason="so")
    ReleaseFactory(project=shop, version="0.9", target_date=today - dt.timedelta(days=50), status="released")
    ReleaseFactory(project=shop, version="3.0")
    ReleaseFactory(project=shop, version="1.0", target_date=today - dt.timedelta(days=2))
    ProjectFactory(name="Wiki")

    page = words(sign_in().get(address(Project, "changelist")))

    assert "Shop paused 2 of 4 done, blocked: 1 1.0" in page
    assert "2 days overdue" in page
    assert "Wiki active none yet –" in page


def test_the_last_change_is_of_anything_in_the_project(sign_in):
    project = ProjectFactory()
    feature = FeatureFactory(project=project)
    release = ReleaseFactory(project=project)

    def last_change(client):
        return listed(client, Project)[0].last_change

    client = sign_in()
    for row in (feature, release, project):
        type(row).objects.filter(pk=row.pk).update(status=row.status)
        row.refresh_from_db()
        assert last_change(client) == row.updated_at


def test_archived_projects_come_last_and_wait_for_nothing(sign_in):
    old = ProjectFactory(name="Ant", status="archived")
    ReleaseFactory(project=old, target_date=timezone.localdate() - dt.timedelta(days=9))
    new = ProjectFactory(name="zebra")

    client = sign_in()

    assert listed(client, Project) == [new, old]
    assert "overdue" not in words(client.get(address(Project, "changelist")))


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        (Project, "Add your first project here"),
        (Feature, "Every feature belongs to a project"),
        (Release, "Every release belongs to a project"),
    ],
)
def test_an_empty_list_says_what_to_do_first(sign_in, model, sentence):
    page = sign_in().get(address(model, "changelist"))

    assert sentence in words(page)
    assert f"Add {model._meta.verbose_name}" in words(page)


# ── The list of features ──────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def shop(db):
    return ProjectFactory(name="Shop")


@pytest.mark.parametrize("term", ["log", "LOGIN", "pa lo", "log-in", "e-mail", "с паролем", "login p"])
def test_features_are_found_by_how_the_words_of_their_name_begin(sign_in, shop, term):
    wanted = FeatureFactory(project=shop, name="Login page: log-in by e-mail и с паролем")
    FeatureFactory(project=shop, name="Wish list")

    assert listed(sign_in(), Feature, q=term) == [wanted]


@pytest.mark.parametrize(
    "term", ["ogin", "page wish", "'", "' | 'login", "!login & x", "%", "\\", "a" * 3000]
)
def test_features_are_not_found_by_less(sign_in, shop, term):
    FeatureFactory(project=shop, name="Login page")

    assert listed(sign_in(), Feature, q=f"{term} zzz") == []


@pytest.mark.parametrize(
    ("query", "values"),
    [
        ({"status": "open"}, {"status": "blocked", "status_reason": "so"}),
        ({"status": "dropped"}, {"status": "dropped", "status_reason": "so"}),
        ({"team": "mobile, west"}, {"assigned_teams": ["web", "mobile, west"]}),
        ({"owner": "Ann Lee"}, {"assigned_po": "Ann Lee"}),
        ({"owner": "none"}, {"assigned_po": ""}),
    ],
)
def test_features_are_filtered(sign_in, shop, query, values):
    FeatureFactory(project=shop, status="done", assigned_teams=["web"], assigned_po="Bo")
    wanted = FeatureFactory(project=shop, **{"status": "done", "assigned_po": "Cy", **values})

    assert listed(sign_in(), Feature, **query) == [wanted]


def test_features_are_filtered_by_project_and_release(sign_in, shop):
    release, other = ReleaseFactory(project=shop), ReleaseFactory(project=shop, status="released")
    inside = FeatureFactory(project=shop, release=release)
    after = FeatureFactory(project=shop, release=other)
    loose = FeatureFactory(project=shop)
    foreign = FeatureFactory()
    client = sign_in()

    assert set(listed(client, Feature, project=shop.pk)) == {inside, after, loose}
    assert listed(client, Feature, project=shop.pk, release=release.pk) == [inside]
    assert listed(client, Feature, release=other.pk) == [after]
    assert set(listed(client, Feature, release="none")) == {loose, foreign}
    assert listed(client, Feature, project="nonsense") == []
    assert listed(client, Feature, release=9**30) == []


def offered(client, parameter, **query):
    filters = client.get(address(Feature, "changelist"), query).context["cl"].filter_specs
    one = next(spec for spec in filters if spec.parameter_name == parameter)
    return [str(label) for _value, label in one.lookup_choices]


def test_filters_offer_what_the_chosen_project_has(sign_in, shop):
    ReleaseFactory(project=shop, version="1.0", status="released")
    other = ReleaseFactory(project__name="Wiki", version="2.0")
    FeatureFactory(project=shop, assigned_teams=["web"], assigned_po="Ann")
    FeatureFactory(project=other.project, assigned_teams=["ops", "web"], assigned_po="Bo")
    client = sign_in()

    assert offered(client, "team") == ["ops", "web"]
    assert offered(client, "team", project=shop.pk) == ["web"]
    assert offered(client, "owner") == ["Nobody", "Ann", "Bo"]
    assert offered(client, "owner", project=shop.pk) == ["Nobody", "Ann"]
    assert offered(client, "release") == ["In no release", "Wiki 2.0"]
    assert offered(client, "release", project=shop.pk) == ["In no release", "1.0"]


def test_an_archived_project_is_offered_when_it_is_chosen(sign_in, shop):
    old = ProjectFactory(name="Old", status="archived")
    client = sign_in()

    assert offered(client, "project") == ["Shop"]
    assert offered(client, "project", project=old.pk) == ["Shop", "Old"]


# ── Releases ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("days", "status", "sentence"),
    [
        (-3, "planned", "3 days overdue"),
        (-1, "in_progress", "1 day overdue"),
        (0, "planned", "due today"),
        (1, "planned", "1 day left"),
        (40, "planned", "40 days left"),
        (None, "planned", "no date yet"),
    ],
)
def test_a_release_tells_what_is_left_of_its_time(sign_in, days, status, sentence):
    date = None if days is None else timezone.localdate() + dt.timedelta(days=days)
    release = ReleaseFactory(target_date=date, status=status)
    client = sign_in()

    assert sentence in words(client.get(address(Release, "changelist")))
    assert sentence in words(client.get(address(Release, "change", release.pk)))


@pytest.mark.parametrize("status", ["released", "cancelled"])
def test_what_is_over_is_not_overdue(sign_in, status):
    release = ReleaseFactory(target_date=timezone.localdate() - dt.timedelta(days=5), status=status)
    client = sign_in()

    for url in (address(Release, "changelist"), address(Release, "change", release.pk)):
        assert "overdue" not in words(client.get(url))


def test_a_releases_page_tells_how_far_it_is_and_what_is_missing(sign_in, shop):
    release = ReleaseFactory(project=shop, version="1.0")
    FeatureFactory(project=shop, release=release, name="Cart", status="done")
    FeatureFactory(project=shop, release=release, name="Old idea", status="dropped", status_reason="no")
    FeatureFactory(project=shop, release=release, name="Menu", status="in_progress")
    FeatureFactory(
        project=shop, release=release, name="Login", status="blocked", status_reason="Waits for the bank."
    )
    FeatureFactory(project=shop, name="Elsewhere", status="backlog")

    page = words(sign_in().get(address(Release, "change", release.pk)))

    assert "33 %" in page
    assert "1 of 3 done" in page
    missing = page[page.index("What is missing (2)") : page.index("Project Shop")]
    assert missing.index("Login") < missing.index("Waits for the bank.") < missing.index("Menu")
    assert "Cart" not in missing
    assert "Old idea" not in missing
    assert "Elsewhere" not in missing


def test_a_release_with_everything_done_says_so(sign_in, shop):
    release = ReleaseFactory(project=shop)
    FeatureFactory(project=shop, release=release, status="done")
    client = sign_in()

    assert "Everything in it is done." in words(client.get(address(Release, "change", release.pk)))
    empty = ReleaseFactory(project=shop)
    assert "No features are in this release." in words(client.get(address(Release, "change", empty.pk)))


def test_releases_are_found_by_version_and_project(sign_in, shop):
    release = ReleaseFactory(project=shop, version="12.1")
    ReleaseFactory(version="3.12")
    client = sign_in()

    assert listed(client, Release, q="12") == [release]
    assert listed(client, Release, q="sho") == [release]
    assert listed(client, Release, q="hop") == []
    assert listed(client, Release, project=shop.pk) == [release]


# ── A person's page ───────────────────────────────────────────────────────────────────────────────────────


def test_a_persons_page_tells_what_they_work_on(sign_in, shop):
    client = sign_in(Role.OWNER)
    url = reverse("admin:accounts_telegramuser_change", args=[client.person.pk])
    assert "No project is active." in words(client.get(url))

    activate(client.person, shop)

    assert "works on Shop" in words(client.get(url))
