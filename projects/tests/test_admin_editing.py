"""Adding, changing and deleting in the browser: services do it, refusals are shown, nobody is overwritten."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.models import EventLog
from config.tests.browsing import form_on, send
from projects import services
from projects.models import Feature, Project, Release
from projects.tests.factories import FeatureFactory, ProjectFactory, ReleaseFactory
from telegrambot.accounts.roles import Role

pytestmark = pytest.mark.django_db

DAY = dt.date(2031, 3, 15)


def address(model, page, *args):
    return reverse(f"admin:projects_{model._meta.model_name}_{page}", args=args)


def open_page(client, row):
    return client.get(address(type(row), "change", row.pk))


def edit(client, row, changes):
    """Open a row's page and save it with changes."""
    return send(client, open_page(client, row), f"{row._meta.model_name}_form", changes)


def add(client, model, values):
    return send(client, client.get(address(model, "add")), f"{model._meta.model_name}_form", values)


def fresh(row):
    return type(row).objects.get(pk=row.pk)


def errors(answer):
    """What is said against the form, by field."""
    assert answer.status_code == 200
    return {name: " ".join(found) for name, found in answer.context["adminform"].form.errors.items()}


def row_errors(answer, prefix):
    """What is said against the rows below the form."""
    formsets = [one.formset for one in answer.context["inline_admin_formsets"]]
    formset = next(one for one in formsets if one.prefix == prefix)
    return [{name: " ".join(found) for name, found in form.errors.items()} for form in formset.forms]


@pytest.fixture
def shop(db):
    return ProjectFactory(name="Shop")


@pytest.fixture
def login(shop):
    return FeatureFactory(project=shop, name="Login", description="With a password.")


# ── Adding ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_project_is_added_and_its_page_opens(sign_in):
    client = sign_in()

    answer = add(client, Project, {"name": " Web  shop ", "description": "First\r\nsecond"})

    project = Project.objects.get()
    assert (project.name, project.description, project.status) == ("Web shop", "First\nsecond", "active")
    assert answer["Location"] == address(Project, "change", project.pk)
    event = EventLog.objects.get(action="projects.project.created")
    assert (event.user_id, event.origin) == (str(client.person.pk), "admin")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("SHOP", "There is already a project “SHOP”."), ("", "required"), (" \t ", "required")],
)
def test_a_project_without_a_name_of_its_own_is_refused_at_the_field(sign_in, shop, name, sentence):
    answer = add(sign_in(), Project, {"name": name})

    assert sentence in errors(answer)["name"]
    assert Project.objects.count() == 1


def test_a_feature_is_added_to_the_chosen_project(sign_in, shop):
    client = sign_in()

    add(client, Feature, {"project": shop.pk, "name": "Login", "assigned_teams": "web, , mobile ,web"})

    feature = Feature.objects.get()
    assert (feature.project, feature.status, feature.assigned_teams) == (shop, "backlog", ["web", "mobile"])
    assert EventLog.objects.get(action="projects.feature.created").user_id == str(client.person.pk)


def test_the_address_chooses_the_project(sign_in, shop):
    page = sign_in().get(address(Feature, "add"), {"project": shop.pk})

    assert form_on(page, "feature_form").values["project"] == str(shop.pk)


def test_a_release_is_planned(sign_in, shop):
    add(sign_in(), Release, {"project": shop.pk, "version": "1.0", "target_date": "2031-03-15"})

    release = Release.objects.get()
    assert (release.project, release.version, release.target_date) == (shop, "1.0", DAY)


@pytest.mark.parametrize("model", [Feature, Release])
def test_nothing_is_added_to_an_archived_project(sign_in, model):
    old = ProjectFactory(name="Old", status="archived")

    answer = add(sign_in(), model, {"project": old.pk, "name": "Login", "version": "1.0"})

    assert "“Old” is archived." in errors(answer)["project"]
    assert not model.objects.exists()


@pytest.mark.parametrize("teams", ["x" * 101, "web, " + "x" * 101])
def test_a_team_of_too_long_a_name_is_refused_at_its_field(sign_in, shop, teams):
    answer = add(sign_in(), Feature, {"project": shop.pk, "name": "Login", "assigned_teams": teams})

    assert "at most 100 characters" in errors(answer)["assigned_teams"]
    assert not Feature.objects.exists()


