"""What signing in and out leaves in the audit log."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import call_command
from django.urls import reverse

from audit.models import EventLog
from telegrambot.accounts.models import User
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import UserFactory
from telegrambot.sign_in.models import Session
from telegrambot.sign_in.tests.test_sessions import END, END_OTHERS, signed_in
from telegrambot.sign_in.tests.test_sign_in import code_of, confirm, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> User:
    return UserFactory.create(person__role=Role.OWNER, username="olga")


def events(what: str = "") -> list[EventLog]:
    return list(EventLog.objects.filter(action__startswith=f"sign_in.{what}").order_by("id"))


def actions() -> list[str]:
    return [event.action.removeprefix("sign_in.") for event in events()]


def protect(client, owner: User) -> str:
    """Set up an authenticator app."""
    sign_in(client, owner)
    confirm(client)
    secret: str = client.get(reverse("mfa_activate_totp")).context["form"].secret
    client.post(reverse("mfa_activate_totp"), {"code": code_of(secret)})
    return secret


def test_signing_in_and_out_are_events_of_ones_own(client, owner):
    sign_in(client, owner)
    client.post(reverse("account_logout"))

    assert actions() == ["session.opened", "session.closed"]
    for event in events():
        assert (event.entity_type, event.entity_id) == ("accounts.user", str(owner.pk))
        assert (event.user_id, event.origin) == (str(owner.person.pk), "admin")


def test_a_visitor_who_signs_out_has_closed_nothing(client):
    client.post(reverse("account_logout"))

    assert actions() == []


def test_a_wrong_password_names_the_account(client, owner):
    sign_in(client, owner, "wrong")

    (event,) = events()
    assert (event.action, event.entity_id) == ("sign_in.session.refused", str(owner.pk))
    assert (event.user_id, event.details) == ("system", {"step": "password"})


def test_a_name_that_is_no_accounts_is_not_kept(client):
    """People type passwords and addresses into the wrong field."""
    sign_in(client, "my secret password", "wrong")

    (event,) = events()
    assert (event.action, event.entity_type, event.entity_id) == ("sign_in.session.refused", "", "")
    assert "secret" not in str(EventLog.objects.values_list())


def test_who_is_guessing_cannot_flood_the_log(client, owner):
    for _ in range(12):
        sign_in(client, owner, "wrong")

    assert actions() == ["session.refused"] * 5


def test_a_wrong_code_is_refused_and_a_right_one_opens(client, owner, settings):
    settings.MFA_TOTP_TOLERANCE = 1
    secret = protect(client, owner)
    client.logout()
    before = len(events())

    sign_in(client, owner)
    assert len(events()) == before  # the password alone opens nothing
    client.post(reverse("mfa_authenticate"), {"code": "000000"})
    client.post(reverse("mfa_authenticate"), {"code": code_of(secret)})

    refused, opened = events()[before:]
    assert (refused.action, refused.entity_id) == ("sign_in.session.refused", str(owner.pk))
    assert (refused.user_id, refused.details) == ("system", {"step": "totp"})
    assert (opened.action, opened.user_id) == ("sign_in.session.opened", str(owner.person.pk))


def test_a_second_step_added_and_removed_is_an_event_each_time(client, owner):
    secret = protect(client, owner)

    added = events("second_factor.added")
    assert [event.details["type"] for event in added] == ["totp", "recovery_codes"]
    assert {(event.user_id, event.entity_id) for event in added} == {(str(owner.person.pk), str(owner.pk))}
    assert len({event.correlation_id for event in added}) == 1
    assert secret not in str(EventLog.objects.values_list())

    assert client.post(reverse("mfa_deactivate_totp")).status_code == 302

    removed = events("second_factor.removed")
    assert {event.details["type"] for event in removed} == {"totp", "recovery_codes"}
    assert {event.user_id for event in removed} == {str(owner.person.pk)}


def test_using_a_second_step_is_no_change_of_it(client, owner):
    protect(client, owner)
    before = actions()

    Authenticator.objects.get(type="totp").record_usage()

    assert actions() == before


def test_taking_it_off_from_the_servers_side_is_an_event_too(client, owner):
    protect(client, owner)

    call_command("forgetsecondfactor", owner.username)

    removed = events("second_factor.removed")
    assert {event.details["type"] for event in removed} == {"totp", "recovery_codes"}
    assert {(event.user_id, event.entity_id) for event in removed} == {("system", str(owner.pk))}


def test_a_session_that_an_owner_ends_names_both(owner):
    admin = UserFactory(person__role=Role.ADMIN)
    owners, admins = signed_in(owner), signed_in(admin)
    handle = Session.objects.get(session_key=admins.session.session_key).handle

    owners.post(END, {"session": handle})
    owners.post(END, {"session": handle})  # ended already

    (closed,) = events("session.closed")
    assert (closed.entity_id, closed.user_id) == (str(admin.pk), str(owner.person.pk))


def test_who_may_not_end_a_session_leaves_no_event(owner):
    owners, admins = signed_in(owner), signed_in(UserFactory(person__role=Role.ADMIN))
    handle = Session.objects.get(session_key=owners.session.session_key).handle

    admins.post(END, {"session": handle})

    assert events("session.closed") == []


def test_signing_out_everywhere_else_is_one_event_with_their_number(owner):
    here = signed_in(owner)
    for _ in range(2):
        signed_in(owner)

    here.post(END_OTHERS)
    here.post(END_OTHERS)  # nothing is left

    (closed,) = events("session.closed")
    assert (closed.entity_id, closed.details) == (str(owner.pk), {"count": 2})
