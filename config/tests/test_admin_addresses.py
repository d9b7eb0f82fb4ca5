"""Mangled addresses of lists and forms."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.urls import reverse

from projects.tests.factories import ProjectFactory
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import UserFactory

pytestmark = pytest.mark.django_db

# These show rows in their own way, and have no list of Django's.
WITHOUT_LIST = {"vault.appsetting", "inbox.automatictopic", "inbox.conversation", "inbox.userselectedmodel"}
PAGES = {model._meta.label_lower: model_admin for model, model_admin in admin.site._registry.items()}


@pytest.fixture
def owner(client):
    client.force_login(UserFactory(person__role=Role.OWNER))
    return client


def address(kind, page):
    return reverse(f"admin:{kind.replace('.', '_')}_{page}")


@pytest.mark.parametrize("kind", sorted(PAGES.keys() - WITHOUT_LIST))
def test_a_list_is_filtered_by_its_filters_only(owner, kind):
    assert owner.get(address(kind, "changelist")).status_code == 200

    for field in PAGES[kind].opts.concrete_fields:
        query = {f"{field.name}__regex": "("}
        assert owner.get(address(kind, "changelist"), query).status_code in {302, 400}, query


@pytest.mark.parametrize("kind", sorted(PAGES))
def test_a_form_is_filled_in_with_nothing_impossible(owner, kind):
    page = owner.get(address(kind, "add"))
    if page.status_code == 403:
        pytest.skip("Nobody adds one.")

    for nonsense in ("abc", "9" * 30, ""):
        query = dict.fromkeys(page.context["adminform"].form.fields, nonsense)
        assert owner.get(address(kind, "add"), query).status_code == 200, nonsense


def test_a_form_is_filled_in_with_what_is_there(owner):
    project = ProjectFactory(name="Apollo")

    page = owner.get(address("projects.feature", "add"), {"project": project.pk})

    assert page.context["adminform"].form["project"].value() == str(project.pk)
