import django.contrib.postgres.functions
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from config.schema import DatabaseCascade, UpdatedAtTrigger


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Dialog",
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
                    "platform",
                    models.CharField(
                        db_default="telegram", default="telegram", max_length=20, verbose_name="platform"
                    ),
                ),
                ("bot_id", models.BigIntegerField(verbose_name="bot")),
                (
                    "business_connection_id",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        max_length=100,
                        verbose_name="business connection",
                    ),
                ),
                ("telegram_dialog_id", models.CharField(max_length=100, verbose_name="chat id")),
                (
                    "type",
                    models.CharField(
                        choices=[("private", "private chat"), ("group", "group"), ("channel", "channel")],
                        db_default="private",
                        default="private",
                        max_length=10,
                        verbose_name="type",
                    ),
                ),
                (
                    "title",
                    models.CharField(
                        blank=True, db_default="", default="", max_length=255, verbose_name="title"
                    ),
                ),
                (
                    "state",
                    models.JSONField(
                        blank=True,
                        db_default={},
                        default=dict,
                        help_text="Survives restarts.",
                        verbose_name="in the middle of",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="dialogs",
                        to="accounts.telegramuser",
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "dialog",
                "verbose_name_plural": "dialogs",
                "db_table_comment": "Chats the bot sees; the row lock that keeps one chat's updates in order",
            },
        ),
        migrations.CreateModel(
            name="FailureKind",
            fields=[
                ("kind", models.CharField(max_length=200, primary_key=True, serialize=False)),
                ("notified_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "db_table_comment": "Kinds of failure the owner was told of",
            },
        ),
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                ("service", models.CharField(max_length=50, primary_key=True, serialize=False)),
                ("holder", models.CharField(max_length=200)),
                ("beat_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("problem", models.TextField(db_default="", default="")),
            ],
            options={
                "db_table_comment": "Last sign of life of each service",
            },
        ),
        migrations.CreateModel(
            name="RateBucket",
            fields=[
                ("name", models.CharField(max_length=50, primary_key=True, serialize=False)),
                ("arrival", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "db_table_comment": "Rate budgets: when the next message of a kind would be due",
            },
        ),
        migrations.CreateModel(
            name="RollupCursor",
            fields=[
                ("name", models.CharField(max_length=50, primary_key=True, serialize=False)),
                ("position", models.BigIntegerField(db_default=0, default=0)),
            ],
            options={
                "db_table_comment": "How far each roll-up has counted",
            },
        ),
        migrations.CreateModel(
            name="BotIdentity",
            fields=[
                ("id", models.SmallIntegerField(db_default=1, default=1, primary_key=True, serialize=False)),
                ("bot_id", models.BigIntegerField()),
                ("username", models.CharField(max_length=100)),
                ("is_sandbox", models.BooleanField()),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "db_table_comment": "The bot this database belongs to (one row)",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="ck_bot_identity_single")
                ],
            },
        ),
        migrations.CreateModel(
            name="CommandMenu",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("scope", models.CharField(max_length=60)),
                ("language", models.CharField(blank=True, max_length=10)),
                ("digest", models.CharField(max_length=64)),
            ],
            options={
                "db_table_comment": "What Telegram shows as the command menu, by scope and language",
                "constraints": [
                    models.UniqueConstraint(fields=("scope", "language"), name="uq_menu_scope_language")
                ],
            },
        ),
        migrations.CreateModel(
            name="InboundUpdate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("bot_id", models.BigIntegerField(verbose_name="bot")),
                ("update_id", models.BigIntegerField(verbose_name="update id")),
                (
                    "source",
                    models.CharField(
                        choices=[("polling", "polling"), ("webhook", "webhook"), ("sandbox", "sandbox")],
                        max_length=10,
                        verbose_name="source",
                    ),
                ),
                ("kind", models.CharField(max_length=50, verbose_name="kind")),
                (
                    "command",
                    models.CharField(
                        blank=True, db_default="", default="", max_length=32, verbose_name="command"
                    ),
                ),
                ("payload", models.JSONField(null=True, verbose_name="payload")),
                (
                    "status",
                    models.CharField(
                        choices=[("pending", "pending"), ("done", "done"), ("failed", "failed")],
                        db_default="pending",
                        max_length=10,
                        verbose_name="status",
                    ),
                ),
                ("attempts", models.SmallIntegerField(db_default=0, default=0, verbose_name="tries")),
                (
                    "not_before",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="not before"
                    ),
                ),
                ("error", models.TextField(blank=True, db_default="", default="", verbose_name="error")),
                (
                    "received_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="received"
                    ),
                ),
                ("processed_at", models.DateTimeField(null=True, verbose_name="processed")),
                (
                    "dialog",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="engine.dialog",
                        verbose_name="dialog",
                    ),
                ),
            ],
            options={
                "verbose_name": "update",
                "verbose_name_plural": "updates",
                "db_table_comment": "Every update received; stored before Telegram is told so",
            },
        ),
        migrations.CreateModel(
            name="Message",
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
                    "platform",
                    models.CharField(
                        db_default="telegram", default="telegram", max_length=20, verbose_name="platform"
                    ),
                ),
                (
                    "direction",
                    models.CharField(
                        choices=[("inbound", "inbound"), ("outbound", "outbound")],
                        max_length=10,
                        verbose_name="direction",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("queued", "queued"),
                            ("sending", "sending"),
                            ("sent", "sent"),
                            ("delivered", "delivered"),
                            ("read", "read"),
                            ("failed", "failed"),
                            ("uncertain", "uncertain"),
                            ("cancelled", "cancelled"),
                        ],
                        db_default="queued",
                        max_length=10,
                        verbose_name="status",
                    ),
                ),
                (
                    "message_type",
                    models.CharField(db_default="text", default="text", max_length=30, verbose_name="type"),
                ),
                ("text", models.TextField(blank=True, db_default="", default="", verbose_name="text")),
                (
                    "payload",
                    models.JSONField(blank=True, db_default={}, default=dict, verbose_name="payload"),
                ),
                (
                    "external_message_id",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="As Telegram numbers it.",
                        max_length=100,
                        verbose_name="message id",
                    ),
                ),
                (
                    "operation",
                    models.CharField(
                        choices=[("send", "send"), ("edit", "edit"), ("delete", "delete")],
                        db_default="send",
                        default="send",
                        max_length=10,
                        verbose_name="operation",
                    ),
                ),
                (
                    "priority",
                    models.SmallIntegerField(
                        choices=[
                            (0, "answer"),
                            (1, "approved reply"),
                            (2, "notice to operators"),
                            (9, "broadcast"),
                        ],
                        db_default=0,
                        default=0,
                        verbose_name="priority",
                    ),
                ),
                (
                    "not_before",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        help_text="Empty: held back until someone lets it go.",
                        null=True,
                        verbose_name="not before",
                    ),
                ),
                (
                    "expires_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="An answer an hour late is worse than none.",
                        null=True,
                        verbose_name="worthless after",
                    ),
                ),
                ("attempts", models.SmallIntegerField(db_default=0, default=0, verbose_name="tries")),
                ("lease_until", models.DateTimeField(null=True, verbose_name="being sent until")),
                ("claim_token", models.UUIDField(null=True, verbose_name="claim")),
                ("error", models.TextField(blank=True, db_default="", default="", verbose_name="error")),
                (
                    "origin",
                    models.CharField(
                        db_default="",
                        default="",
                        help_text="What made it, such as update:17.",
                        max_length=100,
                        verbose_name="made by",
                    ),
                ),
                (
                    "dedupe_key",
                    models.CharField(max_length=150, null=True, unique=True, verbose_name="unique key"),
                ),
                (
                    "timestamp",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="time"
                    ),
                ),
                (
                    "dialog",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="messages",
                        to="engine.dialog",
                        verbose_name="dialog",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="messages",
                        to="accounts.telegramuser",
                        verbose_name="person",
                    ),
                ),
                (
                    "target",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="revisions",
                        to="engine.message",
                        verbose_name="changes the message",
                    ),
                ),
            ],
            options={
                "verbose_name": "message",
                "verbose_name_plural": "messages",
                "db_table_comment": "Everything said, by either side: the history and the outbox",
            },
        ),
        migrations.CreateModel(
            name="OutgoingFile",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("name", models.CharField(max_length=255)),
                ("content", models.BinaryField()),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "verbose_name": "outgoing file",
                "verbose_name_plural": "outgoing files",
                "db_table_comment": "Files made by the bot, until they are sent",
                "indexes": [models.Index(fields=["created_at"], name="ix_file_created_at")],
            },
        ),
        migrations.CreateModel(
            name="ProcessedMessage",
            fields=[
                ("message_id", models.CharField(max_length=100, primary_key=True, serialize=False)),
                ("processed_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "verbose_name": "processed message",
                "verbose_name_plural": "processed messages",
                "db_table_comment": "One key per thing that happened; the guard against handling it twice",
                "indexes": [models.Index(fields=["processed_at"], name="ix_processed_processed_at")],
            },
        ),
        migrations.CreateModel(
            name="DialogPace",
            fields=[
                (
                    "dialog",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        serialize=False,
                        to="engine.dialog",
                    ),
                ),
                ("arrival", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("limited_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table_comment": "Per chat: when its next message would be due, and when Telegram last said 429",
                "indexes": [
                    models.Index(fields=["arrival"], name="ix_pace_arrival"),
                    models.Index(
                        condition=models.Q(("limited_at__isnull", False)),
                        fields=["limited_at"],
                        name="ix_pace_limited_at",
                    ),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="dialog",
            index=models.Index(fields=["telegram_dialog_id"], name="ix_dialog_telegram_id"),
        ),
        migrations.AddIndex(
            model_name="dialog",
            index=models.Index(fields=["updated_at"], name="ix_dialog_updated_at"),
        ),
        migrations.AddConstraint(
            model_name="dialog",
            constraint=models.UniqueConstraint(
                fields=("platform", "bot_id", "business_connection_id", "telegram_dialog_id"),
                name="uq_dialog_chat",
            ),
        ),
        migrations.AddConstraint(
            model_name="dialog",
            constraint=models.CheckConstraint(
                condition=models.Q(("type__in", ["private", "group", "channel"])), name="ck_dialog_type"
            ),
        ),
        migrations.AddIndex(
            model_name="inboundupdate",
            index=models.Index(
                condition=models.Q(("status", "pending")), fields=["dialog", "id"], name="ix_update_pending"
            ),
        ),
        migrations.AddIndex(
            model_name="inboundupdate",
            index=models.Index(fields=["dialog", "-id"], name="ix_update_dialog"),
        ),
        migrations.AddIndex(
            model_name="inboundupdate",
            index=models.Index(
                condition=models.Q(("status", "failed")), fields=["-id"], name="ix_update_failed"
            ),
        ),
        migrations.AddIndex(
            model_name="inboundupdate",
            index=models.Index(fields=["received_at"], name="ix_update_received_at"),
        ),
        migrations.AddConstraint(
            model_name="inboundupdate",
            constraint=models.UniqueConstraint(
                fields=("bot_id", "update_id"), name="uq_update_bot_update_id"
            ),
        ),
        migrations.AddConstraint(
            model_name="inboundupdate",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["pending", "done", "failed"])), name="ck_update_status"
            ),
        ),
        migrations.AddConstraint(
            model_name="inboundupdate",
            constraint=models.CheckConstraint(
                condition=models.Q(("source__in", ["polling", "webhook", "sandbox"])), name="ck_update_source"
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("not_before__isnull", False), ("status", "queued")),
                fields=["priority", "id"],
                name="ix_message_queue",
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("expires_at__isnull", False), ("status", "queued")),
                fields=["expires_at"],
                name="ix_message_expiry",
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("status__in", ["failed", "uncertain"])),
                fields=["status", "-id"],
                name="ix_message_unsettled",
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(fields=["dialog", "timestamp"], name="ix_message_dialog_timestamp"),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(fields=["dialog", "external_message_id"], name="ix_message_dialog_external"),
        ),
        migrations.AddIndex(
            model_name="message",
            index=django.contrib.postgres.indexes.BrinIndex(
                autosummarize=True, fields=["created_at"], name="ix_message_created_at"
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("target__isnull", False)), fields=["target"], name="ix_message_target"
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(fields=["person", "-id"], name="ix_message_person"),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=models.Q(("direction__in", ["inbound", "outbound"])), name="ck_message_direction"
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "status__in",
                        [
                            "queued",
                            "sending",
                            "sent",
                            "delivered",
                            "read",
                            "failed",
                            "uncertain",
                            "cancelled",
                        ],
                    )
                ),
                name="ck_message_status",
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("operation", "send"), ("target__isnull", True)),
                    models.Q(("operation__in", ["edit", "delete"]), ("target__isnull", False)),
                    _connector="OR",
                ),
                name="ck_message_operation_target",
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=models.Q(("priority__gte", 0), ("priority__lte", 9)), name="ck_message_priority"
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status", "sending")), fields=("dialog",), name="uq_message_in_flight"
            ),
        ),
        UpdatedAtTrigger("Dialog"),
        UpdatedAtTrigger("Message"),
        DatabaseCascade("InboundUpdate", "dialog"),
        DatabaseCascade("Message", "dialog"),
        DatabaseCascade("Message", "person", "SET NULL"),
        DatabaseCascade("Message", "target"),
        DatabaseCascade("DialogPace", "dialog"),
    ]
