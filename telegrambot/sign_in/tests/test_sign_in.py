"""Signing in, with and without a second step; and what is limited on the way."""

from __future__ import annotations

import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse

from telegrambot.accounts.models import User
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import UserFactory

pytestmark = pytest.mark.django_db
PASSWORD = "a good password"
ADMIN = reverse("admin:index")
LOGIN = reverse("account_login")


@pytest.fixture
def owner() -> User:
    return UserFactory.create(person__role=Role.OWNER)


def sign_in(client, user: User | str, password: str = PASSWORD, **how: object):
    data = {"login": getattr(user, "username", user), "password": password, "next": ADMIN}
    return client.post(LOGIN, data, **how)


def code_of(secret: str) -> str:
    """What the app shows now."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def confirm(client) -> None:
    """What changes the protection of an account asks who is there, even right after signing in."""
    assert client.get(reverse("mfa_activate_totp"))["Location"].startswith(reverse("account_reauthenticate"))
    assert client.post(reverse("account_reauthenticate"), {"password": PASSWORD}).status_code == 302


def is_signed_in(client) -> bool:
    return "_auth_user_id" in client.session


# ── The door ──────────────────────────────────────────────────────────────────────────────────────────────


def test_the_admin_sends_strangers_to_the_sign_in_page_and_back(client, owner):
    wanted = reverse("admin:accounts_telegramuser_changelist")

    page = client.get(wanted, follow=True)
    assert page.request["PATH_INFO"] == LOGIN
    assert page.context["redirect_field_value"] == wanted
    assert f'value="{wanted}"' in page.content.decode()

    data = {"login": owner.username, "password": PASSWORD, "next": wanted}
    assert client.post(LOGIN, data)["Location"] == wanted
    assert client.get(wanted).status_code == 200


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_the_door_leads_nowhere_else(client, owner, elsewhere):
    assert client.get(reverse("admin:login"), {"next": elsewhere})["Location"] == f"{LOGIN}?next=%2Fadmin%2F"
    client.force_login(owner)
    assert client.get(reverse("admin:login"), {"next": elsewhere})["Location"] == ADMIN
    client.logout()
    data = {"login": owner.username, "password": PASSWORD, "next": elsewhere}
    assert client.post(LOGIN, data)["Location"] == ADMIN


def test_a_password_sent_to_the_admins_own_page_signs_nobody_in(client, owner):
    data = {"username": owner.username, "password": PASSWORD}

    assert client.post(reverse("admin:login"), data).status_code == 302
    assert not is_signed_in(client)


@pytest.mark.parametrize("role", [Role.PUBLIC, Role.SUBSCRIBER])
def test_who_has_no_access_reads_so_instead_of_going_in_circles(client, role):
    user = UserFactory(person__role=role)

    answer = sign_in(client, user, follow=True)

    assert answer.status_code == 403
    assert len(answer.redirect_chain) == 2
    assert "You have no access to the admin" in answer.content.decode()
    assert client.get(LOGIN, follow=True).status_code == 403


def test_a_switched_off_account_stays_out(client):
    user = UserFactory(person__role=Role.OWNER, is_active=False)

    assert sign_in(client, user).status_code == 200
    assert not is_signed_in(client)


def test_the_admins_menu_leads_to_the_security_page(client, owner):
    client.force_login(owner)

    assert f'href="{reverse("mfa_index")}"' in client.get(ADMIN).content.decode()


def test_signing_out_from_the_admins_menu(client, owner):
    client.force_login(owner)

    assert client.get(reverse("admin:logout")).status_code == 200
    assert is_signed_in(client)
    assert client.post(reverse("admin:logout"))["Location"] == LOGIN
    assert not is_signed_in(client)


@pytest.mark.parametrize("path", ["signup/", "email/", "password/reset/", "password/set/", "login/code/"])
def test_nobody_signs_up_or_asks_for_mail(client, path):
    assert client.get(f"/account/{path}").status_code == 404


def test_an_account_made_by_createsuperuser_signs_in(client, monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", "--noinput", username="first", email="first@example.org", verbosity=0)

    assert sign_in(client, "first")["Location"] == ADMIN


# ── Limits ────────────────────────────────────────────────────────────────────────────────────────────────


def test_guessing_one_accounts_password_stops_soon_from_anywhere(client, owner):
    for number in range(5):
        answer = sign_in(client, owner, "wrong", REMOTE_ADDR=f"203.0.113.{number}")
        assert "not correct" in answer.content.decode()

    # Even the right password has to wait now, and another account has not.
    assert "Too many failed" in sign_in(client, owner, REMOTE_ADDR="203.0.113.99").content.decode()
    assert not is_signed_in(client)
    other = UserFactory(person__role=Role.ADMIN)
    assert sign_in(client, other, REMOTE_ADDR="203.0.113.99").status_code == 302


def test_guessing_from_one_address_stops_soon_whatever_the_account(client, owner):
    for number in range(10):
        sign_in(client, f"nobody{number}", "wrong", REMOTE_ADDR="203.0.113.7")

    assert "Too many failed" in sign_in(client, owner, REMOTE_ADDR="203.0.113.7").content.decode()
    assert sign_in(client, owner, REMOTE_ADDR="203.0.113.8").status_code == 302


def test_asking_too_often_gets_a_page_that_says_so(client):
    for _ in range(30):
        client.post(LOGIN, {})

    answer = client.post(LOGIN, {})

    assert answer.status_code == 429
    assert "Too many attempts" in answer.content.decode()
    assert client.get(LOGIN).status_code == 200


@pytest.mark.parametrize(("proxies", "limited"), [(0, True), (1, False)])
def test_a_forwarded_address_counts_behind_a_proxy_only(client, owner, settings, proxies, limited):
    """Without a proxy the header is the guesser's own invention, and would be a new address each time."""
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    for number in range(10):
        sign_in(client, f"nobody{number}", "wrong", HTTP_X_FORWARDED_FOR=f"198.51.100.1, 203.0.113.{number}")

    answer = sign_in(client, owner, HTTP_X_FORWARDED_FOR="198.51.100.1, 203.0.113.50")

    assert (answer.status_code == 200) == limited