# ── Changing ──────────────────────────────────────────────────────────────────────────────────────────────


def test_only_what_was_edited_is_written_and_by_whom(sign_in, login):
    client = sign_in()

    edit(client, login, {"name": "Sign-in", "assigned_po": "Ann", "status": "planned"})

    changed = fresh(login)
    assert (changed.name, changed.assigned_po, changed.status) == ("Sign-in", "Ann", "planned")
    event = EventLog.objects.filter(action="projects.feature.changed").get()
    assert set(event.changes) >= {"name", "assigned_po", "status"}
    assert "description" not in event.changes
    assert (event.user_id, event.origin) == (str(client.person.pk), "admin")


def test_saving_without_a_change_writes_nothing(sign_in, shop):
    release = ReleaseFactory(project=shop, target_date=DAY)
    feature = FeatureFactory(
        project=shop,
        release=release,
        description="One\ntwo",
        status="blocked",
        status_reason="So.",
        assigned_teams=["web", "ops"],
    )
    client = sign_in()
    known = EventLog.objects.latest("pk").pk

    for row in (shop, release, feature):
        assert edit(client, row, {}).status_code == 302
        assert fresh(row).revision == row.revision

    assert not EventLog.objects.filter(pk__gt=known, entity_type__startswith="projects.").exists()


def test_the_status_field_offers_only_the_moves_that_are_allowed(sign_in, shop):
    rows = {
        FeatureFactory(project=shop, status="done"): ["done", "in_progress"],
        ReleaseFactory(project=shop, status="released"): ["released", "in_progress"],
        shop: ["active", "paused", "archived"],
    }
    client = sign_in()

    for row, offered in rows.items():
        assert form_on(open_page(client, row), f"{row._meta.model_name}_form").options["status"] == offered


@pytest.mark.parametrize(
    ("status", "reason", "field"),
    [("blocked", "", "status_reason"), ("dropped", "  ", "status_reason"), ("done", "", None)],
)
def test_blocking_and_dropping_need_a_reason_at_its_field(sign_in, shop, status, reason, field):
    feature = FeatureFactory(project=shop, status="planned")

    answer = edit(sign_in(), feature, {"status": status, "status_reason": reason})

    if field is None:
        assert fresh(feature).status == status
        return
    assert "Please say why" in errors(answer)[field]
    assert fresh(feature).status == "planned"


def test_a_reason_that_stands_there_counts_for_the_next_state_that_needs_one(sign_in, shop):
    feature = FeatureFactory(project=shop, status="blocked", status_reason="No budget.")
    client = sign_in()

    edit(client, feature, {"status": "dropped"})
    assert (fresh(feature).status, fresh(feature).status_reason) == ("dropped", "No budget.")

    edit(client, feature, {"status": "planned"})
    assert (fresh(feature).status, fresh(feature).status_reason) == ("planned", "")


def test_a_forged_move_is_refused_at_the_status(sign_in, shop):
    feature = FeatureFactory(project=shop, status="done")

    answer = edit(sign_in(), feature, {"status": "backlog"})

    assert "is now: done" in errors(answer)["status"]
    assert fresh(feature).status == "done"


def test_a_feature_is_put_into_an_open_release_of_its_project_only(sign_in, login):
    mine = ReleaseFactory(project=login.project, version="1.0")
    closed = ReleaseFactory(project=login.project, version="0.9", status="released")
    foreign = ReleaseFactory(version="7.0")
    client = sign_in()
    offered = form_on(open_page(client, login), "feature_form").options["release"]
    assert offered == ["", str(mine.pk)]

    assert "is closed" in errors(edit(client, login, {"release": closed.pk}))["release"]
    assert "another project" in errors(edit(client, login, {"release": foreign.pk}))["release"]
    for forged in ("nonsense", "99999999", "9" * 40, "-1", "²"):
        assert errors(edit(client, login, {"release": forged}))["release"]
    assert fresh(login).release is None

    edit(client, login, {"release": mine.pk})
    assert fresh(login).release == mine
    edit(client, login, {"release": ""})
    assert fresh(login).release is None


def test_a_closed_release_stays_chosen(sign_in, shop):
    release = ReleaseFactory(project=shop, status="released")
    feature = FeatureFactory(project=shop, release=release)

    edit(sign_in(), feature, {"name": "Other"})

    assert (fresh(feature).name, fresh(feature).release) == ("Other", release)


