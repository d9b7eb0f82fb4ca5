"""Background jobs in the browser, in place of Procrastinate's raw models; *retry*, *cancel*."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.timezone import localtime
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from procrastinate.contrib.django import admin as _raw  # noqa: F401  (registers what is taken out below)
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateEvent, ProcrastinateJob
from unfold.decorators import display

from config.admin_filters import KnownValueFilter
from config.admin_search import whole_number
from telegrambot.engine import jobs
from telegrambot.engine.admin import presentation
from telegrambot.engine.admin.decisions import DecisionAdmin
from telegrambot.engine.models import BackgroundJob

# Importing their admin has registered it.
admin.site.unregister(ProcrastinateJob)

_STATUSES = {
    "todo": _("waiting"),
    "doing": _("running"),
    "succeeded": _("done"),
    "failed": _("failed"),
    "cancelled": _("cancelled"),
    "aborted": _("aborted"),
}
_COLOURS = {
    "todo": "info",
    "doing": "info",
    "succeeded": "success",
    "failed": "danger",
    "cancelled": "default",
    "aborted": "default",
}
_EVENTS = {
    "deferred": _("asked for"),
    "started": _("started"),
    "deferred_for_retry": _("to be tried again"),
    "failed": _("failed"),
    "succeeded": _("done"),
    "cancelled": _("cancelled"),
    "abort_requested": _("told to stop"),
    "aborted": _("stopped"),
    "scheduled": _("scheduled"),
    "retried": _("tried again by hand"),
}
# A job that is tried for ever has a long story.
_EVENTS_SHOWN = 50


class StatusFilter(KnownValueFilter):
    """Jobs by how far they came."""

    title = _("status")
    parameter_name = "status__exact"
    values = tuple(_STATUSES)

    def word(self, value: str) -> str:
        """The status in words."""
        return str(_STATUSES[value])

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """PostgreSQL knows no other statuses, and would refuse to compare."""
        return queryset.filter(status=self.value()) if self.value() in _STATUSES else queryset


class QueueFilter(KnownValueFilter):
    """Jobs by their queue."""

    title = _("queue")
    parameter_name = "queue_name"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The queues that some task uses."""
        return [(queue, queue) for queue in sorted({task.queue for task in app.tasks.values()})]


