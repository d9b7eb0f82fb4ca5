"""Guides in the browser."""

from __future__ import annotations

import pytest
from django.contrib.admin import site
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.models import EventLog
from config.tests.browsing import send
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import UserFactory
from telegrambot.engine.tests.pictures import UNFIT, png
from telegrambot.guides.models import Guide, GuideCategory, GuideCover
from telegrambot.guides.services import set_cover
from telegrambot.guides.tests.factories import GuideFactory, SavedGuideFactory
from tests.at_once import at_once

pytestmark = pytest.mark.django_db

LIST = reverse("admin:guides_guide_changelist")
ADD = reverse("admin:guides_guide_add")
PNG = png()


@pytest.fixture
def admin(client):
    client.force_login(UserFactory(person__role=Role.ADMIN))
    return client


def page_of(guide):
    return reverse("admin:guides_guide_change", args=[guide.pk])


def form(**changes):
    category = GuideCategory.objects.get(slug="risk")
    return {
        "title": "Stops",
        "description": "",
        "category": category.pk,
        "difficulty_level": 0,
        "minimum_role": 0,
        "tags": "a,b",
        "body": "**Use** them.",
        "content_url": "",
        "is_active": "on",
    } | changes


def fresh(row):
    return type(row).objects.get(pk=row.pk)


@pytest.mark.parametrize("role", [Role.PUBLIC, Role.SUBSCRIBER])
def test_readers_have_no_business_here(client, role):
    client.force_login(UserFactory(person__role=role))
    guide = GuideFactory()

    for address in (LIST, ADD, page_of(guide), reverse("admin:guides_guide_export")):
        assert client.get(address).status_code in {302, 403}
    assert client.post(reverse("admin:guides_guide_preview"), {"text": "x"}).status_code in {302, 403}


def test_an_operator_writes_a_guide_with_a_photo(admin):
    photo = SimpleUploadedFile("../../Chart of stops.PNG", PNG, content_type="text/html")
    answer = admin.post(ADD, form(cover_photo=photo))

    assert answer.status_code == 302
    guide = Guide.objects.get()
    assert (guide.title, guide.tags) == ("Stops", ["a", "b"])
    assert (guide.cover.name, bytes(guide.cover.content)) == ("Chart of stops.png", PNG)
    created = EventLog.objects.get(action="guides.guide.created")
    assert created.origin == "admin"
    assert created.user_id != "system"


