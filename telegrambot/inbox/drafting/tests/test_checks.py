"""What no draft may contain."""

from __future__ import annotations

import pytest

from telegrambot.accounts.tests.factories import TelegramUserFactory
from telegrambot.engine.knowledge import Excerpt
from telegrambot.inbox.drafting import exceptions
from telegrambot.inbox.drafting.checks import check
from telegrambot.inbox.drafting.context import Context, Line
from telegrambot.inbox.drafting.prompts import RULES

pytestmark = pytest.mark.django_db

INSTRUCTIONS = (
    "We are a small school for beginners in Lisbon, open from Monday to Friday between nine and eighteen, "
    "and you should never offer more than ten percent off because the owner does not like it. Questions on "
    "invoices go to billing@school.example or +351 210 000 111."
)
GUIDE = Excerpt(
    "Leverage",
    "Read [more](https://telegra.ph/Leverage-01-02). Jane Doe wrote about it.",
    "https://t.me/some_bot?start=guide_7",
)


@pytest.fixture
def person():
    return TelegramUserFactory(first_name="Анна", last_name="Петрова", username="anna_p")


def checked(text, *lines, language="", instructions=INSTRUCTIONS, excerpts=(GUIDE,), person=None, most=3500):
    lines = lines or (Line("What is it?"),)
    context = Context(lines, language=language, excerpts=excerpts, person=person, summary="Order 4455667788")
    check(text, context, instructions, max_characters=most)


@pytest.mark.parametrize(
    "text",
    [
        "Leverage is borrowed money. Begin without it.",
        "More about it: https://t.me/some_bot?start=guide_7",
        "More: t.me/some_bot?start=guide_7.",
        "More about it (https://telegra.ph/Leverage-01-02).",
        "See http://www.telegra.ph/Leverage-01-02/",
        "Please write to billing@school.example or call +351 (210) 000-111.",
        "Your order 4455667788 arrives on 2026-11-23 at 10:00, that is 23.11.2026.",
        "It costs 1,000,000 or 25.50, i.e. 3.5%.Next time less.",
        "Risk 1 < 2. I <3 it. A [note](https://telegra.ph/Leverage-01-02).",
        "We are open from Monday to Friday between nine and eighteen.",
        "Jane Doe wrote about that, in The Guide.",
    ],
)
def test_a_good_draft_passes(text):
    checked(text, language="en")


@pytest.mark.parametrize(
    "text",
    [
        RULES,
        "My rules: write only the text of the reply, as it will be sent in a chat: plain sentences",
        "WRITE ONLY THE TEXT, of the — reply; as it will be...",
        INSTRUCTIONS,
        "You should never offer more than ten percent off because the owner does not like it. Questions on",
    ],
)
def test_instructions_are_not_repeated(text):
    with pytest.raises(exceptions.PromptLeaked):
        checked(text)


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/login",
        "http://telegra.ph.evil.example/Leverage-01-02",
        "https://telegra.ph/Leverage-01-02-other",
        "https://t.me/some_bot?start=guide_8",
        "www.evil.example",
        "evil.com",
        "pay-now.xyz/a?b=c",
        "tg://resolve?domain=evil",
        "https://telegra.ph@evil.com/Leverage-01-02",
        "https://TELEGRA.PH/leverage-01-02",
        "магазин.рф",
        "https://xn--80ak6aa92e.com",
    ],
)
def test_only_links_of_guides_pass(link):
    with pytest.raises(exceptions.LinkNotAllowed):
        checked(f"You will find it at {link}, I think.")


def test_a_link_that_the_customer_brought_is_not_repeated():
    with pytest.raises(exceptions.LinkNotAllowed):
        checked("Yes, log in at https://evil.example", Line("Is https://evil.example your page?"))


def test_a_link_that_we_sent_before_may_be_sent_again():
    line = Line("Please pay at https://pay.example/7", is_ours=True)

    checked("You can pay at https://pay.example/7", line, Line("Where?"))


@pytest.mark.parametrize(
    "contact",
    ["@other_person", "boris@mail.example", "+7 (912) 345-67-89", "8 912 345 67 89", "4111 1111 1111 1111"],
)
def test_a_contact_nobody_mentioned_does_not_pass(contact):
    with pytest.raises(exceptions.StrangerMentioned):
        checked(f"Please ask {contact} about it.")


@pytest.mark.parametrize("contact", ["@other_person", "boris@mail.example", "+7 (912) 345-67-89"])
def test_what_the_customer_told_may_be_told_back(contact):
    checked(f"Shall we ask {contact}?", Line(f"My brother is {contact.upper()}"))


def test_the_persons_own_username_may_stand_there(person):
    checked("Is @anna_p still right?", person=person)


@pytest.mark.parametrize(
    "text",
    ["I told Boris Smirnov already.", "Smirnov Boris agreed.", "Our Dear Boris Smirnov"],
)
def test_other_people_are_not_named(text, person):
    TelegramUserFactory(first_name="Boris", last_name="Smirnov")

    with pytest.raises(exceptions.StrangerMentioned):
        checked(text, person=person)


def test_the_person_is_named(person):
    checked("Спасибо, Анна Петрова!", language="ru", person=person)


def test_capitalised_words_are_no_people(person, django_assert_num_queries):
    with django_assert_num_queries(1):
        checked("Set a Stop Loss on Binance Futures.", person=person)


def test_without_names_nobody_is_looked_up(django_assert_num_queries):
    with django_assert_num_queries(0):
        checked("Begin without any.")


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("ru", "You should begin with a small sum and see how it goes for you."),
        ("en", "Начните с небольшой суммы и посмотрите, что получится."),
        ("en", "Empiece con una cantidad pequeña y mire cómo va todo, por favor."),
        ("ru", "Почніть з невеликої суми і подивіться, що з того вийде. Бажаємо успіхів!"),
    ],
)
def test_the_language_is_the_persons(language, text):
    with pytest.raises(exceptions.WrongLanguage):
        checked(text, language=language)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("ru", "Откройте Binance Futures и выберите Stop Limit, затем укажите цену."),
        ("ru", "OK 👍"),
        ("other", "Empiece con una cantidad pequeña."),
    ],
)
def test_foreign_words_and_other_languages_pass(language, text):
    checked(text, language=language)


@pytest.mark.parametrize(
    "text",
    [
        "Dear {name}, welcome.",
        "Dear {{ customer.name }}, welcome.",
        "Dear [Your Name], welcome.",
        "Здравствуйте, [ваше имя]!",
        "Уважаемый {имя}, здравствуйте.",
        "<customer>Welcome</customer>",
        "Welcome.<|im_end|>",
        "Welcome. </think>",
        "Ask <COMPANY NAME> about it.",
        "{% if new %}Welcome",
    ],
)
def test_no_blank_is_left(text):
    with pytest.raises(exceptions.BlankLeft):
        checked(text)


def test_a_draft_has_a_length():
    with pytest.raises(exceptions.AnswerTooLong):
        checked("word " * 100, most=400)
