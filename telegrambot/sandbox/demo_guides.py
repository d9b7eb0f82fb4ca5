"""The demo's guides: something to read, to search and to answer customers from."""

from __future__ import annotations

from dataclasses import dataclass

from telegrambot.accounts.roles import Role
from telegrambot.guides.models import Difficulty, Guide, GuideCategory


@dataclass(frozen=True)
class _DemoGuide:
    category: str
    title: str
    description: str
    body: str
    level: Difficulty = Difficulty.BEGINNER
    role: Role = Role.PUBLIC


_GUIDES = (
    _DemoGuide(
        "platform",
        "Opening hours and how to reach us",
        "When somebody is here to answer, on weekdays and on Sunday.",
        "We answer **Monday to Friday from 9:00 to 18:00**, and on **Saturday from 10:00 to 14:00** "
        "(Berlin time).\n\n"
        "On Sunday we are closed: write anyway, and you have an answer on Monday morning.",
    ),
    _DemoGuide(
        "platform",
        "Payment and invoices",
        "Which ways to pay there are, and where the invoice is.",
        "You can pay by card or by bank transfer. The invoice comes by e-mail within a day.\n\n"
        "1. Open *Settings → Payment*.\n2. Choose how to pay.\n3. Press **Pay now**.\n\n"
        "A payment can be returned within 14 days: write to us with the number of the invoice.",
    ),
    _DemoGuide(
        "risk",
        "How to limit a loss",
        "A stop order, in five minutes.",
        "## What a stop order is\n\n"
        "It sells by itself when the price falls to a level that you chose before.\n\n"
        "- Never risk more than **1 %** of your account in one trade.\n"
        "- Put the stop where your idea is wrong, not where the loss begins to hurt.\n"
        "- Never move it further away.",
        Difficulty.INTERMEDIATE,
    ),
    _DemoGuide(
        "automation",
        "Reports by schedule",
        "Let the weekly report come by itself.",
        "Open *Reports → Schedule*, choose a day and an hour, and who gets it.\n\n"
        "> The report is made at that hour in **your** time zone.",
        Difficulty.ADVANCED,
        Role.SUBSCRIBER,
    ),
    _DemoGuide(
        "platform",
        "Как начать: первые три шага",
        "Регистрация, настройка и первый отчёт.",
        "1. Откройте *Настройки* и выберите язык и часовой пояс.\n2. Подключите свой счёт.\n"
        "3. Закажите первый отчёт: он придёт в течение **часа**.",
    ),
    _DemoGuide(
        "psychology",
        "Как не торговать на эмоциях",
        "Три правила спокойного дня.",
        "- Решите заранее, сколько сделок вы сделаете сегодня.\n"
        "- После двух убытков подряд сделайте перерыв до завтра.\n"
        "- Запишите, **почему** вы открыли сделку, до того как её открыть.",
    ),
)


def fill() -> None:
    """Create what is missing; what was changed since stays as it is."""
    categories = {category.slug: category for category in GuideCategory.objects.all()}
    for guide in _GUIDES:
        category = categories.get(guide.category)
        if category is None:  # an operator deleted it
            continue
        Guide.objects.get_or_create(
            title=guide.title,
            defaults={
                "category": category,
                "description": guide.description,
                "body": guide.body,
                "difficulty_level": guide.level,
                "minimum_role": guide.role,
            },
        )