@admin.register(BackgroundJob)
class JobAdmin(DecisionAdmin):
    """What runs in the background, waits to, or failed; what succeeded is not kept."""

    list_display = ("what", "status_label", "when", "tries", "short_error", "queue", "id")
    list_display_links = ("what",)
    list_filter = (StatusFilter, QueueFilter)
    nothing_yet = _("Jobs appear here while they wait or run, and stay when they fail.")
    search_fields = ("id",)
    search_help_text = _("Number, or the beginning of a task's name")
    actions = ("retry", "cancel")
    fieldsets = (
        (None, {"fields": ("what", "status_in_words", "tries", "full_error", "story")}),
        (
            _("Details"),
            {"fields": ("task", "queue", "folded_arguments")},
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[BackgroundJob]:
        """With the last error, and the moment of the last event."""
        found: QuerySet[BackgroundJob] = super().get_queryset(request).select_related("failure")
        events = ProcrastinateEvent.objects.filter(job=OuterRef("pk")).order_by("-pk")
        return found.annotate(last_event=Subquery(events.values("at")[:1]))

    def matching(self, term: str) -> Q:
        """By number or task."""
        found = Q(task_name__startswith=term)
        if (number := whole_number(term)) is not None:
            found |= Q(pk=number)
        return found

    def describe(self, row: Any) -> str:
        """Number and sentence."""
        return f"{row.pk} · {self.what(row)}"

    def decisions_about(self, row: Any) -> list[str]:
        """Retry what failed; cancel what waits, and what runs and was not told to stop yet."""
        if row.status == "todo" or (jobs.can_be_stopped(row) and not row.abort_requested):
            return ["cancel"]
        return ["retry"] if row.status == "failed" else []

    @admin.action(description=_("Retry"), permissions=["decide"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Let failed jobs run again."""
        self.carry_out(request, queryset, jobs.retry, _retried, status__exact="todo")

    @admin.action(description=_("Cancel"), permissions=["decide"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Any]) -> TemplateResponse | None:
        """Take waiting jobs back, and tell running ones to stop."""
        question = self.ask_first(
            request,
            queryset,
            action="cancel",
            question=gettext("Cancel these jobs?"),
            warning=gettext("They will not be done. This cannot be undone."),
        )
        if question is None:
            # A running job ends when it next asks whether to; then it is listed as aborted.
            running = queryset.filter(status="doing").count()
            outcome = {} if running else {"status__exact": "cancelled"}
            self.carry_out(request, queryset, jobs.cancel, partial(_cancelled, running=running), **outcome)
        return question

    @display(description=_("what"))
    def what(self, job: BackgroundJob) -> str:
        """What it does, and for whom."""
        return str(job)

    @display(description=_("status"), label=_COLOURS)
    def status_label(self, job: BackgroundJob) -> tuple[str, str]:
        """The status in its colour."""
        return job.status, str(_STATUSES.get(job.status, job.status))

    @display(description=_("status"))
    def status_in_words(self, job: BackgroundJob) -> str:
        """How far it came, and until when it waits."""
        words = str(_STATUSES.get(job.status, job.status))
        if job.status == "todo" and job.scheduled_at:
            due = date_format(localtime(job.scheduled_at), "DATETIME_FORMAT")
            return gettext("{status}, due {time}").format(status=words, time=due)
        if job.status == "doing" and job.abort_requested:
            return gettext("running, told to stop")
        return words

    @display(description=_("tries"))
    def tries(self, job: BackgroundJob) -> int:
        """How often it was begun."""
        return job.attempts

    @display(description=_("function"))
    def task(self, job: BackgroundJob) -> str:
        """What the program calls it."""
        return job.task_name

    @display(description=_("queue"))
    def queue(self, job: BackgroundJob) -> str:
        """Which workers may take it."""
        return job.queue_name

    @display(description=_("when"))
    def when(self, job: BackgroundJob) -> Any:
        """When it is due if it waits for a time, else when something happened to it last."""
        return (job.status == "todo" and job.scheduled_at) or job.last_event  # type: ignore[attr-defined]

    @display(description=_("error"))
    def short_error(self, job: BackgroundJob) -> str:
        """The beginning of the last error."""
        return Truncator(self._error(job)).chars(80)

    @display(description=_("error"))
    def full_error(self, job: BackgroundJob) -> SafeString:
        """The last error."""
        return presentation.whole_text(self._error(job))

    @display(description=_("what happened"))
    def story(self, job: BackgroundJob) -> SafeString:
        """Every step, with its time."""
        return presentation.story(
            [
                (event.at, str(_EVENTS.get(event.type, event.type)))
                for event in ProcrastinateEvent.objects.filter(job=job).order_by("-pk")[:_EVENTS_SHOWN]
            ]
        )

    @display(description=_("arguments"))
    def folded_arguments(self, job: BackgroundJob) -> SafeString | str:
        """What the task was called with."""
        return presentation.folded_json(job.args)

    def _error(self, job: BackgroundJob) -> str:
        return job.failure.error if hasattr(job, "failure") else ""


def _retried(count: int) -> str:
    return ngettext("%(count)d job will run again.", "%(count)d jobs will run again.", count) % {
        "count": count
    }


def _cancelled(count: int, *, running: int) -> str:
    told = ngettext("%(count)d job was told to stop.", "%(count)d jobs were told to stop.", running) % {
        "count": running
    }
    if running == count > 0:
        return told
    waiting = count - running
    done = ngettext("%(count)d job was cancelled.", "%(count)d jobs were cancelled.", waiting) % {
        "count": waiting
    }
    return f"{done} {told}" if running else done
