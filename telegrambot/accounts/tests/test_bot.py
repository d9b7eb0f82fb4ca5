"""What people say to the bot about themselves and about roles, seen as the person sees it."""

from __future__ import annotations

import pytest

from telegrambot.accounts.bot.preferences import choose_language
from telegrambot.accounts.bot.roles import set_role
from telegrambot.accounts.claims import create_owner_claim
from telegrambot.accounts.models import BotCommand, TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory
from telegrambot.engine.chat import Button
from telegrambot.engine.models import InboundUpdate, Message
from telegrambot.engine.routing import registry
from telegrambot.engine.testing import ChatClient

pytestmark = pytest.mark.django_db
BELOW_OWNER = [Role.PUBLIC, Role.SUBSCRIBER, Role.ADMIN]
FILE = {"file_id": "x", "file_unique_id": "x", "width": 1, "height": 1}
WITHOUT_WORDS = [
    {"sticker": FILE | {"type": "regular", "is_animated": False, "is_video": False}},
    {"photo": [FILE]},
    {"location": {"latitude": 1.0, "longitude": 2.0}},
]


@pytest.fixture
def owner():
    return TelegramUserFactory(role=Role.OWNER, first_name="Olga", last_name="", username="olga")


@pytest.fixture
def ann():
    return TelegramUserFactory(first_name="Ann", last_name="<Lee>", username="AnnLee", telegram_id=4242)


def fresh(row):
    return type(row).objects.get(pk=row.pk)


# ── Who may ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("role", BELOW_OWNER)
@pytest.mark.parametrize("text", ["/users", "/users @AnnLee", "/grant @AnnLee owner", "/revoke @AnnLee"])
def test_only_owners_ask_about_roles(ann, role, text):
    screen = ChatClient(TelegramUserFactory(role=role)).send(text)

    assert "not available to you" in screen.text
    assert "Ann" not in screen.text
    assert screen.buttons == []


@pytest.mark.parametrize("role", BELOW_OWNER)
@pytest.mark.parametrize("label", ["Zoe · public", "›", "Admin", "Yes, Ann <Lee>: admin"])
def test_a_demoted_owner_presses_old_buttons_in_vain(owner, ann, role, label):
    TelegramUserFactory.create_batch(9)
    TelegramUserFactory(first_name="Zoe", last_name="")
    client = ChatClient(owner)
    for text in ("/users", "/users @AnnLee", "/grant @AnnLee admin"):
        client.send(text)
    TelegramUser.objects.filter(pk=owner.pk).update(role=role)

    screen = client.press(label)

    assert "not available to you" in screen.toast
    assert screen.text == ""
    assert fresh(ann).role == Role.PUBLIC


def test_every_button_and_command_about_roles_demands_an_owner():
    routes = [*registry.commands.values(), *registry.buttons.values()]
    ours = {route.name: route for route in routes if route.name.startswith("accounts.")}
    about_roles = {name for name, route in ours.items() if route.command in {"users", "grant", "revoke"}}

    assert about_roles == {
        f"accounts.{name}" for name in ("users", "grant", "revoke", "person", "ask_role", "set_role")
    }
    assert all(ours[name].role is Role.OWNER for name in about_roles)
    assert all(route.command for route in ours.values())


def test_a_command_that_is_switched_off_takes_its_buttons_along(owner, ann):
    client = ChatClient(owner)
    client.send("/users @AnnLee")
    BotCommand.objects.filter(command="users").update(is_active=False)

    assert "not available" in client.press("Admin").toast
    assert "not available" in client.send("/users").text


def test_a_forged_press_changes_nothing(owner, ann):
    forged = Button("x", set_role, ann.pk, Role.OWNER.value).data

    screen = ChatClient(owner).press_data(forged)

    assert "no longer valid" in screen.toast
    assert fresh(ann).role == Role.PUBLIC


# ── Roles ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_granting_asks_first_and_names_person_and_role(owner, ann):
    client = ChatClient(owner)

    screen = client.send("/grant @annlee admin")

    assert all(part in screen.text for part in ("Ann <Lee>", "@AnnLee", "4242", "public", "admin"))
    assert "&lt;Lee&gt;" in screen.html[0]
    assert screen.buttons == ["Yes, Ann <Lee>: admin", "No"]
    assert fresh(ann).role == Role.PUBLIC

    screen = client.press("Yes, Ann <Lee>: admin")
    assert screen.edited
    assert "admin" in screen.toast
    assert "Role: admin" in screen.text
    assert fresh(ann).role == Role.ADMIN