def test_attempts_are_counted_in_the_database_that_migrate_prepared(client):
    sign_in(client, "nobody", "wrong")

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM switchboard_cache")
        assert cursor.fetchone()[0] >= 2


# ── The second step ───────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def secret(client, owner, settings) -> str:
    """The owner set up an authenticator app, and is signed out again."""
    settings.MFA_TOTP_TOLERANCE = 1  # a code may change between the app's screen and the form
    sign_in(client, owner)
    confirm(client)
    page = client.get(reverse("mfa_activate_totp"))
    secret = page.context["form"].secret
    assert "<svg" in page.content.decode()
    assert "<?xml" not in page.content.decode()
    answer = client.post(reverse("mfa_activate_totp"), {"code": code_of(secret)})
    assert answer["Location"] == reverse("mfa_view_recovery_codes")
    client.logout()
    return secret


def test_the_password_alone_does_not_open_a_protected_account(client, owner, secret):
    assert sign_in(client, owner)["Location"] == reverse("mfa_authenticate")
    assert not is_signed_in(client)
    assert client.get(ADMIN).status_code == 302

    wrong = client.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert wrong.status_code == 200
    assert not is_signed_in(client)

    answer = client.post(reverse("mfa_authenticate"), {"code": code_of(secret)})
    assert answer["Location"] == ADMIN
    assert client.get(ADMIN).status_code == 200


def test_a_recovery_code_opens_it_once(client, owner, secret):
    codes = Authenticator.objects.get(type=Authenticator.Type.RECOVERY_CODES).wrap().get_unused_codes()

    for opened in (True, False):
        sign_in(client, owner)
        client.post(reverse("mfa_authenticate"), {"code": codes[0]})
        assert is_signed_in(client) == opened
        client.logout()


def test_guessing_codes_stops_soon(client, owner, secret):
    sign_in(client, owner)
    for _ in range(6):
        answer = client.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert "Too many failed" in answer.content.decode()

    client.post(reverse("mfa_authenticate"), {"code": code_of(secret)})
    assert not is_signed_in(client)


def test_the_apps_secret_is_encrypted_at_rest(owner, secret):
    row = Authenticator.objects.get(type=Authenticator.Type.TOTP)

    assert secret not in str(row.data)
    assert isinstance(row.wrap(), TOTP)


def test_switching_it_off_needs_a_fresh_proof(client, owner, secret):
    client.force_login(owner)

    answer = client.post(reverse("mfa_deactivate_totp"))

    assert answer.status_code == 302
    assert Authenticator.objects.filter(type=Authenticator.Type.TOTP).exists()


def test_somebody_who_lost_everything_is_let_in_from_the_servers_side(client, owner, secret, capsys):
    call_command("forgetsecondfactor", owner.username)
    assert sign_in(client, owner)["Location"] == ADMIN
    assert not Authenticator.objects.exists()

    call_command("forgetsecondfactor", owner.username)
    assert "had no second step" in capsys.readouterr().out
    with pytest.raises(CommandError, match="no account"):
        call_command("forgetsecondfactor", "nobody")


@pytest.mark.parametrize(
    "name",
    [
        "mfa_index",
        "mfa_activate_totp",
        "mfa_add_webauthn",
        "mfa_list_webauthn",
        "account_change_password",
        "account_logout",
    ],
)
@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_page_opens(client, owner, name, language):
    sign_in(client, owner)
    confirm(client)

    answer = client.get(reverse(name), headers={"accept-language": language})

    assert answer.status_code == 200
    assert f'<html lang="{language}">' in answer.content.decode()


def test_changing_the_password_asks_for_the_old_one(client, owner):
    sign_in(client, owner)
    new = {"password1": "another good one", "password2": "another good one"}

    assert client.get(reverse("admin:password_change"))["Location"] == reverse("account_change_password")
    assert client.post(reverse("account_change_password"), new | {"oldpassword": "wrong"}).status_code == 200
    assert User.objects.get(pk=owner.pk).check_password(PASSWORD)
    assert client.post(reverse("account_change_password"), new | {"oldpassword": PASSWORD}).status_code == 302
    assert User.objects.get(pk=owner.pk).check_password("another good one")
    assert is_signed_in(client)
