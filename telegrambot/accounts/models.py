"""Who signs in to the browser, who writes to the bot, and the commands they may use."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.functions import RandomUUID
from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now, Upper
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.audited import audited
from config.schema import TimestampedModel
from telegrambot.accounts.quiet_hours import QuietHours
from telegrambot.accounts.roles import Role
from telegrambot.vault.fields import EncryptedTextField


@audited(private=["username", "first_name", "last_name", "email"], noise=["last_login"])
class User(AbstractUser, TimestampedModel):
    """Who signs in to the browser. What they may do there follows from the role of the linked person."""

    # Permissions come from the role alone (see permissions.py).
    groups = None  # type: ignore[assignment]
    user_permissions = None  # type: ignore[assignment]

    # Django keeps these defaults in Python only; ours are the database's too.
    first_name = models.CharField(_("first name"), max_length=150, blank=True, default="", db_default="")
    last_name = models.CharField(_("last name"), max_length=150, blank=True, default="", db_default="")
    email = models.EmailField(_("email address"), blank=True, default="", db_default="")
    is_superuser = models.BooleanField(
        _("superuser"),
        default=False,
        db_default=False,
        help_text=_("May do everything, without a linked person."),
    )
    is_active = models.BooleanField(
        _("active"), default=True, db_default=True, help_text=_("An inactive account cannot sign in.")
    )
    date_joined = models.DateTimeField(_("joined"), default=timezone.now, db_default=Now(), editable=False)

    class Meta:
        db_table_comment = "People who sign in to the admin"
        verbose_name = _("staff account")
        verbose_name_plural = _("staff accounts")

    @property
    def role(self) -> Role:
        """What the account may do: the linked person's role; a superuser may do everything without one."""
        if self.is_superuser:
            return Role.OWNER
        person: TelegramUser | None = getattr(self, "person", None)
        return Role(person.role) if person is not None and person.is_active else Role.PUBLIC

    @property
    def is_staff(self) -> bool:
        """Whether the account may sign in to the admin."""
        return self.is_active and self.role >= Role.ADMIN

    @is_staff.setter
    def is_staff(self, value: bool) -> None:
        """Django's `create_user` and `create_superuser` set it; here only the role decides."""


@audited(
    private=["telegram_id", "username", "first_name", "last_name", "language_code", "preferences"],
    noise=["last_seen_at"],
)
class TelegramUser(TimestampedModel):
    """A person, whatever they write from."""

    id = models.UUIDField(primary_key=True, db_default=RandomUUID(), editable=False)
    telegram_id = models.BigIntegerField(
        _("Telegram id"),
        unique=True,
        null=True,
        blank=True,
        help_text=_("Empty for people from other platforms."),
    )
    username = models.CharField(_("username"), max_length=100, blank=True, default="", db_default="")
    first_name = models.CharField(_("first name"), max_length=100, blank=True, default="", db_default="")
    last_name = models.CharField(_("last name"), max_length=100, blank=True, default="", db_default="")
    language_code = models.CharField(
        _("language"),
        max_length=35,
        blank=True,
        default="",
        db_default="",
        help_text=_("As Telegram tells it (IETF tag)."),
    )
    role = models.SmallIntegerField(_("role"), choices=Role, db_default=Role.PUBLIC, default=Role.PUBLIC)
    is_active = models.BooleanField(
        _("active"), db_default=True, default=True, help_text=_("The bot does not answer an inactive person.")
    )
    is_friend = models.BooleanField(_("friend"), db_default=False, default=False)
    blocked_at = models.DateTimeField(_("blocked the bot"), null=True, blank=True)
    opted_out_at = models.DateTimeField(_("opted out of broadcasts"), null=True, blank=True)
    timezone = models.CharField(
        _("time zone"),
        max_length=64,
        blank=True,
        default="",
        db_default="",
        help_text=_("IANA name, such as Europe/Berlin."),
    )
    preferences = models.JSONField(_("preferences"), blank=True, db_default={}, default=dict)
    last_seen_at = models.DateTimeField(_("last seen"), null=True, blank=True)
    staff = models.OneToOneField(
        User,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="person",
        verbose_name=_("staff account"),
        help_text=_("The account this person signs in to the browser with."),
    )

    class Meta:
        db_table_comment = "People the bot knows"
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [
            models.CheckConstraint(condition=Q(role__in=Role.values), name="ck_person_role"),
        ]
        indexes = [
            models.Index("role", "created_at", name="ix_person_role_created_at"),
            models.Index("created_at", name="ix_person_created_at"),
            models.Index("updated_at", name="ix_person_updated_at"),
            models.Index("last_seen_at", name="ix_person_last_seen_at"),
            models.Index("language_code", name="ix_person_language_code"),
            # The filters look for the few, not for the many.
            models.Index("is_friend", name="ix_person_is_friend", condition=Q(is_friend=True)),
            models.Index("is_active", name="ix_person_is_active", condition=Q(is_active=False)),
            models.Index("blocked_at", name="ix_person_blocked_at", condition=Q(blocked_at__isnull=False)),
            models.Index(
                "opted_out_at", name="ix_person_opted_out_at", condition=Q(opted_out_at__isnull=False)
            ),
            # Searched by what they begin with, in any case; text_pattern_ops serves LIKE 'ANN%' and = alike.
            models.Index(OpClass(Upper("username"), "text_pattern_ops"), name="ix_person_username"),
            models.Index(OpClass(Upper("first_name"), "text_pattern_ops"), name="ix_person_first_name"),
            models.Index(OpClass(Upper("last_name"), "text_pattern_ops"), name="ix_person_last_name"),
        ]

    def __str__(self) -> str:
        return self.full_name or (f"@{self.username}" if self.username else str(self.telegram_id or self.pk))

    @property
    def full_name(self) -> str:
        """First and last name, as far as they are known."""
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def language(self) -> str:
        """The language to answer in: the person's own choice, else Telegram's, else English."""
        chosen = self.preferences.get("language") or self.language_code
        return "ru" if chosen.split("-")[0] == "ru" else "en"

    @property
    def quiet_hours(self) -> QuietHours | None:
        """When nothing but answers should reach them, in their own time zone."""
        chosen = self.preferences.get("quiet_hours")
        return QuietHours.parse(chosen) if chosen else None


