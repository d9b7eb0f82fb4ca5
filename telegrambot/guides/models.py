"""Guides, their categories and covers, what readers keep, and who opened what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.functions import RandomUUID
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Now
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from audit.audited import audited, not_audited
from config.schema import TimestampedModel
from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.guides.links import validate_https
from telegrambot.guides.search_vector import search_queries, search_vector

if TYPE_CHECKING:
    from uuid import UUID

MAX_BODY = 50_000
MAX_COVER_BYTES = 5 * 1024 * 1024
COUNTED = ("views_count", "created_at", "updated_at")


@audited()
class GuideCategory(TimestampedModel):
    """What guides are sorted by. The first six come with the program; an operator may add more."""

    slug = models.SlugField(
        _("short name"), max_length=50, unique=True, help_text=_("Used in imported files.")
    )
    name_en = models.CharField(_("name (English)"), max_length=60)
    name_ru = models.CharField(_("name (Russian)"), max_length=60)
    position = models.SmallIntegerField(
        _("position"), default=100, db_default=100, help_text=_("Lower numbers are shown first.")
    )

    class Meta:
        db_table_comment = "What guides are sorted by"
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.name(get_language() or "en")

    def name(self, language: str) -> str:
        """The name in `language` ("en" or "ru")."""
        return self.name_ru if language == "ru" else self.name_en


class Difficulty(models.IntegerChoices):
    """How much a guide asks of its reader."""

    BEGINNER = 0, _("beginner")
    INTERMEDIATE = 1, _("intermediate")
    ADVANCED = 2, _("advanced")


class GuideQuerySet(models.QuerySet["Guide"]):
    """Guides as readers get them."""

    def open_to(self, person: TelegramUser) -> GuideQuerySet:
        """Those that `person` may read now."""
        return self.filter(is_active=True, minimum_role__lte=person.role)

    def matching(self, words: str) -> GuideQuerySet:
        """Those that `words` are found in, in Russian or in English."""
        russian, english = search_queries(words)
        return self.filter(Q(search_russian=russian) | Q(search_english=english))

    def for_reading(self, person: TelegramUser) -> GuideQuerySet:
        """With what the screen of a guide shows: its category, whether it has a photo, is saved, is read."""
        saved = SavedGuide.objects.filter(user=person, guide=OuterRef("pk"))
        return self.select_related("category").annotate(
            has_cover=Exists(GuideCover.objects.filter(guide=OuterRef("pk"))),
            is_saved=Exists(saved),
            is_read=Exists(saved.filter(is_read=True)),
        )

    def in_reading_order(self) -> GuideQuerySet:
        """From easy to hard, then as they were written."""
        return self.order_by("difficulty_level", "created_at", "pk")


@audited(noise=["views_count"])
class Guide(TimestampedModel):
    """Something to learn from: a text of its own, or a link to one."""

    id = models.UUIDField(primary_key=True, db_default=RandomUUID(), editable=False)
    title = models.CharField(_("title"), max_length=200)
    description = models.CharField(
        _("description"),
        max_length=500,
        blank=True,
        default="",
        db_default="",
        help_text=_("One or two sentences, shown above the text."),
    )
    body = models.TextField(
        _("text"),
        blank=True,
        default="",
        db_default="",
        validators=[MaxLengthValidator(MAX_BODY)],
        help_text=_("Markdown. The preview shows it as Telegram will."),
    )
    content_url = models.CharField(
        _("link"),
        max_length=2048,
        blank=True,
        default="",
        db_default="",
        validators=[validate_https],
        help_text=_("A page that holds the text, such as a Telegraph article; https only."),
    )
    category = models.ForeignKey(
        GuideCategory, on_delete=models.PROTECT, related_name="guides", verbose_name=_("category")
    )
    tags = ArrayField(
        models.CharField(max_length=50), verbose_name=_("tags"), blank=True, default=list, db_default=[]
    )
    difficulty_level = models.SmallIntegerField(
        _("difficulty"), choices=Difficulty, default=Difficulty.BEGINNER, db_default=Difficulty.BEGINNER
    )
    minimum_role = models.SmallIntegerField(
        _("for"),
        choices=Role,
        default=Role.PUBLIC,
        db_default=Role.PUBLIC,
        help_text=_("The least role that may read it."),
    )
    views_count = models.BigIntegerField(_("views"), default=0, db_default=0, editable=False)
    is_active = models.BooleanField(
        _("active"), default=True, db_default=True, help_text=_("Readers see active guides only.")
    )
    search_russian = models.GeneratedField(
        expression=search_vector("russian"), output_field=SearchVectorField(), db_persist=True
    )
    search_english = models.GeneratedField(
        expression=search_vector("english"), output_field=SearchVectorField(), db_persist=True
    )

    objects = GuideQuerySet.as_manager()

    if TYPE_CHECKING:  # from for_reading
        has_cover: bool
        is_saved: bool
        is_read: bool

    class Meta:
        db_table_comment = "What the bot teaches"
        verbose_name = _("guide")
        verbose_name_plural = _("guides")
        constraints = [
            models.CheckConstraint(
                condition=Q(difficulty_level__in=Difficulty.values), name="ck_guide_difficulty_level"
            ),
            models.CheckConstraint(condition=Q(minimum_role__in=Role.values), name="ck_guide_minimum_role"),
            models.CheckConstraint(
                condition=Q(content_url="") | Q(content_url__startswith="https://"),
                name="ck_guide_content_url",
            ),
            models.CheckConstraint(
                condition=~Q(body="") | ~Q(content_url=""),
                name="ck_guide_content",
                violation_error_message=_("Please give the guide a text or a link."),
            ),
        ]
        indexes = [
            models.Index("category", "difficulty_level", "created_at", name="ix_guide_category"),
            models.Index("difficulty_level", name="ix_guide_difficulty_level"),
            models.Index("created_at", name="ix_guide_created_at"),
            models.Index(F("views_count").desc(), name="ix_guide_views_count"),
            GinIndex(fields=["search_russian"], name="ix_guide_search_russian"),
            GinIndex(fields=["search_english"], name="ix_guide_search_english"),
        ]

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, **options: Any) -> None:
        """Save all but what the database counts: readers open guides while an operator edits one."""
        if not self._state.adding and options.get("update_fields") is None:
            options["update_fields"] = [
                field.name
                for field in self._meta.concrete_fields
                if not (field.primary_key or field.generated or field.name in COUNTED)
            ]
        super().save(*args, **options)


@audited(private=["content"], noise=["outgoing_file"])
class GuideCover(TimestampedModel):
    """A guide's photo. It lies in the database, so that every process on every machine can send it."""

    guide = models.OneToOneField(
        Guide, on_delete=models.CASCADE, primary_key=True, related_name="cover", verbose_name=_("guide")
    )
    content = models.BinaryField(_("photo"))
    name = models.CharField(_("file name"), max_length=100)
    # The key of the copy that the sender takes; another photo gets another one.
    outgoing_file = models.UUIDField(db_default=RandomUUID(), editable=False)

    class Meta:
        db_table_comment = "Photos of guides"
        verbose_name = _("cover photo")
        verbose_name_plural = _("cover photos")

    def __str__(self) -> str:
        return self.name


