from __future__ import annotations

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from config.schema import DatabaseCascade, UpdatedAtTrigger


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("broadcasts", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="broadcast",
            name="schedule_timezone",
            field=models.CharField(
                db_default="",
                default="",
                editable=False,
                help_text="Whose clock shows that time: the operator's who chose it.",
                max_length=64,
                verbose_name="time zone of the schedule",
            ),
        ),
        migrations.CreateModel(
            name="FollowUp",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="created",
                    ),
                ),
                (
                    "updated_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="changed",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("recall", "recall"), ("correct", "correction")],
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                (
                    "revision",
                    models.SmallIntegerField(
                        db_default=1,
                        default=1,
                        help_text="The first, second, … of its kind.",
                        verbose_name="revision",
                    ),
                ),
                (
                    "up_to",
                    models.BigIntegerField(
                        help_text="Later copies are made as they should be.",
                        null=True,
                        verbose_name="up to copy",
                    ),
                ),
                ("cursor", models.BigIntegerField(db_default=0, default=0, verbose_name="done up to copy")),
                ("finished_at", models.DateTimeField(null=True, verbose_name="all messages made")),
                (
                    "broadcast",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="follow_ups",
                        to="broadcasts.broadcast",
                        verbose_name="broadcast",
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="accounts.telegramuser",
                        verbose_name="decided by",
                    ),
                ),
            ],
            options={
                "verbose_name": "follow-up",
                "verbose_name_plural": "follow-ups",
                "db_table_comment": "Broadcasts that are taken back or corrected",
                "indexes": [
                    models.Index(
                        models.F("id"),
                        condition=models.Q(("finished_at__isnull", True)),
                        name="ix_followup_unfinished",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("broadcast", "kind", "revision"), name="uq_followup_revision"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["recall", "correct"])), name="ck_followup_kind"
                    ),
                ],
            },
        ),
        UpdatedAtTrigger("FollowUp"),
        DatabaseCascade("FollowUp", "broadcast"),
        DatabaseCascade("FollowUp", "created_by", "SET NULL"),
    ]
