import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import telegrambot.vault.fields
from config.schema import DatabaseCascade

# Whoever settles a message or closes an update, psql included: what was sealed for it goes.
ERASE_SEALED = """
CREATE FUNCTION engine_erase_sealed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.sealed := NULL;
    RETURN NEW;
END $$;
CREATE TRIGGER engine_message_sealed BEFORE UPDATE ON engine_message FOR EACH ROW
WHEN (NEW.sealed IS NOT NULL AND NEW.status IN ('sent', 'delivered', 'read', 'failed', 'cancelled'))
EXECUTE FUNCTION engine_erase_sealed();
CREATE TRIGGER engine_inboundupdate_sealed BEFORE UPDATE ON engine_inboundupdate FOR EACH ROW
WHEN (NEW.sealed IS NOT NULL AND NEW.status = 'done') EXECUTE FUNCTION engine_erase_sealed();
"""
KEEP_SEALED = """
DROP TRIGGER engine_inboundupdate_sealed ON engine_inboundupdate;
DROP TRIGGER engine_message_sealed ON engine_message;
DROP FUNCTION engine_erase_sealed();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_audit"),
        ("engine", "0004_broadcast_ledger"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="FetchedMedia",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "position",
                    models.SmallIntegerField(db_default=0, default=0, verbose_name="place in the album"),
                ),
                ("is_thumbnail", models.BooleanField(verbose_name="thumbnail")),
                ("content_type", models.CharField(max_length=100, verbose_name="content type")),
                ("content", models.BinaryField()),
                (
                    "fetched_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="fetched"
                    ),
                ),
            ],
            options={
                "verbose_name": "fetched file",
                "verbose_name_plural": "fetched files",
                "db_table_comment": "Files of messages, fetched from Telegram for operators, for a few days",
            },
        ),
        migrations.AddField(
            model_name="dialog",
            name="auto_send_enabled",
            field=models.BooleanField(db_default=False, default=False, verbose_name="send drafts unasked"),
        ),
        migrations.AddField(
            model_name="dialog",
            name="is_processing_enabled",
            field=models.BooleanField(db_default=False, default=False, verbose_name="draft replies"),
        ),
        migrations.AddField(
            model_name="dialog",
            name="keep_history",
            field=models.BooleanField(
                db_default=True,
                default=True,
                help_text="Off: what is said here passes through memory and is not kept.",
                verbose_name="keep history",
            ),
        ),
        migrations.AddField(
            model_name="dialog",
            name="last_processed_message_id",
            field=models.BigIntegerField(
                blank=True,
                help_text="Moves when a draft is stored or deliberately left out.",
                null=True,
                verbose_name="drafted up to message",
            ),
        ),
        migrations.AddField(
            model_name="dialog",
            name="owner",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="owned_dialogs",
                to=settings.AUTH_USER_MODEL,
                verbose_name="responsible",
            ),
        ),
        migrations.AddField(
            model_name="inboundupdate",
            name="sealed",
            field=telegrambot.vault.fields.EncryptedTextField(
                blank=True,
                help_text="Of a chat without history: the payload, encrypted, until it is handled.",
                null=True,
                verbose_name="sealed content",
            ),
        ),
        migrations.AddField(
            model_name="message",
            name="about",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                help_text="Whose words or name it repeats to somebody else.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="quotations",
                to="accounts.telegramuser",
                verbose_name="quotes",
            ),
        ),
        migrations.AddField(
            model_name="message",
            name="expects_last_inbound",
            field=models.BigIntegerField(
                blank=True,
                help_text="Not sent any more when the person has written since.",
                null=True,
                verbose_name="answers message",
            ),
        ),
        migrations.AddField(
            model_name="message",
            name="language",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "unknown"),
                    ("ru", "Russian"),
                    ("en", "English"),
                    ("other", "another language"),
                ],
                db_default="",
                default="",
                help_text="Of the text, as far as it can be told.",
                max_length=5,
                verbose_name="language",
            ),
        ),
        migrations.AddField(
            model_name="message",
            name="sealed",
            field=telegrambot.vault.fields.EncryptedTextField(
                blank=True,
                help_text="In a chat without history: text and payload, encrypted, until they are sent.",
                null=True,
                verbose_name="sealed content",
            ),
        ),
        migrations.AddField(
            model_name="outgoingfile",
            name="is_sealed",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddIndex(
            model_name="dialog",
            index=models.Index(
                condition=models.Q(("keep_history", False)),
                fields=["telegram_dialog_id"],
                name="ix_dialog_messageless",
            ),
        ),
        migrations.AddIndex(
            model_name="inboundupdate",
            index=models.Index(
                condition=models.Q(("sealed__isnull", False)), fields=["received_at"], name="ix_update_sealed"
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("direction", "inbound")),
                fields=["dialog", "id"],
                name="ix_message_inbound",
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("about__isnull", False)), fields=["about"], name="ix_message_about"
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("sealed__isnull", False)), fields=["created_at"], name="ix_message_sealed"
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.search.SearchVector("text", config="russian"),
                condition=models.Q(("priority__lt", 9), ("status__in", ["sent", "delivered", "read"])),
                name="ix_message_search",
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=models.Q(("language__in", ["", "ru", "en", "other"])), name="ck_message_language"
            ),
        ),
        migrations.AddField(
            model_name="fetchedmedia",
            name="message",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="fetched_media",
                to="engine.message",
                verbose_name="message",
            ),
        ),
        migrations.AddIndex(
            model_name="fetchedmedia",
            index=models.Index(fields=["fetched_at"], name="ix_media_fetched_at"),
        ),
        migrations.AddConstraint(
            model_name="fetchedmedia",
            constraint=models.UniqueConstraint(
                fields=("message", "position", "is_thumbnail"), name="uq_media_file"
            ),
        ),
        migrations.RunSQL(ERASE_SEALED, KEEP_SEALED),
        DatabaseCascade("Message", "about", "SET NULL"),
        DatabaseCascade("FetchedMedia", "message"),
    ]
