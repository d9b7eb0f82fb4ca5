"""What runs in the background: sealing the log."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from procrastinate.contrib.django import app

from audit import seals
from config.job_words import describe


# No retry: the next minute is one.
@app.periodic(cron="* * * * *")
@app.task(queue="system", queueing_lock="seal_events", lock="seal_events")
def seal_events(timestamp: int) -> None:
    """Seal the events that came since the last time."""
    seals.seal_settled()


describe("audit.tasks.seal_events", _("Seal the records"))
