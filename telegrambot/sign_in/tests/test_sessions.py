"""Where people are signed in, and signing them out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth import base_user
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from telegrambot.accounts.models import User
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import UserFactory
from telegrambot.sign_in import clients, sessions, tasks
from telegrambot.sign_in.models import Session

pytestmark = pytest.mark.django_db
PASSWORD = "a good password"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PAGE, END, END_OTHERS = map(
    reverse, ("account_sessions", "account_end_session", "account_end_other_sessions")
)


@pytest.fixture
def owner() -> User:
    return UserFactory.create(person__role=Role.OWNER, username="olga")


@pytest.fixture
def admin() -> User:
    return UserFactory.create(person__role=Role.ADMIN, username="adam")


def signed_in(user: User, *, address: str = "203.0.113.5", browser: str = FIREFOX) -> Client:
    client = Client(REMOTE_ADDR=address, HTTP_USER_AGENT=browser)
    answer = client.post(reverse("account_login"), {"login": user.username, "password": PASSWORD})
    assert answer.status_code == 302
    return client


def row_of(client: Client) -> Session:
    return Session.objects.get(session_key=client.session.session_key)


def is_in(client: Client) -> bool:
    return client.get(reverse("mfa_index")).status_code == 200


def test_a_session_knows_whose_it_is_and_from_where(owner):
    row = row_of(signed_in(owner))

    assert (row.user, row.ip, row.user_agent, row.device) == (owner, "203.0.113.5", FIREFOX, "Firefox, Linux")
    assert abs(row.signed_in_at - timezone.now()) < timedelta(minutes=1)
    assert row.seen_at >= row.signed_in_at


def test_last_seen_is_noted_every_five_minutes_and_no_oftener(owner, monkeypatch):
    client = signed_in(owner)
    first = row_of(client)
    client.get(PAGE, REMOTE_ADDR="203.0.113.6")
    assert row_of(client).ip == "203.0.113.5"

    now = clients.time.time() + clients.NOTED_EVERY_SECONDS
    monkeypatch.setattr(clients.time, "time", lambda: now)
    client.get(PAGE, REMOTE_ADDR="203.0.113.6")

    later = row_of(client)
    assert (later.ip, later.signed_in_at) == ("203.0.113.6", first.signed_in_at)
    assert later.seen_at > first.seen_at


def test_pages_without_a_session_do_not_pay_for_one(client, owner):
    client = signed_in(owner)

    with CaptureQueriesContext(connection) as captured:
        client.get("/telegram/nothing/")

    assert len(captured) == 0


def test_the_page_shows_ones_own_sessions_and_no_keys(owner, admin):
    here, there, other = signed_in(admin), signed_in(admin, address="203.0.113.77"), signed_in(owner)

    page = here.get(PAGE).content.decode()

    assert page.count("Firefox, Linux") >= 2
    assert "203.0.113.77" in page
    assert "olga" not in page
    for client in (here, there, other):
        assert client.session.session_key not in page


def test_times_are_those_of_the_persons_zone(admin):
    def shown(zone: str) -> str:
        local = timezone.localtime(moment, ZoneInfo(zone))
        return f"last seen {date_format(local, 'SHORT_DATETIME_FORMAT')}"

    moment = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    here = signed_in(admin)
    Session.objects.filter(pk=here.session.session_key).update(seen_at=moment)
    assert shown("UTC") in here.get(PAGE).content.decode()

    type(admin.person).objects.update(timezone="Asia/Almaty")

    assert shown("Asia/Almaty") in here.get(PAGE).content.decode()


def test_one_session_is_signed_out(admin):
    here, there = signed_in(admin), signed_in(admin)

    here.post(END, {"session": row_of(there).handle})

    assert not is_in(there)
    assert is_in(here)


def test_everywhere_else_is_signed_out(admin, owner):
    here, there, elsewhere, other = signed_in(admin), signed_in(admin), signed_in(admin), signed_in(owner)

    answer = here.post(END_OTHERS, follow=True)

    assert "2 other places" in answer.content.decode()
    assert (is_in(here), is_in(there), is_in(elsewhere), is_in(other)) == (True, False, False, True)


def test_an_owner_signs_others_out_and_nobody_else_does(owner, admin):
    owners, admins = signed_in(owner), signed_in(admin)

    refused = admins.post(END, {"session": row_of(owners).handle}, follow=True)
    assert "Only an owner" in refused.content.decode()
    assert is_in(owners)

    page = owners.get(PAGE).content.decode()
    assert row_of(admins).handle in page
    told = owners.post(END, {"session": row_of(admins).handle}, follow=True)
    assert "adam is signed out" in told.content.decode()
    assert not is_in(admins)


@pytest.mark.parametrize("handle", ["", "nonsense", "é"])
def test_a_session_that_is_gone_is_no_error(owner, handle):
    answer = signed_in(owner).post(END, {"session": handle}, follow=True)

    assert answer.status_code == 200
    assert "ended already" in answer.content.decode()


def test_a_session_cannot_be_named_by_its_key(owner, admin):
    owners, admins = signed_in(owner), signed_in(admin)

    owners.post(END, {"session": admins.session.session_key})

    assert is_in(admins)


def test_links_alone_sign_nobody_out(owner):
    client = signed_in(owner)

    assert client.get(END).status_code == 405
    assert client.get(END_OTHERS).status_code == 405


def test_strangers_are_asked_to_sign_in(client):
    for address in (PAGE, reverse("mfa_index")):
        assert client.get(address)["Location"].startswith(reverse("account_login"))
    assert client.post(END_OTHERS)["Location"].startswith(reverse("account_login"))


def test_a_cookie_that_holds_no_key_is_nobodys(client):
    answer = client.get(reverse("account_login"), headers={"cookie": 'sessionid="abcdefghij\\000"'})
    assert answer.status_code == 200


def test_a_changed_password_leaves_one_session(owner):
    here, there = signed_in(owner), signed_in(owner)
    new = {"oldpassword": PASSWORD, "password1": "another good one", "password2": "another good one"}

    here.post(reverse("account_change_password"), new)

    assert (is_in(here), is_in(there)) == (True, False)
    found = sessions.sessions_of(User.objects.get(pk=owner.pk))
    assert [row.session_key for row in found] == [here.session.session_key]


def test_a_changed_password_does_not_give_back_what_was_taken_away_meanwhile(owner, monkeypatch):
    User.objects.filter(pk=owner.pk).update(is_superuser=True)
    here = signed_in(owner)

    def hashed(password: str) -> str:
        User.objects.filter(pk=owner.pk).update(is_active=False, is_superuser=False)
        return make_password(password)

    monkeypatch.setattr(base_user, "make_password", hashed)
    new = {"oldpassword": PASSWORD, "password1": "another good one", "password2": "another good one"}
    here.post(reverse("account_change_password"), new)

    changed = User.objects.get(pk=owner.pk)
    assert changed.check_password("another good one")
    assert (changed.is_active, changed.is_superuser) == (False, False)


def test_a_switched_off_account_has_no_sessions_left_to_list(owner, admin):
    signed_in(admin)
    assert len(sessions.sessions_of_others(owner)) == 1

    User.objects.filter(pk=admin.pk).update(is_active=False)

    assert sessions.sessions_of_others(owner) == []


def test_sessions_whose_time_is_over_are_forgotten(owner):
    old, new = signed_in(owner), signed_in(owner)
    Session.objects.filter(pk=old.session.session_key).update(expire_date=timezone.now())

    assert [row.pk for row in sessions.sessions_of(owner)] == [new.session.session_key]
    tasks.forget_expired_sessions(timestamp=0)

    assert [row.pk for row in Session.objects.all()] == [new.session.session_key]


def test_listing_costs_the_same_with_3_and_10_sessions(owner):
    client = signed_in(owner)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(PAGE)
        return len(captured)

    signed_in(owner), signed_in(UserFactory(person__role=Role.ADMIN))
    few = queries()
    for number in range(7):
        signed_in(UserFactory(person__role=Role.ADMIN), address=f"203.0.113.{number}")
    assert queries() == few


def test_an_anonymous_session_belongs_to_nobody(client):
    client.get(reverse("account_login"))

    assert not Session.objects.exclude(user=None).exists()
