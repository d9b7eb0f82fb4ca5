"""What guides know, and for whom."""

from __future__ import annotations

import pytest

from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory
from telegrambot.engine import knowledge
from telegrambot.engine.models import BotIdentity
from telegrambot.guides.knowledge import search
from telegrambot.guides.tests.factories import GuideFactory, SavedGuideFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader():
    return TelegramUserFactory()


@pytest.fixture
def _library():
    GuideFactory(
        title="Управление рисками",
        tags=["стоп-лосс"],
        description="Сколько можно потерять.",
        body="Рискуйте **одним процентом**. Стоп-лосс ставят [сразу](https://example.org/stop).",
    )
    GuideFactory(title="Leverage", description="Trading with borrowed money.", body="Begin without any.")
    GuideFactory(title="Candlesticks", description="", body="A candle shows four prices of one period.")


@pytest.mark.usefixtures("_library")
@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("Здравствуйте! Подскажите, пожалуйста, как правильно поставить стоп-лосс?", "Управление рисками"),
        ("какие риски", "Управление рисками"),
        ("Hi there, what is leverage and do I need it as a beginner?", "Leverage"),
        ("which prices does a candle show?", "Candlesticks"),
    ],
)
def test_a_whole_question_finds_the_guide_that_answers_it(reader, question, title):
    assert [excerpt.title for excerpt in search(question, reader, 5)] == [title]


@pytest.mark.usefixtures("_library")
@pytest.mark.parametrize(
    "question",
    [
        "Здравствуйте, когда вы открыты?",
        "I sent you the period of my contract yesterday, could you please have a look at it today?",
        "'\" & | ! <-> :* \\",
        "?!",
        "and the",
    ],
)
def test_what_no_guide_answers_finds_none(reader, question):
    assert search(question, reader, 5) == []


@pytest.mark.usefixtures("_library")
def test_an_excerpt_is_plain_text_with_its_source(reader):
    (excerpt,) = search("стоп-лосс", reader, 5)

    assert excerpt.text == ("Сколько можно потерять. Рискуйте одним процентом. Стоп-лосс ставят сразу.")
    assert excerpt.reference.startswith("guide:")


def test_a_guide_is_linked_where_it_can_be_read(reader):
    BotIdentity.objects.create(pk=1, bot_id=7, username="some_bot", is_sandbox=True)
    page = GuideFactory(title="Leverage on a page", body="", content_url="https://telegra.ph/leverage")
    own = GuideFactory(title="Leverage here")

    links = {excerpt.reference: excerpt.url for excerpt in search("leverage", reader, 5)}

    assert links == {
        f"guide:{page.pk}": "https://telegra.ph/leverage",
        f"guide:{own.pk}": f"https://t.me/some_bot?start=guide_{own.pk}",
    }


def test_nobody_learns_what_is_above_their_role(reader):
    for role in (Role.SUBSCRIBER, Role.ADMIN, Role.OWNER):
        GuideFactory(title=f"Leverage for {role.name}", minimum_role=role)
    GuideFactory(title="Leverage of last year", is_active=False)

    assert search("leverage", reader, 5) == []
    subscriber = TelegramUserFactory(role=Role.SUBSCRIBER)
    assert [excerpt.title for excerpt in search("leverage", subscriber, 5)] == ["Leverage for SUBSCRIBER"]


def test_nothing_of_another_reader_appears(reader):
    other = TelegramUserFactory(first_name="Zinaida", last_name="Leverage", username="leverage")
    SavedGuideFactory(user=other, guide=GuideFactory(title="Candles"))

    assert search("leverage Zinaida", reader, 5) == []


def test_the_best_come_first_and_not_too_many(reader, django_assert_num_queries):
    for number in range(5):
        GuideFactory(title=f"About something {number}", body="Leverage is mentioned.")
    best = GuideFactory(title="Leverage")

    with django_assert_num_queries(3):
        found = search("leverage", reader, 3)

    assert len(found) == 3
    assert found[0].reference == f"guide:{best.pk}"


def test_guides_are_asked_when_knowledge_is(reader):
    GuideFactory(title="Leverage")

    assert [excerpt.title for excerpt in knowledge.search("leverage?", reader)] == ["Leverage"]
