"""The pages about people, accounts and commands."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.contrib.auth import base_user
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from unfold.sites import UnfoldAdminSite

from config.tests.browsing import send
from telegrambot.accounts import services
from telegrambot.accounts.models import BotCommand, TelegramUser, User
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import BotCommandFactory, TelegramUserFactory, UserFactory
from tests.at_once import at_once

pytestmark = pytest.mark.django_db
PEOPLE = "accounts_telegramuser"
COMMANDS = "accounts_botcommand"
ACCOUNTS = "accounts_user"


def page(name: str, *args: object) -> str:
    return reverse(f"admin:{name}", args=args)


def fresh(row):
    return type(row).objects.get(pk=row.pk)


@pytest.fixture
def owner(client):
    person = TelegramUserFactory(role=Role.OWNER, first_name="Olga", username="olga")
    client.force_login(UserFactory(person=person))
    return person


@pytest.fixture
def admin_person(client):
    TelegramUserFactory(role=Role.OWNER, first_name="Olga")
    person = TelegramUserFactory(role=Role.ADMIN)
    client.force_login(UserFactory(person=person))
    return person


def found(client, **query: str) -> list[TelegramUser]:
    return list(client.get(page(f"{PEOPLE}_changelist"), query).context["cl"].result_list)


def errors(answer) -> str:
    return " ".join(answer.context["adminform"].form.non_field_errors())


def test_the_site_is_unfolds_and_knows_no_groups():
    assert isinstance(admin.site._registry[TelegramUser].admin_site, UnfoldAdminSite)
    assert not admin.site.is_registered(Group)


# ── Every page opens, for those who may ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("model", [PEOPLE, COMMANDS, ACCOUNTS])
def test_an_owner_opens_every_list_and_page(client, owner, model):
    row = {PEOPLE: TelegramUserFactory, COMMANDS: BotCommandFactory, ACCOUNTS: UserFactory}[model]()

    assert client.get(reverse("admin:index")).status_code == 200
    assert client.get(page(f"{model}_changelist")).status_code == 200
    assert client.get(page(f"{model}_change", row.pk)).status_code == 200


@pytest.mark.parametrize(("model", "status"), [(PEOPLE, 200), (COMMANDS, 200), (ACCOUNTS, 403)])
def test_an_admin_sees_everything_but_accounts(client, admin_person, model, status):
    assert client.get(page(f"{model}_changelist")).status_code == status


@pytest.mark.parametrize("role", [Role.PUBLIC, Role.SUBSCRIBER])
@pytest.mark.parametrize("model", [PEOPLE, COMMANDS, ACCOUNTS])
def test_others_do_not_get_in(client, role, model):
    client.force_login(UserFactory(person__role=role))

    answer = client.get(page(f"{model}_changelist"))

    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("admin:login"))


@pytest.mark.parametrize("model", [PEOPLE, COMMANDS])
def test_nobody_adds_or_deletes_people_or_commands(client, owner, model):
    row = {PEOPLE: TelegramUserFactory, COMMANDS: BotCommandFactory}[model]()

    assert client.get(page(f"{model}_add")).status_code == 403
    assert client.post(page(f"{model}_delete", row.pk), {"post": "yes"}).status_code == 403
    selected = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
    client.post(page(f"{model}_changelist"), selected)
    assert fresh(row) == row


@pytest.mark.parametrize(
    ("model", "factory"),
    [(PEOPLE, TelegramUserFactory), (COMMANDS, BotCommandFactory), (ACCOUNTS, UserFactory)],
)
def test_a_list_costs_the_same_with_3_and_30_rows(client, owner, model, factory):
    BotCommand.objects.all().delete()

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(page(f"{model}_changelist")).status_code == 200
        return len(captured)

    def fill(count: int) -> None:
        for _ in range(count):
            factory(**({"person__role": Role.ADMIN} if factory is UserFactory else {}))

    fill(3)
    few = queries()
    fill(27)
    assert queries() == few <= 8


# ── People ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("words", ["ann", "Ann", "@annlee", "lee", "ann le", "lee ann", "4242", "ann 4242"])
def test_people_are_found_by_how_they_begin(client, owner, words):
    ann = TelegramUserFactory(first_name="Ann", last_name="Lee", username="AnnLee", telegram_id=4242)

    assert found(client, q=words) == [ann]


@pytest.mark.parametrize("words", ["nn", "424", "ann bob", "%", "_", "9" * 30, "²"])
def test_people_are_not_found_by_less(client, owner, words):
    TelegramUserFactory(first_name="Ann", last_name="Lee", username="AnnLee", telegram_id=4242)

    assert found(client, q=words) == []


@pytest.mark.parametrize(
    ("query", "values"),
    [
        ({"role__exact": "2"}, {"role": Role.ADMIN}),
        ({"is_friend__exact": "1"}, {"is_friend": True}),
        ({"is_active__exact": "0"}, {"is_active": False}),
        ({"blocked_at__isempty": "0"}, {"blocked_at": timezone.now()}),
        ({"opted_out_at__isempty": "0"}, {"opted_out_at": timezone.now()}),
        ({"language_code": "ru"}, {"language_code": "ru"}),
    ],
)
def test_people_are_filtered(client, owner, query, values):
    TelegramUserFactory()
    wanted = TelegramUserFactory(**values)

    assert found(client, **query) == [wanted]


def opened(client, row):
    return client.get(page(f"{row._meta.label_lower.replace('.', '_')}_change", row.pk))


def edit(client, row, **values: object):
    """Open a page and save it with changes; None unticks."""
    return save(client, opened(client, row), **values)


def save(client, answer, **values: object):
    return send(client, answer, f"{answer.context['opts'].model_name}_form", values)


def test_an_owner_changes_a_role_a_friend_and_an_account(client, owner):
    person, account = TelegramUserFactory(), UserFactory()

    answer = edit(client, person, role=2, is_friend="on", staff=account.pk)

    assert answer.status_code == 302
    changed = fresh(person)
    assert (changed.role, changed.is_friend, changed.staff) == (Role.ADMIN, True, account)


def test_saving_leaves_alone_what_changed_meanwhile(client, owner, monkeypatch):
    person = TelegramUserFactory(first_name="Ann")

    def seen_meanwhile(request, obj, form, change):
        TelegramUser.objects.filter(pk=person.pk).update(first_name="Anna", role=Role.SUBSCRIBER)
        return original(request, obj, form, change)

    model_admin = admin.site._registry[TelegramUser]
    original = model_admin.save_model
    monkeypatch.setattr(model_admin, "save_model", seen_meanwhile)

    edit(client, person, is_friend="on")

    changed = fresh(person)
    assert (changed.first_name, changed.role, changed.is_friend) == ("Anna", Role.SUBSCRIBER, True)


@pytest.mark.parametrize(
    ("change", "column", "value"),
    [
        (lambda person, actor: services.change_role(person, Role.PUBLIC, actor=actor), "role", Role.PUBLIC),
        (lambda person, actor: services.set_active(person, False, actor=actor), "is_active", False),
        (lambda person, actor: services.link_staff(person, None, actor=actor), "staff", None),
    ],
)
def test_an_old_tab_does_not_give_back_what_was_taken_away(client, owner, change, column, value):
    person = TelegramUserFactory(role=Role.ADMIN, staff=UserFactory())
    old_tab = opened(client, person)
    change(person, owner)

    assert save(client, old_tab, is_friend="on").status_code == 302

    assert (getattr(fresh(person), column), fresh(person).is_friend) == (value, True)


def test_an_account_that_went_to_somebody_else_does_not_keep_an_old_tab_from_being_saved(client, owner):
    account = UserFactory()
    person, other = TelegramUserFactory(staff=account), TelegramUserFactory()
    old_tab = opened(client, person)
    services.link_staff(person, None, actor=owner)
    services.link_staff(other, account, actor=owner)

    assert save(client, old_tab, is_friend="on").status_code == 302

    assert (fresh(person).staff, fresh(person).is_friend, fresh(other).staff) == (None, True, account)


def test_a_form_that_comes_back_still_knows_what_it_showed_first(client, owner):
    person = TelegramUserFactory(role=Role.ADMIN)
    old_tab = opened(client, person)
    services.change_role(person, Role.SUBSCRIBER, actor=owner)
    refused = save(client, old_tab, is_friend="on", staff=owner.staff_id)
    assert refused.status_code == 200

    assert save(client, refused, staff="").status_code == 302

    assert (fresh(person).role, fresh(person).is_friend) == (Role.SUBSCRIBER, True)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("edited", [{"is_friend": "on"}, {"role": 1}, {"is_active": None}])
def test_who_is_erased_while_being_saved_is_told_to_be_gone(client, owner, monkeypatch, edited):
    person = TelegramUserFactory()
    model_admin = admin.site._registry[TelegramUser]
    original = model_admin.save_model

    def erased_meanwhile(*args):
        at_once(lambda: TelegramUser.objects.filter(pk=person.pk).delete())
        return original(*args)

    monkeypatch.setattr(model_admin, "save_model", erased_meanwhile)

    answer = edit(client, person, **edited)

    assert answer.status_code == 302
    assert answer.url == reverse("admin:index")
    assert not TelegramUser.objects.filter(pk=person.pk).exists()


def test_the_last_owner_stays_and_the_form_says_why(client, owner):
    answer = edit(client, owner, role=0, is_friend="on")

    assert answer.status_code == 200
    assert "Olga is the last owner" in errors(answer)
    assert (fresh(owner).role, fresh(owner).is_friend) == (Role.OWNER, False)


def test_the_last_owner_is_not_switched_off_either(client, owner):
    answer = edit(client, owner, is_active=None)

    assert "Olga is the last owner" in errors(answer)
    assert fresh(owner).is_active


def test_an_account_of_someone_else_is_refused_in_the_form(client, owner):
    person = TelegramUserFactory()

    answer = edit(client, person, staff=owner.staff_id)

    assert answer.status_code == 200
    assert fresh(person).staff is None
    assert fresh(owner).staff_id == owner.staff_id


def test_an_admin_changes_neither_roles_nor_accounts(client, admin_person):
    person, account = TelegramUserFactory(), UserFactory()

    answer = edit(client, person, role=3, staff=account.pk, is_friend="on")

    assert answer.status_code == 302
    changed = fresh(person)
    assert (changed.role, changed.staff, changed.is_friend) == (Role.PUBLIC, None, True)


def test_an_admin_does_not_switch_off_an_owner(client, admin_person):
    owner = TelegramUser.objects.get(role=Role.OWNER)

    answer = edit(client, owner, is_active=None)

    assert "Only an owner may do this" in errors(answer)
    assert fresh(owner).is_active


@pytest.mark.parametrize(("action", "expected"), [("mark_friends", True), ("unmark_friends", False)])
def test_friends_are_marked_together(client, admin_person, action, expected):
    people = TelegramUserFactory.create_batch(2, is_friend=not expected)
    other = TelegramUserFactory(is_friend=not expected)

    selected = {"action": action, "_selected_action": [person.pk for person in people], "confirmed": action}
    answer = client.post(page(f"{PEOPLE}_changelist"), selected, follow=True)

    assert "2 people changed." in answer.content.decode()
    assert [fresh(person).is_friend for person in people] == [expected, expected]
    assert fresh(other).is_friend is not expected


def test_a_time_zone_that_this_machine_does_not_know_closes_no_page(client, owner):
    TelegramUser.objects.update(timezone="localtime")

    for address in (reverse("admin:index"), page(f"{PEOPLE}_change", owner.pk)):
        assert client.get(address).status_code == 200


def test_names_cannot_carry_markup_into_the_page(client, owner):
    TelegramUserFactory(first_name="<script>alert(1)</script>")

    assert "<script>alert(1)" not in client.get(page(f"{PEOPLE}_changelist")).content.decode()


# ── Commands ──────────────────────────────────────────────────────────────────────────────────────────────


def test_an_admin_changes_wording_and_activity_but_no_role(client, admin_person):
    command = BotCommandFactory()

    words = {"description_en": "New", "description_ru": "Новое"}
    assert edit(client, command, **words, is_active=None, minimum_role=3).status_code == 302

    changed = fresh(command)
    assert (changed.description_en, changed.description_ru, changed.is_active) == ("New", "Новое", False)
    assert changed.minimum_role == Role.PUBLIC


def test_an_owner_changes_a_role_but_never_below_the_programs(client, owner):
    command = BotCommandFactory(code_role=Role.SUBSCRIBER)

    assert edit(client, command, minimum_role=2, description_en="New").status_code == 302
    assert (fresh(command).minimum_role, fresh(command).is_active) == (Role.ADMIN, True)

    answer = edit(client, command, minimum_role=0, description_en="Lost")
    assert answer.status_code == 200
    assert "subscriber" in errors(answer)
    assert (fresh(command).minimum_role, fresh(command).description_en) == (Role.ADMIN, "New")


def test_an_old_tab_does_not_open_a_command_again(client, owner):
    command = BotCommandFactory()
    old_tab = opened(client, command)
    services.change_command_role(command, Role.ADMIN, actor=owner)
    BotCommand.objects.filter(pk=command.pk).update(is_active=False)

    save(client, old_tab, description_en="New")

    changed = fresh(command)
    assert (changed.description_en, changed.minimum_role, changed.is_active) == ("New", Role.ADMIN, False)


# ── Accounts ──────────────────────────────────────────────────────────────────────────────────────────────


def test_an_owner_adds_an_account_and_sets_its_password(client, owner):
    passwords = {"password1": "a very good one", "password2": "a very good one", "usable_password": "true"}

    assert client.post(page(f"{ACCOUNTS}_add"), {"username": "desk"} | passwords).status_code == 302
    account = User.objects.get(username="desk")
    assert account.check_password("a very good one")
    assert not account.is_staff

    answer = client.post(
        reverse("admin:auth_user_password_change", args=[account.pk]),
        {"password1": "another good one", "password2": "another good one", "usable_password": "true"},
    )
    assert answer.status_code == 302
    assert fresh(account).check_password("another good one")


def test_a_new_password_does_not_give_back_what_was_taken_away_meanwhile(client, owner, monkeypatch):
    account = UserFactory(is_superuser=True)

    def hashed(password: str) -> str:
        User.objects.filter(pk=account.pk).update(is_active=False, is_superuser=False)
        return make_password(password)

    monkeypatch.setattr(base_user, "make_password", hashed)
    client.post(
        reverse("admin:auth_user_password_change", args=[account.pk]),
        {"password1": "another good one", "password2": "another good one", "usable_password": "true"},
    )

    changed = fresh(account)
    assert changed.check_password("another good one")
    assert (changed.is_active, changed.is_superuser) == (False, False)


def test_an_account_is_switched_off_but_not_deleted(client, owner):
    account = UserFactory()

    assert client.post(page(f"{ACCOUNTS}_delete", account.pk), {"post": "yes"}).status_code == 403
    assert edit(client, account, is_active=None).status_code == 302

    assert not fresh(account).is_active


def test_an_old_tab_does_not_make_a_superuser_again(client, owner):
    account = UserFactory(is_superuser=True)
    old_tab = opened(client, account)
    User.objects.filter(pk=account.pk).update(is_active=False, is_superuser=False)

    assert save(client, old_tab, first_name="Ann").status_code == 302

    changed = fresh(account)
    assert (changed.first_name, changed.is_active, changed.is_superuser) == ("Ann", False, False)


def test_no_form_brings_a_hash_of_a_password_along(client, owner):
    account = UserFactory()

    content = opened(client, account).content.decode()

    assert 'name="initial-username"' in content
    assert "initial-password" not in content
    assert account.password not in content


def test_what_is_no_key_of_an_account_is_refused(client, owner):
    person = TelegramUserFactory()

    answer = save(client, opened(client, person), staff="abc")

    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors["staff"]


def test_a_superuser_without_a_person_does_everything(client):
    client.force_login(UserFactory(is_superuser=True))
    person = TelegramUserFactory()

    assert edit(client, person, role=3).status_code == 302

    assert fresh(person).role == Role.OWNER