def test_what_belongs_to_an_archived_project_is_read_only(sign_in):
    old = ProjectFactory(status="archived")
    feature, release = FeatureFactory(project=old), ReleaseFactory(project=old)
    client = sign_in()

    for row in (feature, release):
        page = open_page(client, row)
        assert page.status_code == 200
        assert 'name="_save"' not in page.content.decode()
        assert "evision" not in page.content.decode()
        assert client.post(page.request["PATH_INFO"], {"name": "X", "version": "X"}).status_code == 403
    page = open_page(client, old).content.decode()
    assert "This project is archived" in page
    assert 'name="features-0-name"' not in page

    assert edit(client, old, {"status": "active"}).status_code == 302
    assert fresh(old).status == "active"


# ── Two people at once ────────────────────────────────────────────────────────────────────────────────────


def test_a_second_editor_reads_what_changed_keeps_their_text_and_may_save_again(sign_in, login):
    client = sign_in()
    page = open_page(client, login)
    services.edit_feature(fresh(login), actor=client.person, description="By e-mail.", assigned_po="Bo")
    typed = {"name": "Sign-in", "assigned_po": "Cy"}

    answer = send(client, page, "feature_form", typed)

    said = errors(answer)["__all__"]
    assert "was changed meanwhile" in said
    assert "→ Bo" in said
    assert fresh(login).name == "Login"
    shown = form_on(answer, "feature_form").values
    assert (shown["name"], shown["assigned_po"]) == ("Sign-in", "Cy")
    assert shown["description"] == "By e-mail."

    again = send(client, answer, "feature_form", {})

    assert again.status_code == 302
    changed = fresh(login)
    assert (changed.name, changed.assigned_po, changed.description) == ("Sign-in", "Cy", "By e-mail.")


def test_what_the_second_editor_did_not_touch_is_no_edit(sign_in, login):
    client = sign_in()
    page = open_page(client, login)
    services.edit_feature(fresh(login), actor=None, assigned_po="Bo")

    assert send(client, page, "feature_form", {}).status_code == 302

    assert fresh(login).assigned_po == "Bo"


@pytest.mark.parametrize("kind", ["project", "release"])
def test_projects_and_releases_are_not_overwritten_either(sign_in, shop, kind):
    client = sign_in()
    release = ReleaseFactory(project=shop, version="1.0", target_date=DAY)
    row, name = (shop, "name") if kind == "project" else (release, "version")
    page = open_page(client, row)
    status = "paused" if kind == "project" else "in_progress"
    getattr(services, f"edit_{kind}")(fresh(row), actor=None, status=status)

    answer = send(client, page, f"{kind}_form", {name: "2.0"})

    assert "was changed meanwhile" in errors(answer)["__all__"]
    assert str(fresh(row)) == str(row)
    shown = form_on(answer, f"{kind}_form").values
    assert (shown[name], shown["status"]) == ("2.0", status)
    assert send(client, answer, f"{kind}_form", {}).status_code == 302
    assert (str(fresh(row)), fresh(row).status) == ("2.0", status)


def test_what_is_gone_by_then_is_told(sign_in, login):
    client = sign_in()
    page = open_page(client, login)
    login.delete()

    answer = send(client, page, "feature_form", {"name": "Sign-in"}, follow=True)

    assert answer.redirect_chain
    assert not Feature.objects.exists()


# ── A project's rows ──────────────────────────────────────────────────────────────────────────────────────


def test_releases_and_features_are_edited_and_added_on_the_projects_page(sign_in, login):
    client, shop = sign_in(), login.project
    release = ReleaseFactory(project=shop, version="1.0")

    answer = edit(
        client,
        shop,
        {
            "name": "Web shop",
            "releases-TOTAL_FORMS": 2,
            "releases-0-target_date": "2031-03-15",
            "releases-1-version": "2.0",
            "releases-1-status": "planned",
            "features-TOTAL_FORMS": 2,
            "features-0-status": "in_progress",
            "features-0-release": release.pk,
            "features-1-name": "Cart",
            "features-1-status": "blocked",
            "features-1-status_reason": "Waits for the login.",
        },
    )

    assert answer.status_code == 302
    assert fresh(shop).name == "Web shop"
    assert fresh(release).target_date == DAY
    assert Release.objects.get(version="2.0").project == shop
    assert (fresh(login).status, fresh(login).release) == ("in_progress", release)
    cart = Feature.objects.get(name="Cart")
    assert (cart.project, cart.status, cart.status_reason) == (shop, "blocked", "Waits for the login.")
    assert set(
        EventLog.objects.filter(origin="admin", entity_type__startswith="projects.").values_list("user_id")
    ) == {(str(client.person.pk),)}


