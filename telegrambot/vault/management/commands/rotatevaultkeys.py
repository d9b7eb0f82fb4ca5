"""`manage.py rotatevaultkeys`: let the first of VAULT_KEYS encrypt every secret."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.services import record
from telegrambot.vault import rotation
from telegrambot.vault.rotation import Column


class Command(BaseCommand):
    help = (
        "Encrypt every stored secret with the first of VAULT_KEYS. Put the new key in front of the old one "
        "and restart all processes before; remove the old one and restart them after."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--batch-size", type=int, default=rotation.BATCH, help="How many secrets commit together."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.VAULT_KEYS:
            raise CommandError("VAULT_KEYS is empty: there is nothing to encrypt with.")
        size, is_chatty = max(options["batch_size"], 1), options["verbosity"] > 1
        outdated = self._examine(size)
        done = {column: self._renew(column, size, is_chatty) for column in outdated}
        if any(done.values()):
            record("vault.keys.rotated", details={"counts": {str(column): done[column] for column in done}})
        for column, count in done.items():
            self.stdout.write(f"{column}: {count} encrypted anew")
        self._require_success(size)
        self.stdout.write(
            "Every secret is encrypted with the first key. The others may be removed from VAULT_KEYS."
        )

    def _examine(self, size: int) -> list[Column]:
        """The columns with outdated secrets; refuse to begin while there is one that no key decrypts."""
        found = {column: rotation.examine(column, size) for column in rotation.columns()}
        for column, findings in found.items():
            self.stdout.write(f"{column}: {findings.count} secrets, {findings.outdated} with an older key")
        lost = [
            f"{column}: {findings.unreadable} (rows {', '.join(findings.examples)}"
            f"{', …' if findings.unreadable > len(findings.examples) else ''})"
            for column, findings in found.items()
            if findings.unreadable
        ]
        if lost:
            raise CommandError(
                "Nothing was changed, for some secrets can be read with none of VAULT_KEYS: "
                f"{'; '.join(lost)}. Add the key they were encrypted with, or remove them."
            )
        return [column for column, findings in found.items() if findings.outdated]

    def _renew(self, column: Column, size: int, is_chatty: bool) -> int:
        total = 0
        for _pass in range(rotation.PASSES):
            passed_over = 0
            for done, skipped in rotation.renew(column, size):
                total, passed_over = total + done, passed_over + skipped
                if is_chatty:
                    self.stdout.write(f"{column}: {total} so far")
                    self.stdout.flush()
            if not passed_over:
                break
        return total

    def _require_success(self, size: int) -> None:
        # Every column, also those that were in order before: a process with the old keys may still write.
        if left := sum(rotation.examine(column, size).outdated for column in rotation.columns()):
            raise CommandError(
                f"{left} secrets were being changed, or a running process still encrypts with an older key. "
                "Nothing is lost. Restart all processes with the present VAULT_KEYS, then run this again."
            )
