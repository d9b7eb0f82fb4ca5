"""What changes people, and who may do it."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from telegrambot.accounts import services
from telegrambot.accounts.exceptions import (
    AccountTaken,
    LastOwner,
    OwnersOnly,
    PersonAmbiguous,
    PersonNotFound,
    RoleBelowProgram,
    UnknownLanguage,
    UnknownTimeZone,
)
from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.quiet_hours import QuietHours
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import BotCommandFactory, TelegramUserFactory, UserFactory

BELOW_OWNER = [Role.PUBLIC, Role.SUBSCRIBER, Role.ADMIN]


@pytest.fixture
def owner(db):
    return TelegramUserFactory(role=Role.OWNER, first_name="Olga")


@pytest.fixture
def ann(db):
    return TelegramUserFactory(first_name="Ann", last_name="Lee", username="AnnLee")


def fresh(row):
    return type(row).objects.get(pk=row.pk)


# ── Roles ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("role", Role)
def test_an_owner_gives_any_role(owner, ann, role):
    services.change_role(ann, role, actor=owner)

    assert fresh(ann).role == ann.role == role


@pytest.mark.parametrize(
    "change",
    [
        lambda person: services.change_role(person, Role.ADMIN, actor=None),
        lambda person: services.set_active(person, False, actor=None),
        lambda person: services.link_staff(person, UserFactory(), actor=None),
        lambda person: services.set_language(person, "ru", actor=None),
    ],
)
def test_nothing_is_changed_of_who_was_erased_meanwhile(ann, change):
    TelegramUser.objects.filter(pk=ann.pk).delete()

    with pytest.raises(PersonNotFound):
        change(ann)


def test_the_program_itself_gives_roles(ann):
    services.change_role(ann, Role.OWNER, actor=None)

    assert fresh(ann).role == Role.OWNER


@pytest.mark.parametrize("role", BELOW_OWNER)
def test_nobody_else_changes_roles(owner, ann, role):
    actor = TelegramUserFactory(role=role)

    with pytest.raises(OwnersOnly):
        services.change_role(ann, Role.ADMIN, actor=actor)
    with pytest.raises(OwnersOnly):
        services.change_role(actor, Role.OWNER, actor=actor)

    assert (fresh(ann).role, fresh(actor).role) == (Role.PUBLIC, role)


def test_an_owner_in_memory_only_changes_nothing(owner, ann):
    demoted = TelegramUserFactory(role=Role.OWNER)
    TelegramUser.objects.filter(pk=demoted.pk).update(role=Role.PUBLIC)

    with pytest.raises(OwnersOnly):
        services.change_role(ann, Role.ADMIN, actor=demoted)

    assert fresh(ann).role == Role.PUBLIC


def test_an_inactive_owner_changes_nothing(owner, ann):
    with pytest.raises(OwnersOnly):
        services.change_role(ann, Role.ADMIN, actor=TelegramUserFactory(role=Role.OWNER, is_active=False))


def test_a_superuser_changes_roles_whatever_their_person_is(ann):
    actor = TelegramUserFactory(staff=UserFactory(is_superuser=True))

    services.change_role(ann, Role.ADMIN, actor=actor)

    assert fresh(ann).role == Role.ADMIN


@pytest.mark.parametrize("role", BELOW_OWNER)
def test_the_last_owner_stays(owner, role):
    TelegramUserFactory(role=Role.OWNER, is_active=False)  # does not count

    with pytest.raises(LastOwner, match="Olga"):
        services.change_role(owner, role, actor=owner)

    assert fresh(owner).role == Role.OWNER


def test_one_of_two_owners_may_go(owner):
    second = TelegramUserFactory(role=Role.OWNER)

    services.change_role(owner, Role.PUBLIC, actor=second)

    assert fresh(owner).role == Role.PUBLIC


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_demote_each_other_at_once_leave_one():
    first, second = TelegramUserFactory.create_batch(2, role=Role.OWNER)
    start, refusals = threading.Barrier(2), []

    def demote(actor, other):
        try:
            start.wait(timeout=10)
            services.change_role(other, Role.PUBLIC, actor=actor)
        except (LastOwner, OwnersOnly) as refusal:
            refusals.append(refusal)
        finally:
            connection.close()

    threads = [threading.Thread(target=demote, args=pair) for pair in ((first, second), (second, first))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)

    assert TelegramUser.objects.filter(role=Role.OWNER).count() == 1
    assert len(refusals) == 1


# ── Activity ──────────────────────────────────────────────────────────────────────────────────────────────


def test_an_admin_switches_off_ordinary_people_only(owner, ann):
    admin = TelegramUserFactory(role=Role.ADMIN)

    services.set_active(ann, False, actor=admin)
    for protected in (owner, TelegramUserFactory(role=Role.ADMIN)):
        with pytest.raises(OwnersOnly):
            services.set_active(protected, False, actor=admin)
        assert fresh(protected).is_active

    assert not fresh(ann).is_active


def test_the_last_owner_is_not_switched_off(owner):
    with pytest.raises(LastOwner):
        services.set_active(owner, False, actor=owner)

    assert fresh(owner).is_active


# ── Staff accounts ────────────────────────────────────────────────────────────────────────────────────────


def test_an_owner_links_and_unlinks_an_account(owner, ann):
    account = UserFactory()

    services.link_staff(ann, account, actor=owner)
    assert fresh(account).person == ann

    services.link_staff(ann, None, actor=owner)
    assert fresh(ann).staff is None


@pytest.mark.parametrize("role", BELOW_OWNER)
def test_nobody_else_links_accounts(owner, role):
    actor = TelegramUserFactory(role=role)

    with pytest.raises(OwnersOnly):
        services.link_staff(owner, UserFactory(), actor=actor)

    assert fresh(owner).staff is None


def test_an_account_belongs_to_one_person(owner, ann):
    account = UserFactory(username="desk", person=owner)

    with pytest.raises(AccountTaken, match=r"desk.*Olga"):
        services.link_staff(ann, account, actor=owner)

    assert fresh(ann).staff is None


# ── Commands ──────────────────────────────────────────────────────────────────────────────────────────────


def test_an_owner_demands_more_of_a_command_but_never_less_than_the_program(owner):
    command = BotCommandFactory(command="sums", code_role=Role.SUBSCRIBER)

    services.change_command_role(command, Role.OWNER, actor=owner)
    with pytest.raises(RoleBelowProgram, match=r"/sums.*subscriber"):
        services.change_command_role(command, Role.PUBLIC, actor=owner)

    assert fresh(command).minimum_role == Role.OWNER


@pytest.mark.parametrize("role", BELOW_OWNER)
def test_nobody_else_changes_a_commands_role(db, role):
    command = BotCommandFactory()

    with pytest.raises(OwnersOnly):
        services.change_command_role(command, Role.ADMIN, actor=TelegramUserFactory(role=role))

    assert fresh(command).minimum_role == Role.PUBLIC


# ── The configured owner ──────────────────────────────────────────────────────────────────────────────────


def test_the_configured_owner_is_made_one_once(ann, settings):
    settings.OWNER_TELEGRAM_ID = ann.telegram_id

    assert services.ensure_configured_owner()
    assert fresh(ann).role == Role.OWNER
    assert not services.ensure_configured_owner()


def test_without_a_configured_owner_nobody_is_made_one(ann, settings):
    TelegramUserFactory(telegram_id=None)
    settings.OWNER_TELEGRAM_ID = None

    assert not services.ensure_configured_owner()
    assert not TelegramUser.objects.filter(role=Role.OWNER).exists()


# ── Preferences ───────────────────────────────────────────────────────────────────────────────────────────


def test_a_language_is_kept_and_forgotten(ann):
    services.set_language(ann, "ru", actor=ann)
    assert fresh(ann).language == ann.language == "ru"

    services.set_language(ann, "", actor=ann)
    assert fresh(ann).preferences == {}


def test_an_unknown_language_is_refused(ann):
    with pytest.raises(UnknownLanguage, match="English"):
        services.set_language(ann, "xx", actor=ann)

    assert fresh(ann).preferences == {}


def test_a_time_zone_is_kept_by_its_iana_name(ann):
    services.set_timezone(ann, "berlin", actor=ann)
    with pytest.raises(UnknownTimeZone, match="Atlantis"):
        services.set_timezone(ann, "Atlantis", actor=ann)
    with pytest.raises(UnknownTimeZone):
        services.set_timezone(ann, "", actor=ann)
    assert fresh(ann).timezone == "Europe/Berlin"


def test_quiet_hours_leave_the_other_preferences_alone(ann):
    stale = fresh(ann)
    services.set_language(ann, "ru", actor=ann)

    services.set_quiet_hours(stale, QuietHours.parse("22-7"), actor=ann)
    assert fresh(ann).quiet_hours == QuietHours.parse("22:00-07:00")
    assert fresh(ann).language == "ru"

    services.set_quiet_hours(ann, None, actor=ann)
    assert fresh(ann).quiet_hours is None


def test_opting_out_twice_keeps_the_first_moment(ann):
    services.opt_out(ann, actor=ann)
    first = fresh(ann).opted_out_at
    services.opt_out(ann, actor=ann)
    assert fresh(ann).opted_out_at == first is not None

    services.opt_in(ann, actor=ann)
    assert fresh(ann).opted_out_at is None


def test_a_change_leaves_alone_what_others_changed_meanwhile(owner, ann):
    TelegramUser.objects.filter(pk=ann.pk).update(first_name="Anna")

    services.change_role(ann, Role.ADMIN, actor=owner)

    assert fresh(ann).first_name == "Anna"


# ── Finding people ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("text", ["@AnnLee", "annlee", " @ANNLEE "])
def test_a_person_is_found_by_username_in_any_case(ann, text):
    assert services.find_person(text) == ann


def test_a_person_is_found_by_telegram_id(ann):
    assert services.find_person(str(ann.telegram_id)) == ann


@pytest.mark.parametrize("text", ["@nobody", "", "@", "12345", "9" * 40, "٣", "ann%", "Ann Lee"])
def test_an_unknown_person_is_not_found(ann, text):
    with pytest.raises(PersonNotFound):
        services.find_person(text)


def test_people_without_a_username_are_not_found_by_nothing(db):
    TelegramUserFactory(username="")

    with pytest.raises(PersonNotFound):
        services.find_person("@")


def test_a_username_of_two_people_is_refused(ann):
    TelegramUserFactory(username="annlee")

    with pytest.raises(PersonAmbiguous, match="numeric"):
        services.find_person("@annlee")
