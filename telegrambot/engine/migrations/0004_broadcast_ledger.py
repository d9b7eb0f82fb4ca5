from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("engine", "0003_audit"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("priority", 9)),
                fields=["origin", "status", "timestamp"],
                name="ix_message_broadcast",
            ),
        ),
    ]
