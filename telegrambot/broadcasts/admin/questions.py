"""What a decision about a broadcast asks for: a time, a number, a text."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget, UnfoldBooleanWidget

from telegrambot.broadcasts import content, moments
from telegrambot.broadcasts.exceptions import UnknownMoment
from telegrambot.broadcasts.fingerprints import fingerprint
from telegrambot.broadcasts.models import Broadcast

# What people put between thousands.
_BETWEEN_THOUSANDS = re.compile(r"[\s.,'’_]")


class QuestionForm(forms.Form):
    """A decision that needs nothing but a yes.

    Args:
        broadcast: what is decided about.
        recipients: how many people it goes to, if that number has to be typed.
    """

    def __init__(
        self, *args: Any, broadcast: Broadcast, recipients: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.broadcast = broadcast
        if recipients is not None and "confirmed" in self.fields:
            self.fields["confirmed"].required = True
        else:
            self.fields.pop("confirmed", None)


class StartForm(QuestionForm):
    """Large audiences have to be typed, and what starts is what the page showed."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    confirmed = forms.CharField(
        label=_("Type that number to confirm"),
        max_length=20,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["seen"] = fingerprint(self.broadcast)

    def clean_confirmed(self) -> int:
        """The number, however its thousands are written."""
        typed = _BETWEEN_THOUSANDS.sub("", self.cleaned_data["confirmed"])
        if not (typed.isascii() and typed.isdecimal()) or len(typed) > 9:
            raise ValidationError(_("That is not the number of recipients. Please type it in digits."))
        return int(typed)


class ScheduleForm(StartForm):
    """When it starts."""

    moment = forms.CharField(
        label=_("When"),
        widget=UnfoldAdminTextInputWidget(attrs={"type": "datetime-local", "required": ""}),
    )
    is_local_time = forms.BooleanField(
        label=_("By each recipient's own clock"),
        required=False,
        widget=UnfoldBooleanWidget,
        help_text=_("Everybody gets it when their own clock shows that time."),
    )
    field_order = ("moment", "is_local_time", "confirmed")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["moment"].help_text = _("On your own clock. It shows {now} ({zone}).").format(
            now=date_format(timezone.localtime(), "DATETIME_FORMAT"),
            zone=timezone.get_current_timezone_name(),
        )
        if self.broadcast.scheduled_at and self.broadcast.scheduled_at > timezone.now():
            local = timezone.localtime(self.broadcast.scheduled_at)
            self.initial.update(moment=f"{local:%Y-%m-%dT%H:%M}", is_local_time=self.broadcast.is_local_time)

    def clean_moment(self) -> Any:
        """A moment on the operator's clock."""
        try:
            return moments.parse(self.cleaned_data["moment"], timezone.now(), timezone.get_current_timezone())
        except UnknownMoment as error:
            raise ValidationError(str(error)) from None


class CorrectionForm(QuestionForm):
    """The right text."""

    text = forms.CharField(
        label=_("The right text"),
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 8, "data-message": ""}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["text"] = self.broadcast.message_text

    def clean_text(self) -> str:
        """A text that Telegram takes for this broadcast."""
        text = str(self.cleaned_data["text"]).replace("\r\n", "\n")
        content.check_text(self.broadcast, text)
        return text
