"""Broadcasts, the people they are for, and who pressed what."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from audit.audited import audited, not_audited
from config.schema import TimestampedModel
from telegrambot.accounts.models import TelegramUser
from telegrambot.broadcasts.buttons import validate_buttons
from telegrambot.broadcasts.conditions import validate_conditions
from telegrambot.broadcasts.markup import validate_markup

# How the origin of every copy begins; the broadcast's key follows.
ORIGIN = "broadcast:"
MAX_MEDIA_BYTES = 10 * 1024 * 1024


@audited()
class Segment(TimestampedModel):
    """A saved choice of people."""

    name = models.CharField(_("name"), max_length=100)
    description = models.CharField(_("description"), max_length=300, blank=True, default="", db_default="")
    conditions = models.JSONField(
        _("conditions"), blank=True, default=dict, db_default={}, validators=[validate_conditions]
    )

    class Meta:
        db_table_comment = "Saved choices of people for broadcasts"
        verbose_name = _("segment")
        verbose_name_plural = _("segments")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="uq_segment_name",
                violation_error_message=_("There is a segment of that name already."),
            )
        ]

    def __str__(self) -> str:
        return self.name


@audited(
    noise=[
        "cursor",
        "recipients_count",
        "failed_count",
        "uncertain_count",
        "clicks_count",
        "opt_outs_count",
    ]
)
class Broadcast(TimestampedModel):
    """One announcement to many people. Its copies are messages with the origin `broadcast:<id>`."""

    class Status(models.IntegerChoices):
        DRAFT = 0, _("draft")
        SCHEDULED = 1, _("scheduled")
        SENT = 2, _("sent")
        FAILED = 3, _("failed")
        SENDING = 4, _("sending")
        PAUSED = 5, _("paused")
        CANCELLED = 6, _("cancelled")

    class Audience(models.TextChoices):
        ALL = "all", _("everybody")
        SUBSCRIBER = "subscriber", _("subscribers")
        ADMIN = "admin", _("admins and owners")
        SEGMENT = "segment", _("a segment")

    class Type(models.TextChoices):
        TEXT = "text", _("text")
        PHOTO = "photo", _("photo")
        VIDEO = "video", _("video")
        ALBUM = "album", _("album")

    id = models.UUIDField(primary_key=True, db_default=RandomUUID(), editable=False)
    title = models.CharField(
        _("title"), max_length=200, help_text=_("For you and your team; recipients do not see it.")
    )
    message_text = models.TextField(
        _("text"),
        blank=True,
        default="",
        db_default="",
        validators=[validate_markup],
        help_text=_("Telegram HTML. {first_name|friend} becomes the name, or “friend” without one."),
    )
    message_type = models.CharField(
        _("type"), max_length=10, choices=Type, default=Type.TEXT, db_default=Type.TEXT
    )
    buttons = models.JSONField(
        _("buttons"), blank=True, default=list, db_default=[], validators=[validate_buttons]
    )
    target_audience = models.CharField(
        _("for"), max_length=10, choices=Audience, default=Audience.ALL, db_default=Audience.ALL
    )
    segment = models.ForeignKey(
        Segment,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="broadcasts",
        verbose_name=_("segment"),
    )
    conditions = models.JSONField(_("conditions at the start"), default=dict, db_default={}, editable=False)
    status = models.SmallIntegerField(
        _("status"), choices=Status, default=Status.DRAFT, db_default=Status.DRAFT, editable=False
    )
    scheduled_at = models.DateTimeField(_("scheduled for"), null=True, blank=True)
    is_local_time = models.BooleanField(
        _("in each recipient's own time"),
        default=False,
        db_default=False,
        help_text=_("Everybody gets it when their own clock shows the time above."),
    )
    schedule_timezone = models.CharField(
        _("time zone of the schedule"),
        max_length=64,
        default="",
        db_default="",
        editable=False,
        help_text=_("Whose clock shows that time: the operator's who chose it."),
    )
    needs_confirmation = models.BooleanField(
        _("waits for a confirmation"),
        default=False,
        db_default=False,
        editable=False,
        help_text=_("It was due while nothing was running; somebody has to say whether it should still go."),
    )
    started_at = models.DateTimeField(_("started"), null=True, editable=False)
    sent_at = models.DateTimeField(_("finished"), null=True, editable=False)
    fanned_out_at = models.DateTimeField(_("all copies made"), null=True, editable=False)
    cursor = models.UUIDField(_("copies made up to"), null=True, editable=False)
    audience_size = models.IntegerField(_("planned"), default=0, db_default=0, editable=False)
    recipients_count = models.IntegerField(_("received"), default=0, db_default=0, editable=False)
    failed_count = models.IntegerField(_("failed"), default=0, db_default=0, editable=False)
    uncertain_count = models.IntegerField(_("uncertain"), default=0, db_default=0, editable=False)
    clicks_count = models.IntegerField(_("clicks"), default=0, db_default=0, editable=False)
    opt_outs_count = models.IntegerField(_("opt-outs"), default=0, db_default=0, editable=False)
    problem = models.CharField(_("problem"), max_length=300, default="", db_default="", editable=False)
    created_by = models.ForeignKey(
        TelegramUser,
        on_delete=models.SET_NULL,
        null=True,
        related_name="broadcasts",
        verbose_name=_("created by"),
        editable=False,
    )

    class Meta:
        db_table_comment = "Announcements to many people"
        verbose_name = _("broadcast")
        verbose_name_plural = _("broadcasts")
        constraints = [
            models.CheckConstraint(condition=Q(status__in=range(7)), name="ck_broadcast_status"),
            models.CheckConstraint(
                condition=Q(target_audience__in=["all", "subscriber", "admin", "segment"]),
                name="ck_broadcast_target_audience",
            ),
            models.CheckConstraint(
                condition=Q(message_type__in=["text", "photo", "video", "album"]), name="ck_broadcast_type"
            ),
            models.CheckConstraint(
                condition=~Q(target_audience="segment") | Q(segment__isnull=False),
                name="ck_broadcast_segment",
                violation_error_message=_("Please choose the segment it is for."),
            ),
            models.CheckConstraint(
                condition=~Q(status=1) | Q(scheduled_at__isnull=False), name="ck_broadcast_scheduled_at"
            ),
        ]
        indexes = [
            models.Index("status", "scheduled_at", name="ix_broadcast_status"),
            models.Index("scheduled_at", name="ix_broadcast_scheduled_at"),
            models.Index(F("created_at").desc(), name="ix_broadcast_created_at"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def origin(self) -> str:
        """What its copies name as their maker."""
        return f"{ORIGIN}{self.pk}"

    @property
    def is_open(self) -> bool:
        """Whether its content may still change."""
        return self.status in {self.Status.DRAFT, self.Status.SCHEDULED}

    @property
    def is_running(self) -> bool:
        """Whether copies are still to be sent."""
        return self.status in {self.Status.SENDING, self.Status.PAUSED}


@not_audited("Made and spent by the program while a broadcast runs.")
class Postponement(models.Model):
    """A recipient whose time has not come: their quiet hours, or their own clock."""

    broadcast = models.ForeignKey(
        Broadcast, on_delete=models.CASCADE, related_name="postponements", db_index=False
    )
    person = models.ForeignKey(TelegramUser, on_delete=models.CASCADE, related_name="+")
    due_at = models.DateTimeField()

    class Meta:
        db_table_comment = "Recipients of running broadcasts who get their copy later"
        constraints = [models.UniqueConstraint(fields=["broadcast", "person"], name="uq_postponement_person")]
        indexes = [models.Index("broadcast", "due_at", name="ix_postponement_due_at")]

    def __str__(self) -> str:
        return f"{self.broadcast_id} · {self.due_at:%Y-%m-%d %H:%M}"


@audited(private=["content"], noise=["outgoing_file"])
class BroadcastMedia(TimestampedModel):
    """A photo or video of a broadcast, kept in the database so that every process can send it."""

    class Kind(models.TextChoices):
        PHOTO = "photo", _("photo")
        VIDEO = "video", _("video")

    broadcast = models.ForeignKey(
        Broadcast, on_delete=models.CASCADE, related_name="media", verbose_name=_("broadcast")
    )
    position = models.SmallIntegerField(_("position"), default=0, db_default=0)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    name = models.CharField(_("file name"), max_length=100)
    content = models.BinaryField(_("file"))
    outgoing_file = models.UUIDField(
        null=True, editable=False, help_text=_("The copy that the sender takes while the broadcast runs.")
    )

    class Meta:
        db_table_comment = "Photos and videos of broadcasts"
        verbose_name = _("photo or video")
        verbose_name_plural = _("photos and videos")
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["photo", "video"]), name="ck_broadcastmedia_kind"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **options: Any) -> None:
        """Save; another content is another file for the sender."""
        names = options.get("update_fields")
        if not self._state.adding and (names is None or "content" in names):
            self.outgoing_file = None
            options["update_fields"] = None if names is None else {*names, "outgoing_file"}
        super().save(*args, **options)


@not_audited("Each row is an event itself.")
class BroadcastClick(models.Model):
    """Somebody pressed a button of a broadcast. Each person counts once for each button."""

    broadcast = models.ForeignKey(
        Broadcast,
        on_delete=models.CASCADE,
        related_name="clicks",
        verbose_name=_("broadcast"),
        db_index=False,
    )
    person = models.ForeignKey(
        TelegramUser, on_delete=models.CASCADE, related_name="+", verbose_name=_("person")
    )
    button = models.SmallIntegerField(_("button"))
    clicked_at = models.DateTimeField(_("pressed"), db_default=Now())

    class Meta:
        db_table_comment = "Who pressed which button of a broadcast"
        verbose_name = _("click")
        verbose_name_plural = _("clicks")
        constraints = [
            models.UniqueConstraint(
                fields=["broadcast", "person", "button"], name="uq_broadcastclick_person_button"
            )
        ]

    def __str__(self) -> str:
        return f"{self.broadcast_id} · {self.button}"


@not_audited("Each row is an event itself; what the person chose is logged with the person.")
class BroadcastOptOut(models.Model):
    """Somebody asked for no more broadcasts soon after they got this one."""

    broadcast = models.ForeignKey(
        Broadcast,
        on_delete=models.CASCADE,
        related_name="opt_outs",
        verbose_name=_("broadcast"),
        db_index=False,
    )
    person = models.ForeignKey(
        TelegramUser, on_delete=models.CASCADE, related_name="+", verbose_name=_("person")
    )
    opted_out_at = models.DateTimeField(_("when"), db_default=Now())

    class Meta:
        db_table_comment = "Who opted out after which broadcast"
        verbose_name = _("opt-out")
        verbose_name_plural = _("opt-outs")
        constraints = [
            models.UniqueConstraint(fields=["broadcast", "person"], name="uq_broadcastoptout_person")
        ]

    def __str__(self) -> str:
        return f"{self.broadcast_id} · {self.opted_out_at:%Y-%m-%d}"


@audited(noise=["cursor"])
class FollowUp(TimestampedModel):
    """What becomes of copies that people have got: they are taken back, or get another text."""

    class Kind(models.TextChoices):
        RECALL = "recall", _("recall")
        CORRECTION = "correct", _("correction")

    broadcast = models.ForeignKey(
        Broadcast,
        on_delete=models.CASCADE,
        related_name="follow_ups",
        verbose_name=_("broadcast"),
        db_index=False,
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    revision = models.SmallIntegerField(
        _("revision"), default=1, db_default=1, help_text=_("The first, second, … of its kind.")
    )
    up_to = models.BigIntegerField(
        _("up to copy"), null=True, help_text=_("Later copies are made as they should be.")
    )
    cursor = models.BigIntegerField(_("done up to copy"), default=0, db_default=0)
    finished_at = models.DateTimeField(_("all messages made"), null=True)
    created_by = models.ForeignKey(
        TelegramUser,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("decided by"),
    )

    class Meta:
        db_table_comment = "Broadcasts that are taken back or corrected"
        verbose_name = _("follow-up")
        verbose_name_plural = _("follow-ups")
        constraints = [
            models.UniqueConstraint(fields=["broadcast", "kind", "revision"], name="uq_followup_revision"),
            models.CheckConstraint(condition=Q(kind__in=["recall", "correct"]), name="ck_followup_kind"),
        ]
        indexes = [
            models.Index("id", name="ix_followup_unfinished", condition=Q(finished_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.broadcast_id} · {self.kind}"

    @property
    def origin(self) -> str:
        """What its messages name as their maker."""
        return f"{self.kind}:{self.broadcast_id}"
