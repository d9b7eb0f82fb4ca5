"""`manage.py quickstart`: prepare the database of a development checkout and say where to go."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Prepares a development checkout: database, demo, first login; says where to go."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("This is for a development checkout. With DEBUG off, see docs/operations.md.")
        settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # the web server looks for it
        self.stdout.write("Preparing the database…")
        call_command("migrate", verbosity=0)
        root = f"http://127.0.0.1:{settings.PORT}"
        if settings.SANDBOX:
            call_command("filldemo", stdout=self.stdout)
            self.stdout.write(f"Chat with the bot: {root}/sandbox/")
        else:
            call_command("ensureowner", stdout=self.stdout)
            self.stdout.write("Become the owner: manage.py claimowner prints a link once the bot runs.")
        self.stdout.write(f"Admin:             {root}/admin/")
        self.stdout.write("Stop with Ctrl-C.\n")
