from __future__ import annotations

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
from django.db import migrations, models

from config.schema import DatabaseCascade, UpdatedAtTrigger

# A release of another project is no release of the feature. Django has no key of two columns; this one stands
# beside its own, which sets the column to NULL when the release goes, and is looked at when that is over.
SAME_PROJECT = """
ALTER TABLE projects_feature ADD CONSTRAINT fk_feature_release_project
FOREIGN KEY (release_id, project_id) REFERENCES projects_release (id, project_id)
DEFERRABLE INITIALLY DEFERRED
"""
NO_SAME_PROJECT = "ALTER TABLE projects_feature DROP CONSTRAINT fk_feature_release_project"

COUNT_REVISIONS = """
CREATE FUNCTION projects_count_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.revision := OLD.revision;
    IF NEW IS DISTINCT FROM OLD THEN
        NEW.revision := OLD.revision + 1;
    END IF;
    RETURN NEW;
END $$;
"""
# Their names make them come before the triggers of updated_at, which change every row.
REVISED = """
CREATE TRIGGER projects_{0}_revision BEFORE UPDATE ON projects_{0}
FOR EACH ROW EXECUTE FUNCTION projects_count_revision();
"""
TABLES = ("project", "release", "feature")
NO_REVISIONS = "".join(f"DROP TRIGGER projects_{table}_revision ON projects_{table};" for table in TABLES)


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Project",
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
                    "revision",
                    models.IntegerField(db_default=1, default=1, editable=False, verbose_name="revision"),
                ),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                (
                    "description",
                    models.TextField(blank=True, db_default="", default="", verbose_name="description"),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("active", "active"), ("paused", "paused"), ("archived", "archived")],
                        db_default="active",
                        default="active",
                        max_length=20,
                        verbose_name="status",
                    ),
                ),
            ],
            options={
                "verbose_name": "project",
                "verbose_name_plural": "projects",
                "db_table_comment": "What the team builds",
                "indexes": [
                    models.Index(
                        models.F("status"),
                        django.db.models.functions.text.Lower("name"),
                        name="ix_project_status_name",
                    ),
                    models.Index(models.F("updated_at"), name="ix_project_updated_at"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["active", "paused", "archived"])),
                        name="ck_project_status",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("name__regex", "\\S")), name="ck_project_name"
                    ),
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("name"),
                        name="uq_project_name",
                        violation_error_message="There is already a project of this name.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Release",
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
                    "revision",
                    models.IntegerField(db_default=1, default=1, editable=False, verbose_name="revision"),
                ),
                ("version", models.CharField(max_length=50, verbose_name="version")),
                ("target_date", models.DateField(blank=True, null=True, verbose_name="target date")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("planned", "planned"),
                            ("in_progress", "in progress"),
                            ("released", "released"),
                            ("cancelled", "cancelled"),
                        ],
                        db_default="planned",
                        default="planned",
                        max_length=20,
                        verbose_name="status",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="releases",
                        to="projects.project",
                        verbose_name="project",
                    ),
                ),
            ],
            options={
                "verbose_name": "release",
                "verbose_name_plural": "releases",
                "db_table_comment": "Versions of projects that go out to their users",
            },
        ),
        migrations.CreateModel(
            name="Feature",
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
                    "revision",
                    models.IntegerField(db_default=1, default=1, editable=False, verbose_name="revision"),
                ),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                (
                    "description",
                    models.TextField(blank=True, db_default="", default="", verbose_name="description"),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("backlog", "backlog"),
                            ("planned", "planned"),
                            ("in_progress", "in progress"),
                            ("blocked", "blocked"),
                            ("done", "done"),
                            ("dropped", "dropped"),
                        ],
                        db_default="backlog",
                        default="backlog",
                        max_length=20,
                        verbose_name="status",
                    ),
                ),
                (
                    "status_reason",
                    models.TextField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="Why it is in this state. Blocked and dropped features need one.",
                        verbose_name="reason",
                    ),
                ),
                (
                    "assigned_teams",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=100),
                        blank=True,
                        db_default=[],
                        default=list,
                        size=None,
                        verbose_name="teams",
                    ),
                ),
                (
                    "assigned_po",
                    models.CharField(
                        blank=True, db_default="", default="", max_length=100, verbose_name="product owner"
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="features",
                        to="projects.project",
                        verbose_name="project",
                    ),
                ),
                (
                    "release",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="features",
                        to="projects.release",
                        verbose_name="release",
                    ),
                ),
            ],
            options={
                "verbose_name": "feature",
                "verbose_name_plural": "features",
                "db_table_comment": "What projects are to be able to do",
            },
        ),
        migrations.CreateModel(
            name="UserContext",
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
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="accounts.telegramuser",
                        verbose_name="person",
                    ),
                ),
                (
                    "changes_seen_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="last looked at the changes"),
                ),
                (
                    "active_project",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="projects.project",
                        verbose_name="active project",
                    ),
                ),
            ],
            options={
                "verbose_name": "person's context",
                "verbose_name_plural": "people's contexts",
                "db_table_comment": "Which project each person is busy with",
            },
        ),
        migrations.AddIndex(
            model_name="release",
            index=models.Index(models.F("project"), models.F("target_date"), name="ix_release_project_date"),
        ),
        migrations.AddIndex(
            model_name="release",
            index=models.Index(models.F("status"), name="ix_release_status"),
        ),
        migrations.AddIndex(
            model_name="release",
            index=models.Index(models.F("target_date"), name="ix_release_target_date"),
        ),
        migrations.AddConstraint(
            model_name="release",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["planned", "in_progress", "released", "cancelled"])),
                name="ck_release_status",
            ),
        ),
        migrations.AddConstraint(
            model_name="release",
            constraint=models.CheckConstraint(
                condition=models.Q(("version__regex", "\\S")), name="ck_release_version"
            ),
        ),
        migrations.AddConstraint(
            model_name="release",
            constraint=models.UniqueConstraint(
                models.F("project"),
                django.db.models.functions.text.Lower("version"),
                name="uq_release_project_version",
                violation_error_message="The project already has a release of this version.",
            ),
        ),
        migrations.AddConstraint(
            model_name="release",
            constraint=models.UniqueConstraint(fields=("id", "project"), name="uq_release_id_project"),
        ),
        migrations.AddIndex(
            model_name="feature",
            index=models.Index(models.F("project"), models.F("status"), name="ix_feature_project_status"),
        ),
        migrations.AddIndex(
            model_name="feature",
            index=models.Index(models.F("status"), name="ix_feature_status"),
        ),
        migrations.AddIndex(
            model_name="feature",
            index=models.Index(models.F("updated_at"), name="ix_feature_updated_at"),
        ),
        migrations.AddIndex(
            model_name="feature",
            index=models.Index(
                models.F("assigned_po"),
                condition=models.Q(("assigned_po", ""), _negated=True),
                name="ix_feature_assigned_po",
            ),
        ),
        migrations.AddIndex(
            model_name="feature",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["assigned_teams"], name="ix_feature_assigned_teams"
            ),
        ),
        migrations.AddIndex(
            model_name="feature",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.search.SearchVector("name", config="simple"),
                name="ix_feature_name_words",
            ),
        ),
        migrations.AddConstraint(
            model_name="feature",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status__in", ["backlog", "planned", "in_progress", "blocked", "done", "dropped"])
                ),
                name="ck_feature_status",
            ),
        ),
        migrations.AddConstraint(
            model_name="feature",
            constraint=models.CheckConstraint(
                condition=models.Q(("name__regex", "\\S")), name="ck_feature_name"
            ),
        ),
        migrations.AddConstraint(
            model_name="feature",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status__in", ["blocked", "dropped"]), _negated=True),
                    ("status_reason__regex", "\\S"),
                    _connector="OR",
                ),
                name="ck_feature_status_reason",
                violation_error_message="Please say why the feature is blocked or dropped.",
            ),
        ),
        migrations.AddConstraint(
            model_name="feature",
            constraint=models.UniqueConstraint(
                models.F("project"),
                django.db.models.functions.text.Lower("name"),
                name="uq_feature_project_name",
                violation_error_message="The project already has a feature of this name.",
            ),
        ),
        UpdatedAtTrigger("Project"),
        UpdatedAtTrigger("Release"),
        UpdatedAtTrigger("Feature"),
        UpdatedAtTrigger("UserContext"),
        DatabaseCascade("Release", "project"),
        DatabaseCascade("Feature", "project"),
        DatabaseCascade("Feature", "release", "SET NULL"),
        DatabaseCascade("UserContext", "user"),
        DatabaseCascade("UserContext", "active_project", "SET NULL"),
        migrations.RunSQL(SAME_PROJECT, NO_SAME_PROJECT),
        migrations.RunSQL(
            COUNT_REVISIONS + "".join(map(REVISED.format, TABLES)),
            f"{NO_REVISIONS} DROP FUNCTION projects_count_revision();",
        ),
    ]
