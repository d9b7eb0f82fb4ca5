"""What readers find."""

from __future__ import annotations

import pytest
from django.db import connection

from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory
from telegrambot.guides import reading
from telegrambot.guides.exceptions import NothingToSearch
from telegrambot.guides.models import Difficulty, Guide
from telegrambot.guides.tests.factories import GuideCategoryFactory, GuideFactory, SavedGuideFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader():
    return TelegramUserFactory()


def test_shelves_count_what_the_reader_may_read(reader):
    category = GuideCategoryFactory()
    GuideFactory(category=category)
    GuideFactory(category=category, is_active=False)
    secret = GuideFactory(category=category, minimum_role=Role.ADMIN)

    assert [(shelf.category, shelf.count) for shelf in reading.shelves(reader)] == [(category, 1)]
    admin = TelegramUserFactory(role=Role.ADMIN)
    assert [shelf.count for shelf in reading.shelves(admin)] == [2]
    assert secret not in reading.guides_in(category, reader)


def test_one_reads_on_from_easy_to_hard_and_past_what_is_closed(reader):
    category = GuideCategoryFactory()
    hard = GuideFactory(category=category, difficulty_level=Difficulty.ADVANCED)
    easy = GuideFactory(category=category)
    GuideFactory(category=category, is_active=False)
    GuideFactory(category=category, minimum_role=Role.OWNER)
    easier_too = GuideFactory(category=category)
    GuideFactory()

    way, guide = [], easy
    while guide is not None:
        way.append(guide)
        following = reading.next_guide(guide, reader)
        guide = following and Guide.objects.get(pk=following.pk)

    assert way == [easy, easier_too, hard]


def test_the_collection_has_unread_ones_first_and_nothing_closed(reader):
    read = SavedGuideFactory(user=reader, is_read=True)
    old, new = SavedGuideFactory(user=reader), SavedGuideFactory(user=reader)
    SavedGuideFactory(user=reader, guide__is_active=False)
    SavedGuideFactory()

    assert list(reading.collection(reader)) == [new, old, read]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("риски", "Управление рисками"),
        ("стоп-лоссы", "Управление рисками"),
        ("trade safely", "Trading safely"),
        ("indicator", "Trading safely"),
        ("свеча", "Управление рисками"),
        ('"trading safely"', "Trading safely"),
    ],
)
def test_words_are_found_in_both_languages_in_any_form(reader, words, found):
    GuideFactory(title="Управление рисками", tags=["стоп-лосс"], body="Смотрим на свечи.")
    GuideFactory(title="Trading safely", tags=["indicators"], body="Nothing else.")

    hits, total = reading.search(words, reader, limit=8)

    assert [hit.guide.title for hit in hits] == [found]
    assert total == 1


def test_a_title_counts_more_than_a_mention(reader):
    mention = GuideFactory(title="Beginners", body="Also something about leverage.")
    title = GuideFactory(title="Leverage", body="Nothing.")

    hits, _ = reading.search("leverage", reader, limit=8)

    assert [hit.guide for hit in hits] == [title, mention]


def test_what_was_found_is_bold_and_the_text_around_it_safe(reader):
    GuideFactory(title="T", description="", body="**Use** 1 < 2 leverage & [care](https://example.org/x)")

    (hit,), _ = reading.search("leverage", reader, limit=8)

    assert hit.excerpt == "Use 1 &lt; 2 <b>leverage</b> &amp; care"


def test_closed_guides_are_not_found(reader):
    GuideFactory(title="Leverage", is_active=False)
    GuideFactory(title="Leverage", minimum_role=Role.SUBSCRIBER)

    assert reading.search("leverage", reader, limit=8) == ([], 0)


@pytest.mark.parametrize("words", ["", "   ", "?!", "\x00"])
def test_no_words_are_a_polite_refusal(reader, words):
    with pytest.raises(NothingToSearch):
        reading.search(words, reader, limit=8)


@pytest.mark.parametrize("words", ["'", "a & | !", "((", '"', "-", "\\", "x" * 5000, "😀 a", "a:*"])
def test_odd_words_find_nothing_and_break_nothing(reader, words):
    GuideFactory()
    try:
        assert reading.search(words, reader, limit=8)[1] == 0
    except NothingToSearch:
        pass


def test_searching_uses_the_indexes(reader):
    found = Guide.objects.filter(search_russian="риск")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        plan = found.explain()

    assert "ix_guide_search_russian" in plan


def test_queries_stay_the_same_however_many_guides(reader, django_assert_num_queries):
    GuideFactory.create_batch(30, title="Leverage")

    with django_assert_num_queries(3):
        reading.search("leverage", reader, limit=8)
