from django.db import migrations, models

from audit.operations import AppendOnlyTable


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="AuditSeal",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False, verbose_name="number")),
                ("first_event_id", models.BigIntegerField(unique=True, verbose_name="first event")),
                ("last_event_id", models.BigIntegerField(unique=True, verbose_name="last event")),
                ("event_count", models.IntegerField(verbose_name="events")),
                ("digest", models.BinaryField(verbose_name="digest of the events")),
                ("previous_hash", models.BinaryField(unique=True, verbose_name="hash of the seal before")),
                ("hash", models.BinaryField(unique=True, verbose_name="hash")),
                ("sealed_at", models.DateTimeField(verbose_name="sealed")),
            ],
            options={
                "base_manager_name": "objects",
                "verbose_name": "seal",
                "verbose_name_plural": "seals",
                "db_table": "audit_seal",
                "db_table_comment": "Seals of the log, each chained to the one before; append-only",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("last_event_id__gte", models.F("first_event_id"))),
                        name="ck_seal_range",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("event_count__gt", 0)), name="ck_seal_event_count"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SealedEvent",
            fields=[
                ("event_id", models.BigIntegerField(primary_key=True, serialize=False, verbose_name="event")),
                ("seal_id", models.BigIntegerField(verbose_name="seal")),
                ("hash", models.BinaryField(verbose_name="hash")),
            ],
            options={
                "base_manager_name": "objects",
                "verbose_name": "sealed event",
                "verbose_name_plural": "sealed events",
                "db_table_comment": "The hash of every sealed event; append-only",
            },
        ),
        AppendOnlyTable("AuditSeal"),
        AppendOnlyTable("SealedEvent"),
    ]
