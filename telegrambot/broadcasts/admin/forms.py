"""The form of a broadcast that has not started."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldBooleanWidget

from config.errors import DomainError
from telegrambot.accounts.models import TelegramUser
from telegrambot.broadcasts import content, files, services
from telegrambot.broadcasts.admin.button_editor import ButtonsField
from telegrambot.broadcasts.admin.uploads import FilesField
from telegrambot.broadcasts.bot.texts import spoken
from telegrambot.broadcasts.models import Broadcast, Segment

_AUDIENCE = ("target_audience", "segment")
_OWN = ("title", *_AUDIENCE, "message_text", "buttons")


class BroadcastForm(forms.ModelForm):
    """What is written, and for whom. Only what the person changed is saved; services do it."""

    buttons = ButtonsField(
        label=capfirst(_("buttons")),
        required=False,
        help_text=_("They stand below the message, at most three in a row. An album has none."),
    )
    upload = FilesField(
        label=_("Photos and videos"),
        required=False,
        help_text=_(
            "One photo or video, or two to ten as an album; JPEG, PNG, WebP or MP4, at most 10 MB each. "
            "What you choose here takes the place of what is there."
        ),
    )
    remove_files = forms.BooleanField(
        label=_("Remove the photos and videos"), required=False, widget=UnfoldBooleanWidget
    )

    class Meta:
        model = Broadcast
        fields = _OWN
        widgets: ClassVar[dict[str, Any]] = {
            "message_text": UnfoldAdminTextareaWidget(attrs={"rows": 8, "data-message": ""}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        segment = self.fields["segment"]
        assert isinstance(segment, forms.ModelChoiceField)
        segment.queryset, segment.empty_label = Segment.objects.only("name"), "–"
        self.kinds: list[str] = []

    def clean_message_text(self) -> str:
        """Lines end as Telegram's do: places of mistakes are counted in them."""
        return str(self.cleaned_data["message_text"]).replace("\r\n", "\n")

    def clean(self) -> dict[str, Any]:
        """Refuse what Telegram would refuse, each thing at its place."""
        found = self.cleaned_data
        if found.get("target_audience") != Broadcast.Audience.SEGMENT:
            found["segment"] = None
        elif not found.get("segment") and "segment" not in self.errors:
            self.add_error("segment", gettext("Please choose the segment it is for."))
        self.kinds = self._kinds()
        message_type = files.type_of(self.kinds)
        if "message_text" in found:
            try:
                content.check_text(Broadcast(message_type=message_type), found["message_text"])
            except ValidationError as error:
                self.add_error("message_text", error)
        if buttons := found.get("buttons"):
            if message_type == Broadcast.Type.ALBUM:
                self.add_error("buttons", gettext("Telegram shows no buttons below an album."))
            self._check_buttons(buttons)
        return found

    def save_through(self, actor: TelegramUser | None) -> None:
        """Let the services create or change the broadcast.

        Raises:
            DomainError: see `services.change` and `files.replace`.
        """
        with spoken():
            self._save_through(actor)

    def _save_through(self, actor: TelegramUser | None) -> None:
        found, changed = self.cleaned_data, set(self.changed_data)
        values = {name: found[name] for name in _OWN if name in changed}
        if changed.intersection(_AUDIENCE):
            # One means nothing without the other, whatever somebody else chose meanwhile.
            values |= {name: found[name] for name in _AUDIENCE}
        if self.instance._state.adding:
            self.instance.pk = services.draft(found["title"], found["message_text"], actor=actor).pk
        if found["upload"] or found["remove_files"]:
            files.replace(self.instance, found["upload"], actor=actor, **values)
        else:
            services.change(self.instance, actor=actor, **values)

    def _kinds(self) -> list[str]:
        uploaded = self.cleaned_data.get("upload")
        if uploaded:
            return [file.kind for file in uploaded]
        if self.cleaned_data.get("remove_files") or self.instance._state.adding:
            return []
        return list(self.instance.media.values_list("kind", flat=True))

    def _check_buttons(self, buttons: list[Any]) -> None:
        if "buttons" in self.errors:
            return
        try:
            Broadcast._meta.get_field("buttons").clean(buttons, None)
            content.check_buttons(Broadcast(buttons=buttons))
        except ValidationError as error:
            self.add_error("buttons", error)
        except DomainError as error:
            self.add_error("buttons", str(error))

    def _post_clean(self) -> None:
        # The row stays as the database has it, and the services know its rules.
        pass
