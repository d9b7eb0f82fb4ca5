"""Guides in the browser."""

from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.models import EventLog
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory, UserFactory
from telegrambot.guides.models import Guide, GuideCategory, GuideCover
from telegrambot.guides.services import set_cover
from telegrambot.guides.tests.factories import GuideFactory, SavedGuideFactory

pytestmark = pytest.mark.django_db

LIST = reverse("admin:guides_guide_changelist")
ADD = reverse("admin:guides_guide_add")
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 100


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
        ({"title": ""}, "This field is required."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_kept(admin, changes, sentence):
    answer = admin.post(ADD, form(**changes))

    assert sentence in answer.content.decode()
    assert not Guide.objects.exists()


def test_editing_keeps_what_readers_did_meanwhile(admin):
    guide = GuideFactory(category=GuideCategory.objects.get(slug="risk"))
    Guide.objects.update(views_count=7)

    admin.post(page_of(guide), form(title="New"))

    assert (fresh(guide).title, fresh(guide).views_count) == ("New", 7)


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


# ── Files ─────────────────────────────────────────────────────────────────────────────────────────────────


def upload(client, content, name="guides.csv", number="0"):
    file = SimpleUploadedFile(name, content.encode() if isinstance(content, str) else content)
    return client.post(reverse("admin:guides_guide_import"), {"import_file": file, "format": number})


CSV = (
    "id,title,description,body,content_url,category,tags,difficulty_level,minimum_role,is_active\n"
    ',Stops,,Text,,risk,"a, b",intermediate,subscriber,1\n'
)


def test_a_file_is_previewed_and_then_imported(admin):
    preview = upload(admin, CSV)
    assert not preview.context["result"].has_errors()
    assert not preview.context["result"].has_validation_errors()
    assert not Guide.objects.exists()

    done = admin.post(reverse("admin:guides_guide_process_import"), preview.context["confirm_form"].initial)

    assert done.status_code == 302
    guide = Guide.objects.get()
    assert (guide.category.slug, guide.tags, guide.difficulty_level, guide.minimum_role) == (
        "risk",
        ["a", "b"],
        1,
        Role.SUBSCRIBER,
    )


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (",Stops,,Text,,shoes,,,,1", "There is no category “shoes”."),
        (",Stops,,Text,,risk,,expert,,1", "“expert” is none of beginner, intermediate, advanced."),
        (",Stops,,,,risk,,,,1", "Please give the guide a text or a link."),
        (",Stops,,,http://e.org,risk,,,,1", "is no complete https link"),
        ("x,Stops,,Text,,risk,,,,1", "“x” is no id."),
    ],
)
def test_the_preview_names_what_is_wrong_with_a_row(admin, row, sentence):
    page = upload(admin, CSV.splitlines()[0] + "\n" + row + "\n").content.decode()

    assert sentence in page.replace("&quot;", '"').replace("&#x27;", "'")
    assert not Guide.objects.exists()


def test_what_is_exported_can_be_imported_again(admin):
    guide = GuideFactory(tags=["a", "b"], views_count=3)
    exported = admin.post(
        reverse("admin:guides_guide_export"),
        {"format": "2", **{f"guideresource_{name}": "on" for name in ("id", "title", "body", "category")}},
    )
    rows = json.loads(exported.content)
    assert [row["title"] for row in rows] == [guide.title]

    rows[0]["title"] = "Changed"
    preview = upload(admin, json.dumps(rows), "guides.json", "2")
    admin.post(reverse("admin:guides_guide_process_import"), preview.context["confirm_form"].initial)

    assert (fresh(guide).title, fresh(guide).tags, fresh(guide).views_count) == ("Changed", ["a", "b"], 3)
    assert Guide.objects.count() == 1


def test_who_may_not_write_may_not_import(client):
    client.force_login(UserFactory(person=TelegramUserFactory(role=Role.SUBSCRIBER)))
    assert upload(client, CSV).status_code in {302, 403}
    assert not Guide.objects.exists()
