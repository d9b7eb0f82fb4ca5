"""`manage.py forgetsecondfactor`: let somebody in who lost the second step and the recovery codes."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand, CommandError, CommandParser

from telegrambot.accounts.models import User


class Command(BaseCommand):
    help = (
        "Take the second step off an account's sign-in; the password alone opens it until there is a new one."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(f"There is no account “{options['username']}”.")
        count, _ = Authenticator.objects.filter(user=user).delete()
        if count:
            self.stdout.write(f"{user} signs in with the password alone now.")
        else:
            self.stdout.write(f"{user} had no second step; nothing changed.")
