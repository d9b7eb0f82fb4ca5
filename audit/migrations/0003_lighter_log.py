from django.db import migrations, models

from audit.operations import RefreshedAuditTriggers


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_seals")]

    operations = [
        RefreshedAuditTriggers(),
        migrations.RemoveConstraint(model_name="eventlog", name="ck_eventlog_origin"),
        migrations.RemoveIndex(model_name="eventlog", name="ix_eventlog_created"),
        migrations.RemoveIndex(model_name="eventlog", name="ix_eventlog_deleted"),
        # Without a condition, of which each write would have to make sure.
        migrations.RemoveIndex(model_name="eventlog", name="ix_eventlog_correlation_id"),
        migrations.AddIndex(
            model_name="eventlog",
            index=models.Index(models.F("correlation_id"), name="ix_eventlog_correlation"),
        ),
    ]
