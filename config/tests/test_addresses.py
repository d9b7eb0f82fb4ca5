"""Requests that no page of the admin makes."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from projects.models import Project
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "address",
    [
        "/admin/autocomplete/?term=%00&app_label=accounts&model_name=telegramuser&field_name=staff",
        "/admin/accounts/telegramuser/?language_code=a%00b",
        "/admin/engine/message/?q=%0%0000",
        "/admin/vault/appsetting/%00/reset/",
        "/admin/vault/appsetting/%00/history/",
    ],
)
def test_a_nul_in_an_address_is_refused(client, address):
    client.force_login(UserFactory(person__role=Role.OWNER))

    assert client.get(address).status_code == 400
    assert client.post(address).status_code == 400


def test_what_only_looks_like_a_nul_is_answered(client):
    client.force_login(UserFactory(person__role=Role.OWNER))

    assert client.get(reverse("admin:accounts_telegramuser_changelist"), {"q": "%00 _00"}).status_code == 200


@pytest.mark.parametrize("sent", [{"name": "a\x00b"}, {"x\x00": "a"}])
def test_a_nul_in_what_is_posted_is_refused(client, sent):
    client.force_login(UserFactory(person__role=Role.OWNER))

    assert client.post(reverse("admin:projects_project_add"), sent).status_code == 400
    assert not Project.objects.exists()


def test_a_file_may_hold_a_nul(client):
    client.force_login(UserFactory(person__role=Role.OWNER))
    sent = {"import_file": SimpleUploadedFile("guides.csv", b"a\x00b"), "format": "0"}

    assert client.post(reverse("admin:guides_guide_import"), sent).status_code == 200