def test_declining_changes_nothing(owner, ann):
    client = ChatClient(owner)
    client.send("/grant 4242 owner")

    screen = client.press("No")

    assert "Role: public" in screen.text
    assert fresh(ann).role == Role.PUBLIC


def test_granting_without_a_role_offers_the_others(owner, ann):
    screen = ChatClient(owner).send("/grant @AnnLee")

    assert screen.buttons == ["Subscriber", "Admin", "Owner", "‹ Back"]


def test_revoking_asks_and_takes_the_role_away(owner, ann):
    TelegramUser.objects.filter(pk=ann.pk).update(role=Role.ADMIN)
    client = ChatClient(owner)

    client.send("/revoke @AnnLee")
    client.press("Yes, Ann <Lee>: public")

    assert fresh(ann).role == Role.PUBLIC


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("/grant", "Please name a person and a role, such as: /grant @ann admin"),
        ("/revoke", "Please name a person, such as: /revoke @ann"),
        ("/grant @nobody admin", "I do not know “@nobody”. They have to write to the bot first."),
        (
            "/grant @AnnLee king",
            "There is no role “king”. Please choose one of: public, subscriber, admin, owner.",
        ),
        ("/users @nobody", "I do not know “@nobody”. They have to write to the bot first."),
        ("/grant <b>x</b> admin", "I do not know “<b>x</b>”. They have to write to the bot first."),
    ],
)
def test_a_mistake_is_answered_with_what_to_do(owner, ann, text, sentence):
    assert ChatClient(owner).send(text).text == sentence


def test_the_last_owner_keeps_the_role_and_reads_why(owner):
    client = ChatClient(owner)
    client.send("/revoke @olga")

    screen = client.press("Yes, Olga: public")

    assert screen.alert == "Olga is the last owner. Please make someone else an owner first."
    assert fresh(owner).role == Role.OWNER


def test_a_person_who_is_gone_is_named_as_unknown(owner, ann):
    client = ChatClient(owner)
    client.send("/grant @AnnLee admin")
    ann.delete()

    assert "I do not know" in client.press("Yes, Ann <Lee>: admin").alert


def test_the_list_has_pages_of_eight_with_owners_first(owner):
    TelegramUserFactory.create_batch(16)
    client = ChatClient(owner)

    first = client.send("/users")
    assert first.buttons[0] == "Olga · owner"
    assert (len(first.buttons), first.buttons[-1]) == (9, "›")

    second = client.press("›")
    assert second.edited
    assert second.buttons[-2:] == ["‹", "›"]
    third = client.press("›")
    assert (len(third.buttons), third.buttons[-1]) == (2, "‹")
    names = {label for screen in (first, second, third) for label in screen.buttons} - {"‹", "›"}
    assert len(names) == 17


def test_back_from_a_person_returns_to_the_same_page(owner):
    TelegramUserFactory.create_batch(9, role=Role.ADMIN)
    last = TelegramUserFactory(first_name="Zoe", last_name="")
    client = ChatClient(owner)
    client.send("/users")
    second = client.press("›")

    opened = client.press("Zoe · public")
    assert str(last.telegram_id) in opened.text
    assert client.press("‹ Back").buttons == second.buttons


# ── The first owner ───────────────────────────────────────────────────────────────────────────────────────


def test_the_link_of_claimowner_makes_an_owner_and_the_code_is_stored_nowhere():
    code, person = create_owner_claim(), TelegramUserFactory()
    client = ChatClient(person)

    screen = client.send(f"/start claim_{code}")

    assert "You own this bot now" in screen.text
    assert fresh(person).role == Role.OWNER
    assert code not in str(list(Message.objects.values())) + str(list(InboundUpdate.objects.values()))


def test_the_link_works_once_only():
    code = create_owner_claim()
    ChatClient(TelegramUserFactory()).send(f"/start claim_{code}")
    late = TelegramUserFactory()

    screen = ChatClient(late).send(f"/start claim_{code}")

    assert "no longer valid" in screen.text
    assert fresh(late).role == Role.PUBLIC


# ── About oneself ─────────────────────────────────────────────────────────────────────────────────────────


def test_settings_show_what_is_chosen(ann):
    assert ChatClient(ann).send("/settings").buttons == [
        "Language: English",
        "Time zone: not chosen",
        "Quiet hours: none",
        "Broadcasts: on",
    ]


