"""People, staff accounts and commands in the browser."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from audit.history import HistoryAdmin
from config.admin_pagination import EstimatedChangeList, EstimatedPaginator
from telegrambot.accounts import authentication_data_admin, services  # noqa: F401  (pages of its own)
from telegrambot.accounts.admin_cards import Card, cards_of, register
from telegrambot.accounts.admin_editing import EditingAdmin
from telegrambot.accounts.admin_filters import HappenedFilter
from telegrambot.accounts.admin_own_data import OwnDataAdmin
from telegrambot.accounts.admin_questions import AskingAdmin
from telegrambot.accounts.models import BotCommand, TelegramUser, User
from telegrambot.accounts.roles import Role
from telegrambot.accounts.search import called
from telegrambot.accounts.service_admin import ServiceModelAdmin, actor_of, role_of
from telegrambot.accounts.timezones import zone_named

# Permissions come from roles; groups would suggest otherwise.
admin.site.unregister(Group)

_ROLE_COLOURS = {"PUBLIC": "default", "SUBSCRIBER": "success", "ADMIN": "warning", "OWNER": "primary"}


class PasswordForm(AdminPasswordChangeForm):
    """Saves the password alone: the account may have lost rights while it was being hashed."""

    def save(self, commit: bool = True) -> User:
        user: User = super().save(commit=False)
        if commit:
            user.save(update_fields=["password"])
        return user


@admin.register(User)
class StaffAccountAdmin(EditingAdmin, HistoryAdmin, UserAdmin, ModelAdmin):
    """Who signs in here. Accounts are switched off rather than deleted: what they did stays theirs."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = PasswordForm
    list_display = ("username", "linked_person", "effective_role", "is_active", "last_login")
    list_filter = ("is_active", "is_superuser")
    list_select_related = ("person",)
    search_fields = ("username__istartswith", "email__istartswith")
    filter_horizontal = ()
    readonly_fields = ("linked_person", "effective_role", "last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("username", "password", "is_active")}),
        (_("What it may do"), {"fields": ("linked_person", "effective_role", "is_superuser")}),
        (_("Personal"), {"fields": ("first_name", "last_name", "email", "last_login", "date_joined")}),
    )

    @display(description=_("person"), empty_value="–")
    def linked_person(self, user: User) -> TelegramUser | None:
        return getattr(user, "person", None)

    @display(description=_("role"))
    def effective_role(self, user: User) -> str:
        return str(user.role.label)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False


