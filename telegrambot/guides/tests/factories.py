"""Rows for tests."""

from __future__ import annotations

import factory

from telegrambot.accounts.tests.factories import TelegramUserFactory
from telegrambot.guides.models import Guide, GuideCategory, SavedGuide


class GuideCategoryFactory(factory.django.DjangoModelFactory):
    """A category of the operator's own, after those of the program."""

    class Meta:
        model = GuideCategory

    slug = factory.Sequence(lambda number: f"category-{number}")
    name_en = factory.Sequence(lambda number: f"Category {number}")
    name_ru = factory.Sequence(lambda number: f"Раздел {number}")


class GuideFactory(factory.django.DjangoModelFactory):
    """A short guide that everybody may read."""

    class Meta:
        model = Guide

    title = factory.Sequence(lambda number: f"Guide {number}")
    description = "What it is about."
    body = "First sentence.\n\nSecond paragraph."
    category = factory.SubFactory(GuideCategoryFactory)


class SavedGuideFactory(factory.django.DjangoModelFactory):
    """A guide in somebody's collection."""

    class Meta:
        model = SavedGuide

    user = factory.SubFactory(TelegramUserFactory)
    guide = factory.SubFactory(GuideFactory)
