from __future__ import annotations

import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
from django.db import migrations, models

import telegrambot.sandbox.models
from config.schema import UpdatedAtTrigger


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="SandboxChat",
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
                ("telegram_id", models.BigIntegerField(primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("private", "Private"),
                            ("group", "Group"),
                            ("supergroup", "Supergroup"),
                            ("channel", "Channel"),
                        ],
                        db_default="private",
                        default="private",
                        max_length=10,
                    ),
                ),
                ("title", models.CharField(blank=True, db_default="", default="", max_length=128)),
                ("blocked_at", models.DateTimeField(help_text="The person has blocked the bot", null=True)),
                (
                    "revision",
                    models.BigIntegerField(
                        db_default=0, default=0, help_text="Grows with every visible change"
                    ),
                ),
                (
                    "action",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="What the bot is doing, e.g. typing",
                        max_length=32,
                    ),
                ),
                ("action_until", models.DateTimeField(null=True)),
                ("busy_until", models.DateTimeField(help_text="Rate limit of this chat (GCRA)", null=True)),
            ],
            options={
                "db_table": "sandbox_chat",
                "db_table_comment": "Sandbox: chats with the bot",
            },
        ),
        migrations.CreateModel(
            name="SandboxUpdate",
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
                ("update_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("payload", models.JSONField(help_text="The update without its id")),
                (
                    "queued_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        default=django.utils.timezone.now,
                    ),
                ),
            ],
            options={
                "db_table": "sandbox_update",
                "db_table_comment": "Sandbox: updates waiting for the bot",
                "ordering": ["update_id"],
            },
        ),
        migrations.CreateModel(
            name="SandboxBot",
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
                ("id", models.SmallIntegerField(db_default=1, default=1, primary_key=True, serialize=False)),
                (
                    "token",
                    models.CharField(
                        default=telegrambot.sandbox.models.random_token, max_length=64, unique=True
                    ),
                ),
                (
                    "first_name",
                    models.CharField(
                        db_default="Switchboard Demo", default="Switchboard Demo", max_length=64
                    ),
                ),
                (
                    "username",
                    models.CharField(
                        db_default="switchboard_demo_bot", default="switchboard_demo_bot", max_length=32
                    ),
                ),
                (
                    "next_update_id",
                    models.BigIntegerField(default=telegrambot.sandbox.models.first_update_id),
                ),
                (
                    "poll_ticket",
                    models.BigIntegerField(
                        db_default=0, default=0, help_text="Number of the newest getUpdates call"
                    ),
                ),
                (
                    "allowed_updates",
                    models.JSONField(
                        db_default=[], default=list, help_text="Empty: Telegram's default selection"
                    ),
                ),
                ("webhook_url", models.CharField(blank=True, db_default="", default="", max_length=512)),
                ("webhook_secret", models.CharField(blank=True, db_default="", default="", max_length=256)),
                ("webhook_error", models.CharField(blank=True, db_default="", default="", max_length=255)),
                ("webhook_error_at", models.DateTimeField(null=True)),
                (
                    "limits_enabled",
                    models.BooleanField(
                        db_default=False, default=False, help_text="Answer 429 as Telegram does"
                    ),
                ),
                ("busy_until", models.DateTimeField(help_text="Rate limit over all chats (GCRA)", null=True)),
            ],
            options={
                "db_table": "sandbox_bot",
                "db_table_comment": "Sandbox: the one bot of this local Telegram",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="ck_sandbox_bot_single")
                ],
            },
        ),
        migrations.CreateModel(
            name="SandboxCommandSet",
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
                ("scope", models.CharField(help_text="Type, chat and user, joined by colons", max_length=80)),
                ("language_code", models.CharField(blank=True, db_default="", default="", max_length=2)),
                ("commands", models.JSONField()),
            ],
            options={
                "db_table": "sandbox_command_set",
                "db_table_comment": "Sandbox: the bot's command menus",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("scope", "language_code"), name="uq_sandbox_command_set_scope"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SandboxFile",
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
                ("file_id", models.CharField(max_length=100, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[("photo", "Photo"), ("video", "Video"), ("document", "Document")],
                        max_length=10,
                    ),
                ),
                ("name", models.CharField(blank=True, db_default="", default="", max_length=255)),
                ("mime_type", models.CharField(blank=True, db_default="", default="", max_length=127)),
                ("size", models.BigIntegerField()),
                ("width", models.IntegerField(db_default=0, default=0)),
                ("height", models.IntegerField(db_default=0, default=0)),
                ("content", models.BinaryField()),
            ],
            options={
                "db_table": "sandbox_file",
                "db_table_comment": "Sandbox: files that people and the bot sent",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["photo", "video", "document"])),
                        name="ck_sandbox_file_kind",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SandboxPerson",
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
                ("telegram_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("first_name", models.CharField(max_length=64)),
                ("last_name", models.CharField(blank=True, db_default="", default="", max_length=64)),
                ("username", models.CharField(blank=True, db_default="", default="", max_length=32)),
                (
                    "language_code",
                    models.CharField(
                        choices=[("en", "English"), ("ru", "Русский")],
                        db_default="en",
                        default="en",
                        max_length=2,
                    ),
                ),
                (
                    "part",
                    models.CharField(
                        choices=[
                            ("owner", "Owner"),
                            ("admin", "Admin"),
                            ("subscriber", "Subscriber"),
                            ("newcomer", "Newcomer"),
                            ("guest", "Guest"),
                        ],
                        db_default="guest",
                        default="guest",
                        max_length=10,
                    ),
                ),
            ],
            options={
                "db_table": "sandbox_person",
                "db_table_comment": "Sandbox: people of this local Telegram",
                "ordering": ["telegram_id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("telegram_id__gt", 0)), name="ck_sandbox_person_id"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("language_code__in", ["en", "ru"])),
                        name="ck_sandbox_person_language",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("part__in", ["owner", "admin", "subscriber", "newcomer", "guest"])
                        ),
                        name="ck_sandbox_person_part",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SandboxMessage",
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
                    "sent_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        default=django.utils.timezone.now,
                    ),
                ),
                ("edited_at", models.DateTimeField(null=True)),
                ("deleted_at", models.DateTimeField(null=True)),
                (
                    "text",
                    models.TextField(
                        blank=True, db_default="", default="", help_text="Text, or the caption of a file"
                    ),
                ),
                ("entities", models.JSONField(db_default=[], default=list)),
                (
                    "album",
                    models.CharField(
                        blank=True, db_default="", default="", help_text="media_group_id", max_length=20
                    ),
                ),
                ("reply_markup", models.JSONField(db_default={}, default=dict)),
                ("revision", models.BigIntegerField(help_text="The chat's revision at the last change")),
                (
                    "chat",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="messages",
                        to="sandbox.sandboxchat",
                    ),
                ),
                (
                    "file",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, to="sandbox.sandboxfile"
                    ),
                ),
                (
                    "reply_to",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, to="sandbox.sandboxmessage"
                    ),
                ),
                (
                    "sender",
                    models.ForeignKey(
                        help_text="Empty: the bot",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="sandbox.sandboxperson",
                    ),
                ),
            ],
            options={
                "db_table": "sandbox_message",
                "db_table_comment": "Sandbox: messages",
                "ordering": ["id"],
            },
        ),
        migrations.AddField(
            model_name="sandboxchat",
            name="person",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="chat",
                to="sandbox.sandboxperson",
            ),
        ),
        migrations.CreateModel(
            name="SandboxCallback",
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
                    models.BigIntegerField(
                        default=telegrambot.sandbox.models.random_id, primary_key=True, serialize=False
                    ),
                ),
                ("data", models.CharField(max_length=64)),
                (
                    "pressed_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        default=django.utils.timezone.now,
                    ),
                ),
                ("answered_at", models.DateTimeField(null=True)),
                ("answer", models.CharField(blank=True, db_default="", default="", max_length=200)),
                ("is_alert", models.BooleanField(db_default=False, default=False)),
                (
                    "revision",
                    models.BigIntegerField(
                        db_default=0, default=0, help_text="The chat's revision when it was answered"
                    ),
                ),
                (
                    "chat",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="sandbox.sandboxchat"),
                ),
                (
                    "message",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="sandbox.sandboxmessage"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="sandbox.sandboxperson"
                    ),
                ),
            ],
            options={
                "db_table": "sandbox_callback",
                "db_table_comment": "Sandbox: pressed inline buttons",
            },
        ),
        migrations.AddIndex(
            model_name="sandboxmessage",
            index=models.Index(fields=["chat", "revision"], name="ix_sandbox_message_revision"),
        ),
        migrations.AddConstraint(
            model_name="sandboxchat",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["private", "group", "supergroup", "channel"])),
                name="ck_sandbox_chat_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="sandboxchat",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "private"), _negated=True), ("person__isnull", False), _connector="OR"
                ),
                name="ck_sandbox_chat_person",
            ),
        ),
        migrations.AddIndex(
            model_name="sandboxcallback",
            index=models.Index(fields=["chat", "revision"], name="ix_sandbox_callback_revision"),
        ),
        UpdatedAtTrigger("SandboxBot"),
        UpdatedAtTrigger("SandboxPerson"),
        UpdatedAtTrigger("SandboxChat"),
        UpdatedAtTrigger("SandboxFile"),
        UpdatedAtTrigger("SandboxMessage"),
        UpdatedAtTrigger("SandboxCallback"),
        UpdatedAtTrigger("SandboxUpdate"),
        UpdatedAtTrigger("SandboxCommandSet"),
    ]
