"""Background jobs as people see them, and what Procrastinate does not keep of one: why it failed."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from procrastinate.contrib.django.models import ProcrastinateJob

from audit.audited import not_audited
from config.job_words import in_words


class BackgroundJob(ProcrastinateJob):
    """Procrastinate's job, with a name and permissions of our own."""

    class Meta:
        proxy = True
        verbose_name = _("background job")
        verbose_name_plural = _("background jobs")

    def __str__(self) -> str:
        return in_words(self.task_name, self.args)


@not_audited("It repeats what the worker met; nobody decides it.")
class JobFailure(models.Model):
    """The last error of a job; it goes with the job."""

    job = models.OneToOneField(
        ProcrastinateJob, on_delete=models.CASCADE, primary_key=True, related_name="failure"
    )
    error = models.TextField()
    failed_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table_comment = "The last error of each background job that has failed at least once"

    def __str__(self) -> str:
        return self.error
