"""What every answer tells the browser to refuse."""

from __future__ import annotations

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path, reverse

from config.urls import urlpatterns as real_urlpatterns
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory, UserFactory

pytestmark = pytest.mark.django_db


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("The database is on fire.")


urlpatterns = [*real_urlpatterns, path("broken/", broken)]


def policy(answer) -> dict[str, set[str]]:
    found = {}
    for directive in answer["Content-Security-Policy"].split(";"):
        name, *sources = directive.split()
        found[name] = set(sources)
    return found


def assert_strict(answer) -> None:
    rules = policy(answer)
    assert rules["default-src"] == rules["base-uri"] == rules["frame-ancestors"] == {"'none'"}
    assert rules["script-src"] == rules["style-src"] == rules["form-action"] == {"'self'"}
    assert not any("unsafe" in source or "*" in source for sources in rules.values() for source in sources)


def assert_common(answer) -> None:
    assert policy(answer)["frame-ancestors"] == {"'none'"}
    assert "camera=()" in answer["Permissions-Policy"]
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.fixture
def owner(client: Client) -> Client:
    client.force_login(UserFactory(person__role=Role.OWNER))
    return client


@pytest.mark.parametrize(
    "address",
    ["/", "/account/login/", "/account/security/", "/account/sessions/", "/nothing/", "/telegram/nothing/"],
)
def test_everything_outside_of_the_admin_is_strict(owner, address):
    answer = owner.get(address)

    assert_strict(answer)
    assert_common(answer)


def test_the_sandbox_is_strict_too(client, settings):
    settings.SANDBOX = True
    settings.ALLOWED_HOSTS = ["localhost"]

    answer = client.get("/sandbox/", headers={"host": "localhost:8000"})

    assert answer.status_code == 200
    assert_strict(answer)
    assert_common(answer)


@pytest.mark.parametrize("name", ["index", "accounts_telegramuser_changelist", "accounts_user_add"])
def test_the_admin_is_looser_only_as_far_as_unfold_needs(owner, name):
    answer = owner.get(reverse(f"admin:{name}"))

    assert answer.status_code == 200
    assert_common(answer)
    rules = policy(answer)
    assert rules["default-src"] == {"'none'"}
    assert rules["script-src"] == {"'self'", "'unsafe-eval'"}
    assert rules["style-src"] == {"'self'", "'unsafe-inline'"}
    assert rules["frame-src"] == {"'self'"}


def test_only_the_form_of_a_related_row_may_be_framed_and_only_by_our_own_pages(owner):
    answer = owner.get(reverse("admin:accounts_user_add"), {"_popup": "1"})

    assert answer.status_code == 200
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    assert policy(answer)["frame-ancestors"] == {"'self'"}


def test_outside_of_the_admin_nothing_may_be_framed(owner):
    answer = owner.get("/account/security/", {"_popup": "1"})

    assert_strict(answer)
    assert_common(answer)


def test_an_address_that_only_begins_like_the_admins_is_strict(owner):
    assert_strict(owner.get("/administration/"))


# ── Error pages ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("language", "words"), [("en", "There is nothing here"), ("ru", "Здесь ничего нет")])
def test_what_does_not_exist_says_so_in_the_persons_language(client, language, words):
    answer = client.get("/nothing/", headers={"accept-language": language})

    assert answer.status_code == 404
    page = answer.content.decode()
    assert words in page
    assert f'<html lang="{language}">' in page
    assert 'href="/"' in page
    assert '<script src="/static/sign_in/theme.js">' in page


def test_what_a_role_does_not_include_says_so(client):
    TelegramUserFactory(role=Role.OWNER)
    client.force_login(UserFactory(person__role=Role.ADMIN))

    answer = client.get(reverse("admin:accounts_user_changelist"))

    assert answer.status_code == 403
    assert "ask an owner" in answer.content.decode()


@pytest.mark.parametrize(("language", "words"), [("en", "out of date"), ("ru", "устарела")])
def test_a_form_without_its_token_says_what_to_do(language, words):
    answer = Client(enforce_csrf_checks=True).post("/account/login/", headers={"accept-language": language})

    assert answer.status_code == 403
    assert words in answer.content.decode()
    assert_strict(answer)


def test_a_request_that_is_not_understood_says_so(client):
    answer = client.get("/", headers={"host": "evil.example"})

    assert answer.status_code == 400
    assert "not understood" in answer.content.decode()


@pytest.mark.urls(__name__)
def test_a_failure_is_told_in_both_languages_without_the_database(client, django_db_blocker, settings):
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}
    }
    client.raise_request_exception = False

    with django_db_blocker.block():
        answer = client.get("/broken/")

    assert answer.status_code == 500
    page = answer.content.decode()
    assert "Something went wrong" in page
    assert "Что-то пошло не так" in page
    assert "on fire" not in page
    assert "/static/sign_in/pages.css" in page
    assert "/static/sign_in/theme.js" in page
    assert_strict(answer)
