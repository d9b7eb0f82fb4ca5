from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

from config.schema import DatabaseCascade

# Where a person looked was not kept: most likely at the project they are busy with. Of the others they see
# rather too much than too little.
BY_PROJECT = """
INSERT INTO projects_changesseen (user_id, project_id, seen_at)
SELECT user_id, active_project_id, changes_seen_at FROM projects_usercontext
WHERE active_project_id IS NOT NULL AND changes_seen_at IS NOT NULL
"""
BY_PERSON = """
INSERT INTO projects_usercontext (user_id, changes_seen_at)
SELECT user_id, max(seen_at) FROM projects_changesseen GROUP BY user_id
ON CONFLICT (user_id) DO UPDATE SET changes_seen_at = excluded.changes_seen_at
"""
# A table whose keys are still to be checked cannot be altered in the same transaction.
AT_ONCE, AS_EVER = "SET CONSTRAINTS ALL IMMEDIATE", "SET CONSTRAINTS ALL DEFERRED"


class Migration(migrations.Migration):
    dependencies = [
        ("projects", "0002_audit"),
    ]

    operations = [
        migrations.CreateModel(
            name="ChangesSeen",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("seen_at", models.DateTimeField(verbose_name="last looked at the changes")),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="projects.project",
                        verbose_name="project",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.telegramuser",
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "look at the changes",
                "verbose_name_plural": "looks at the changes",
                "db_table_comment": "When each person last looked at the changes of each project",
                "constraints": [
                    models.UniqueConstraint(fields=("user", "project"), name="uq_changesseen_user_project")
                ],
            },
        ),
        DatabaseCascade("ChangesSeen", "user"),
        DatabaseCascade("ChangesSeen", "project"),
        migrations.RunSQL([AT_ONCE, BY_PROJECT, AS_EVER], [AT_ONCE, BY_PERSON, AS_EVER]),
        migrations.RemoveField(model_name="usercontext", name="changes_seen_at"),
    ]
