"""Writing a broadcast in the browser: the form, the buttons, the files, the preview."""

from __future__ import annotations

import json
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.models import EventLog
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import UserFactory
from telegrambot.broadcasts import files, services
from telegrambot.broadcasts.exceptions import NotADraft, TooManyFiles, UnknownFile
from telegrambot.broadcasts.models import Broadcast, BroadcastMedia
from telegrambot.broadcasts.tests.factories import BroadcastFactory, SegmentFactory, recipient, recipients
from telegrambot.engine.exceptions import UnfitPhoto
from telegrambot.engine.tests.pictures import UNFIT, png

pytestmark = pytest.mark.django_db

LIST = reverse("admin:broadcasts_broadcast_changelist")
ADD = reverse("admin:broadcasts_broadcast_add")
PREVIEW = reverse("admin:broadcasts_broadcast_preview")
PNG = png(more=100)
MP4 = b"\0\0\0\x18ftypmp42" + b"\0" * 100
Status = Broadcast.Status


@pytest.fixture
def admin(client):
    client.force_login(UserFactory(person__role=Role.ADMIN, person__first_name="Ann"))
    return client


def page_of(broadcast, page="change"):
    return reverse(f"admin:broadcasts_broadcast_{page}", args=[broadcast.pk])


def fresh(row):
    return type(row).objects.get(pk=row.pk)


def photo(name="a.png", content=PNG):
    return SimpleUploadedFile(name, content)


def form(**changes):
    return {"title": "News", "target_audience": "all", "segment": "", "message_text": "Hello"} | changes


def seen(broadcast, **changes):
    """The form as the page showed it, with what was changed since."""
    was = {
        "title": broadcast.title,
        "target_audience": broadcast.target_audience,
        "segment": broadcast.segment_id or "",
        "message_text": broadcast.message_text,
    }
    first = {f"initial-{name}": value for name, value in was.items()}
    buttons = [
        {"buttons_text": button["text"], "buttons_kind": kind, "buttons_target": button[kind]}
        for row in broadcast.buttons
        for button in row
        for kind in button
        if kind != "text"
    ]
    listed = {
        name: [button[name] for button in buttons]
        for name in ("buttons_text", "buttons_kind", "buttons_target")
    } | {"buttons_place": ["" for _ in buttons]}
    return was | first | {"initial-buttons": json.dumps(broadcast.buttons)} | listed | changes


def buttons(*rows):
    """Rows of (text, kind, target, place) as a browser sends them."""
    names = ("text", "kind", "target", "place")
    return {f"buttons_{name}": [row[number] for row in rows] for number, name in enumerate(names)}


def errors(answer):
    return " ".join(" ".join(found) for found in answer.context["adminform"].form.errors.values())


# ── Who may ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("role", [Role.PUBLIC, Role.SUBSCRIBER])
def test_readers_have_no_business_here(client, role):
    client.force_login(UserFactory(person__role=role))
    broadcast = BroadcastFactory(title="Kept")
    media = BroadcastMedia.objects.create(broadcast=broadcast, kind="photo", name="a.png", content=PNG)

    answers = [
        client.get(LIST),
        client.get(ADD),
        client.post(ADD, form()),
        client.post(PREVIEW, {"message_text": "x"}),
        client.get(page_of(broadcast)),
        client.post(page_of(broadcast), form()),
        client.post(page_of(broadcast, "delete"), {"post": "yes"}),
        client.get(reverse("admin:broadcasts_broadcast_file", args=[broadcast.pk, media.pk])),
    ]

    assert {answer.status_code for answer in answers} <= {302, 403}
    assert Broadcast.objects.get().title == "Kept"


@pytest.mark.parametrize("role", [Role.ADMIN, Role.OWNER])
def test_operators_open_every_page(client, role):
    client.force_login(UserFactory(person__role=role))
    broadcast = BroadcastFactory()

    for address in (
        LIST,
        ADD,
        page_of(broadcast),
        page_of(broadcast, "delete"),
        page_of(broadcast, "history"),
    ):
        assert client.get(address).status_code == 200, address
    assert LIST in client.get(reverse("admin:index")).content.decode()


