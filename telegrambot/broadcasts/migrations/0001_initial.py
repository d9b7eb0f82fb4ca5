from __future__ import annotations

import django.contrib.postgres.functions
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
from django.db import migrations, models

import telegrambot.broadcasts.buttons
import telegrambot.broadcasts.conditions
import telegrambot.broadcasts.markup
from config.schema import DatabaseCascade, UpdatedAtTrigger


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Segment",
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
                ("name", models.CharField(max_length=100, verbose_name="name")),
                (
                    "description",
                    models.CharField(
                        blank=True, db_default="", default="", max_length=300, verbose_name="description"
                    ),
                ),
                (
                    "conditions",
                    models.JSONField(
                        blank=True,
                        db_default={},
                        default=dict,
                        validators=[telegrambot.broadcasts.conditions.validate_conditions],
                        verbose_name="conditions",
                    ),
                ),
            ],
            options={
                "verbose_name": "segment",
                "verbose_name_plural": "segments",
                "db_table_comment": "Saved choices of people for broadcasts",
                "ordering": ["name"],
                "constraints": [
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("name"),
                        name="uq_segment_name",
                        violation_error_message="There is a segment of that name already.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Broadcast",
            fields=[
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
                    "id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "title",
                    models.CharField(
                        help_text="For you and your team; recipients do not see it.",
                        max_length=200,
                        verbose_name="title",
                    ),
                ),
                (
                    "message_text",
                    models.TextField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="Telegram HTML. {first_name|friend} becomes the name, or “friend” without one.",
                        validators=[telegrambot.broadcasts.markup.validate_markup],
                        verbose_name="text",
                    ),
                ),
                (
                    "message_type",
                    models.CharField(
                        choices=[
                            ("text", "text"),
                            ("photo", "photo"),
                            ("video", "video"),
                            ("album", "album"),
                        ],
                        db_default="text",
                        default="text",
                        max_length=10,
                        verbose_name="type",
                    ),
                ),
                (
                    "buttons",
                    models.JSONField(
                        blank=True,
                        db_default=[],
                        default=list,
                        validators=[telegrambot.broadcasts.buttons.validate_buttons],
                        verbose_name="buttons",
                    ),
                ),
                (
                    "target_audience",
                    models.CharField(
                        choices=[
                            ("all", "everybody"),
                            ("subscriber", "subscribers"),
                            ("admin", "admins and owners"),
                            ("segment", "a segment"),
                        ],
                        db_default="all",
                        default="all",
                        max_length=10,
                        verbose_name="for",
                    ),
                ),
                (
                    "conditions",
                    models.JSONField(
                        db_default={}, default=dict, editable=False, verbose_name="conditions at the start"
                    ),
                ),
                (
                    "status",
                    models.SmallIntegerField(
                        choices=[
                            (0, "draft"),
                            (1, "scheduled"),
                            (2, "sent"),
                            (3, "failed"),
                            (4, "sending"),
                            (5, "paused"),
                            (6, "cancelled"),
                        ],
                        db_default=0,
                        default=0,
                        editable=False,
                        verbose_name="status",
                    ),
                ),
                ("scheduled_at", models.DateTimeField(blank=True, null=True, verbose_name="scheduled for")),
                (
                    "is_local_time",
                    models.BooleanField(
                        db_default=False,
                        default=False,
                        help_text="Everybody gets it when their own clock shows the time above.",
                        verbose_name="in each recipient's own time",
                    ),
                ),
                (
                    "needs_confirmation",
                    models.BooleanField(
                        db_default=False,
                        default=False,
                        editable=False,
                        help_text="It was due while nothing was running; somebody has to say whether it should still go.",
                        verbose_name="waits for a confirmation",
                    ),
                ),
                ("started_at", models.DateTimeField(editable=False, null=True, verbose_name="started")),
                ("sent_at", models.DateTimeField(editable=False, null=True, verbose_name="finished")),
                (
                    "fanned_out_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="all copies made"),
                ),
                ("cursor", models.UUIDField(editable=False, null=True, verbose_name="copies made up to")),
                (
                    "audience_size",
                    models.IntegerField(db_default=0, default=0, editable=False, verbose_name="planned"),
                ),
                (
                    "recipients_count",
                    models.IntegerField(db_default=0, default=0, editable=False, verbose_name="received"),
                ),
                (
                    "failed_count",
                    models.IntegerField(db_default=0, default=0, editable=False, verbose_name="failed"),
                ),
                (
                    "uncertain_count",
                    models.IntegerField(db_default=0, default=0, editable=False, verbose_name="uncertain"),
                ),
                (
                    "clicks_count",
                    models.IntegerField(db_default=0, default=0, editable=False, verbose_name="clicks"),
                ),
                (
                    "opt_outs_count",
                    models.IntegerField(db_default=0, default=0, editable=False, verbose_name="opt-outs"),
                ),
                (
                    "problem",
                    models.CharField(
                        db_default="", default="", editable=False, max_length=300, verbose_name="problem"
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="broadcasts",
                        to="accounts.telegramuser",
                        verbose_name="created by",
                    ),
                ),
                (
                    "segment",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="broadcasts",
                        to="broadcasts.segment",
                        verbose_name="segment",
                    ),
                ),
            ],
            options={
                "verbose_name": "broadcast",
                "verbose_name_plural": "broadcasts",
                "db_table_comment": "Announcements to many people",
            },
        ),
        migrations.CreateModel(
            name="BroadcastClick",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("button", models.SmallIntegerField(verbose_name="button")),
                (
                    "clicked_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="pressed"
                    ),
                ),
                (
                    "broadcast",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="clicks",
                        to="broadcasts.broadcast",
                        verbose_name="broadcast",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.telegramuser",
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "click",
                "verbose_name_plural": "clicks",
                "db_table_comment": "Who pressed which button of a broadcast",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("broadcast", "person", "button"), name="uq_broadcastclick_person_button"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="BroadcastMedia",
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
                ("position", models.SmallIntegerField(db_default=0, default=0, verbose_name="position")),
                (
                    "kind",
                    models.CharField(
                        choices=[("photo", "photo"), ("video", "video")], max_length=10, verbose_name="kind"
                    ),
                ),
                ("name", models.CharField(max_length=100, verbose_name="file name")),
                ("content", models.BinaryField(verbose_name="file")),
                (
                    "outgoing_file",
                    models.UUIDField(
                        editable=False,
                        help_text="The copy that the sender takes while the broadcast runs.",
                        null=True,
                    ),
                ),
                (
                    "broadcast",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="media",
                        to="broadcasts.broadcast",
                        verbose_name="broadcast",
                    ),
                ),
            ],
            options={
                "verbose_name": "photo or video",
                "verbose_name_plural": "photos and videos",
                "db_table_comment": "Photos and videos of broadcasts",
                "ordering": ["position", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["photo", "video"])), name="ck_broadcastmedia_kind"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="BroadcastOptOut",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "opted_out_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="when"
                    ),
                ),
                (
                    "broadcast",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="opt_outs",
                        to="broadcasts.broadcast",
                        verbose_name="broadcast",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.telegramuser",
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "opt-out",
                "verbose_name_plural": "opt-outs",
                "db_table_comment": "Who opted out after which broadcast",
                "constraints": [
                    models.UniqueConstraint(fields=("broadcast", "person"), name="uq_broadcastoptout_person")
                ],
            },
        ),
        migrations.CreateModel(
            name="Postponement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("due_at", models.DateTimeField()),
                (
                    "broadcast",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="postponements",
                        to="broadcasts.broadcast",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.telegramuser",
                    ),
                ),
            ],
            options={
                "db_table_comment": "Recipients of running broadcasts who get their copy later",
                "indexes": [
                    models.Index(models.F("broadcast"), models.F("due_at"), name="ix_postponement_due_at")
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("broadcast", "person"), name="uq_postponement_person")
                ],
            },
        ),
        migrations.AddIndex(
            model_name="broadcast",
            index=models.Index(models.F("status"), models.F("scheduled_at"), name="ix_broadcast_status"),
        ),
        migrations.AddIndex(
            model_name="broadcast",
            index=models.Index(models.F("scheduled_at"), name="ix_broadcast_scheduled_at"),
        ),
        migrations.AddIndex(
            model_name="broadcast",
            index=models.Index(
                models.OrderBy(models.F("created_at"), descending=True), name="ix_broadcast_created_at"
            ),
        ),
        migrations.AddConstraint(
            model_name="broadcast",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", range(7))), name="ck_broadcast_status"
            ),
        ),
        migrations.AddConstraint(
            model_name="broadcast",
            constraint=models.CheckConstraint(
                condition=models.Q(("target_audience__in", ["all", "subscriber", "admin", "segment"])),
                name="ck_broadcast_target_audience",
            ),
        ),
        migrations.AddConstraint(
            model_name="broadcast",
            constraint=models.CheckConstraint(
                condition=models.Q(("message_type__in", ["text", "photo", "video", "album"])),
                name="ck_broadcast_type",
            ),
        ),
        migrations.AddConstraint(
            model_name="broadcast",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("target_audience", "segment"), _negated=True),
                    ("segment__isnull", False),
                    _connector="OR",
                ),
                name="ck_broadcast_segment",
                violation_error_message="Please choose the segment it is for.",
            ),
        ),
        migrations.AddConstraint(
            model_name="broadcast",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", 1), _negated=True), ("scheduled_at__isnull", False), _connector="OR"
                ),
                name="ck_broadcast_scheduled_at",
            ),
        ),
        UpdatedAtTrigger("Segment"),
        UpdatedAtTrigger("Broadcast"),
        UpdatedAtTrigger("BroadcastMedia"),
        DatabaseCascade("BroadcastMedia", "broadcast"),
        DatabaseCascade("BroadcastClick", "broadcast"),
        DatabaseCascade("BroadcastClick", "person"),
        DatabaseCascade("BroadcastOptOut", "broadcast"),
        DatabaseCascade("BroadcastOptOut", "person"),
        DatabaseCascade("Postponement", "broadcast"),
        DatabaseCascade("Postponement", "person"),
        DatabaseCascade("Broadcast", "created_by", "SET NULL"),
    ]