def test_a_language_is_chosen_and_spoken_at_once(ann):
    client = ChatClient(ann)
    assert client.send("/language").buttons == ["English", "Русский", "✓ As in Telegram", "‹ Back"]

    screen = client.press("Русский")

    assert screen.edited
    assert "✓ Русский" in screen.buttons
    assert fresh(ann).language == "ru"
    assert screen.text == "На каком языке мне говорить с вами?"

    client.press("English")
    assert client.send("/settings").text == "Your settings. Press one to change it."


def test_telegrams_language_can_be_followed_again(ann):
    client = ChatClient(ann)
    client.send("/language")
    client.press("English")
    assert fresh(ann).preferences == {"language": "en"}

    client.press("As in Telegram")

    assert fresh(ann).preferences == {}


def test_an_offered_time_zone_is_taken(ann):
    client = ChatClient(ann)
    client.send("/settings")
    client.press("Time zone: not chosen")

    screen = client.press("Europe/Berlin")

    assert screen.edited
    assert "Time zone: Europe/Berlin" in screen.buttons
    assert fresh(ann).timezone == "Europe/Berlin"


def test_a_typed_city_is_taken_after_a_mistake_too(ann):
    client = ChatClient(ann)
    client.send("/settings")
    client.press("Time zone: not chosen")

    assert "I do not know the time zone “Atlantis”" in client.send("Atlantis").text
    assert "Time zone: Europe/Lisbon" in client.send("lisbon").buttons

    assert fresh(ann).timezone == "Europe/Lisbon"


@pytest.mark.parametrize("more", WITHOUT_WORDS)
def test_what_has_no_words_changes_neither_time_zone_nor_quiet_hours(ann, more):
    TelegramUser.objects.filter(pk=ann.pk).update(
        timezone="Europe/Berlin", preferences={"quiet_hours": "22:00–07:00"}
    )
    client = ChatClient(ann)
    for label in ("Time zone: Europe/Berlin", "Quiet hours: 22:00–07:00"):
        client.send("/settings")
        client.press(label)
        assert "no words" in client.offer("message", client._message() | more).text

    kept = fresh(ann)
    assert (kept.timezone, kept.preferences) == ("Europe/Berlin", {"quiet_hours": "22:00–07:00"})


def test_after_going_back_a_text_is_no_time_zone_any_more(ann):
    client = ChatClient(ann)
    client.send("/settings")
    client.press("Time zone: not chosen")
    client.press("‹ Back")

    client.send("Lisbon")

    assert fresh(ann).timezone == ""


def test_quiet_hours_are_offered_typed_and_forgotten(ann):
    client = ChatClient(ann)
    client.send("/settings")
    client.press("Quiet hours: none")
    assert "Quiet hours: 22:00–07:00" in client.press("22:00–07:00").buttons

    client.press("Quiet hours: 22:00–07:00")
    assert "two different times" in client.send("at night").text
    assert "Quiet hours: 21:30–06:30" in client.send("21:30-6:30").buttons

    client.press("Quiet hours: 21:30–06:30")
    assert "Quiet hours: none" in client.press("No quiet hours").buttons
    assert fresh(ann).preferences == {}


def test_broadcasts_are_switched_in_place(ann):
    client = ChatClient(ann)
    client.send("/settings")

    assert "Broadcasts: off" in client.press("Broadcasts: on").buttons
    assert fresh(ann).opted_out_at is not None
    assert "Broadcasts: on" in client.press("Broadcasts: off").buttons
    assert fresh(ann).opted_out_at is None


def test_stop_and_resume(ann):
    client = ChatClient(ann)

    assert "/resume" in client.send("/stop").text
    assert fresh(ann).opted_out_at is not None
    assert "/stop" in client.send("/resume").text
    assert fresh(ann).opted_out_at is None


def test_one_persons_choice_is_nobody_elses(ann):
    other = TelegramUserFactory()
    client = ChatClient(ann)
    client.send("/language")
    client.press("Русский")
    client.send("/stop")

    assert fresh(other).preferences == {}
    assert fresh(other).opted_out_at is None


def test_an_unknown_language_cannot_be_forged(ann):
    client = ChatClient(ann)
    client.send("/language")

    client.press_data(Button("x", choose_language, "xx").data)

    assert fresh(ann).preferences == {}
