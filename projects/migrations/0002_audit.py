from __future__ import annotations

from django.db import migrations

from audit.operations import AuditTrigger


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0001_initial"),
        ("projects", "0001_initial"),
    ]

    operations = [
        AuditTrigger(
            model_name="Feature",
            columns=(
                "project_id",
                "name",
                "description",
                "status",
                "status_reason",
                "assigned_teams",
                "assigned_po",
                "release_id",
            ),
        ),
        AuditTrigger(
            model_name="Project",
            columns=("name", "description", "status"),
        ),
        AuditTrigger(
            model_name="Release",
            columns=("project_id", "version", "target_date", "status"),
        ),
        AuditTrigger(
            model_name="UserContext",
            columns=("active_project_id",),
        ),
    ]