def test_a_row_that_is_refused_says_so_at_its_field_and_nothing_is_changed(sign_in, login):
    client, shop = sign_in(), login.project
    FeatureFactory(project=shop, name="Cart")
    page = open_page(client, shop)
    place = [0, 1][form_on(page, "project_form").values["features-0-name"] == "Cart"]

    answer = send(
        client, page, "project_form", {"name": "Other", "description": "x", f"features-{place}-name": "CART"}
    )

    assert "already has a feature “CART”" in row_errors(answer, "features")[place]["name"]
    assert (fresh(shop).name, fresh(shop).description, fresh(login).name) == ("Shop", "", "Login")
    assert form_on(answer, "project_form").values[f"features-{place}-name"] == "CART"
    assert form_on(answer, "project_form").values["name"] == "Other"


def test_a_row_edited_by_two_people_says_so(sign_in, login):
    client, shop = sign_in(), login.project
    page = open_page(client, shop)
    services.edit_feature(fresh(login), actor=client.person, assigned_po="Bo")

    answer = send(client, page, "project_form", {"features-0-name": "Sign-in"})

    assert "was changed meanwhile" in row_errors(answer, "features")[0]["__all__"]
    assert fresh(login).name == "Login"
    assert send(client, answer, "project_form", {}).status_code == 302
    assert (fresh(login).name, fresh(login).assigned_po) == ("Sign-in", "Bo")


def test_a_row_deleted_meanwhile_says_so_when_it_was_edited_and_not_otherwise(sign_in, login):
    client, shop = sign_in(), login.project
    page = open_page(client, shop)
    login.delete()

    answer = send(client, page, "project_form", {"features-0-name": "Sign-in"})
    assert "does not exist any more" in row_errors(answer, "features")[0]["__all__"]

    assert send(client, page, "project_form", {"description": "Sells."}).status_code == 302
    assert fresh(shop).description == "Sells."


def test_rows_keep_their_place_when_others_come_first_by_then(sign_in, shop):
    client = sign_in()
    rows = FeatureFactory.create_batch(20, project=shop)
    page = open_page(client, shop)
    last = form_on(page, "project_form").values["features-19-id"]
    FeatureFactory.create_batch(20, project=shop)

    assert send(client, page, "project_form", {"features-19-name": "The last"}).status_code == 302

    assert Feature.objects.get(name="The last").pk == int(last)
    assert Feature.objects.filter(project=shop).count() == 40
    assert len(rows) == 20


def test_a_row_of_another_project_is_not_edited_here(sign_in, login):
    foreign = FeatureFactory(name="Foreign")

    for forged in (foreign.pk, "", "nonsense", "9" * 40):
        edit(sign_in(Role.OWNER), login.project, {"features-0-id": forged, "features-0-name": "Forged"})

    assert set(Feature.objects.values_list("name", flat=True)) == {"Login", "Foreign"}


def test_a_large_project_shows_the_open_features_and_leads_to_all(sign_in, shop):
    done = FeatureFactory.create_batch(5, project=shop, status="done")
    FeatureFactory.create_batch(20, project=shop)

    page = sign_in().get(address(Project, "change", shop.pk))

    shown = form_on(page, "project_form").values
    assert {shown[f"features-{number}-status"] for number in range(20)} == {"backlog"}
    assert "Only 20 are shown here." in page.content.decode()
    assert len(done) == 5


def test_saving_costs_the_same_however_many_other_features_there_are(sign_in, login):
    client, shop = sign_in(), login.project

    def cost(name):
        page = open_page(client, shop)
        place = next(
            number
            for number in range(20)
            if form_on(page, "project_form").values[f"features-{number}-id"] == str(login.pk)
        )
        with CaptureQueriesContext(connection) as queries:
            send(client, page, "project_form", {f"features-{place}-name": name})
        return len(queries)

    few = cost("One")
    FeatureFactory.create_batch(15, project=shop)

    assert cost("Two") == few