def test_the_photo_is_removed_when_asked_and_kept_otherwise(admin):
    guide = GuideFactory(category=GuideCategory.objects.get(slug="risk"))
    set_cover(guide, "a.png", PNG, actor=None)

    admin.post(page_of(guide), form())
    assert GuideCover.objects.exists()
    admin.post(page_of(guide), form(remove_cover="on"))
    assert not GuideCover.objects.exists()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"body": ""}, "Please give the guide a text or a link."),
        ({"content_url": "http://example.org"}, "is no complete https link"),
        ({"cover_photo": SimpleUploadedFile("a.png", b"<svg/>")}, "no JPEG, PNG or WebP photo"),
        ({"cover_photo": SimpleUploadedFile("a.png", PNG + b"\0" * 5 * 1024 * 1024)}, "larger than 5 MB"),
        ({"cover_photo": SimpleUploadedFile("a.png", UNFIT["sides"])}, "does not take “a.png” as a photo"),
        ({"cover_photo": SimpleUploadedFile("a.png", UNFIT["ratio"])}, "does not take “a.png” as a photo"),
        ({"title": ""}, "This field is required."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_kept(admin, changes, sentence):
    answer = admin.post(ADD, form(**changes))

    assert sentence in answer.content.decode()
    assert not Guide.objects.exists()


def save(client, page, **changes):
    """Save a guide's page as it was opened, with some changes."""
    return send(client, page, "guide_form", changes)


def test_editing_keeps_what_readers_did_meanwhile(admin):
    guide = GuideFactory(category=GuideCategory.objects.get(slug="risk"))
    Guide.objects.update(views_count=7)

    save(admin, admin.get(page_of(guide)), title="New")

    assert (fresh(guide).title, fresh(guide).views_count) == ("New", 7)


def test_an_old_tab_keeps_what_others_changed_meanwhile(admin):
    guide = GuideFactory(body="One\n\ntwo", tags=["a"])
    old_tab = admin.get(page_of(guide))
    Guide.objects.update(is_active=False, minimum_role=Role.ADMIN, body="Three", tags=["b", "c"])

    assert save(admin, old_tab, title="New").status_code == 302

    kept = fresh(guide)
    assert (kept.title, kept.is_active, kept.minimum_role) == ("New", False, Role.ADMIN)
    assert (kept.body, kept.tags) == ("Three", ["b", "c"])


def test_an_old_tab_cannot_take_the_last_content_away(admin):
    guide = GuideFactory(body="Text", content_url="https://example.org/")
    old_tab = admin.get(page_of(guide))
    Guide.objects.update(content_url="")

    refused = save(admin, old_tab, body="")

    assert "Please give the guide a text or a link." in refused.content.decode()
    assert fresh(guide).body == "Text"


def test_an_old_tab_keeps_a_category_as_it_is(admin):
    category = GuideCategory.objects.get(slug="risk")
    url = reverse("admin:guides_guidecategory_change", args=[category.pk])
    old_tab = admin.get(url)
    GuideCategory.objects.filter(pk=category.pk).update(position=99)

    assert send(admin, old_tab, "guidecategory_form", {"name_en": "Risks"}).status_code == 302

    assert (fresh(category).name_en, fresh(category).position) == ("Risks", 99)


@pytest.mark.django_db(transaction=True)
def test_a_guide_that_is_deleted_while_it_is_saved_does_not_come_back(admin, monkeypatch):
    guide = GuideFactory()
    pages = site._registry[Guide]
    original = pages.save_model

    def deleted_meanwhile(*args):
        at_once(lambda: Guide.objects.filter(pk=guide.pk).delete())
        return original(*args)

    monkeypatch.setattr(pages, "save_model", deleted_meanwhile)

    assert save(admin, admin.get(page_of(guide)), title="New").status_code == 302

    assert not Guide.objects.exists()


def test_the_preview_shows_what_telegram_will(admin):
    answer = admin.post(
        reverse("admin:guides_guide_preview"), {"text": "**b** <script>\n\n[x](https://e.org)"}
    )
    assert answer.json() == {"parts": ['<b>b</b> &lt;script&gt;\n\n<a href="https://e.org">x</a>']}
    assert admin.get(reverse("admin:guides_guide_preview")).status_code == 405


def test_guides_are_shown_and_hidden_in_bulk(admin):
    guides = GuideFactory.create_batch(3)
    chosen = {"action": "hide", "_selected_action": [guide.pk for guide in guides[:2]]}

    answer = admin.post(LIST, chosen, follow=True)

    assert "2 guides changed." in answer.content.decode()
    assert [fresh(guide).is_active for guide in guides] == [False, False, True]


@pytest.mark.parametrize(("words", "found"), [("stop", ["Stops"]), ("риски", ["Управление рисками"])])
def test_the_search_knows_both_languages(admin, words, found):
    GuideFactory(title="Stops")
    GuideFactory(title="Управление рисками")

    page = admin.get(LIST, {"q": words})

    assert [guide.title for guide in page.context["cl"].result_list] == found


def test_the_list_tells_how_popular_a_guide_is(admin):
    guide = GuideFactory(views_count=41)
    SavedGuideFactory.create_batch(2, guide=guide)

    (row,) = admin.get(LIST).context["cl"].result_list
    assert (row.views_count, row.number_saved) == (41, 2)


def test_lists_take_the_same_queries_for_any_number(admin):
    counts = []
    for number in (1, 40):
        for _ in range(number):
            GuideFactory(category=GuideCategory.objects.order_by("?").first())
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert admin.get(LIST).status_code == 200
            assert admin.get(reverse("admin:guides_guidecategory_changelist")).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 30


def test_deleting_tells_how_many_keep_a_guide_in_the_same_queries_for_any_number(admin):
    guide, counts = GuideFactory(title="Stops"), []
    chosen = {"action": "delete_selected", "_selected_action": [guide.pk]}
    for number in (1, 30):
        readers = [saved.user for saved in SavedGuideFactory.create_batch(number, guide=guide)]
        with CaptureQueriesContext(connection) as queries:
            page = admin.get(reverse("admin:guides_guide_delete", args=[guide.pk]))
            pages = [page.content.decode(), admin.post(LIST, chosen).content.decode()]
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert dict(page.context["model_count"]) == {"guides": 1, "saved guides": 31}
    for page in pages:
        assert "Stops" in page
        assert str(readers[0]) not in page

    admin.post(reverse("admin:guides_guide_delete", args=[guide.pk]), {"post": "yes"})
    assert not Guide.objects.exists()