@audited(noise=["times_viewed", "last_viewed_at"])
class SavedGuide(TimestampedModel):
    """One entry of a reader's collection."""

    user = models.ForeignKey(
        TelegramUser, on_delete=models.CASCADE, related_name="saved_guides", verbose_name=_("reader")
    )
    guide = models.ForeignKey(
        Guide, on_delete=models.CASCADE, related_name="savings", verbose_name=_("guide")
    )
    is_read = models.BooleanField(_("read"), default=False, db_default=False)
    times_viewed = models.IntegerField(_("times opened"), default=0, db_default=0, editable=False)
    last_viewed_at = models.DateTimeField(_("last opened"), null=True, editable=False)
    saved_at = models.DateTimeField(_("saved"), db_default=Now(), editable=False)

    class Meta:
        db_table_comment = "Guides that readers keep"
        verbose_name = _("saved guide")
        verbose_name_plural = _("saved guides")
        constraints = [models.UniqueConstraint("user", "guide", name="uq_savedguide_user_guide")]
        indexes = [
            models.Index("user", "is_read", F("saved_at").desc(), name="ix_savedguide_user"),
            models.Index("saved_at", name="ix_savedguide_saved_at"),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.guide}"


@not_audited("Each row is an event itself, and goes when it is counted.")
class GuideView(models.Model):
    """An opening not counted yet: a counter that every reader moves would make them wait for each other."""

    guide = models.ForeignKey(Guide, on_delete=models.CASCADE, related_name="+", verbose_name=_("guide"))
    reader = models.ForeignKey(
        TelegramUser, on_delete=models.CASCADE, related_name="+", verbose_name=_("reader")
    )
    viewed_at = models.DateTimeField(_("opened"), db_default=Now())

    if TYPE_CHECKING:
        guide_id: UUID

    class Meta:
        db_table_comment = "Openings of guides until a job has counted them"
        verbose_name = _("opening")
        verbose_name_plural = _("openings")

    def __str__(self) -> str:
        return f"{self.guide_id} {self.viewed_at:%Y-%m-%d %H:%M}"