@audited(noise=["times_used", "last_used_at"])
class BotCommand(TimestampedModel):
    """One command of the bot: its wording, who may use it, whether it is on. Rows come from the code."""

    command = models.CharField(_("command"), max_length=32, unique=True, editable=False)
    description_en = models.CharField(_("description (English)"), max_length=256)
    description_ru = models.CharField(_("description (Russian)"), max_length=256)
    minimum_role = models.SmallIntegerField(
        _("minimum role"),
        choices=Role,
        help_text=_("Only the owner may change it, and never below the role the program itself demands."),
    )
    code_role = models.SmallIntegerField(_("role demanded by the program"), choices=Role, editable=False)
    is_active = models.BooleanField(_("active"), db_default=True, default=True)
    times_used = models.BigIntegerField(_("times used"), db_default=0, default=0, editable=False)
    last_used_at = models.DateTimeField(_("last used"), null=True, editable=False)

    class Meta:
        db_table_comment = "The catalogue behind /help, the command menu and permissions in chat"
        verbose_name = _("command")
        verbose_name_plural = _("commands")
        ordering = ["command"]
        constraints = [
            models.CheckConstraint(condition=Q(code_role__in=Role.values), name="ck_command_code_role"),
            models.CheckConstraint(
                condition=Q(minimum_role__in=Role.values) & Q(minimum_role__gte=models.F("code_role")),
                name="ck_command_minimum_role",
            ),
        ]

    def __str__(self) -> str:
        return f"/{self.command}"

    def is_open_to(self, role: int) -> bool:
        """Whether a person of `role` may use it now."""
        return self.is_active and role >= self.minimum_role

    def description(self, language: str) -> str:
        """The wording in `language` ("en" or "ru")."""
        return self.description_ru if language == "ru" else self.description_en


@audited()
class OwnerClaim(models.Model):
    """A one-time code that makes the person who sends it an owner. Only its hash is known here."""

    code_hash = models.CharField(_("SHA-256 of the code"), max_length=64, primary_key=True)
    expires_at = models.DateTimeField(_("expires"))
    claimed_by = models.ForeignKey(
        TelegramUser, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("claimed by")
    )
    claimed_at = models.DateTimeField(_("claimed"), null=True)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    class Meta:
        db_table_comment = "One-time owner codes (SHA-256), valid five minutes"
        verbose_name = _("owner code")
        verbose_name_plural = _("owner codes")

    def __str__(self) -> str:
        return f"{self.code_hash[:8]}…"


class CredentialKind(models.TextChoices):
    """What credentials open."""

    BUSINESS_CONNECTION = "business_connection", _("business connection")
    MODEL_PROVIDER = "model_provider", _("model provider")
    PLATFORM = "platform", _("platform")


@audited(private=["name"])
class AuthenticationData(TimestampedModel):
    """Credentials of another service. Read and written through authentication_data.py; never shown again."""

    user = models.ForeignKey(
        User,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="credentials",
        verbose_name=_("staff account"),
        help_text=_("Whose they are; none: the whole installation's."),
    )
    kind = models.CharField(_("kind"), max_length=20, choices=CredentialKind)
    name = models.CharField(_("name"), max_length=100)
    encrypted_credentials = EncryptedTextField(_("credentials"))
    is_active = models.BooleanField(_("active"), db_default=True, default=True)

    class Meta:
        db_table_comment = "Credentials of other services, encrypted"
        verbose_name = _("credentials")
        verbose_name_plural = _("credentials")
        ordering = ["kind", "name"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=CredentialKind.values), name="ck_credentials_kind"),
            models.UniqueConstraint(fields=["kind", "name"], name="uq_credentials_kind_name"),
        ]

    def __str__(self) -> str:
        return self.name
