"""Guides out of files and into them."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from http.cookies import SimpleCookie

import pytest
import tablib
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, connections
from django.test import Client
from django.urls import reverse

from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory, UserFactory
from telegrambot.guides import file_admin
from telegrambot.guides.models import Guide, GuideCategory
from telegrambot.guides.tests.factories import GuideCategoryFactory, GuideFactory

pytestmark = pytest.mark.django_db

IMPORT = reverse("admin:guides_guide_import")
CONFIRM = reverse("admin:guides_guide_process_import")
EXPORT = reverse("admin:guides_guide_export")
# The forms number the formats.
FORMATS = {"csv": "0", "json": "1", "xlsx": "2"}
COLUMNS = (
    "id",
    "title",
    "description",
    "body",
    "content_url",
    "category",
    "tags",
    "difficulty_level",
    "minimum_role",
    "is_active",
)
CSV = f'{",".join(COLUMNS)}\n,Stops,,Text,,risk,"a, b",intermediate,subscriber,1\n'


@pytest.fixture
def admin(client):
    client.force_login(UserFactory(person__role=Role.ADMIN))
    return client


def upload(client, content, form="csv"):
    content = json.dumps(content) if isinstance(content, list) else content
    file = SimpleUploadedFile(
        f"guides.{form}", content.encode() if isinstance(content, str) else bytes(content)
    )
    return client.post(IMPORT, {"import_file": file, "format": FORMATS[form]})


def confirm(client, preview):
    return client.post(CONFIRM, preview.context["confirm_form"].initial, follow=True)


def export(client, form):
    chosen = {f"guideresource_{name}": "on" for name in COLUMNS}
    return client.post(EXPORT, {"format": FORMATS[form], **chosen}).content.decode()


def row(**values):
    return {"id": "", "title": "Stops", "body": "Text", "category": "risk", "is_active": "1"} | values


def told(answer):
    (message,) = answer.context["messages"]
    return str(message)


def fresh(guide):
    return Guide.objects.get(pk=guide.pk)


def test_a_file_is_previewed_and_then_imported(admin):
    preview = upload(admin, CSV)
    assert not preview.context["result"].has_errors()
    assert not preview.context["result"].has_validation_errors()
    assert not Guide.objects.exists()

    assert "1 new" in told(confirm(admin, preview))

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
        (",Stops,,Text,,risk,,,,maybe", "“maybe” is neither yes (1) nor no (0)."),
    ],
)
def test_the_preview_names_what_is_wrong_with_a_row(admin, row, sentence):
    page = upload(admin, CSV.splitlines()[0] + "\n" + row + "\n").content.decode()

    assert sentence in page.replace("&quot;", '"').replace("&#x27;", "'")
    assert not Guide.objects.exists()


@pytest.mark.parametrize(
    ("word", "is_active"),
    [
        *((word, True) for word in ("1", "1.0", " TRUE ", "yes", "Да", "ИСТИНА", "")),
        *((word, False) for word in ("0", "False", "no", "нет", "ложь")),
    ],
)
def test_a_guide_is_shown_or_hidden_in_words(admin, word, is_active):
    confirm(admin, upload(admin, [row(is_active=word)], "json"))
    assert Guide.objects.get().is_active is is_active


def test_without_a_word_a_guide_stays_hidden(admin):
    guide = GuideFactory(is_active=False)
    confirm(admin, upload(admin, [row(id=str(guide.pk), category=guide.category.slug, is_active="")], "json"))
    assert (fresh(guide).title, fresh(guide).is_active) == ("Stops", False)


def test_json_may_have_tags_as_a_list(admin):
    confirm(admin, upload(admin, [row(tags=["one", " two ", "", 3])], "json"))
    assert Guide.objects.get().tags == ["one", "two", "3"]


@pytest.mark.parametrize("form", ["csv", "json"])
def test_what_is_exported_can_be_imported_again(admin, form):
    kept = GuideFactory(tags=["a", "b"], views_count=3, description="=1+1", body="\x0b слово\n\n" * 5000)
    exported = export(admin, form)
    gone = fresh(kept)
    Guide.objects.update(title="Changed", description="", body="Other", tags=[])

    assert "1 updated" in told(confirm(admin, upload(admin, exported, form)))

    guide = Guide.objects.get()
    for name in (*COLUMNS, "views_count"):
        assert getattr(guide, name) == getattr(gone, name), name


def test_nothing_is_exported_into_cells_that_would_cut_it(admin):
    form = admin.get(EXPORT).context["form"]
    assert [title for _number, title in form.fields["format"].choices[1:]] == ["csv", "json"]


def test_spreadsheets_can_tell_the_letters_of_an_exported_file(admin):
    GuideFactory(title="Стопы")
    assert export(admin, "csv").startswith("\ufeffid,title")


def test_a_spreadsheet_is_imported(admin):
    headers = ("id", "title", "body", "category", "is_active")
    rows = tablib.Dataset((None, 2024, "Text", "risk", 1), headers=headers)

    confirm(admin, upload(admin, rows.export("xlsx"), "xlsx"))

    assert (Guide.objects.get().title, Guide.objects.get().is_active) == ("2024", True)


def test_elsewhere_guides_keep_their_order(admin):
    for number in range(5):
        GuideFactory(title=f"Part {number}", category=GuideCategory.objects.get(slug="risk"))
    exported = export(admin, "json")
    Guide.objects.all().delete()

    confirm(admin, upload(admin, exported, "json"))

    assert [guide.title for guide in Guide.objects.all().in_reading_order()] == [
        f"Part {number}" for number in range(5)
    ]


def test_a_category_is_known_in_any_case(admin):
    written = [GuideCategoryFactory(slug=slug) for slug in ("Options", "Stocks", "stocks")]

    rows = [row(category=slug) for slug in ("options", "Stocks", "stocks")]
    confirm(admin, upload(admin, rows, "json"))

    assert [guide.category for guide in Guide.objects.order_by("created_at")] == written


@pytest.mark.parametrize("content", ["[[1]]", "[1]", "{}", "5", "[", '[{"title": "x"}, 5]'])
def test_json_that_holds_no_guides_is_refused(admin, content):
    page = upload(admin, content, "json")

    assert page.context["form"].errors["import_file"]
    assert "confirm_form" not in page.context


def test_a_file_too_large_for_one_import_is_refused(admin, monkeypatch):
    monkeypatch.setattr(file_admin, "MAX_FILE_MB", 0)
    assert "larger than 0 MB" in upload(admin, CSV).content.decode()


def test_an_import_is_confirmed_once(admin):
    preview = upload(admin, CSV)
    confirm(admin, preview)

    assert "There is nothing to confirm" in told(confirm(admin, preview))
    assert Guide.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_confirmations_at_the_same_moment_one_imports(admin):
    preview = upload(admin, [row(category=GuideCategoryFactory().slug)], "json")

    def confirmed(cookies):
        client = Client()
        client.cookies = cookies
        try:
            # Not its context: the test clients of two threads hear of each other's templates.
            return confirm(client, preview).content.decode()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        pages = list(pool.map(confirmed, [SimpleCookie(admin.cookies), SimpleCookie(admin.cookies)]))
    for sentence in ("Import finished", "There is nothing to confirm"):
        assert sum(sentence in page for page in pages) == 1
    assert Guide.objects.count() == 1


@pytest.mark.parametrize("number", ["", "x", "3", "-1"])
def test_a_format_that_there_is_not_is_no_import(admin, number):
    waiting = upload(admin, CSV).context["confirm_form"].initial

    answer = admin.post(CONFIRM, waiting | {"format": number})

    assert answer.context["confirm_form"].errors["format"]
    assert not Guide.objects.exists()


@pytest.mark.parametrize("other", ["csv", "xlsx"])
def test_a_file_of_another_format_than_it_was_previewed_in_is_refused(admin, other):
    waiting = upload(admin, [row()], "json").context["confirm_form"].initial

    answer = admin.post(CONFIRM, waiting | {"format": FORMATS[other]}, follow=True)

    assert answer.redirect_chain == [(IMPORT, 302)]
    assert told(answer)
    assert not Guide.objects.exists()


def test_a_file_that_cannot_be_read_is_a_sentence(admin):
    errors = upload(admin, "no workbook", "xlsx").context["form"].errors["import_file"]
    assert errors == ["The file cannot be read. Please choose it again, and the format that it has."]


def test_an_export_of_what_no_filter_knows_is_one_of_everything(admin):
    assert admin.get(EXPORT, {"foo": "1"})["Location"] == EXPORT


def test_a_preview_that_waited_too_long_cannot_be_confirmed(admin):
    preview = upload(admin, CSV)
    cache.clear()

    assert "or lay too long" in told(confirm(admin, preview))
    assert not Guide.objects.exists()


@pytest.mark.parametrize(
    ("meanwhile", "problem"),
    [
        (lambda: GuideCategory.objects.filter(slug="own").delete(), "Row 2: There is no category “own”."),
        (
            lambda: Guide.objects.update(body="", content_url="https://e.org"),
            "Row 1: Please give the guide a text or a link.",
        ),
    ],
)
def test_a_row_that_became_wrong_after_the_preview_keeps_the_whole_file_out(admin, meanwhile, problem):
    guide = GuideFactory()
    GuideCategoryFactory(slug="own")
    columns = ("id", "title", "content_url", "category")
    rows = [(str(guide.pk), "New", "", "risk"), ("", "Other", "https://e.org", "own")]
    preview = upload(admin, [dict(zip(columns, values, strict=True)) for values in rows], "json")
    meanwhile()

    answer = confirm(admin, preview)

    assert told(answer).startswith(f"Nothing was imported. {problem}")
    assert answer.redirect_chain == [(IMPORT, 302)]
    assert [one.title for one in Guide.objects.all()] == [guide.title]


@pytest.mark.django_db(transaction=True)
def test_an_import_that_the_database_refuses_says_so_in_short(admin):
    guide = GuideFactory()
    preview = upload(admin, [row(id=str(guide.pk), title="New", category=guide.category.slug)], "json")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE guides_guide ADD CONSTRAINT ck_test CHECK (title <> 'New')")
    try:
        answer = confirm(admin, preview)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE guides_guide DROP CONSTRAINT ck_test")

    assert told(answer).startswith("Nothing was imported. Row 1: new row for relation")
    assert "DETAIL" not in told(answer)
    assert fresh(guide).title == guide.title


def test_who_may_not_write_may_not_import(client):
    client.force_login(UserFactory(person=TelegramUserFactory(role=Role.SUBSCRIBER)))
    assert upload(client, CSV).status_code in {302, 403}
    assert not Guide.objects.exists()