@admin.register(TelegramUser)
class PersonAdmin(OwnDataAdmin, ServiceModelAdmin, AskingAdmin):
    """The people the bot knows. They appear by writing to it."""

    change_form_outer_before_template = "accounts/admin/cards.html"
    paginator = EstimatedPaginator
    show_full_result_count = False
    list_per_page = 50
    nothing_yet = _("People appear by writing to the bot. Write to it to be the first.")
    list_display = (
        "name",
        "username",
        "role_label",
        "last_seen_at",
        "reachable",
        "friend",
        "language_code",
    )
    list_display_links = ("name",)
    list_filter = (
        "role",
        "is_friend",
        "is_active",
        ("blocked_at", HappenedFilter),
        ("opted_out_at", HappenedFilter),
        "language_code",
    )
    sortable_by = ("role_label", "last_seen_at", "language_code")
    ordering = ("-created_at",)
    search_fields = ("username", "first_name", "last_name", "telegram_id")
    search_help_text = _("The beginning of a name or username, or a whole Telegram id")
    actions = ("mark_friends", "unmark_friends")
    autocomplete_fields = ("staff",)
    fieldsets = ((_("What you may change"), {"fields": ("role", "is_active", "is_friend", "staff")}),)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[EstimatedChangeList]:
        return EstimatedChangeList

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show what every app knows of the person above what may be changed."""
        person = self.get_object(request, object_id)
        context = (extra_context or {}) | {"cards": cards_of(person, request) if person else []}
        return super().change_view(request, object_id, form_url, context)

    @display(description=_("name"))
    def name(self, person: TelegramUser) -> str:
        return str(person)

    @display(description=_("role"), ordering="role", label=_ROLE_COLOURS)
    def role_label(self, person: TelegramUser) -> tuple[str, str]:
        return Role(person.role).name, person.get_role_display()

    @display(description=_("friend"))
    def friend(self, person: TelegramUser) -> str:
        return "★" if person.is_friend else ""

    @display(description=_("reachable"))
    def reachable(self, person: TelegramUser) -> str:
        if not person.is_active:
            return gettext("switched off")
        if person.blocked_at:
            return gettext("blocked the bot")
        return gettext("no broadcasts") if person.opted_out_at else gettext("yes")

    def get_readonly_fields(self, request: HttpRequest, obj: TelegramUser | None = None) -> list[str]:
        editable = {"is_friend", "is_active"} | (
            {"role", "staff"} if role_of(request) == Role.OWNER else set()
        )
        return [
            field for _title, group in self.fieldsets for field in group["fields"] if field not in editable
        ]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[TelegramUser], search_term: str
    ) -> tuple[QuerySet[TelegramUser], bool]:
        """Every word has to begin a name or be the id, so that indexes answer (see the model)."""
        return queryset.filter(called(search_term)), False

    def save_model(self, request: HttpRequest, obj: TelegramUser, form: ModelForm, change: bool) -> None:
        actor = actor_of(request)
        wanted = {name: form.cleaned_data[name] for name in form.changed_data}
        if "role" in wanted:
            services.change_role(obj, Role(wanted["role"]), actor=actor)
        if "is_active" in wanted:
            services.set_active(obj, wanted["is_active"], actor=actor)
        if "staff" in wanted:
            services.link_staff(obj, wanted["staff"], actor=actor)
        self.save_columns(obj, form, besides={"role", "is_active", "staff"})

    @admin.action(description=_("Mark as friends"), permissions=["change"])
    def mark_friends(self, request: HttpRequest, queryset: QuerySet[TelegramUser]) -> None:
        self._tell(request, queryset.update(is_friend=True), is_friend__exact="1")

    @admin.action(description=_("No longer friends"), permissions=["change"])
    def unmark_friends(
        self, request: HttpRequest, queryset: QuerySet[TelegramUser]
    ) -> TemplateResponse | None:
        question = self.ask_first(
            request,
            queryset,
            action="unmark_friends",
            question=gettext("Are these people no longer friends?"),
            warning=gettext("Nobody will remember who of them was one. This cannot be undone."),
        )
        if question is None:
            self._tell(request, queryset.update(is_friend=False), is_friend__exact="0")
        return question

    def _tell(self, request: HttpRequest, count: int, **filters: str) -> None:
        sentence = ngettext("%(count)d person changed.", "%(count)d people changed.", count)
        self.tell(request, sentence % {"count": count}, shown_by=filters)


def _status(person: TelegramUser, request: HttpRequest) -> dict[str, Any]:
    zone = zone_named(person.timezone)
    seen = person.last_seen_at
    return {
        "is_here": seen is not None and timezone.now() - seen < timedelta(minutes=1),
        "language": dict(settings.LANGUAGES)[person.language],
        "local_time": timezone.now().astimezone(zone).replace(tzinfo=None) if zone else None,
    }


register(Card("status", _("Status"), "accounts/admin/status_card.html", _status, order=10))


@admin.register(BotCommand)
class BotCommandAdmin(ServiceModelAdmin):
    """The bot's commands. The program adds and removes them; here they get their wording and their role."""

    list_display = ("command", "wording", "minimum_role", "is_active", "times_used", "last_used_at")
    list_filter = ("minimum_role", "is_active")
    search_fields = ("command", "description_en", "description_ru")
    fieldsets = (
        (None, {"fields": ("command", "description_en", "description_ru", "is_active")}),
        (_("Who may use it"), {"fields": ("minimum_role", "code_role")}),
        (_("Use"), {"fields": ("times_used", "last_used_at")}),
    )

    @display(description=_("description"))
    def wording(self, command: BotCommand) -> str:
        return command.description(get_language() or "en")

    def get_readonly_fields(self, request: HttpRequest, obj: BotCommand | None = None) -> list[str]:
        fixed = ["command", "code_role", "times_used", "last_used_at"]
        return fixed if role_of(request) == Role.OWNER else [*fixed, "minimum_role"]

    def save_model(self, request: HttpRequest, obj: BotCommand, form: ModelForm, change: bool) -> None:
        if "minimum_role" in form.changed_data:
            role = Role(form.cleaned_data["minimum_role"])
            services.change_command_role(obj, role, actor=actor_of(request))
        self.save_columns(obj, form, besides={"minimum_role"})
