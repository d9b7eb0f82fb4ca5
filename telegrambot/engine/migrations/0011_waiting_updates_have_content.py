from django.db import migrations, models

# Nothing could handle them: they ended every process that tried.
GIVE_UP_EMPTY = """
UPDATE engine_inboundupdate
SET status = 'failed', processed_at = statement_timestamp(),
    error = concat_ws(E'\\n', nullif(error, ''), 'What it said was erased before it was handled.')
WHERE status = 'pending' AND payload IS NULL AND sealed IS NULL
"""


class Migration(migrations.Migration):
    dependencies = [
        ("engine", "0010_comment_of_outgoing_files"),
    ]

    operations = [
        migrations.RunSQL(GIVE_UP_EMPTY, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="inboundupdate",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "pending"), _negated=True),
                    ("payload__isnull", False),
                    ("sealed__isnull", False),
                    _connector="OR",
                ),
                name="ck_update_waits_with_content",
            ),
        ),
    ]
