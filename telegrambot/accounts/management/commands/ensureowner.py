"""`manage.py ensureowner`: an account for the first sign-in of a development checkout."""

from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from config.errors import DomainError
from config.secrets import kept_secret
from telegrambot.accounts import services
from telegrambot.accounts.models import TelegramUser, User
from telegrambot.accounts.roles import Role

NAME = "owner"


class Command(BaseCommand):
    help = "Create the account “owner” for the admin of a development checkout, if there is none yet."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--telegram-id", type=int, help="Make this person an owner too, and link them to the account."
        )

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError(
                "With DEBUG off, use “manage.py createsuperuser”: passwords are not kept in files."
            )
        path = settings.VAR_DIR / "owner-password"
        user = User.objects.filter(username=NAME).first()
        if user is None:
            password = kept_secret(path, lambda: secrets.token_urlsafe(12))
            user = User.objects.create_superuser(NAME, password=password)
        if options["telegram_id"] is not None:
            self._link(user, options["telegram_id"])
        kept = path.read_text() if path.exists() else ""
        if kept and user.check_password(kept):
            self.stdout.write(f"Admin login: {NAME}, password: {kept} (kept in {path})")
        else:
            self.stdout.write(
                f"Admin login: {NAME}, with the password you chose (changepassword sets another)."
            )

    def _link(self, user: User, telegram_id: int) -> None:
        person = TelegramUser.objects.filter(telegram_id=telegram_id).first()
        if person is None:
            raise CommandError(
                f"Nobody with the Telegram id {telegram_id} is known. They have to write to the bot first."
            )
        try:
            services.change_role(person, Role.OWNER, actor=None)
            services.link_staff(person, user, actor=None)
        except DomainError as error:
            raise CommandError(str(error)) from error
