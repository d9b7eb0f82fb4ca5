"""`manage.py verifyaudit`: does the log still hold what was sealed?"""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils.timesince import timesince
from django.utils.translation import gettext, ngettext

from audit.models import AuditSeal
from audit.services import record
from audit.verification import Verification

_HASH = re.compile(r"[0-9a-fA-F]{64}")
# Somebody who may only read (an auditor, a standby) can verify, too.
_MAY_RECORD = "SELECT has_table_privilege('audit_eventlog', 'INSERT') AND NOT pg_is_in_recovery()"


class Command(BaseCommand):
    help = "Names every event, kept hash and seal of the audit log that somebody touched; exit code 1 if any."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--head",
            action="append",
            default=[],
            metavar="HASH",
            help="a hash noted by --export: its seal must still be there; may be given several times",
        )
        parser.add_argument(
            "--export",
            metavar="FILE",
            help="when all is well, add the last seal to this file, as a line of JSON (-: standard output)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        heads, file = options["head"], options["export"]
        for head in heads:
            if not _HASH.fullmatch(head):
                raise CommandError(gettext("--head is a hash of 64 hexadecimal digits."))
        # With "-" standard output holds the line of JSON and nothing else.
        say = self.stderr.write if file == "-" else self.stdout.write
        verification, count = Verification(), 0
        for finding in verification.findings(heads):
            say(str(finding))
            count += 1
        unsealed = verification.unsealed()
        if unsealed.oldest:
            say(_waiting(unsealed.count, unsealed.oldest))
        _record(verification, count)
        if count:
            raise CommandError(
                ngettext(
                    "{count} thing is wrong with the audit log.",
                    "{count} things are wrong with the audit log.",
                    count,
                ).format(count=count)
            )
        say(
            gettext("The audit log is as it was sealed. Events: {events}, seals: {seals}.").format(
                events=verification.events, seals=verification.seals
            )
        )
        if file and verification.head:
            self._export(verification.head, file)

    def _export(self, head: AuditSeal, file: str) -> None:
        line = json.dumps(
            {
                "seal_id": head.pk,
                "last_event_id": head.last_event_id,
                "hash": bytes(head.hash).hex(),
                "sealed_at": head.sealed_at.isoformat(),
            }
        )
        if file == "-":
            self.stdout.write(line)
            return
        try:
            with Path(file).open("a", encoding="utf-8") as lines:
                lines.write(f"{line}\n")
        except OSError as error:
            raise CommandError(
                gettext("The file cannot be written: {reason}.").format(reason=error.strerror)
            ) from error


def _waiting(count: int, oldest: datetime) -> str:
    return ngettext(
        "{count} event is not sealed yet, for {age}.",
        "{count} events are not sealed yet, the oldest for {age}.",
        count,
    ).format(count=count, age=timesince(oldest))


def _record(verification: Verification, count: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_MAY_RECORD)
        if not cursor.fetchone()[0]:
            return
    head = bytes(verification.head.hash).hex() if verification.head else ""
    record(
        "audit.log.verified",
        details={"events": verification.events, "seals": verification.seals, "findings": count, "head": head},
    )
