"""Messages in the browser: the history and the outbox; *send again*, *count as sent*, *cancel*."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin import DateFieldListFilter
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import URLPattern
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from config.admin_search import whole_number
from telegrambot.engine import services
from telegrambot.engine.admin import media, presentation, search
from telegrambot.engine.admin.decisions import DecisionAdmin
from telegrambot.engine.admin.filters import LeavingFilter, MessageTypeFilter, WaitingFilter
from telegrambot.engine.models import Message
from telegrambot.engine.resending import was_sent_again

_HINTS = {
    Message.Status.QUEUED: _("It waits to be sent. Until it leaves it can be taken back."),
    Message.Status.FAILED: _("It was not sent; the error says why. When the reason is gone, send it again."),
    Message.Status.UNCERTAIN: _(
        "It may have arrived: no answer came from Telegram. Look into the chat, or ask the person. "
        "If it is there, count it as sent; if not, send it again."
    ),
}


@admin.register(Message)
class MessageAdmin(DecisionAdmin):
    """Everything said, by either side."""

    list_display = (
        "timestamp",
        "status_label",
        "who",
        "short_text",
        "short_error",
        "id",
    )
    list_display_links = ("timestamp", "short_text")
    list_filter = (
        "status",
        WaitingFilter,
        LeavingFilter,
        "direction",
        MessageTypeFilter,
        ("timestamp", DateFieldListFilter),
    )
    list_select_related = ("dialog", "person")
    nothing_yet = _("What people and the bot say to each other is listed here. Write to your bot to begin.")
    search_fields = ("id",)
    search_help_text = _("Number, chat id, Telegram id, or the beginning of a person's name")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "status",
                    "full_error",
                    "direction",
                    "dialog_link",
                    "person_link",
                    "timestamp",
                    "carried",
                    "full_text",
                )
            },
        ),
        (
            _("Details"),
            {
                "fields": (
                    "operation",
                    "target",
                    "external_message_id",
                    "origin",
                    "priority",
                    "attempts",
                    "not_before",
                    "expires_at",
                    "lease_until",
                    "dedupe_key",
                    "folded_payload",
                )
            },
        ),
    )
    actions = ("send_again", "count_as_sent", "cancel")

    def get_urls(self) -> list[URLPattern]:
        """Add the files of messages."""
        return [media.address(self), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        """Without what is sealed: nobody reads it here, and a lost key must not close the page."""
        return super().get_queryset(request).defer("sealed")

    def matching(self, term: str) -> Q:
        """By our number, the chat or the person."""
        found = Q(dialog__in=search.dialogs(term)) | Q(person__in=search.people(term))
        if (number := whole_number(term)) is not None:
            found |= Q(pk=number)
        return found

    def decisions_about(self, row: Any) -> list[str]:
        """Send again, once, what did not arrive for sure; settle what is uncertain; cancel what waits."""
        if row.direction != Message.Direction.OUTBOUND or row.status not in _HINTS:
            return []
        if row.status == Message.Status.QUEUED:
            return ["cancel"]
        again = [] if Message.objects.filter(was_sent_again(), pk=row.pk).exists() else ["send_again"]
        return again + (["count_as_sent"] if row.status == Message.Status.UNCERTAIN else [])

    def hint_about(self, row: Any) -> str:
        """What happened, and what may be done about it."""
        return str(_HINTS[row.status])

    @admin.action(description=_("Send again"), permissions=["decide"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Any]) -> TemplateResponse | None:
        """Queue copies of failed or uncertain messages."""
        question = self.ask_first(
            request,
            queryset,
            action="send_again",
            question=gettext("Send these messages again?"),
            warning=gettext("An uncertain message may have arrived; then the person will read it twice."),
        )
        if question is None:
            self.carry_out(request, queryset, services.send_again, _queued_again, status__exact="queued")
        return question

    @admin.action(description=_("Count as sent"), permissions=["decide"])
    def count_as_sent(self, request: HttpRequest, queryset: QuerySet[Any]) -> TemplateResponse | None:
        """Settle uncertain messages."""
        question = self.ask_first(
            request,
            queryset,
            action="count_as_sent",
            question=gettext("Count these messages as sent?"),
            warning=gettext("Do this when you know that they arrived. They will not be sent again."),
        )
        if question is None:
            self.carry_out(request, queryset, services.count_as_sent, _counted_as_sent, status__exact="sent")
        return question

    @admin.action(description=_("Cancel"), permissions=["decide"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Any]) -> TemplateResponse | None:
        """Take queued messages back."""
        question = self.ask_first(
            request,
            queryset,
            action="cancel",
            question=gettext("Cancel these messages?"),
            warning=gettext("They will never be sent. This cannot be undone."),
        )
        if question is None:
            self.carry_out(request, queryset, services.cancel_messages, _cancelled, status__exact="cancelled")
        return question

    @display(description=_("status"), ordering="status", label=presentation.MESSAGE_STATUS_COLOURS)
    def status_label(self, message: Message) -> tuple[str, str]:
        """The status in its colour."""
        return message.status, message.get_status_display()

    def describe(self, row: Any) -> str:
        """Number, chat, status and the beginning of the text."""
        text = Truncator(presentation.readable(row)).chars(80)
        return f"{row.pk} · {row.dialog} · {row.get_status_display()} · {text}"

    @display(description=_("who to whom"))
    def who(self, message: Message) -> SafeString:
        """Both sides in the order of speaking, linked."""
        return presentation.sides(message)

    @display(description=_("dialog"))
    def dialog_link(self, message: Message) -> SafeString | str:
        """The chat it belongs to."""
        return presentation.dialog_link(message.dialog)

    @display(description=_("person"))
    def person_link(self, message: Message) -> SafeString | str:
        """Who said it, or to whom it was said."""
        return presentation.person_link(message.person)

    @display(description=_("type"))
    def carried(self, message: Message) -> str:
        """What it carries, in words."""
        return presentation.message_type(message.message_type)

    @display(description=_("text"))
    def short_text(self, message: Message) -> str:
        """The beginning of the text, or what the message carries instead."""
        return Truncator(presentation.content(message)).chars(80)

    @display(description=_("error"))
    def short_error(self, message: Message) -> str:
        """The beginning of the error."""
        return Truncator(message.error).chars(60)

    @display(description=_("text"))
    def full_text(self, message: Message) -> SafeString:
        """The text, line by line."""
        return presentation.whole_text(message.text)

    @display(description=_("error"))
    def full_error(self, message: Message) -> SafeString:
        """The error, and what was decided since."""
        return presentation.whole_text(message.error)

    @display(description=_("payload"))
    def folded_payload(self, message: Message) -> SafeString | str:
        """Buttons, media and the like."""
        return presentation.folded_json(message.payload)


def _queued_again(count: int) -> str:
    if not count:
        return gettext("These messages were sent again before; nothing was queued.")
    return ngettext("%(count)d message is queued again.", "%(count)d messages are queued again.", count) % {
        "count": count
    }


def _counted_as_sent(count: int) -> str:
    return ngettext(
        "%(count)d message now counts as sent.", "%(count)d messages now count as sent.", count
    ) % {"count": count}


def _cancelled(count: int) -> str:
    return ngettext("%(count)d message was cancelled.", "%(count)d messages were cancelled.", count) % {
        "count": count
    }
