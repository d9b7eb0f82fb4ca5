from __future__ import annotations

import django.contrib.postgres.functions
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("guides", "0002_audit"),
    ]

    operations = [
        migrations.AddField(
            model_name="guidecover",
            name="outgoing_file",
            field=models.UUIDField(db_default=django.contrib.postgres.functions.RandomUUID(), editable=False),
        ),
    ]
