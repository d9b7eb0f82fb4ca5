from __future__ import annotations

import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
from django.db import migrations, models

import telegrambot.sandbox.models.business
from config.schema import DatabaseCascade, UpdatedAtTrigger

# At once, not at the end: a table with open questions cannot be altered.
FORGET_OTHER_CHATS = """
SET CONSTRAINTS ALL IMMEDIATE;
DELETE FROM sandbox_chat WHERE kind <> 'private';
"""


class Migration(migrations.Migration):
    dependencies = [
        ("sandbox", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="SandboxBusinessConnection",
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
                    models.CharField(
                        default=telegrambot.sandbox.models.business.random_connection_id,
                        max_length=64,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "connected_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        default=django.utils.timezone.now,
                    ),
                ),
                ("is_enabled", models.BooleanField(db_default=True, default=True)),
                (
                    "rights",
                    models.JSONField(
                        db_default=[
                            "can_reply",
                            "can_read_messages",
                            "can_delete_sent_messages",
                            "can_delete_all_messages",
                        ],
                        default=telegrambot.sandbox.models.business.all_rights,
                        help_text="Names of BusinessBotRights",
                    ),
                ),
            ],
            options={
                "db_table": "sandbox_business_connection",
                "db_table_comment": "Sandbox: business accounts that the bot is connected to",
            },
        ),
        migrations.CreateModel(
            name="SandboxFault",
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
                    "method",
                    models.CharField(
                        help_text="A method's name, `sends` or `all`", max_length=64, unique=True
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("429", "429: too many requests"),
                            ("403", "403: blocked by the user"),
                            ("500", "500: server error"),
                            ("400", "400: bad request"),
                            ("hang", "Answer late"),
                            ("drop_before", "Drop the connection, do nothing"),
                            ("drop_after", "Do it, drop the connection"),
                            ("down", "Telegram is down"),
                        ],
                        max_length=11,
                    ),
                ),
                (
                    "remaining",
                    models.IntegerField(help_text="Calls left; empty: until switched off", null=True),
                ),
                (
                    "seconds",
                    models.IntegerField(
                        db_default=0, default=0, help_text="retry_after, or how late the answer is"
                    ),
                ),
            ],
            options={
                "db_table": "sandbox_fault",
                "db_table_comment": "Sandbox: faults that are switched on",
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="SandboxLogEntry",
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
                ("kind", models.CharField(choices=[("call", "Call"), ("update", "Update")], max_length=6)),
                ("name", models.CharField(help_text="The method, or the kind of update", max_length=64)),
                ("content", models.JSONField(help_text="The parameters, or the update")),
                (
                    "answer",
                    models.JSONField(help_text="The body that was answered; empty: none was", null=True),
                ),
                (
                    "status",
                    models.SmallIntegerField(
                        db_default=0,
                        default=0,
                        help_text="HTTP status; 0: the connection was dropped, or nobody answered",
                    ),
                ),
                (
                    "fault",
                    models.CharField(
                        blank=True, db_default="", default="", help_text="What was in the way", max_length=20
                    ),
                ),
                (
                    "happened_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        default=django.utils.timezone.now,
                    ),
                ),
                ("duration_ms", models.FloatField(db_default=0.0, default=0)),
            ],
            options={
                "db_table": "sandbox_log",
                "db_table_comment": "Sandbox: the newest calls and updates",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="SandboxMember",
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
                    "status",
                    models.CharField(
                        choices=[
                            ("creator", "Owner"),
                            ("administrator", "Administrator"),
                            ("member", "Member"),
                        ],
                        db_default="member",
                        default="member",
                        max_length=13,
                    ),
                ),
            ],
            options={
                "db_table": "sandbox_member",
                "db_table_comment": "Sandbox: who is in a group or channel",
                "ordering": ["pk"],
            },
        ),
        migrations.AlterModelTableComment(
            name="sandboxchat",
            table_comment="Sandbox: chats that the bot is in or may come into",
        ),
        migrations.RemoveConstraint(
            model_name="sandboxchat",
            name="ck_sandbox_chat_kind",
        ),
        migrations.AddField(
            model_name="sandboxbot",
            name="privacy_mode",
            field=models.BooleanField(
                db_default=True,
                default=True,
                help_text="In groups the bot sees commands and replies to it only",
            ),
        ),
        migrations.AddField(
            model_name="sandboxchat",
            name="bot_status",
            field=models.CharField(
                choices=[
                    ("member", "Member"),
                    ("administrator", "Administrator"),
                    ("left", "Not in this chat"),
                    ("kicked", "Removed"),
                ],
                db_default="member",
                default="member",
                max_length=13,
            ),
        ),
        migrations.AddField(
            model_name="sandboxchat",
            name="customer",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="business_chats",
                to="sandbox.sandboxperson",
            ),
        ),
        migrations.AddField(
            model_name="sandboxchat",
            name="discussion",
            field=models.OneToOneField(
                help_text="A channel's discussion group",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="channel",
                to="sandbox.sandboxchat",
            ),
        ),
        migrations.AddField(
            model_name="sandboxchat",
            name="owner",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="customer_chats",
                to="sandbox.sandboxperson",
            ),
        ),
        migrations.AddField(
            model_name="sandboxmessage",
            name="forwarded_from",
            field=models.ForeignKey(
                help_text="The channel's post that Telegram copied into the discussion group",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="copies",
                to="sandbox.sandboxmessage",
            ),
        ),
        migrations.AddField(
            model_name="sandboxmessage",
            name="sender_chat",
            field=models.ForeignKey(
                help_text="The channel in whose name this was said",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="sandbox.sandboxchat",
            ),
        ),
        migrations.AddField(
            model_name="sandboxmessage",
            name="thread",
            field=models.ForeignKey(
                help_text="The copied post that this comment belongs to",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="comments",
                to="sandbox.sandboxmessage",
            ),
        ),
        migrations.AlterField(
            model_name="sandboxchat",
            name="kind",
            field=models.CharField(
                choices=[
                    ("private", "Private chat"),
                    ("group", "Group"),
                    ("supergroup", "Group"),
                    ("channel", "Channel"),
                    ("business", "Business chat"),
                ],
                db_default="private",
                default="private",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="sandboxmessage",
            name="sender",
            field=models.ForeignKey(
                help_text="Empty: the bot, or Telegram itself when it copied a post",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                to="sandbox.sandboxperson",
            ),
        ),
        migrations.AddField(
            model_name="sandboxbusinessconnection",
            name="owner",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="connections",
                to="sandbox.sandboxperson",
            ),
        ),
        migrations.AddConstraint(
            model_name="sandboxfault",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind__in", ["429", "403", "500", "400", "hang", "drop_before", "drop_after", "down"])
                ),
                name="ck_sandbox_fault_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="sandboxfault",
            constraint=models.CheckConstraint(
                condition=models.Q(("remaining__gte", 0), ("remaining__isnull", True), _connector="OR"),
                name="ck_sandbox_fault_remaining",
            ),
        ),
        migrations.AddConstraint(
            model_name="sandboxlogentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["call", "update"])), name="ck_sandbox_log_kind"
            ),
        ),
        migrations.AddField(
            model_name="sandboxmember",
            name="chat",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="sandbox.sandboxchat"),
        ),
        migrations.AddField(
            model_name="sandboxmember",
            name="person",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="sandbox.sandboxperson"),
        ),
        migrations.AddField(
            model_name="sandboxchat",
            name="members",
            field=models.ManyToManyField(
                related_name="memberships", through="sandbox.SandboxMember", to="sandbox.sandboxperson"
            ),
        ),
        migrations.AddConstraint(
            model_name="sandboxchat",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["private", "group", "supergroup", "channel", "business"])),
                name="ck_sandbox_chat_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="sandboxchat",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "business"), _negated=True),
                    models.Q(("customer__isnull", False), ("owner__isnull", False)),
                    _connector="OR",
                ),
                name="ck_sandbox_chat_business",
            ),
        ),
        migrations.AddConstraint(
            model_name="sandboxchat",
            constraint=models.CheckConstraint(
                condition=models.Q(("bot_status__in", ["member", "administrator", "left", "kicked"])),
                name="ck_sandbox_chat_bot_status",
            ),
        ),
        migrations.AddConstraint(
            model_name="sandboxchat",
            constraint=models.UniqueConstraint(fields=("owner", "customer"), name="uq_sandbox_chat_business"),
        ),
        migrations.AddConstraint(
            model_name="sandboxbusinessconnection",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_enabled", True)),
                fields=("owner",),
                name="uq_sandbox_business_connection_owner",
            ),
        ),
        migrations.AddConstraint(
            model_name="sandboxmember",
            constraint=models.UniqueConstraint(fields=("chat", "person"), name="uq_sandbox_member_person"),
        ),
        migrations.AddConstraint(
            model_name="sandboxmember",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["creator", "administrator", "member"])),
                name="ck_sandbox_member_status",
            ),
        ),
        UpdatedAtTrigger("SandboxMember"),
        UpdatedAtTrigger("SandboxBusinessConnection"),
        UpdatedAtTrigger("SandboxFault"),
        UpdatedAtTrigger("SandboxLogEntry"),
        DatabaseCascade("SandboxChat", "person"),
        DatabaseCascade("SandboxChat", "owner"),
        DatabaseCascade("SandboxChat", "customer"),
        DatabaseCascade("SandboxChat", "discussion", "SET NULL"),
        DatabaseCascade("SandboxMessage", "chat"),
        DatabaseCascade("SandboxMessage", "sender"),
        DatabaseCascade("SandboxMessage", "sender_chat"),
        DatabaseCascade("SandboxMessage", "forwarded_from"),
        DatabaseCascade("SandboxMessage", "reply_to", "SET NULL"),
        DatabaseCascade("SandboxMessage", "thread", "SET NULL"),
        DatabaseCascade("SandboxCallback", "chat"),
        DatabaseCascade("SandboxCallback", "message"),
        DatabaseCascade("SandboxCallback", "person"),
        DatabaseCascade("SandboxMember", "chat"),
        DatabaseCascade("SandboxMember", "person"),
        DatabaseCascade("SandboxBusinessConnection", "owner"),
        # The tables as they were before have no place for other chats.
        migrations.RunSQL(migrations.RunSQL.noop, FORGET_OTHER_CHATS),
    ]
