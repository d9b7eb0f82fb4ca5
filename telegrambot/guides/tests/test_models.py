"""The schema holds by itself, for psql too."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from telegrambot.accounts.tests.factories import TelegramUserFactory
from telegrambot.guides.models import Guide, GuideCategory, GuideView, SavedGuide
from telegrambot.guides.tests.factories import GuideFactory, SavedGuideFactory

pytestmark = pytest.mark.django_db

SLUGS = ["trading", "technical", "risk", "psychology", "automation", "platform"]


def run(sql, *parameters):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, parameters)


def category():
    return GuideCategory.objects.get(slug="risk").pk


def test_six_categories_come_with_the_program():
    assert list(GuideCategory.objects.values_list("slug", flat=True)) == SLUGS


def test_the_database_fills_in_what_is_left_out():
    run("INSERT INTO guides_guide (title, body, category_id) VALUES ('T', 'B', %s)", category())

    guide = Guide.objects.get()
    assert (guide.tags, guide.difficulty_level, guide.minimum_role, guide.views_count) == ([], 0, 0, 0)
    assert guide.is_active
    assert guide.created_at is not None


@pytest.mark.parametrize(
    ("columns", "values"),
    [
        ("body, difficulty_level", "'B', 3"),
        ("body, minimum_role", "'B', 9"),
        ("content_url", "'http://example.org'"),
        ("body", "''"),
    ],
)
def test_the_database_refuses_what_makes_no_sense(columns, values):
    with pytest.raises(IntegrityError):
        run(
            f"INSERT INTO guides_guide (title, category_id, {columns}) VALUES ('T', %s, {values})", category()
        )
    assert not Guide.objects.exists()


def test_nobody_saves_a_guide_twice():
    saved = SavedGuideFactory()
    with pytest.raises(IntegrityError):
        run(
            "INSERT INTO guides_savedguide (user_id, guide_id) VALUES (%s, %s)", saved.user_id, saved.guide_id
        )


def test_the_database_itself_forgets_a_persons_collection_and_openings():
    saved = SavedGuideFactory()
    GuideView.objects.create(guide=saved.guide, reader=saved.user)

    run("DELETE FROM accounts_telegramuser WHERE id = %s", saved.user_id)

    assert not SavedGuide.objects.exists()
    assert not GuideView.objects.exists()
    assert Guide.objects.count() == 1


def test_the_database_itself_deletes_what_hangs_on_a_guide():
    saved = SavedGuideFactory()
    GuideView.objects.create(guide=saved.guide, reader=TelegramUserFactory())

    run("DELETE FROM guides_guide WHERE id = %s", saved.guide_id)

    assert not SavedGuide.objects.exists()
    assert not GuideView.objects.exists()


def test_a_category_with_guides_stays():
    guide = GuideFactory()
    run("DELETE FROM guides_guidecategory WHERE id = %s", guide.category_id)

    with pytest.raises(IntegrityError):
        connection.check_constraints()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"body": "", "content_url": ""}, "give the guide a text or a link"),
        ({"content_url": "http://example.org"}, "no complete https link"),
        ({"body": "x" * 50_001}, "at most 50000 characters"),
    ],
)
def test_an_operator_is_told_what_is_wrong(changes, sentence):
    guide = GuideFactory()
    for name, value in changes.items():
        setattr(guide, name, value)

    with pytest.raises(ValidationError, match=sentence):
        guide.full_clean()
