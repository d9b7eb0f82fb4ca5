"""Releases in chat."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone

from projects.models import Release
from projects.tests.chatting import admin_chat, fresh
from projects.tests.factories import FeatureFactory, ProjectFactory, ReleaseFactory

pytestmark = pytest.mark.django_db

SPRING = date(2030, 3, 15)


@pytest.fixture
def project():
    return ProjectFactory(name="Aurora")


@pytest.fixture
def client(project):
    return admin_chat(project)


def test_the_list_tells_date_and_progress(client, project):
    later = ReleaseFactory(project=project, version="1.3")
    release = ReleaseFactory(project=project, version="1.2", target_date=SPRING)
    FeatureFactory(project=project, release=release, status="done")
    FeatureFactory(project=project, release=release)

    screen = client.send("/releases")

    assert "🗓 1.2 · 15 Mar 2030\n▓▓▓▓▓░░░░░ 1/2\n\n🗓 1.3 · no date\n░░░░░░░░░░ 0/0" in screen.text
    assert screen.buttons == ["1.2", "1.3", "New release", "‹ Project"]
    assert f"\n{later.version}\n" in client.press("1.3").text


def test_the_list_has_pages_of_eight(client, project):
    assert "There are none yet. Plan the first one." in client.send("релизы").text
    ReleaseFactory.create_batch(9, project=project)
    assert len(client.send("/release").buttons) == 8 + 1 + 2
    assert client.press("›").buttons[1:] == ["‹", "New release", "‹ Project"]


@pytest.mark.parametrize(
    "text", ["release 1.2", "/release v1.2", "что в релизе 1.2?", "what is in release 1.2?"]
)
def test_the_card_shows_what_is_in_it(client, project, text):
    when = timezone.localdate() + timedelta(days=3)
    release = ReleaseFactory(project=project, version="1.2", target_date=when)
    for number in range(9):
        status = "done" if number else "blocked"
        FeatureFactory(
            project=project, release=release, name=f"F{number}", status=status, status_reason="why"
        )
    FeatureFactory(project=project, name="Elsewhere")

    screen = client.send(text)

    assert "Status: 🗓 planned\n" in screen.text
    assert "(in 3 days)\nDone: ▓▓▓▓▓▓▓▓░░ 8/9\n\n⛔ blocked: 1\n✅ done: 8" in screen.text
    assert screen.buttons[0] == "⛔ F0"
    assert screen.buttons[8:] == [
        "›", "🔧 in progress", "🚀 released", "🚫 cancelled", "Date", "Rename", "History", "‹ Releases",
    ]  # fmt: skip
    assert client.press("›").buttons[:2] == ["✅ F8", "‹"]


def test_a_release_with_a_name_is_opened_by_the_command(client, project):
    ReleaseFactory(project=project, version="Autumn 15")
    ReleaseFactory(project=project, version="Winter")
    assert "\nAutumn 15\n" in client.send("/release autumn 15").text
    assert "\nWinter\n" in client.send("/release wintr").text
    assert "There is no release “spring”" in client.send("/release spring").text


def test_a_version_that_reads_like_an_order_is_a_version_first(client, project):
    ReleaseFactory(project=project, version="New Year")
    assert "\nNew Year\n" in client.send("/release new year").text
    assert "Release 1.2 is planned." in client.send("/release new 1.2").text


def test_a_date_that_passed_says_so(client, project):
    today = timezone.localdate()
    ReleaseFactory(project=project, version="1.2", target_date=today - timedelta(days=1))
    ReleaseFactory(project=project, version="1.3", target_date=today)
    assert "(1 day ago)" in client.send("release 1.2").text
    assert "(today)" in client.send("release 1.3").text


# ── Planning ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "text",
    ["релиз 1.2 15 марта 2030", "/release 1.2 15.03.2030", "release 1.2 on March 15, 2030",
     "создай релиз «1.2» на 15.03.2030", "/release add 1.2 2030-03-15"],
)  # fmt: skip
def test_a_release_is_planned_with_its_date(client, project, text):
    assert "Release 1.2 is planned." in client.send(text).text
    assert project.releases.get().target_date == SPRING


def test_a_release_is_planned_without_a_date(client, project):
    client.send("create release 2.0")
    assert project.releases.get().target_date is None
    assert "There is no release “2.1”" in client.send("release 2.1").text
    assert "\n2.0\n" in client.send("create release 2.0").text  # it exists, so that is it
    assert project.releases.count() == 1


def test_the_day_is_that_of_the_persons_time_zone(project):
    now = timezone.now()
    east, west = (admin_chat(project, timezone=name) for name in ("Pacific/Kiritimati", "Pacific/Pago_Pago"))
    east.send("release 1.0 tomorrow")
    west.send("release 2.0 tomorrow")

    days = dict(Release.objects.values_list("version", "target_date"))
    assert days["1.0"] == (now + timedelta(hours=14)).date() + timedelta(days=1)
    assert days["2.0"] == (now - timedelta(hours=11)).date() + timedelta(days=1)


def test_a_new_release_by_button(client, project):
    client.send("/releases")
    assert "Which release of “Aurora”" in client.press("New release").text
    assert "I do not understand the date “someday”." in client.send("1.2 someday").text
    client.send("1.2 15 марта 2030")
    assert project.releases.get().target_date == SPRING
    client.send("/releases")
    client.press("New release")
    client.send("1.3")
    assert project.releases.get(version="1.3").target_date is None


@pytest.mark.parametrize("text", ["release 1.2 on 31 February", "перенеси релиз 1.2 на когда-нибудь"])
def test_a_date_that_is_none_changes_nothing(client, project, text):
    ReleaseFactory(project=project, version="1.2", target_date=SPRING)
    assert "I do not understand the date" in client.send(text).text
    assert project.releases.get().target_date == SPRING


@pytest.mark.parametrize("text", ["release 1.2 on 2030-03-15", "перенеси релиз v1.2 на 15.03.2030"])
def test_the_date_of_a_release_is_moved(client, project, text):
    release = ReleaseFactory(project=project, version="1.2")
    assert "Release 1.2 goes out on: 15 Mar 2030" in client.send(text).text
    assert fresh(release).target_date == SPRING
    assert "Release 1.2 has no date now." in client.send("убери дату релиза 1.2").text
    assert fresh(release).target_date is None


def test_only_a_release_that_exists_is_moved(client, project):
    release = ReleaseFactory(project=project, version="1.2.0")
    screen = client.send("move release 1.2 to 15 March 2030")
    assert "There is no release “1.2” in this project. Do you mean one of these?" in screen.text
    assert fresh(release).target_date is None
    client.press("1.2.0")
    assert fresh(release).target_date == SPRING


def test_dates_by_button(client, project):
    release = ReleaseFactory(project=project, version="1.2")
    client.send("release 1.2")

    screen = client.press("Date")
    week = next(label for label in screen.buttons if label.startswith("in a week: "))
    client.press(week)
    assert fresh(release).target_date == timezone.localdate() + timedelta(days=7)
    client.press("Date")
    assert "I do not understand the date “hm”." in client.send("hm").text
    client.send("2030-03-15")
    assert fresh(release).target_date == SPRING
    client.press("Date")
    client.press("No date")
    assert fresh(release).target_date is None


def test_the_offered_dates_are_read_in_russian_too(project):
    ReleaseFactory(project=project, version="1.2")
    client = admin_chat(project, language_code="ru")
    client.send("релиз 1.2")
    data_label = next(label for label in client.send("релиз 1.2").buttons if label in {"Date", "Дата"})
    assert len(client.press(data_label).buttons) == 4


# ── State and version ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("release 1.2 is out", "released"),
        ("выпусти релиз 1.2", "released"),
        ("start release 1.2", "in_progress"),
        ("/release cancel 1.2", "cancelled"),
        ("релиз 1.2 отменён", "cancelled"),
    ],
)
def test_a_release_moves_by_phrase(client, project, text, status):
    release = ReleaseFactory(project=project, version="1.2")
    assert "Release 1.2 is now: " in client.send(text).text
    assert fresh(release).status == status


def test_a_question_shows_the_release(client, project):
    release = ReleaseFactory(project=project, version="1.2")
    assert "Status: 🗓 planned\n" in client.send("/release 1.2 is out?").text
    assert fresh(release).status == "planned"


def test_a_release_moves_and_is_renamed_by_button(client, project):
    release = ReleaseFactory(project=project, version="1.2")
    client.send("release 1.2")

    assert "Release 1.2 is now: 🚀 released" in client.press("🚀 released").text
    assert "From there it can become: in progress." in client.send("cancel release 1.2").text
    client.press("Rename")
    client.send("«1.2.1»")
    assert fresh(release).version == "1.2.1"
    client.send("rename release 1.2.1 to 1.3")
    assert (fresh(release).version, fresh(release).status) == ("1.3", "released")


@pytest.mark.parametrize("label", ["🚀 released", "Rename", "Date"])
def test_an_edit_that_came_second_is_told_what_changed(client, project, label):
    release = ReleaseFactory(project=project, version="1.2")
    olga = admin_chat(project, first_name="Olga")
    client.send("release 1.2")
    if label != "🚀 released":
        client.press(label)
    olga.send("start release 1.2")

    screen = client.press(label) if label == "🚀 released" else client.send("2030-03-15")

    assert "“1.2” was changed meanwhile: status: planned → in progress (Olga)." in screen.text
    assert (fresh(release).status, fresh(release).target_date) == ("in_progress", None)
