"""The engine's own lines of the checklist."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.engine.first_steps import FirstStep, register
from telegrambot.engine.models import BotIdentity, Message

register(
    FirstStep(
        "bot",
        _("Connect a bot"),
        _("Ask @BotFather for a token, put it into .env as TELEGRAM_BOT_TOKEN, and start the bot."),
        BotIdentity.objects.all,
        command="manage.py runbot",
        order=10,
    )
)
register(
    FirstStep(
        "owner",
        _("Become its owner"),
        _("This command prints a link that works once: open it in Telegram."),
        lambda: TelegramUser.objects.filter(role=Role.OWNER, is_active=True),
        command="manage.py claimowner",
        order=20,
    )
)
register(
    FirstStep(
        "hello",
        _("Say hello to the bot"),
        _("Write /help to it. What you say and what it answers appears under Messages."),
        lambda: Message.objects.filter(direction=Message.Direction.INBOUND),
        order=30,
    )
)
register(
    FirstStep(
        "account",
        _("Link your account with yourself"),
        _("Open your own page under People and choose your staff account: dates are then in your time zone."),
        lambda: TelegramUser.objects.filter(staff__isnull=False),
        order=40,
    )
)