def test_an_empty_project_says_what_to_do_first(sign_in, shop):
    page = open_page(sign_in(), shop).content.decode()

    assert "No features yet. Write the first one down below" in page


def test_pages_tell_what_happened(sign_in, login):
    client = sign_in()
    services.move_feature(login, "planned", actor=client.person)

    assert "status: backlog → planned" in open_page(client, login).content.decode()
    recent = open_page(client, login.project).content.decode()
    assert "<strong>Feature “Login”</strong>: added" in recent


# ── Deleting ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("role", [Role.ADMIN, Role.OWNER])
def test_deleting_a_project_asks_first_and_says_what_goes_with_it(sign_in, login, role):
    client, shop = sign_in(role), login.project
    ReleaseFactory(project=shop, version="1.0")
    FeatureFactory.create_batch(30, project=shop)
    url = address(Project, "delete", shop.pk)

    question = client.get(url).content.decode()

    assert "Features: 31" in question
    assert "Release: 1.0" in question
    assert "set its status to archived instead" in question
    assert fresh(shop)

    client.post(url, {"post": "yes"})

    assert not Project.objects.exists()
    assert not Feature.objects.exists()
    event = EventLog.objects.get(action="projects.project.deleted")
    assert (event.user_id, event.origin) == (str(client.person.pk), "admin")


def test_deleting_what_somebody_else_deleted_meanwhile_says_so(sign_in, login, monkeypatch):
    client = sign_in()
    original = services.delete_feature

    def second(feature, *, actor):
        Feature.objects.filter(pk=feature.pk).delete()
        original(feature, actor=actor)

    monkeypatch.setattr(services, "delete_feature", second)

    answer = client.post(address(Feature, "delete", login.pk), {"post": "yes"}, follow=True)

    assert [str(one) for one in answer.context["messages"]] == ["That feature does not exist any more."]


@pytest.mark.parametrize("factory", [FeatureFactory, ReleaseFactory])
def test_what_belongs_to_an_archived_project_is_deleted_with_it_only(sign_in, factory):
    row = factory(project=ProjectFactory(status="archived"))
    client, url = sign_in(), address(type(row), "delete", row.pk)

    assert url not in open_page(client, row).content.decode()
    assert client.post(url, {"post": "yes"}).status_code == 403
    assert fresh(row)

    client.post(address(Project, "delete", row.project_id), {"post": "yes"})

    assert not Project.objects.exists()
    assert not type(row).objects.exists()


@pytest.mark.parametrize("factory", [FeatureFactory, ReleaseFactory])
def test_deleting_what_was_archived_meanwhile_says_so(sign_in, factory, monkeypatch):
    row, client = factory(project=ProjectFactory(name="Shop")), sign_in()
    kind = type(row).__name__.lower()
    original = getattr(services, f"delete_{kind}")

    def second(seen, *, actor):
        services.archive_project(fresh(row.project), "Shop", actor=None)
        original(seen, actor=actor)

    monkeypatch.setattr(services, f"delete_{kind}", second)

    answer = client.post(address(type(row), "delete", row.pk), {"post": "yes"}, follow=True)

    assert [str(one) for one in answer.context["messages"]] == [
        "“Shop” is archived. Please bring it back first."
    ]
    assert fresh(row)


def test_deleting_a_release_leaves_its_features(sign_in, login):
    release = ReleaseFactory(project=login.project)
    services.put_into_release(login, release, actor=None)
    client, url = sign_in(), address(Release, "delete", release.pk)
    assert "stay in the project" in client.get(url).content.decode()

    client.post(url, {"post": "yes"})

    assert fresh(login).release is None
    assert not Release.objects.exists()


def test_a_feature_is_deleted_by_its_own_page_only(sign_in, login):
    client, other = sign_in(), FeatureFactory(project=login.project)
    bulk = {"action": "delete_selected", "_selected_action": [other.pk], "post": "yes"}
    client.post(address(Feature, "changelist"), bulk)
    edit(client, login.project, {"features-0-DELETE": "on", "features-1-DELETE": "on"})
    assert fresh(other)

    client.post(address(Feature, "delete", login.pk), {"post": "yes"})

    assert list(Feature.objects.all()) == [other]