# ── Saving ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_broadcast_is_written(admin):
    segment = SegmentFactory()
    row = buttons(
        ("Read", "url", "https://example.org", ""),
        ("Guides", "command", "/Guides", "beside"),
        ("", "url", " ", ""),
        ("More", "link", "https://t.me/test_bot?start=guide_1", ""),
    )

    answer = admin.post(ADD, form(target_audience="segment", segment=segment.pk, message_text="a\r\nb") | row)

    made = Broadcast.objects.get()
    assert answer.status_code == 302, errors(answer)
    assert answer["Location"] == page_of(made)
    assert (made.title, made.message_text, made.message_type, made.segment) == (
        "News",
        "a\nb",
        "text",
        segment,
    )
    assert made.created_by.first_name == "Ann"
    assert made.buttons == [
        [{"text": "Read", "url": "https://example.org"}, {"text": "Guides", "command": "guides"}],
        [{"text": "More", "link": "guide_1"}],
    ]
    assert EventLog.objects.filter(action="broadcasts.broadcast.created", origin="admin").exists()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"title": ""}, "This field is required."),
        ({"message_text": "a\n<b>c"}, "Line 2, character 5: Telegram cannot read this"),
        ({"message_text": "Hi {nick}"}, "Line 1, character 4: there is no variable {nick}."),
        ({"message_text": "x" * 4097}, "may have 4096 characters"),
        ({"message_text": "x" * 1025, "upload": [photo()]}, "may have 1024 characters"),
        ({"target_audience": "segment"}, "Please choose the segment"),
        ({"upload": [photo(content=b"<svg/>")]}, "“a.png” is no photo"),
        ({"upload": [photo(content=UNFIT["size"])]}, "larger than 10 MB"),
        ({"upload": [photo(content=UNFIT["sides"])]}, "Telegram does not take “a.png” as a photo"),
        ({"upload": [photo(), photo("b.png", UNFIT["ratio"])]}, "does not take “b.png” as a photo"),
        ({"upload": [photo() for _ in range(11)]}, "at most 10"),
        (buttons(("Go", "url", "http://e.org", "")), "“http://e.org” cannot be opened"),
        (buttons(("Go", "command", "nonsense", "")), "there is no /nonsense"),
        (buttons(("", "url", "https://e.org", "")), "Row 1: a button needs a label"),
        (buttons(("Go", "forged", "x", "")), "one thing to do"),
        (
            buttons(("Go", "url", "https://e.org", "")) | {"upload": [photo(), photo()]},
            "no buttons below an album",
        ),
    ],
)
def test_what_is_wrong_is_said_at_its_place_and_nothing_is_kept(admin, changes, sentence):
    answer = admin.post(ADD, form(**changes))

    assert answer.status_code == 200
    assert sentence in errors(answer)
    assert not Broadcast.objects.exists()
    assert not BroadcastMedia.objects.exists()


def test_what_others_changed_meanwhile_is_kept(admin):
    broadcast = BroadcastFactory(buttons=[[{"text": "Go", "url": "https://e.org"}]])
    page = seen(broadcast, title="Mine")
    services.change(fresh(broadcast), message_text="Theirs", actor=None)

    answer = admin.post(page_of(broadcast), page)

    found = fresh(broadcast)
    assert answer.status_code == 302, errors(answer)
    assert (found.title, found.message_text, found.buttons) == ("Mine", "Theirs", broadcast.buttons)


def test_another_segment_is_meant_whatever_others_chose_meanwhile(admin):
    one, two = SegmentFactory(name="Friends"), SegmentFactory(name="Readers")
    broadcast = BroadcastFactory(target_audience="segment", segment=one)
    page = seen(broadcast, segment=two.pk)
    services.change(fresh(broadcast), target_audience="all", segment=None, actor=None)

    admin.post(page_of(broadcast), page)

    found = fresh(broadcast)
    assert (found.target_audience, found.segment) == ("segment", two)


def test_another_audience_takes_it_off_the_schedule(admin):
    broadcast = BroadcastFactory(status=Status.SCHEDULED, scheduled_at="2999-01-01T00:00:00Z")

    admin.post(page_of(broadcast), seen(broadcast, title="Other"))
    assert fresh(broadcast).status == Status.SCHEDULED
    admin.post(page_of(broadcast), seen(fresh(broadcast), target_audience="admin"))
    assert fresh(broadcast).status == Status.DRAFT


def test_what_has_started_is_not_edited_any_more(admin):
    recipient()
    broadcast = BroadcastFactory(title="News")
    page = seen(broadcast, title="Other")
    services.start(broadcast, actor=None)

    answer = admin.post(page_of(broadcast), page, follow=True)

    assert "“News” is sending: it cannot be changed" in answer.content.decode()
    assert fresh(broadcast).title == "News"
    gone = admin.post(page_of(broadcast, "delete"), {"post": "yes"}, follow=True)
    assert "“News” is sending: it cannot be changed" in gone.content.decode()
    assert Broadcast.objects.exists()


