"""Rows for tests."""

from __future__ import annotations

import factory

from projects.models import Feature, Project, Release, UserContext
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory


class ProjectFactory(factory.django.DjangoModelFactory):
    """An active project with nothing in it."""

    class Meta:
        model = Project

    name = factory.Sequence(lambda number: f"Project {number}")


class ReleaseFactory(factory.django.DjangoModelFactory):
    """A planned release without a date."""

    class Meta:
        model = Release

    project = factory.SubFactory(ProjectFactory)
    version = factory.Sequence(lambda number: f"{number}.0")


class FeatureFactory(factory.django.DjangoModelFactory):
    """A feature in the backlog."""

    class Meta:
        model = Feature

    project = factory.SubFactory(ProjectFactory)
    name = factory.Sequence(lambda number: f"Feature {number}")


class UserContextFactory(factory.django.DjangoModelFactory):
    """An admin at work on a project."""

    class Meta:
        model = UserContext

    user = factory.SubFactory(TelegramUserFactory, role=Role.ADMIN)
    active_project = factory.SubFactory(ProjectFactory)
