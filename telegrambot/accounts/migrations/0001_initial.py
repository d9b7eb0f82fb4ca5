from __future__ import annotations

import django.contrib.auth.models
import django.contrib.auth.validators
import django.contrib.postgres.functions
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from config.schema import UpdatedAtTrigger


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="User",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                (
                    "username",
                    models.CharField(
                        error_messages={"unique": "A user with that username already exists."},
                        help_text="Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.",
                        max_length=150,
                        unique=True,
                        validators=[django.contrib.auth.validators.UnicodeUsernameValidator()],
                        verbose_name="username",
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
                    "first_name",
                    models.CharField(
                        blank=True, db_default="", default="", max_length=150, verbose_name="first name"
                    ),
                ),
                (
                    "last_name",
                    models.CharField(
                        blank=True, db_default="", default="", max_length=150, verbose_name="last name"
                    ),
                ),
                (
                    "email",
                    models.EmailField(
                        blank=True, db_default="", default="", max_length=254, verbose_name="email address"
                    ),
                ),
                (
                    "is_superuser",
                    models.BooleanField(
                        db_default=False,
                        default=False,
                        help_text="May do everything, without a linked person.",
                        verbose_name="superuser",
                    ),
                ),
                (
                    "is_active",
                    models.BooleanField(
                        db_default=True,
                        default=True,
                        help_text="An inactive account cannot sign in.",
                        verbose_name="active",
                    ),
                ),
                (
                    "date_joined",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        default=django.utils.timezone.now,
                        editable=False,
                        verbose_name="joined",
                    ),
                ),
            ],
            options={
                "verbose_name": "staff account",
                "verbose_name_plural": "staff accounts",
                "db_table_comment": "People who sign in to the admin",
            },
            managers=[
                ("objects", django.contrib.auth.models.UserManager()),
            ],
        ),
        migrations.CreateModel(
            name="BotCommand",
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
                    "command",
                    models.CharField(editable=False, max_length=32, unique=True, verbose_name="command"),
                ),
                ("description_en", models.CharField(max_length=256, verbose_name="description (English)")),
                ("description_ru", models.CharField(max_length=256, verbose_name="description (Russian)")),
                (
                    "minimum_role",
                    models.SmallIntegerField(
                        choices=[(0, "public"), (1, "subscriber"), (2, "admin"), (3, "owner")],
                        help_text="Only the owner may change it, and never below the role the program itself demands.",
                        verbose_name="minimum role",
                    ),
                ),
                (
                    "code_role",
                    models.SmallIntegerField(
                        choices=[(0, "public"), (1, "subscriber"), (2, "admin"), (3, "owner")],
                        editable=False,
                        verbose_name="role demanded by the program",
                    ),
                ),
                ("is_active", models.BooleanField(db_default=True, default=True, verbose_name="active")),
                (
                    "times_used",
                    models.BigIntegerField(
                        db_default=0, default=0, editable=False, verbose_name="times used"
                    ),
                ),
                ("last_used_at", models.DateTimeField(editable=False, null=True, verbose_name="last used")),
            ],
            options={
                "verbose_name": "command",
                "verbose_name_plural": "commands",
                "db_table_comment": "The catalogue behind /help, the command menu and permissions in chat",
                "ordering": ["command"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("code_role__in", [0, 1, 2, 3])), name="ck_command_code_role"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("minimum_role__in", [0, 1, 2, 3]), ("minimum_role__gte", models.F("code_role"))
                        ),
                        name="ck_command_minimum_role",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TelegramUser",
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
                    "telegram_id",
                    models.BigIntegerField(
                        blank=True,
                        help_text="Empty for people from other platforms.",
                        null=True,
                        unique=True,
                        verbose_name="Telegram id",
                    ),
                ),
                (
                    "username",
                    models.CharField(
                        blank=True, db_default="", default="", max_length=100, verbose_name="username"
                    ),
                ),
                (
                    "first_name",
                    models.CharField(
                        blank=True, db_default="", default="", max_length=100, verbose_name="first name"
                    ),
                ),
                (
                    "last_name",
                    models.CharField(
                        blank=True, db_default="", default="", max_length=100, verbose_name="last name"
                    ),
                ),
                (
                    "language_code",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="As Telegram tells it (IETF tag).",
                        max_length=35,
                        verbose_name="language",
                    ),
                ),
                (
                    "role",
                    models.SmallIntegerField(
                        choices=[(0, "public"), (1, "subscriber"), (2, "admin"), (3, "owner")],
                        db_default=0,
                        default=0,
                        verbose_name="role",
                    ),
                ),
                (
                    "is_active",
                    models.BooleanField(
                        db_default=True,
                        default=True,
                        help_text="The bot does not answer an inactive person.",
                        verbose_name="active",
                    ),
                ),
                ("is_friend", models.BooleanField(db_default=False, default=False, verbose_name="friend")),
                ("blocked_at", models.DateTimeField(blank=True, null=True, verbose_name="blocked the bot")),
                (
                    "opted_out_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="opted out of broadcasts"),
                ),
                (
                    "timezone",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="IANA name, such as Europe/Berlin.",
                        max_length=64,
                        verbose_name="time zone",
                    ),
                ),
                (
                    "preferences",
                    models.JSONField(blank=True, db_default={}, default=dict, verbose_name="preferences"),
                ),
                ("last_seen_at", models.DateTimeField(blank=True, null=True, verbose_name="last seen")),
                (
                    "staff",
                    models.OneToOneField(
                        blank=True,
                        help_text="The account this person signs in to the browser with.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="person",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="staff account",
                    ),
                ),
            ],
            options={
                "verbose_name": "person",
                "verbose_name_plural": "people",
                "db_table_comment": "People the bot knows",
            },
        ),
        migrations.CreateModel(
            name="OwnerClaim",
            fields=[
                (
                    "code_hash",
                    models.CharField(
                        max_length=64, primary_key=True, serialize=False, verbose_name="SHA-256 of the code"
                    ),
                ),
                ("expires_at", models.DateTimeField(verbose_name="expires")),
                ("claimed_at", models.DateTimeField(null=True, verbose_name="claimed")),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="created",
                    ),
                ),
                (
                    "claimed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="accounts.telegramuser",
                        verbose_name="claimed by",
                    ),
                ),
            ],
            options={
                "verbose_name": "owner code",
                "verbose_name_plural": "owner codes",
                "db_table_comment": "One-time owner codes (SHA-256), valid five minutes",
            },
        ),
        migrations.AddIndex(
            model_name="telegramuser",
            index=models.Index(models.F("role"), models.F("created_at"), name="ix_person_role_created_at"),
        ),
        migrations.AddIndex(
            model_name="telegramuser",
            index=models.Index(models.F("created_at"), name="ix_person_created_at"),
        ),
        migrations.AddIndex(
            model_name="telegramuser",
            index=models.Index(models.F("updated_at"), name="ix_person_updated_at"),
        ),
        migrations.AddIndex(
            model_name="telegramuser",
            index=models.Index(models.F("last_seen_at"), name="ix_person_last_seen_at"),
        ),
        migrations.AddIndex(
            model_name="telegramuser",
            index=models.Index(models.F("language_code"), name="ix_person_language_code"),
        ),
        migrations.AddIndex(
            model_name="telegramuser",
            index=models.Index(
                models.F("is_friend"), condition=models.Q(("is_friend", True)), name="ix_person_is_friend"
            ),
        ),
        migrations.AddIndex(
            model_name="telegramuser",
            index=models.Index(
                models.F("is_active"), condition=models.Q(("is_active", False)), name="ix_person_is_active"
            ),
        ),
        migrations.AddIndex(
            model_name="telegramuser",
            index=models.Index(
                models.F("blocked_at"),
                condition=models.Q(("blocked_at__isnull", False)),
                name="ix_person_blocked_at",
            ),
        ),
        migrations.AddIndex(
            model_name="telegramuser",
            index=models.Index(
                models.F("opted_out_at"),
                condition=models.Q(("opted_out_at__isnull", False)),
                name="ix_person_opted_out_at",
            ),
        ),
        migrations.AddIndex(
            model_name="telegramuser",
            index=models.Index(
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.functions.text.Upper("username"), "text_pattern_ops"
                ),
                name="ix_person_username",
            ),
        ),
        migrations.AddIndex(
            model_name="telegramuser",
            index=models.Index(
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.functions.text.Upper("first_name"), "text_pattern_ops"
                ),
                name="ix_person_first_name",
            ),
        ),
        migrations.AddIndex(
            model_name="telegramuser",
            index=models.Index(
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.functions.text.Upper("last_name"), "text_pattern_ops"
                ),
                name="ix_person_last_name",
            ),
        ),
        migrations.AddConstraint(
            model_name="telegramuser",
            constraint=models.CheckConstraint(
                condition=models.Q(("role__in", [0, 1, 2, 3])), name="ck_person_role"
            ),
        ),
        UpdatedAtTrigger("User"),
        UpdatedAtTrigger("TelegramUser"),
        UpdatedAtTrigger("BotCommand"),
    ]