def test_it_is_started_while_somebody_saves(admin, monkeypatch):
    broadcast = BroadcastFactory(title="News")

    def start_first(row, **values):
        recipient()
        services.start(fresh(row), actor=None)
        change(row, **values)

    change = services.change
    monkeypatch.setattr(services, "change", start_first)
    answer = admin.post(page_of(broadcast), seen(broadcast, title="Other"))

    # All that happened in that request is undone with it, the start too.
    assert "it cannot be changed" in answer.content.decode()
    assert fresh(broadcast).title == "News"


def test_a_draft_is_deleted(admin):
    broadcast = BroadcastFactory()
    page = admin.get(page_of(broadcast, "delete"))
    assert page.status_code == 200

    admin.post(page_of(broadcast, "delete"), {"post": "yes"})
    assert not Broadcast.objects.exists()


# ── Files ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_files_make_the_type(admin):
    admin.post(ADD, form(upload=[photo("../../Big photo.PNG")]))
    broadcast = Broadcast.objects.get()
    media = broadcast.media.get()
    assert (broadcast.message_type, media.kind, media.name) == ("photo", "photo", "Big photo.png")

    admin.post(page_of(broadcast), seen(broadcast, upload=[photo(), photo("b.mp4", MP4)]))
    assert fresh(broadcast).message_type == "album"
    assert list(broadcast.media.values_list("kind", "name")) == [("photo", "a.png"), ("video", "b.mp4")]

    admin.post(page_of(broadcast), seen(fresh(broadcast), title="Kept"))
    assert broadcast.media.count() == 2

    admin.post(page_of(broadcast), seen(fresh(broadcast), remove_files="on"))
    assert fresh(broadcast).message_type == "text"
    assert not BroadcastMedia.objects.exists()


def test_a_text_that_fits_with_its_files_only_is_taken_with_them(admin):
    broadcast = BroadcastFactory(message_text="x" * 2000)

    answer = admin.post(page_of(broadcast), seen(broadcast, message_text="short", upload=[photo()]))
    assert answer.status_code == 302, errors(answer)
    assert (fresh(broadcast).message_type, fresh(broadcast).message_text) == ("photo", "short")

    answer = admin.post(
        page_of(broadcast), seen(fresh(broadcast), message_text="y" * 2000, remove_files="on")
    )
    assert answer.status_code == 302, errors(answer)
    assert fresh(broadcast).message_type == "text"


def test_a_file_is_shown_to_operators(admin):
    broadcast = BroadcastFactory(message_type="photo")
    media = BroadcastMedia.objects.create(broadcast=broadcast, kind="photo", name="a.png", content=PNG)
    other = BroadcastFactory()

    answer = admin.get(reverse("admin:broadcasts_broadcast_file", args=[broadcast.pk, media.pk]))
    assert (answer.content, answer["Content-Type"]) == (PNG, "image/png")
    assert (answer["X-Content-Type-Options"], answer["Cache-Control"]) == ("nosniff", "private, max-age=3600")
    assert admin.get(reverse("admin:broadcasts_broadcast_file", args=[other.pk, media.pk])).status_code == 404


def test_the_service_refuses_what_the_form_would():
    broadcast = BroadcastFactory()
    file = files.File("a.png", PNG)

    with pytest.raises(TooManyFiles):
        files.replace(broadcast, [file] * 11, actor=None)
    with pytest.raises(UnknownFile):
        files.replace(broadcast, [files.File("a.txt", b"words")], actor=None)
    with pytest.raises(UnfitPhoto):
        files.replace(broadcast, [file, files.File("b.png", UNFIT["sides"])], actor=None)
    Broadcast.objects.update(status=Status.SENT)
    with pytest.raises(NotADraft):
        files.replace(broadcast, [file], actor=None)
    assert not BroadcastMedia.objects.exists()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (PNG, "image/png"),
        (b"RIFF1234WEBP", "image/webp"),
        (MP4, "video/mp4"),
    ],
)
def test_what_a_file_is_stands_in_its_bytes(content, kind):
    assert files.content_type(content) == kind


# ── Preview ───────────────────────────────────────────────────────────────────────────────────────────────


def preview(client, text, **more):
    return client.post(PREVIEW, {"message_text": text} | more).json()


