"""Guides in chat, as a reader sees them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory
from telegrambot.engine import outbox
from telegrambot.engine.chat import ChatRequest
from telegrambot.engine.models import Dialog, OutgoingFile
from telegrambot.engine.testing import ChatClient
from telegrambot.guides import bot
from telegrambot.guides.models import Guide, GuideCategory, GuideView, SavedGuide
from telegrambot.guides.services import remove_cover, set_cover
from telegrambot.guides.tests.factories import GuideFactory, SavedGuideFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader():
    return TelegramUserFactory()


@pytest.fixture
def client(reader):
    return ChatClient(reader)


@pytest.fixture
def risk():
    return GuideCategory.objects.get(slug="risk")


def test_from_the_categories_to_a_guide_and_back_on_one_screen(client, risk):
    GuideFactory(title="Stops", category=risk, description="What <stops> are.", body="Use **them**.")
    GuideFactory(title="Hedges", category=risk, difficulty_level=2)

    assert "Risk management · 2" in client.send("/guides").buttons
    screen = client.press("Risk management · 2")
    assert screen.edited
    assert {"🟢 Stops", "🔴 Hedges", "✓ all"} <= set(screen.buttons)
    screen = client.press("🟢 Stops")
    assert screen.edited
    assert screen.html == [
        "<b>Stops</b>\n<i>🟢 beginner · Risk management</i>\n\nWhat &lt;stops&gt; are.\n\nUse <b>them</b>."
    ]
    assert screen.buttons == ["⭐ Save", "‹ Back", "Next ›"]
    assert "Hedges" in client.press("Next ›").text
    assert client.press("‹ Back").buttons[-1] == "‹ Categories"
    assert "Choose a category" in client.press("‹ Categories").text


def test_the_difficulty_narrows_the_list(client, risk):
    GuideFactory(title="Easy", category=risk)
    GuideFactory(title="Hard", category=risk, difficulty_level=2)
    client.send("/guides")
    client.press("Risk management · 2")

    screen = client.press("🔴 advanced")
    assert "🔴 Hard" in screen.buttons
    assert "🟢 Easy" not in screen.buttons
    screen = client.press("🟡 intermediate")
    assert "nothing of this difficulty" in screen.text
    assert "🟢 Easy" in client.press("all").buttons


def test_a_category_that_was_emptied_says_so(client, risk):
    GuideFactory(category=risk)
    client.send("/guides")
    Guide.objects.update(is_active=False)

    screen = client.press("Risk management · 1")

    assert "There is nothing here any more." in screen.text
    assert "difficulty" not in screen.text


def test_eight_on_a_page(client, risk):
    for number in range(10):
        GuideFactory(title=f"Guide {number}", category=risk)
    client.send("гайды")

    screen = client.press("Risk management · 10")
    assert "🟢 Guide 7" in screen.buttons
    assert "🟢 Guide 8" not in screen.buttons
    assert "🟢 Guide 8" in client.press("›").buttons


def test_without_guides_one_is_told_so(client):
    assert "There are no guides yet" in client.send("/guides").text


@pytest.mark.parametrize("text", ["/guides leverage", "find guides leverage", "Найди гайды leverage"])
def test_searching(client, text):
    GuideFactory(title="Leverage & you", body="All about leverage.")

    screen = client.send(text)

    assert "1 guide found" in screen.text
    assert "<b>leverage</b>" in screen.html[0]
    assert "Leverage & you" in client.press("1. Leverage & you").text


def test_a_search_without_a_hit(client):
    screen = client.send("/guides <nothing>")
    assert "Nothing was found for “<nothing>”" in screen.text
    assert screen.buttons == ["‹ Categories"]


def test_a_search_without_words(client):
    assert "Please say what to look for" in client.send("/guides ?!").text


def test_saving_reading_and_removing(client, reader):
    guide = GuideFactory(title="Stops")
    client.send(f"/start guide_{guide.pk}")

    screen = client.press("⭐ Save")
    assert screen.toast.startswith("Saved.")
    assert screen.edited
    assert "Remove from saved" in screen.buttons
    assert "Mark unread" in client.press("✓ Mark read").buttons
    assert SavedGuide.objects.get().is_read
    assert "✓ Stops" in client.send("/saved").buttons
    client.press("✓ Stops")
    client.press("Mark unread")
    assert "⭐ Save" in client.press("Remove from saved").buttons
    assert not SavedGuide.objects.exists()
    assert "not saved any guides yet" in client.send("/saved").text


def test_the_collection_is_ones_own(client, reader):
    SavedGuideFactory(guide__title="Theirs")
    SavedGuideFactory(user=reader, guide__title="Mine")

    assert client.send("/saved").buttons == ["● Mine", "‹ Categories"]


def test_a_link_opens_a_guide(client):
    guide = GuideFactory(title="Stops", body="", content_url="https://telegra.ph/Stops")

    screen = client.send(f"/start guide_{guide.pk}")

    assert "Stops" in screen.text
    assert "🔗 Open" in screen.buttons
    assert GuideView.objects.count() == 1


@pytest.mark.parametrize("value", ["", "x", "9272b2b8-8f50-4cd4-be30-712c37f65937"])
def test_a_link_to_nothing(client, value):
    assert "not available any more" in client.send(f"/start guide_{value}").text


def test_a_guide_above_ones_role_is_neither_listed_nor_found_nor_opened(client, risk):
    secret = GuideFactory(title="Secret leverage", category=risk, minimum_role=Role.SUBSCRIBER)
    GuideFactory(title="Open", category=risk)

    assert "Risk management · 1" in client.send("/guides").buttons
    assert "🟢 Secret leverage" not in client.press("Risk management · 1").buttons
    assert "Nothing was found" in client.send("/guides leverage").text
    assert "not available any more" in client.send(f"/start guide_{secret.pk}").text
    assert not GuideView.objects.exists()


def test_an_old_button_to_a_guide_that_was_closed_opens_nothing(client, risk):
    guide = GuideFactory(title="Stops", category=risk)
    client.send("/guides")
    client.press("Risk management · 1")
    Guide.objects.filter(pk=guide.pk).update(minimum_role=Role.OWNER)

    screen = client.press("🟢 Stops")

    assert "not available any more" in screen.alert
    assert not GuideView.objects.exists()


def test_a_reader_who_lost_the_role_saves_nothing(reader):
    TelegramUser.objects.filter(pk=reader.pk).update(role=Role.SUBSCRIBER)
    guide = GuideFactory(minimum_role=Role.SUBSCRIBER)
    client = ChatClient(reader)
    client.send(f"/start guide_{guide.pk}")
    TelegramUser.objects.filter(pk=reader.pk).update(role=Role.PUBLIC)

    assert "not available any more" in client.press("⭐ Save").alert
    assert not SavedGuide.objects.exists()


def test_a_long_guide_comes_in_parts_and_is_saved_on_its_last(client):
    guide = GuideFactory(
        title="Long", body="\n\n".join(f"Paragraph {n}. " + "word " * 100 for n in range(20))
    )
    screen = client.send(f"/start guide_{guide.pk}")
    assert len(screen.texts) > 2

    saved = client.press("⭐ Save")

    assert saved.edited
    assert saved.texts == screen.texts[-1:]


def test_a_photo_has_the_text_below_it_and_gives_way_to_a_new_message(client, risk):
    guide = GuideFactory(title="Stops", category=risk)
    set_cover(guide, "stops.png", b"picture", actor=None)
    GuideFactory(title="Hedges", category=risk, difficulty_level=2)
    client.send("/guides")
    client.press("Risk management · 2")

    screen = client.press("🟢 Stops")
    assert [item["name"] for item in screen.media] == ["stops.png"]
    assert "Stops" in screen.text
    assert client.press("⭐ Save").edited
    screen = client.press("Next ›")
    assert "Hedges" in screen.text
    assert not screen.edited
    assert not screen.media


def test_a_photo_is_kept_once_for_the_sender_however_often_it_is_looked_at(client):
    guide = GuideFactory()
    set_cover(guide, "stops.png", b"picture", actor=None)
    shown = [client.send(f"/start guide_{guide.pk}").media[0]["file"] for _ in range(2)]
    set_cover(guide, "stops.png", b"another", actor=None)
    shown.append(client.send(f"/start guide_{guide.pk}").media[0]["file"])

    assert shown[0] == shown[1] != shown[2]
    files = OutgoingFile.objects.order_by("created_at")
    assert [bytes(file.content) for file in files] == [b"picture", b"another"]
    # What readers do not get any more is forgotten.
    OutgoingFile.objects.update(created_at=timezone.now() - timedelta(days=30))
    assert outbox.forget_files(timedelta(days=7)) == 1
    assert bytes(OutgoingFile.objects.get().content) == b"another"


def test_where_no_history_is_kept_a_photo_is_sealed(client, reader):
    guide = GuideFactory()
    set_cover(guide, "stops.png", b"picture", actor=None)
    client.send("/guides")
    Dialog.objects.update(keep_history=False)

    client.send(f"/start guide_{guide.pk}")

    assert OutgoingFile.objects.get().is_sealed


@pytest.mark.parametrize("had_photo", [True, False])
def test_what_a_button_hangs_below_counts_and_not_what_became_of_the_photo(client, risk, had_photo):
    guide = GuideFactory(title="Stops", category=risk)
    if had_photo:
        set_cover(guide, "stops.png", b"picture", actor=None)
    client.send(f"/start guide_{guide.pk}")
    if had_photo:
        remove_cover(guide, actor=None)
    else:
        set_cover(guide, "stops.png", b"picture", actor=None)

    assert client.press("⭐ Save").edited
    assert client.press("✓ Mark read").edited
    assert client.press("‹ Back").edited is not had_photo


def test_russian(risk):
    GuideFactory(title="Стопы", category=risk)
    client = ChatClient(TelegramUserFactory(language_code="ru"))

    assert "Управление рисками · 1" in client.send("/guides").buttons


@pytest.mark.parametrize("count", [1, 40])
def test_no_view_makes_more_queries_for_more_guides(reader, risk, count, django_assert_max_num_queries):
    GuideFactory.create_batch(count, category=risk, title="Leverage")
    SavedGuide.objects.bulk_create([SavedGuide(user=reader, guide=guide) for guide in Guide.objects.all()])
    request = _request(reader)

    for view, *arguments in (
        (bot.guides,),
        (bot.find_guides, "leverage"),
        (bot.show_category, risk.pk),
        (bot.show_guide, Guide.objects.first().pk),
        (bot.save, Guide.objects.first().pk, 1),
        (bot.saved,),
    ):
        with django_assert_max_num_queries(8):
            view(request, *arguments)


def _request(person):
    return ChatRequest(person, Dialog(), "", "", "en", 1, timezone.now())
