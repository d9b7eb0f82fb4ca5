from __future__ import annotations

import django.contrib.postgres.fields
import django.contrib.postgres.functions
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import telegrambot.guides.links
import telegrambot.guides.search_vector
from config.schema import DatabaseCascade, UpdatedAtTrigger
from telegrambot.guides.search_vector import CREATE_TAGS_AS_TEXT, DROP_TAGS_AS_TEXT

SEED = """
INSERT INTO guides_guidecategory (slug, name_en, name_ru, position) VALUES
    ('trading', 'Trading', 'Трейдинг', 10),
    ('technical', 'Technical analysis', 'Технический анализ', 20),
    ('risk', 'Risk management', 'Управление рисками', 30),
    ('psychology', 'Psychology', 'Психология', 40),
    ('automation', 'Automation', 'Автоматизация', 50),
    ('platform', 'The platform', 'Платформа', 60)
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(CREATE_TAGS_AS_TEXT, DROP_TAGS_AS_TEXT),
        migrations.CreateModel(
            name="Guide",
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
                ("title", models.CharField(max_length=200, verbose_name="title")),
                (
                    "description",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="One or two sentences, shown above the text.",
                        max_length=500,
                        verbose_name="description",
                    ),
                ),
                (
                    "body",
                    models.TextField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="Markdown. The preview shows it as Telegram will.",
                        validators=[django.core.validators.MaxLengthValidator(50000)],
                        verbose_name="text",
                    ),
                ),
                (
                    "content_url",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="A page that holds the text, such as a Telegraph article; https only.",
                        max_length=2048,
                        validators=[telegrambot.guides.links.validate_https],
                        verbose_name="link",
                    ),
                ),
                (
                    "tags",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=50),
                        blank=True,
                        db_default=[],
                        default=list,
                        size=None,
                        verbose_name="tags",
                    ),
                ),
                (
                    "difficulty_level",
                    models.SmallIntegerField(
                        choices=[(0, "beginner"), (1, "intermediate"), (2, "advanced")],
                        db_default=0,
                        default=0,
                        verbose_name="difficulty",
                    ),
                ),
                (
                    "minimum_role",
                    models.SmallIntegerField(
                        choices=[(0, "public"), (1, "subscriber"), (2, "admin"), (3, "owner")],
                        db_default=0,
                        default=0,
                        help_text="The least role that may read it.",
                        verbose_name="for",
                    ),
                ),
                (
                    "views_count",
                    models.BigIntegerField(db_default=0, default=0, editable=False, verbose_name="views"),
                ),
                (
                    "is_active",
                    models.BooleanField(
                        db_default=True,
                        default=True,
                        help_text="Readers see active guides only.",
                        verbose_name="active",
                    ),
                ),
                (
                    "search_russian",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.contrib.postgres.search.CombinedSearchVector(
                            django.contrib.postgres.search.CombinedSearchVector(
                                django.contrib.postgres.search.CombinedSearchVector(
                                    django.contrib.postgres.search.SearchVector(
                                        "title", config="russian", weight="A"
                                    ),
                                    "||",
                                    django.contrib.postgres.search.SearchVector(
                                        telegrambot.guides.search_vector.TagsAsText("tags"),
                                        config="russian",
                                        weight="A",
                                    ),
                                    django.contrib.postgres.search.SearchConfig("russian"),
                                ),
                                "||",
                                django.contrib.postgres.search.SearchVector(
                                    "description", config="russian", weight="B"
                                ),
                                django.contrib.postgres.search.SearchConfig("russian"),
                            ),
                            "||",
                            django.contrib.postgres.search.SearchVector("body", config="russian", weight="C"),
                            django.contrib.postgres.search.SearchConfig("russian"),
                        ),
                        output_field=django.contrib.postgres.search.SearchVectorField(),
                    ),
                ),
                (
                    "search_english",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.contrib.postgres.search.CombinedSearchVector(
                            django.contrib.postgres.search.CombinedSearchVector(
                                django.contrib.postgres.search.CombinedSearchVector(
                                    django.contrib.postgres.search.SearchVector(
                                        "title", config="english", weight="A"
                                    ),
                                    "||",
                                    django.contrib.postgres.search.SearchVector(
                                        telegrambot.guides.search_vector.TagsAsText("tags"),
                                        config="english",
                                        weight="A",
                                    ),
                                    django.contrib.postgres.search.SearchConfig("english"),
                                ),
                                "||",
                                django.contrib.postgres.search.SearchVector(
                                    "description", config="english", weight="B"
                                ),
                                django.contrib.postgres.search.SearchConfig("english"),
                            ),
                            "||",
                            django.contrib.postgres.search.SearchVector("body", config="english", weight="C"),
                            django.contrib.postgres.search.SearchConfig("english"),
                        ),
                        output_field=django.contrib.postgres.search.SearchVectorField(),
                    ),
                ),
            ],
            options={
                "verbose_name": "guide",
                "verbose_name_plural": "guides",
                "db_table_comment": "What the bot teaches",
            },
        ),
        migrations.CreateModel(
            name="GuideCategory",
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
                    "slug",
                    models.SlugField(
                        help_text="Used in imported files.", unique=True, verbose_name="short name"
                    ),
                ),
                ("name_en", models.CharField(max_length=60, verbose_name="name (English)")),
                ("name_ru", models.CharField(max_length=60, verbose_name="name (Russian)")),
                (
                    "position",
                    models.SmallIntegerField(
                        db_default=100,
                        default=100,
                        help_text="Lower numbers are shown first.",
                        verbose_name="position",
                    ),
                ),
            ],
            options={
                "verbose_name": "category",
                "verbose_name_plural": "categories",
                "db_table_comment": "What guides are sorted by",
                "ordering": ["position", "pk"],
            },
        ),
        migrations.CreateModel(
            name="GuideCover",
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
                    "guide",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="cover",
                        serialize=False,
                        to="guides.guide",
                        verbose_name="guide",
                    ),
                ),
                ("content", models.BinaryField(verbose_name="photo")),
                ("name", models.CharField(max_length=100, verbose_name="file name")),
            ],
            options={
                "verbose_name": "cover photo",
                "verbose_name_plural": "cover photos",
                "db_table_comment": "Photos of guides",
            },
        ),
        migrations.AddField(
            model_name="guide",
            name="category",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="guides",
                to="guides.guidecategory",
                verbose_name="category",
            ),
        ),
        migrations.CreateModel(
            name="GuideView",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "viewed_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="opened"
                    ),
                ),
                (
                    "guide",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="guides.guide",
                        verbose_name="guide",
                    ),
                ),
                (
                    "reader",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.telegramuser",
                        verbose_name="reader",
                    ),
                ),
            ],
            options={
                "verbose_name": "opening",
                "verbose_name_plural": "openings",
                "db_table_comment": "Openings of guides until a job has counted them",
            },
        ),
        migrations.CreateModel(
            name="SavedGuide",
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
                ("is_read", models.BooleanField(db_default=False, default=False, verbose_name="read")),
                (
                    "times_viewed",
                    models.IntegerField(db_default=0, default=0, editable=False, verbose_name="times opened"),
                ),
                (
                    "last_viewed_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="last opened"),
                ),
                (
                    "saved_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="saved",
                    ),
                ),
                (
                    "guide",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="savings",
                        to="guides.guide",
                        verbose_name="guide",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="saved_guides",
                        to="accounts.telegramuser",
                        verbose_name="reader",
                    ),
                ),
            ],
            options={
                "verbose_name": "saved guide",
                "verbose_name_plural": "saved guides",
                "db_table_comment": "Guides that readers keep",
            },
        ),
        migrations.AddIndex(
            model_name="guide",
            index=models.Index(
                models.F("category"),
                models.F("difficulty_level"),
                models.F("created_at"),
                name="ix_guide_category",
            ),
        ),
        migrations.AddIndex(
            model_name="guide",
            index=models.Index(models.F("difficulty_level"), name="ix_guide_difficulty_level"),
        ),
        migrations.AddIndex(
            model_name="guide",
            index=models.Index(models.F("created_at"), name="ix_guide_created_at"),
        ),
        migrations.AddIndex(
            model_name="guide",
            index=models.Index(
                models.OrderBy(models.F("views_count"), descending=True), name="ix_guide_views_count"
            ),
        ),
        migrations.AddIndex(
            model_name="guide",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["search_russian"], name="ix_guide_search_russian"
            ),
        ),
        migrations.AddIndex(
            model_name="guide",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["search_english"], name="ix_guide_search_english"
            ),
        ),
        migrations.AddConstraint(
            model_name="guide",
            constraint=models.CheckConstraint(
                condition=models.Q(("difficulty_level__in", [0, 1, 2])), name="ck_guide_difficulty_level"
            ),
        ),
        migrations.AddConstraint(
            model_name="guide",
            constraint=models.CheckConstraint(
                condition=models.Q(("minimum_role__in", [0, 1, 2, 3])), name="ck_guide_minimum_role"
            ),
        ),
        migrations.AddConstraint(
            model_name="guide",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("content_url", ""), ("content_url__startswith", "https://"), _connector="OR"
                ),
                name="ck_guide_content_url",
            ),
        ),
        migrations.AddConstraint(
            model_name="guide",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("body", ""), _negated=True),
                    models.Q(("content_url", ""), _negated=True),
                    _connector="OR",
                ),
                name="ck_guide_content",
                violation_error_message="Please give the guide a text or a link.",
            ),
        ),
        migrations.AddIndex(
            model_name="savedguide",
            index=models.Index(
                models.F("user"),
                models.F("is_read"),
                models.OrderBy(models.F("saved_at"), descending=True),
                name="ix_savedguide_user",
            ),
        ),
        migrations.AddIndex(
            model_name="savedguide",
            index=models.Index(models.F("saved_at"), name="ix_savedguide_saved_at"),
        ),
        migrations.AddConstraint(
            model_name="savedguide",
            constraint=models.UniqueConstraint(
                models.F("user"), models.F("guide"), name="uq_savedguide_user_guide"
            ),
        ),
        UpdatedAtTrigger("GuideCategory"),
        UpdatedAtTrigger("Guide"),
        UpdatedAtTrigger("GuideCover"),
        UpdatedAtTrigger("SavedGuide"),
        DatabaseCascade("GuideCover", "guide"),
        DatabaseCascade("SavedGuide", "user"),
        DatabaseCascade("SavedGuide", "guide"),
        DatabaseCascade("GuideView", "guide"),
        DatabaseCascade("GuideView", "reader"),
        migrations.RunSQL(SEED, migrations.RunSQL.noop),
    ]