def text_of(found):
    return re.search(r'<div class="bc-text"[^>]*>(.*?)</div>', found["html"], re.DOTALL)[1]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<b>Hi {first_name|friend}</b> &amp; <u>you</u>", "<b>Hi Ann</b> &amp; <u>you</u>"),
        ("{last_name|friend}", "friend"),
        ("<b>a<i>b</i></b>c", "<b>a<i>b</i></b>c"),
        ("😀<s>x</s>", "😀<s>x</s>"),
        (
            '<a href="https://e.org/?a=1&quot;">x</a>',
            '<a href="https://e.org/?a=1&quot;" target="_blank" rel="noopener noreferrer">x</a>',
        ),
        ("<tg-spoiler>s</tg-spoiler>", '<span class="sb-spoiler" tabindex="0">s</span>'),
        ('<pre><code class="language-py">a&lt;b</code></pre>', "<pre>a&lt;b</pre>"),
        ("<blockquote>q</blockquote>", "<blockquote>q</blockquote>"),
        ('1 &lt; 2 & "3"', "1 &lt; 2 &amp; &quot;3&quot;"),
    ],
)
def test_the_preview_shows_what_telegram_will(admin, text, shown):
    found = preview(admin, text)
    assert text_of(found) == shown
    assert (found["problem"], found["offset"]) == ("", None)


@pytest.mark.parametrize(
    "text",
    ["<script>alert(1)</script>", '<a href="javascript:alert(1)">x</a>', "<img src=x onerror=alert(1)>"],
)
def test_nothing_that_was_typed_runs(admin, text):
    html = preview(admin, text)["html"]
    assert "<script" not in html
    assert "<img" not in html
    assert "href=" not in html


def test_a_link_that_cannot_be_read_breaks_no_page(admin):
    text = '<a href="https://[your-domain]/x">site</a>'
    found = preview(admin, text)
    assert text_of(found) == "site"
    assert "Telegram would drop this link (https://[your-domain]/x)" in found["problem"]
    # One from before such links were refused.
    broadcast = BroadcastFactory(message_text=text)
    assert admin.get(page_of(broadcast)).status_code == 200
    assert (
        "Telegram would drop this link"
        in admin.post(page_of(broadcast), form(message_text=text)).content.decode()
    )


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("a\n<b>c", 6),
        ("ab {nick}", 3),
        ("😀 <x>", 3),
        ("{ first_name }", 0),
        ('😀 <a href="x">y</a>', 3),
        ("x" * 4097, None),
    ],
)
def test_the_preview_leads_to_the_mistake(admin, text, offset):
    found = preview(admin, text)
    assert found["problem"]
    assert found["offset"] == offset


def test_the_preview_knows_files_and_buttons(admin):
    chosen = buttons(("Go", "url", "https://e.org", ""), ("On", "command", "guides", "beside"))
    found = preview(admin, "x" * 1025, kind=["photo"], name=["<a>.png"], **chosen)
    assert "may have 1024 characters" in found["problem"]
    assert "&lt;a&gt;.png" in found["html"]
    assert found["html"].count('bc-key"') == 2

    broadcast = BroadcastFactory(message_type="photo")
    media = BroadcastMedia.objects.create(broadcast=broadcast, kind="photo", name="a.png", content=PNG)
    shown = preview(admin, "x", broadcast=str(broadcast.pk))["html"]
    assert f"/files/{media.pk}/" in shown
    assert "/files/" not in preview(admin, "x", broadcast=str(broadcast.pk), remove_files="on")["html"]
    assert preview(admin, "x", broadcast="nonsense", kind=["forged"], name=["x"])["problem"] == ""
    assert admin.get(PREVIEW).status_code == 405


# ── List ──────────────────────────────────────────────────────────────────────────────────────────────────


def cost(client, url):
    client.get(url)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


@pytest.mark.parametrize("query", ["", "?q=news", "?status__exact=4"])
def test_the_list_costs_the_same_for_any_number(admin, query):
    recipients(2)

    def fill(count):
        for number in range(count):
            segment = SegmentFactory()
            running = BroadcastFactory(title=f"News {number}", target_audience="segment", segment=segment)
            services.start(running, actor=None)
            BroadcastFactory(title="News")

    fill(2)
    few = cost(admin, LIST + query)
    fill(20)
    assert cost(admin, LIST + query) == few <= 16


def test_the_list_names_what_waits_and_finds_by_title(admin):
    BroadcastFactory(
        title="Spring", status=Status.SCHEDULED, scheduled_at="2020-01-01T00:00Z", needs_confirmation=True
    )
    BroadcastFactory(title="Autumn")

    page = admin.get(LIST, {"q": "spr"})
    assert [row.title for row in page.context["cl"].result_list] == ["Spring"]
    assert (
        "Waits for a confirmation" in page.content.decode()
        or "waits for a confirmation" in page.content.decode()
    )
    assert [row.title for row in admin.get(LIST, {"status__exact": "0"}).context["cl"].result_list] == [
        "Autumn"
    ]
